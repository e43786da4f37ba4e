import base64

import boto3

client = boto3.client("lambda")


def handler(event, context):
    data = base64.b64decode(event["body"])  # expect
    client.invoke(FunctionName="other", Payload=open("big.json", "rb").read())  # expect
    return {"statusCode": 200, "body": str(len(data))}
