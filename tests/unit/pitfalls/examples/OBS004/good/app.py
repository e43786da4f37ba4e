import json


def handler(event, context):
    print(json.dumps({"_aws": {}}))
