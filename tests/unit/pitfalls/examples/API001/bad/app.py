import json


def handler(event, context):  # expect
    body = json.loads(event["body"])
    return {"statusCode": 200, "body": body["name"]}
