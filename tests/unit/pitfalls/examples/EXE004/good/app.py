import os


def handler(event, context):
    path = f"/tmp/{context.aws_request_id}"
    try:
        with open(path, "w") as out:
            out.write(event["text"])
        send(path)
    finally:
        os.unlink(path)
