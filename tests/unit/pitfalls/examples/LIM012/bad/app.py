import boto3

s3 = boto3.client("s3")


def handler(event, context):
    path = "/tmp/" + context.aws_request_id
    s3.download_file("b", event["key"], path)  # expect
