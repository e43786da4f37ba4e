"""What is made goes into another bucket."""

from urllib.parse import unquote_plus

import boto3

S3 = boto3.client("s3")


def handler(event, context):
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        size = S3.get_object(Bucket="footguns-uploads", Key=key)["ContentLength"]
        S3.put_object(Bucket="footguns-small", Key=f"sizes/{key}", Body=str(size).encode())
