def handler(event, context):
    for record in event["Records"]:
        if record["eventName"] == "INSERT":
            print(record["eventID"])
