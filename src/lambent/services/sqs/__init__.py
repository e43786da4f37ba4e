"""SQS: queues that lose nothing, answered here."""
