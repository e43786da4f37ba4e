import json

import boto3

sqs = boto3.client("sqs")


def handler(event, context):
    found = []
    for name in event["names"]:
        found.append({"name": name})
    sqs.send_message(QueueUrl=event["queue"], MessageBody=json.dumps(found))  # expect
