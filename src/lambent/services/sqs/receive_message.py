"""ReceiveMessage."""

from collections.abc import Iterable
from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors, md5
from lambent.queues.attributes import KNOWN
from lambent.queues.config import Config
from lambent.queues.messages import Delivery
from lambent.queues.system_attributes import system_attributes
from lambent.services.sqs.env import SqsEnv

SYSTEM = frozenset(
    {
        *("SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"),
        *("SequenceNumber", "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn"),
    }
)


async def receive_message(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Up to ten messages, which nobody else receives until their visibility timeout is over."""
    queue = env.queue(caller, params)
    most = _whole(params, "MaxNumberOfMessages", 1, 10, 1)
    wait = _whole(params, "WaitTimeSeconds", 0, 20, queue.wait)
    visibility = _whole(params, "VisibilityTimeout", 0, 43_200, queue.visibility)
    names = {*(params.get("AttributeNames") or ()), *(params.get("MessageSystemAttributeNames") or ())}
    for name in names - SYSTEM - KNOWN - {"All"}:
        raise errors.unknown_attribute(name)
    attempt = _attempt(queue, params)
    with errors.worded():
        found = await env.messages.receive(queue, most, wait, visibility, attempt)
    wanted = params.get("MessageAttributeNames") or ()
    return {"Messages": [shown(one, names, wanted) for one in found] or None}


def shown(one: Delivery, names: set[str], wanted: Iterable[str]) -> dict[str, Any]:
    """A message as its receiver sees it, with the system attributes and the message attributes asked for."""
    content = one.content
    attributes = {name: value for name, value in content.attributes.items() if _matches(name, wanted)}
    system = system_attributes(one) if names else {}
    told = system if "All" in names else {name: value for name, value in system.items() if name in names}
    return {
        "MessageId": content.id,
        "ReceiptHandle": one.handle,
        "MD5OfBody": content.md5,
        "Body": content.body,
        "Attributes": told or None,
        "MD5OfMessageAttributes": md5.of_attributes(attributes),
        "MessageAttributes": attributes or None,
    }


def _matches(name: str, wanted: Iterable[str]) -> bool:
    """`All` and `.*` are every attribute, `prefix.*` those that begin so."""
    return any(
        one in {"All", ".*", name} or (one.endswith(".*") and name.startswith(one.removesuffix("*"))) for one in wanted
    )


def _whole(params: dict[str, Any], name: str, least: int, most: int, default: int) -> int:
    value = params.get(name)
    if value is None:
        return default
    if not least <= value <= most:
        between = f"between {least} and {most}" if least else f">= {least} and <= {most}"
        raise errors.bad_value(value, name, f"Must be {between}, if provided.")
    return int(value)


def _attempt(queue: Config, params: dict[str, Any]) -> str:
    attempt = params.get("ReceiveRequestAttemptId") or ""
    if attempt and not queue.fifo:
        raise errors.not_for_this_type(attempt, "ReceiveRequestAttemptId")
    return str(attempt)
