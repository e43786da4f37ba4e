"""SNS's deliveries to functions and queues.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html (the event),
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html (the envelope),
https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html (raw delivery),
https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html (the deduplication id goes to the queue).
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway, Message

SERVICE = "sns"
BRIDGED = ("lambda", "sqs")
MOTOS = ("application", "http", "https")
"""Protocols that moto delivers by itself."""
ENVELOPE = (
    *("Type", "MessageId", "SequenceNumber", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion"),
    *("Signature", "SigningCertURL", "UnsubscribeURL", "MessageAttributes"),
)
"""The envelope's fields in AWS's order."""
NAMES = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
"""What a function's event calls some of them."""


def publish_to_all(_gateway: Gateway, _former: Any) -> Callable[..., str]:
    """In place of moto's, which knows the first hundred subscriptions of a topic only, and keeps every message."""

    def deliver(
        topic: Any,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> str:
        message_id = str(uuid.uuid4())
        more = (subject, message_attributes, group_id, deduplication_id, message_structure)
        for subscription in topic.sns_backend._get_topic_subscriptions(topic):
            subscription.publish(message, message_id, *more)
        return message_id

    return deliver


def publish(gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """In place of moto's: a message for one subscription."""

    def deliver(
        subscription: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> None:
        protocol = subscription.protocol
        try:
            if protocol not in BRIDGED:
                arguments = (message, message_id, subject, message_attributes, group_id, deduplication_id)
                former(subscription, *arguments, message_structure)
                if protocol not in MOTOS:
                    raise NotImplementedError(f"nothing is sent by {protocol} here")
                return
            matcher = subscription._filter_policy_matcher
            if matcher is not None and not matcher.matches(message_attributes, message):
                return
            text = subscription._parse_message_structure(message, protocol) if message_structure == "json" else message
            attributes = {name: _told(one) for name, one in (message_attributes or {}).items()}
            notification = _notification(subscription, text, message_id, subject, attributes)
            deduplication = deduplication_id or hashlib.sha256(message.encode()).hexdigest()
            gateway.hand(SERVICE, _message(subscription, notification, attributes, group_id or "", deduplication))
        except Exception as error:  # no matter for the publisher, nor for the other subscriptions
            problem = Message(subscription.topic.arn, subscription.endpoint, problem=f"{type(error).__name__}: {error}")
            gateway.hand(SERVICE, problem)

    return deliver


def _message(
    subscription: Any,
    notification: dict[str, Any],
    attributes: dict[str, dict[str, str]],
    group: str,
    deduplication: str,
) -> Message:
    redrive = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    origin, target = subscription.topic.arn, subscription.endpoint
    dead_letter = str(redrive.get("deadLetterTargetArn", ""))
    if subscription.protocol == "lambda":
        body = json.dumps(function_event(subscription.arn, notification, attributes))
        return Message(origin, target, body, dead_letter=dead_letter)
    if str(subscription.attributes.get("RawMessageDelivery")).lower() == "true":
        raw = {name: (one["Type"], one["Value"]) for name, one in attributes.items()}
        return Message(origin, target, notification["Message"], raw, group, deduplication, dead_letter)
    body = json.dumps(notification, indent=2, separators=(",", " : "), ensure_ascii=False)
    return Message(origin, target, body, {}, group, deduplication, dead_letter)


def function_event(
    subscription_arn: str, notification: dict[str, Any], attributes: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """What a function gets: the notification with a few other names."""
    said = {NAMES.get(name, name): value for name, value in notification.items()}
    said |= {"Subject": notification.get("Subject"), "MessageAttributes": attributes}
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription_arn,
                "Sns": said,
            }
        ]
    }


def _notification(
    subscription: Any, text: str, message_id: str, subject: str | None, attributes: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """The envelope, signed by moto; what moto makes up in it, as AWS has it."""
    said = subscription.get_post_data(text, message_id, subject, message_attributes=attributes)
    region = subscription.topic.arn.split(":")[3]
    said["UnsubscribeURL"] = (
        f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"
    )
    return {name: said[name] for name in ENVELOPE if name in said}


def _told(attribute: dict[str, Any]) -> dict[str, str]:
    value = attribute["Value"]
    return {"Type": str(attribute["Type"]), "Value": value.decode() if isinstance(value, bytes) else str(value)}
