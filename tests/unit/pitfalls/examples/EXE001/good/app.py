def handler(event, context):
    seen = []
    seen.append(event["id"])
    return len(seen)
