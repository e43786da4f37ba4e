def handler(event, context):
    with open("/tmp/out.csv", "w") as out:  # expect
        out.write(event["text"])
