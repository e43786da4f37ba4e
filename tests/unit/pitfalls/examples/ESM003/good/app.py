def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            print(record["body"])
        except ValueError:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
