SEEN = set()


def handler(event, context):
    for record in event["Records"]:
        if record["messageId"] in SEEN:  # expect
            continue
        SEEN.add(record["messageId"])
        charge(record)


def charge(record):
    return record
