import boto3

s3 = boto3.client("s3")


def handler(event, context):
    with open(event["path"], "rb") as file:
        s3.put_object(Bucket="b", Key="k", Body=file.read())  # expect
