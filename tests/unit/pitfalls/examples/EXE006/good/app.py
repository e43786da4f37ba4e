import json

settings = json.loads("{}")


def handler(event, context):
    return settings
