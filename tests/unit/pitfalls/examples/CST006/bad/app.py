import boto3

s3 = boto3.client("s3")


def handler(event, context):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="b")  # expect
    return sum(len(page["Contents"]) for page in pages)
