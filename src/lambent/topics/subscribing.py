"""What may be subscribed, and a subscription's attributes.

Source: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from lambent.topics import attributes, delivery_policy, filtering
from lambent.topics.errors import TopicError, invalid, not_built
from lambent.topics.names import FIFO
from lambent.topics.records import Subscription, Topic

WEB = ("http", "https")
UNSENT = ("email", "email-json", "sms")
"""Protocols that nothing is sent by here: such subscriptions stay pending."""
PROTOCOLS = (*WEB, *UNSENT, "sqs", "lambda")
REFUSED = {"application": "mobile push", "firehose": "deliveries to Firehose"}
LONGEST_FILTER = 256 * 1024
_QUEUE = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?")
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,140}(:[A-Za-z0-9$_-]+)?")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+?[0-9./ ()-]{5,25}")


def check_endpoint(topic: Topic, protocol: str, endpoint: str) -> None:
    """Raises TopicError."""
    if protocol in REFUSED:
        raise not_built(f"{REFUSED[protocol]} (the protocol {protocol})")
    if protocol not in PROTOCOLS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if topic.is_fifo and protocol != "sqs":
        raise invalid(f"Invalid protocol type: {protocol}")
    _ENDPOINTS[protocol](protocol, endpoint)
    if protocol == "sqs" and endpoint.endswith(FIFO) and not topic.is_fifo:
        raise invalid("Invalid parameter: Endpoint", "FIFO SQS Queues can not be subscribed to standard SNS topics")
    if attributes.maximum(topic) > attributes.DEFAULT_SIZE and protocol not in attributes.LARGE_PROTOCOLS:
        raise invalid("Protocol", "MaximumMessageSize above 262144 allows SQS, Firehose and Lambda subscriptions only")


def _web(protocol: str, endpoint: str) -> None:
    if not endpoint.startswith(f"{protocol}://"):
        raise invalid("Endpoint must match the specified protocol")
    try:
        host = urlsplit(endpoint).hostname
    except ValueError:
        host = None
    if not host or not endpoint.isprintable() or " " in endpoint:
        raise invalid("Unreachable Endpoint")


def _queue(_protocol: str, endpoint: str) -> None:
    if not _QUEUE.fullmatch(endpoint):
        raise invalid("SQS endpoint ARN")


def _function(_protocol: str, endpoint: str) -> None:
    if not _FUNCTION.fullmatch(endpoint):
        raise invalid("Lambda endpoint ARN")


def _mail(_protocol: str, endpoint: str) -> None:
    if not _MAIL.fullmatch(endpoint):
        raise invalid("Email address")


def _phone(_protocol: str, endpoint: str) -> None:
    digits = re.sub(r"[^0-9]", "", endpoint)
    if not _PHONE.fullmatch(endpoint) or not 5 <= len(digits) <= 15:
        raise invalid(f"Invalid SMS endpoint: {endpoint}")


_ENDPOINTS: Mapping[str, Callable[[str, str], None]] = {
    **dict.fromkeys(WEB, _web),
    "email": _mail,
    "email-json": _mail,
    "sms": _phone,
    "sqs": _queue,
    "lambda": _function,
}


def must_confirm(protocol: str, endpoint: str, account: str) -> bool:
    """Whether a subscription that `account` makes waits for its endpoint's word: all but functions, and queues of that
    account."""
    return protocol != "lambda" and not (protocol == "sqs" and endpoint.split(":")[4] == account)


def checked(
    given: Mapping[str, str], protocol: str, endpoint: str, kept: Mapping[str, str], within: str = ""
) -> dict[str, str]:
    """The attributes that a subscription has with what is given for it; an empty value is the default. Raises
    TopicError; `within` stands before texts about filters."""
    for name in given:
        if name not in _CHECKS:
            raise invalid("AttributeName") if not within else invalid("Attributes", f"Unknown attribute: {name}")
    found = {name: value for name, value in {**kept, **given}.items() if value}
    for name in given:
        if name in found:
            _CHECKS[name](found, protocol, endpoint)
    if "FilterPolicy" in found and ("FilterPolicy" in given or "FilterPolicyScope" in given):
        filtering.check(found["FilterPolicy"], found.get("FilterPolicyScope") or filtering.ATTRIBUTES, within)
    return found


Attributes = dict[str, str]


def _raw(found: Attributes, protocol: str, _endpoint: str) -> None:
    found["RawMessageDelivery"] = found["RawMessageDelivery"].lower()
    if found["RawMessageDelivery"] not in ("true", "false"):
        raise invalid("RawMessageDelivery", f"Invalid value [{found['RawMessageDelivery']}]. Must be true or false.")
    if found["RawMessageDelivery"] == "true" and protocol not in ("sqs", *WEB):
        raise invalid("Attributes", f"Delivery protocol [{protocol}] does not support raw message delivery.")


def _scope(found: Attributes, _protocol: str, _endpoint: str) -> None:
    if found["FilterPolicyScope"] not in (filtering.ATTRIBUTES, filtering.BODY):
        text = "FilterPolicyScope: Invalid value"
        raise invalid(
            "Attributes",
            f"{text} [{found['FilterPolicyScope']}]. Please use either MessageBody or MessageAttributes",
        )


def _filter(found: Attributes, _protocol: str, _endpoint: str) -> None:
    if len(found["FilterPolicy"].encode()) > LONGEST_FILTER:
        raise TopicError("FilterPolicyLimitExceededException", "Filter policy is larger than 256 KB")  # our wording


def _redrive(found: Attributes, _protocol: str, _endpoint: str) -> None:
    try:
        said: Any = json.loads(found["RedrivePolicy"])
    except (ValueError, RecursionError):
        raise invalid("RedrivePolicy: failed to parse JSON.") from None
    if said == {}:
        del found["RedrivePolicy"]
        return
    arn = said.get("deadLetterTargetArn") if isinstance(said, dict) else None
    if not isinstance(arn, str) or not _QUEUE.fullmatch(arn):
        raise invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")


def _delivery(found: Attributes, protocol: str, _endpoint: str) -> None:
    if protocol not in WEB:
        raise invalid("Attributes", f"Delivery protocol [{protocol}] does not support delivery policies")  # our wording
    delivery_policy.check_subscription(found["DeliveryPolicy"])


def _replay(_found: Attributes, _protocol: str, _endpoint: str) -> None:
    raise not_built("replays of archived messages (ReplayPolicy)")


def _role(_found: Attributes, _protocol: str, _endpoint: str) -> None:
    raise not_built("deliveries to Firehose (SubscriptionRoleArn)")


_CHECKS: Mapping[str, Callable[[Attributes, str, str], None]] = {
    "DeliveryPolicy": _delivery,
    "FilterPolicy": _filter,
    "FilterPolicyScope": _scope,
    "RawMessageDelivery": _raw,
    "RedrivePolicy": _redrive,
    "ReplayPolicy": _replay,
    "SubscriptionRoleArn": _role,
}


def check_dead_letters(found: Mapping[str, str], topic: Topic) -> None:
    """A FIFO topic's dead letters go to a FIFO queue or a standard one, a standard topic's to a standard queue alone.
    Raises TopicError. Source: https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html."""
    arn = dead_letters(found)
    if arn.endswith(FIFO) and not topic.is_fifo:
        raise invalid("RedrivePolicy: must use a standard queue as the dead-letter queue of a standard topic")


def dead_letters(found: Mapping[str, str]) -> str:
    """The ARN of the queue for what can't be delivered, "" for none."""
    return str(json.loads(found.get("RedrivePolicy") or "{}").get("deadLetterTargetArn", ""))


def shown(subscription: Subscription, topic: Topic | None) -> dict[str, str]:
    """What GetSubscriptionAttributes answers."""
    kept = subscription.attributes
    found = {
        "SubscriptionPrincipal": subscription.document["principal"],
        "Owner": subscription.owner,
        "RawMessageDelivery": "false",
        "TopicArn": subscription.topic_arn,
        "Endpoint": subscription.endpoint,
        "Protocol": subscription.protocol,
        "PendingConfirmation": "true" if subscription.pending else "false",
        "ConfirmationWasAuthenticated": "true" if subscription.document["authenticated"] else "false",
        "SubscriptionArn": subscription.arn,
    }
    if "FilterPolicy" in kept:
        found["FilterPolicyScope"] = filtering.ATTRIBUTES
    if subscription.protocol in WEB and topic is not None:
        said = delivery_policy.of_subscription(kept.get("DeliveryPolicy"), topic.attributes.get("DeliveryPolicy"))
        found["EffectiveDeliveryPolicy"] = json.dumps(said, separators=(",", ":"))
    return {**found, **kept}
