def handler(event, context):
    with open("out.txt", "w") as out:  # expect
        out.write("x")
