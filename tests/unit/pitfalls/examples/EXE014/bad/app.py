import glob
import os

user = None


def handler(event, context):
    global user
    user = event["user"]  # expect
    for path in glob.glob("/tmp/work-*"):  # expect
        os.remove(path)
    return user
