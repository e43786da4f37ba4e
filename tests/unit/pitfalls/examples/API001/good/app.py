import json


def handler(event, context):
    try:
        body = json.loads(event["body"])
    except ValueError:
        return {"statusCode": 400, "body": "no JSON"}
    return {"statusCode": 200, "body": body["name"]}
