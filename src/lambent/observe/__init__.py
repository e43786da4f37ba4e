"""What is seen of functions: log streams, REPORT lines."""
