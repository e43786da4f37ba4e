import os


def handler(event, context):
    print(os.environ)  # expect
