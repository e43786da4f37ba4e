"""Where dead letters go, and who may send them.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue.html.
"""

from typing import Any

import orjson

from lambent.queues import errors
from lambent.queues.config import Config
from lambent.queues.errors import QueueError
from lambent.queues.registry import Registry

PERMISSIONS = frozenset({"allowAll", "denyAll", "byQueue"})
MOST_SOURCES = 10
MOST_RECEIVES = 1_000


def check_policy(registry: Registry, fifo: bool, text: str, source: str) -> str:
    """A RedrivePolicy of the queue `source`, as it is kept. Raises QueueError."""
    policy = _object(text)
    if policy is None or not policy.keys() <= {"deadLetterTargetArn", "maxReceiveCount"}:
        raise _bad(text, "Amazon SQS can't create the redrive policy, as it's in an unsupported format.")
    for name in ("maxReceiveCount", "deadLetterTargetArn"):
        if name not in policy:
            raise _bad(text, f"Redrive policy does not contain mandatory attribute: {name}.")
    count = str(policy["maxReceiveCount"])
    if not count.isdigit() or not 1 <= int(count[:6]) <= MOST_RECEIVES:
        raise _bad(
            text,
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to {MOST_RECEIVES} both inclusive.",
        )
    target = registry.by_arn(str(policy["deadLetterTargetArn"]))
    if target is None:
        raise _bad(text, "Dead letter target does not exist.")
    if target.arn.rpartition(":")[0] != source.rpartition(":")[0]:
        raise _bad(text, "Dead letter target owner should be same as the source.")
    if target.fifo != fifo:
        raise _bad(text, "Dead-letter queue must be same type of queue as the source.")
    if not allowed(target, source):
        reason = "The dead-letter queue's redrive allow policy does not allow this source queue."  # our wording
        raise _bad(text, reason)
    return orjson.dumps({"deadLetterTargetArn": target.arn, "maxReceiveCount": int(count)}).decode()


def check_allow_policy(text: str) -> str:
    """A RedriveAllowPolicy, as it is kept. Raises QueueError."""
    policy = _object(text)
    if policy is None or policy.get("redrivePermission") not in PERMISSIONS:
        raise errors.bad_attribute("RedriveAllowPolicy")
    sources = policy.get("sourceQueueArns", [])
    by_queue = policy["redrivePermission"] == "byQueue"
    if not isinstance(sources, list) or bool(sources) != by_queue or len(sources) > MOST_SOURCES:
        raise errors.bad_attribute("RedriveAllowPolicy")
    return text


def allowed(target: Config, source: str) -> bool:
    """Whether a dead-letter queue takes the dead letters of the queue `source`."""
    policy = _object(target.attributes.get("RedriveAllowPolicy", "")) or {}
    permission = policy.get("redrivePermission", "allowAll")
    return permission == "allowAll" or (permission == "byQueue" and source in policy["sourceQueueArns"])


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _bad(text: str, reason: str) -> QueueError:
    return errors.bad_value(text, "RedrivePolicy", reason)
