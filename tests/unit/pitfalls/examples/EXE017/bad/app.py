import aioboto3  # expect
import boto3

session = aioboto3.Session()
s3 = boto3.client("s3")


def handler(event, context):
    return 1
