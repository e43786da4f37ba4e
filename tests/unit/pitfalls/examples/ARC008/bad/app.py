import os

BUCKET = os.environ.get("BUCKET_NAME", "acme-prod-data")  # expect


def handler(event, context):
    return BUCKET
