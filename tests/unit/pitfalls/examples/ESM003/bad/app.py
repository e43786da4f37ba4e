def handler(event, context):  # expect
    for record in event["Records"]:
        print(record["body"])
    return {"statusCode": 200}
