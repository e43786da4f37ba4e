import json

import boto3

client = boto3.client("stepfunctions")


def handler(event, context):
    client.start_execution(stateMachineArn=event["flow"], name=event["id"], input=json.dumps(event))
