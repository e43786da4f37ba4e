import json

import boto3

table = boto3.resource("dynamodb").Table("t")


def handler(event, context):
    key = event["headers"]["idempotency-key"]
    table.put_item(Item={"id": key, "order": event["body"]})
    return {"statusCode": 201, "body": json.dumps({"id": key})}
