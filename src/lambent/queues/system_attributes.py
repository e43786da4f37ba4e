"""The system attributes of a message that was received."""

from lambent.queues.messages import Delivery


def system_attributes(one: Delivery) -> dict[str, str]:
    """Those that the message has, as texts; times are milliseconds since 1970."""
    content = one.content
    values = {
        "SenderId": content.sender,
        "ApproximateFirstReceiveTimestamp": _milliseconds(content.first or one.first),
        "ApproximateReceiveCount": str(content.earlier + one.receives),
        "SentTimestamp": _milliseconds(content.sent or one.sent),
        "SequenceNumber": content.sequence,
        "MessageDeduplicationId": content.deduplication,
        "MessageGroupId": content.group,
        "AWSTraceHeader": content.trace,
        "DeadLetterQueueSourceArn": content.source,
    }
    return {name: value for name, value in values.items() if value}


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
