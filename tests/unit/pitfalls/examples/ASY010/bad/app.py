import json
import uuid

import boto3

table = boto3.resource("dynamodb").Table("t")


def handler(event, context):
    key = event["rawPath"]
    table.put_item(Item={"id": str(uuid.uuid4()), "order": event["body"]})  # expect
    return {"statusCode": 201, "body": json.dumps({"id": key})}
