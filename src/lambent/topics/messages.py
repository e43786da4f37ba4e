"""What is published, checked as SNS does.

Sources: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html and …/fifo-message-dedup.html.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambent.topics import attributes as topic_attributes
from lambent.topics.errors import TopicError, bad_value, invalid
from lambent.topics.records import Topic

LONGEST_SUBJECT = 100
MOST_ENTRIES = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\s*")
_TOKEN = re.compile(r"[!-~]{1,128}")
_ATTRIBUTE = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
_NO_GROUP = "The MessageGroupId parameter is required for FIFO topics"
_NO_DEDUPLICATION = (
    "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
)
_NOT_FOR_TOPIC = "The request includes MessageDeduplicationId parameter that is not valid for this topic type"

Attributes = Mapping[str, Mapping[str, str]]
"""Name -> {"Type", "Value"}, as messages show them; a binary value is in Base64."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was accepted. `texts` are what single protocols get where that is not `text`."""

    text: str
    subject: str
    attributes: Attributes
    group: str = ""
    deduplication: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)

    def for_protocol(self, protocol: str) -> str:
        """What a subscription of that protocol gets."""
        return self.texts.get(protocol, self.text)


def checked(topic: Topic, params: Mapping[str, Any]) -> Message:
    """The message of a request or of an entry of a batch. Raises TopicError."""
    text = params.get("Message") or ""
    if not text:
        raise invalid("Empty message")
    attributes = _attributes(params.get("MessageAttributes") or {})
    if size(text, attributes) > topic_attributes.maximum(topic):
        raise invalid("Message too long")
    subject = _subject(params.get("Subject"))
    said, texts = _structured(text, params.get("MessageStructure"))
    group, deduplication = _fifo(topic, text, params)
    return Message(said, subject, attributes, group, deduplication, texts)


def size(text: str, attributes: Attributes) -> int:
    """Bytes that count: of the body and of the attributes' names, types and values."""
    counted = len(text.encode("utf-8", "surrogatepass"))
    for name, one in attributes.items():
        binary = one["Type"].startswith("Binary")
        value = len(one["Value"]) * 3 // 4 if binary else len(one["Value"].encode("utf-8", "surrogatepass"))
        counted += len(name) + len(one["Type"]) + value
    return counted


def _subject(subject: str | None) -> str:
    if subject is None:
        return ""
    if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise invalid("Subject")
    return subject


def _structured(text: str, structure: str | None) -> tuple[str, Mapping[str, str]]:
    if not structure:
        return text, {}
    if structure != "json":
        raise invalid("MessageStructure")
    try:
        said = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise invalid("Message Structure - JSON message body failed to parse") from None
    if not isinstance(said, dict) or not isinstance(said.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    return said["default"], {name: one for name, one in said.items() if isinstance(one, str) and name != "default"}


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _fifo(topic: Topic, text: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """The group and the deduplication id."""
    group, deduplication = params.get("MessageGroupId") or "", params.get("MessageDeduplicationId") or ""
    if group and not _TOKEN.fullmatch(group):
        raise invalid("MessageGroupId", "The MessageGroupId can only include alphanumeric and punctuation characters")
    if not topic.is_fifo:
        if deduplication:
            raise invalid("MessageDeduplicationId", _NOT_FOR_TOPIC)
        return group, ""
    if not group:
        raise invalid(_NO_GROUP)
    if deduplication and not _TOKEN.fullmatch(deduplication):
        text = "The MessageDeduplicationId can only include alphanumeric and punctuation characters"
        raise invalid("MessageDeduplicationId", text)
    if not deduplication and not topic.is_on("ContentBasedDeduplication"):
        raise invalid(_NO_DEDUPLICATION)
    return group, deduplication or hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _attributes(given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {name: _attribute(name, one or {}) for name, one in given.items()}


def _attribute(name: str, given: Mapping[str, Any]) -> dict[str, str]:
    kind = given.get("DataType") or ""
    if not _ATTRIBUTE.fullmatch(name) or name.lower().startswith(("aws.", "amazon.")):
        raise bad_value(f"The message attribute name '{name}' is invalid.")  # our wording
    if not kind:
        raise bad_value(f"The message attribute '{name}' must contain non-empty message attribute type.")
    if kind.partition(".")[0] not in ("String", "Number", "Binary"):
        raise bad_value(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String."
        )
    value = _attribute_value(kind, given)
    if not value:
        raise bad_value(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute "
            f"type '{kind}'."
        )
    if kind.startswith("Number"):
        _check_number(name, value)
    return {"Type": kind, "Value": value}


def _attribute_value(kind: str, given: Mapping[str, Any]) -> str:
    if not kind.startswith("Binary"):
        return given.get("StringValue") or ""
    value = given.get("BinaryValue") or b""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode("ascii")


def _check_number(name: str, value: str) -> None:
    if not _NUMBER.fullmatch(value):
        raise bad_value(f"Could not cast message attribute '{name}' value to number.")


def check_batch(topic: Topic, entries: Sequence[Mapping[str, Any]]) -> None:
    """Raises TopicError for a batch that is refused as a whole."""
    if not entries:
        raise TopicError("EmptyBatchRequestException", "The batch request doesn't contain any entries.")
    if len(entries) > MOST_ENTRIES:
        text = "The batch request contains more entries than permissible."
        raise TopicError("TooManyEntriesInBatchRequestException", text)
    names = [str(entry.get("Id") or "") for entry in entries]
    for name in names:
        if not _ID.fullmatch(name):
            text = "The Id of a batch entry in a batch request doesn't abide by the specification."
            raise TopicError("InvalidBatchEntryIdException", text)
    if len(set(names)) != len(names):
        text = "Two or more batch entries in the request have the same Id."
        raise TopicError("BatchEntryIdsNotDistinctException", text)
    if sum(_entry_size(entry) for entry in entries) > topic_attributes.maximum(topic):
        text = "The length of all the messages put together is more than the limit."
        raise TopicError("BatchRequestTooLongException", text)


def _entry_size(entry: Mapping[str, Any]) -> int:
    counted = len(str(entry.get("Message") or "").encode("utf-8", "surrogatepass"))
    for name, one in (entry.get("MessageAttributes") or {}).items():
        value = one.get("StringValue") or one.get("BinaryValue") or ""
        counted += len(name) + len(one.get("DataType") or "") + len(value.encode() if isinstance(value, str) else value)
    return counted
