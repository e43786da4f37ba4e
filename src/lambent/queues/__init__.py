"""What SQS queues do, without HTTP."""
