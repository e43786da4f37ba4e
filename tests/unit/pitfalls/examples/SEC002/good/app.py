import os


def handler(event, context):
    return os.environ["KEY_NAME"]
