"""The forms in which subscribers get a message.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html (a function's event),
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html (the envelope),
https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html (raw delivery),
https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html (headers). Messages of FIFO topics have no
signature: https://github.com/aws-samples/serverless-patterns, fifo-sns-sqs-lambda-firehose-s3, shows a received one.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from lambent.topics.messages import Attributes

AGENT = "Amazon Simple Notification Service Agent"
NAMES = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
"""What a function's event calls some members."""

Envelope = dict[str, Any]
_NAME, _VALUE = json.JSONEncoder().encode, json.JSONEncoder(ensure_ascii=False).encode
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""json.dumps makes an encoder for each value."""


def timestamp(now: float) -> str:
    """Seconds since 1970 as SNS writes them."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def written(envelope: Mapping[str, Any]) -> str:
    """JSON as SNS lays it out: the attributes of a message one a line."""
    lines = [f"  {_NAME(name)} : {_written(value)}" for name, value in envelope.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _written(value: Any) -> str:
    if not isinstance(value, dict):
        return _VALUE(value)
    lines = [f"    {_NAME(name)} : {_COMPACT(one)}" for name, one in value.items()]
    return "{\n" + ",\n".join(lines) + "\n  }"


def function_event(subscription_arn: str, envelope: Mapping[str, Any], attributes: Attributes) -> dict[str, Any]:
    """What a function gets: the envelope with a few other names."""
    said: dict[str, Any] = {}
    for name, value in envelope.items():
        if name == "Message" and "Subject" not in envelope:
            said["Subject"] = None
        said[NAMES.get(name, name)] = value
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription_arn}
    return {"Records": [{**record, "Sns": {**said, "MessageAttributes": attributes}}]}


def headers(envelope: Mapping[str, Any], subscription_arn: str, content_type: str, *, raw: bool) -> dict[str, str]:
    """What a subscriber on the web is sent beside the message."""
    return {
        "x-amz-sns-message-type": envelope["Type"],
        "x-amz-sns-message-id": envelope["MessageId"],
        "x-amz-sns-topic-arn": envelope["TopicArn"],
        **({"x-amz-sns-subscription-arn": subscription_arn} if subscription_arn else {}),
        **({"x-amz-sns-rawdelivery": "true"} if raw else {}),
        "Content-Type": content_type,
        "User-Agent": AGENT,
    }


def confirm_url(url: str, topic_arn: str, token: str) -> str:
    """What confirms a subscription when it is visited; `url` is the endpoint."""
    return f"{url}/?Action=ConfirmSubscription&TopicArn={quote(topic_arn, safe=':')}&Token={token}"


def unsubscribe_url(url: str, subscription_arn: str) -> str:
    """What ends a subscription when it is visited."""
    return f"{url}/?Action=Unsubscribe&SubscriptionArn={quote(subscription_arn, safe=':')}"


def asking(kind: str, unique: str, topic_arn: str, token: str, url: str, now: float, subject: str) -> Envelope:
    """A SubscriptionConfirmation, or an UnsubscribeConfirmation, yet unsigned; `subject` is the ARN of which."""
    if kind == "SubscriptionConfirmation":
        text = (
            f"You have chosen to subscribe to the topic {subject}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
        )
    else:
        text = (
            f"You have chosen to deactivate subscription {subject}.\n"
            "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
        )
    return {
        "Type": kind,
        "MessageId": unique,
        "Token": token,
        "TopicArn": topic_arn,
        "Message": text,
        "SubscribeURL": confirm_url(url, topic_arn, token),
        "Timestamp": timestamp(now),
    }
