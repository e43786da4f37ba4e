"""What Kinesis streams do, without HTTP."""
