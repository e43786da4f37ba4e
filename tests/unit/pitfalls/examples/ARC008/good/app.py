import os

BUCKET = os.environ["BUCKET_NAME"]


def handler(event, context):
    return BUCKET
