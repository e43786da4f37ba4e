def handler(event, context):
    with open(f"/tmp/{context.aws_request_id}.csv", "w") as out:
        out.write(event["text"])
