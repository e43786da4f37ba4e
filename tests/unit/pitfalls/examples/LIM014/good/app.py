import boto3

s3 = boto3.client("s3")


def handler(event, context):
    return list(s3.get_paginator("list_objects_v2").paginate(Bucket="b"))
