"""A topic's attributes: which there are, what they may be, and what is answered of them.

Source: https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html.
"""

import json
from collections.abc import Callable, Mapping

from lambent.topics import delivery_policy, policies
from lambent.topics.errors import invalid, not_built
from lambent.topics.records import Topic

DEFAULT_SIZE = 256 * 1024
"""MaximumMessageSize of a topic that says none."""
SIZES = (1024, 1024 * 1024)
LARGE_SUBSCRIPTIONS = 100
"""The most subscriptions of a topic whose messages may be larger than the default,"""
LARGE_PROTOCOLS = frozenset({"sqs", "firehose", "lambda"})
"""and their protocols: https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html."""
FEEDBACK = frozenset(
    f"{kind}{what}"
    for kind in ("HTTP", "Firehose", "Lambda", "Application", "SQS")
    for what in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
)
FIFO_ONLY = frozenset({"ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"})
CHOICES = {
    "SignatureVersion": ("1", "2"),
    "TracingConfig": ("PassThrough", "Active"),
    "FifoThroughputScope": ("Topic", "MessageGroup"),
    "ContentBasedDeduplication": ("true", "false"),
}


def checked(name: str, value: str, *, fifo: bool) -> str:
    """The value as it is kept; "" for the attribute's default. Raises TopicError."""
    check = _CHECKS.get(name)
    if check is None or (name in FIFO_ONLY and not fifo) or (name == "TracingConfig" and fifo and value == "Active"):
        raise invalid("AttributeName")
    if not value:
        return ""
    value = value.lower() if name == "ContentBasedDeduplication" else value
    check(name, value)
    return value


def _anything(_name: str, _value: str) -> None:
    """Every text is good."""


def _choice(name: str, value: str) -> None:
    if value not in CHOICES[name]:
        raise invalid(name, f"must be one of {', '.join(CHOICES[name])}")  # our wording


def _display_name(_name: str, value: str) -> None:
    if len(value) > 100 or not value.isprintable():
        raise invalid("DisplayName")


def _size(name: str, value: str) -> None:
    low, high = SIZES
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise invalid(name, f"must be between {low} and {high}")  # our wording


def _archive(_name: str, _value: str) -> None:
    raise not_built("archives of topics (ArchivePolicy)")


def _rate(name: str, value: str) -> None:
    if name.endswith("SampleRate") and not (value.isascii() and value.isdigit() and int(value) <= 100):
        raise invalid(name)


_CHECKS: Mapping[str, Callable[[str, str], None]] = {
    **dict.fromkeys(CHOICES, _choice),
    **dict.fromkeys(FEEDBACK, _rate),
    "ArchivePolicy": _archive,
    "DeliveryPolicy": lambda _name, value: delivery_policy.check_topic(value),
    "DisplayName": _display_name,
    "KmsMasterKeyId": _anything,
    "MaximumMessageSize": _size,
    "Policy": lambda _name, value: policies.check(value),
}


def of_new(given: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """The attributes of a topic that is made. Raises TopicError."""
    found = {name: checked(name, value, fifo=fifo) for name, value in given.items() if name != "FifoTopic"}
    return {name: value for name, value in found.items() if value}


def differ(topic: Topic, given: Mapping[str, str]) -> bool:
    """Whether a topic has other attributes than those that are given for it."""
    answered = shown(topic, {})
    return any(_canonical(answered.get(name, "")) != _canonical(value) for name, value in given.items())


def _canonical(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def maximum(topic: Topic) -> int:
    """Bytes of a message."""
    return int(topic.attributes.get("MaximumMessageSize", DEFAULT_SIZE))


def policy_of(topic: Topic) -> policies.Policy:
    """Its access policy."""
    text = topic.attributes.get("Policy")
    found: policies.Policy = json.loads(text) if text else policies.default(topic.scope, topic.arn)
    return found


def shown(topic: Topic, counts: Mapping[str, int]) -> dict[str, str]:
    """What GetTopicAttributes answers; `counts` are those of its subscriptions."""
    kept = topic.attributes
    effective = delivery_policy.of_topic(kept.get("DeliveryPolicy"))
    found = {
        "Policy": kept.get("Policy") or _dumps(policies.default(topic.scope, topic.arn)),
        "Owner": topic.scope.account,
        "SubscriptionsPending": str(counts.get("pending", 0)),
        "TopicArn": topic.arn,
        "EffectiveDeliveryPolicy": _dumps(effective),
        "SubscriptionsConfirmed": str(counts.get("confirmed", 0)),
        "DisplayName": "",
        "SubscriptionsDeleted": str(topic.deleted),
        **({"DeliveryPolicy": _dumps(effective)} if "DeliveryPolicy" in kept else {}),
    }
    if topic.is_fifo:
        found |= {"FifoTopic": "true", "ContentBasedDeduplication": "false", "FifoThroughputScope": "Topic"}
    return {**found, **{name: value for name, value in kept.items() if name not in ("Policy", "DeliveryPolicy")}}


def _dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
