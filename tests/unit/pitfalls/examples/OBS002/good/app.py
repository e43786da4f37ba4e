import json


def handler(event, context):
    print(json.dumps({"id": event["id"]}))
