def handler(event, context):
    with open("/tmp/out.txt", "w") as out:
        out.write("x")
