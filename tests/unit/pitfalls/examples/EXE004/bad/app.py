import os


def handler(event, context):
    path = f"/tmp/{context.aws_request_id}"
    with open(path, "w") as out:  # expect
        out.write(event["text"])
    send(path)
    os.unlink(path)
