import json

import boto3

table = boto3.resource("dynamodb").Table("t")


def handler(event, context):
    items = table.scan()["Items"]  # expect
    return {"statusCode": 200, "body": json.dumps(items)}
