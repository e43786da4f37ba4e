"""Whom code asks over the network."""

OUTSIDE = {
    "boto3",
    "aws-sdk",
    "@aws-sdk",
    "requests",
    "axios",
    "urllib3",
    "httpx",
    "psycopg2",
    "pymysql",
    "pg",
    "mysql2",
}
"""What is imported to ask somebody else, who may fail."""
