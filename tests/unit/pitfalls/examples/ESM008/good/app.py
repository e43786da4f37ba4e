def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            work(record)
        except Exception:
            failures.append({"itemIdentifier": record["messageId"]})
            break
    return {"batchItemFailures": failures}
