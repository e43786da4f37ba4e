"""A message that someone wants to send: what it may hold.

Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from lambent.queues import errors
from lambent.queues.config import Config
from lambent.queues.content import Attributes

MOST_ATTRIBUTES = 10
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*")
_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
TRACE = "AWSTraceHeader"


NO_ATTRIBUTES: Attributes = {}


class Outgoing(NamedTuple):
    """`delay` None: the queue's own. `trace` is the X-Ray header that came with the request."""

    body: str
    attributes: Attributes = NO_ATTRIBUTES
    system: Attributes = NO_ATTRIBUTES
    delay: int | None = None
    group: str | None = None
    deduplication: str | None = None
    sender: str = ""
    trace: str = ""

    @property
    def size(self) -> int:
        """Bytes that count against the limits: the body, and each attribute's name, type and value."""
        return len(self.body.encode("utf-8", "surrogatepass")) + sum(
            len(name.encode()) + _value_size(value) for name, value in self.attributes.items()
        )


def read(params: Mapping[str, Any], sender: str, trace: str | None) -> Outgoing:
    """The message of a SendMessage request or of an entry of SendMessageBatch."""
    return Outgoing(
        params.get("MessageBody") or "",
        params.get("MessageAttributes") or {},
        params.get("MessageSystemAttributes") or {},
        params.get("DelaySeconds"),
        params.get("MessageGroupId"),
        params.get("MessageDeduplicationId"),
        sender,
        trace or "",
    )


def check(message: Outgoing, queue: Config, groups_everywhere: bool) -> None:
    """Raises QueueError for what the queue does not take.

    `groups_everywhere`: standard queues take message groups, too (fair queues, since 2025).
    """
    if not message.body:
        raise errors.missing("MessageBody")
    if _ILLEGAL.search(message.body):
        raise errors.bad_contents()
    _check_attributes(message.attributes)
    _check_system(message.system)
    if message.size > queue.max_bytes:
        raise errors.too_long(queue.max_bytes)
    if message.delay is not None and not 0 <= message.delay <= 900:
        raise errors.bad_value(message.delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
    for name, text in (("MessageGroupId", message.group), ("MessageDeduplicationId", message.deduplication)):
        if text is not None and not _ID.fullmatch(text):
            reason = f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
            raise errors.bad_value(text, name, reason)
    if queue.fifo:
        _check_fifo(message, queue)
    elif message.deduplication is not None:
        raise errors.not_for_this_type(message.deduplication, "MessageDeduplicationId")
    elif message.group is not None and not groups_everywhere:
        raise errors.not_for_this_type(message.group, "MessageGroupId")


def _check_fifo(message: Outgoing, queue: Config) -> None:
    if message.delay:
        raise errors.not_for_this_type(message.delay, "DelaySeconds")
    if message.group is None:
        raise errors.missing("MessageGroupId")
    if message.deduplication is None and not queue.content_deduplication:
        raise errors.invalid(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )


def _check_attributes(attributes: Attributes) -> None:
    if len(attributes) > MOST_ATTRIBUTES:
        count = f"[{len(attributes)}] exceeds the allowed maximum [{MOST_ATTRIBUTES}]"
        raise errors.invalid(f"Number of message attributes {count}.")
    for name, value in attributes.items():
        _check_name(name)
        _check_value(name, value, "message attribute")


def _check_name(name: str) -> None:
    reserved = name.lower().startswith(("aws.", "amazon."))
    if len(name) > 256 or reserved or not _ATTRIBUTE_NAME.fullmatch(name):
        raise errors.invalid(
            f"The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore "
            "(_), hyphen (-), and period (.) characters, must not start with AWS. or Amazon. and can be 256 long."
        )  # our wording


def _check_value(name: str, value: Mapping[str, Any], what: str) -> None:
    kind = value.get("DataType") or ""
    if not kind:
        raise errors.invalid(f"The {what} '{name}' must contain non-empty {what} type.")
    if value.get("StringListValues") or value.get("BinaryListValues"):
        text = f"Message attribute list values in SendMessage operation are not supported ({name})."  # our wording
        raise errors.unsupported(text)
    base = kind.partition(".")[0]
    if base not in {"String", "Number", "Binary"} or len(kind) > 256:
        types = "Binary, Number, and String"
        raise errors.invalid(
            f"The {what} '{name}' has an invalid {what} type, the set of supported type prefixes is {types}."
        )
    if not value.get("BinaryValue" if base == "Binary" else "StringValue"):
        raise errors.invalid(f"The {what} '{name}' must contain non-empty {what} value for {what} type '{kind}'.")
    if base != "Binary" and _ILLEGAL.search(value["StringValue"]):
        raise errors.bad_contents()
    if base == "Number" and not _NUMBER.fullmatch(value["StringValue"]):
        raise errors.invalid(f"Can't cast the value of {what} '{name}' to a number.")


def _check_system(system: Attributes) -> None:
    for name, value in system.items():
        if name != TRACE:
            raise errors.invalid(f"Message system attribute name '{name}' is invalid.")  # our wording
        _check_value(name, value, "message system attribute")
        if value["DataType"] != "String":
            raise errors.invalid(f"The message system attribute '{name}' must be of type String.")  # our wording


def _value_size(value: Mapping[str, Any]) -> int:
    text = value.get("StringValue") or ""
    return len(value["DataType"]) + len(text.encode("utf-8", "surrogatepass")) + len(value.get("BinaryValue") or b"")
