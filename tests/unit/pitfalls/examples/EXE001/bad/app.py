seen = []


def handler(event, context):
    seen.append(event["id"])  # expect
    return len(seen)
