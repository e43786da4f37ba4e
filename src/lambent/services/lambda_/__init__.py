"""AWS Lambda's API, one operation per file."""
