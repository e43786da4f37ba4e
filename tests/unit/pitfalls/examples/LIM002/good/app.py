import json

import boto3

client = boto3.client("lambda")


def handler(event, context):
    client.invoke(FunctionName="other", Payload=json.dumps({"key": event["body"]}))
    return {"statusCode": 200, "body": "{}"}
