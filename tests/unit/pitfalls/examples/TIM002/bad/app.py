from datetime import datetime


def handler(event, context):
    return datetime.now().date().isoformat()  # expect
