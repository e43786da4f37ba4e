"""CloudWatch Logs, answered from the log store: the operations that reading a function's log takes."""
