from datetime import UTC, datetime


def handler(event, context):
    return datetime.now(tz=UTC).date().isoformat()
