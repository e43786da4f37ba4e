"""What a message says: how it is stored, and a bounded memory of the latest."""

import base64
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

Attributes = Mapping[str, Mapping[str, Any]]
"""Message attributes by name, as boto3 has them: DataType and StringValue or BinaryValue (bytes)."""

OVERHEAD = 500
"""Bytes of memory that a message takes beside its body."""


class Content(NamedTuple):
    """`sequence` and `deduplication` are "" for standard queues.

    Of a dead letter: `source` is the ARN of the queue that it came from, `earlier` how often it was received there,
    `first` when that was first and `sent` when it was sent (seconds; 0.0: as its new queue has it).
    """

    id: str
    body: str
    md5: str
    sender: str
    attributes: Attributes
    trace: str = ""
    group: str = ""
    deduplication: str = ""
    sequence: str = ""
    source: str = ""
    earlier: int = 0
    first: float = 0.0
    sent: float = 0.0

    def encode(self) -> bytes:
        """As it is stored."""
        document: dict[str, Any] = {"id": self.id, "body": self.body, "md5": self.md5, "sender": self.sender}
        if self.attributes:
            document["attributes"] = {name: _stored(value) for name, value in self.attributes.items()}
        for name in _SPARE:
            if value := getattr(self, name):
                document[name] = value
        return orjson.dumps(document)


_SPARE = ("trace", "group", "deduplication", "sequence", "source", "earlier", "first", "sent")
"""Members that few messages have."""


def decode(stored: bytes) -> Content:
    """What `Content.encode` made."""
    document = orjson.loads(stored)
    attributes = {name: _read(value) for name, value in document.pop("attributes", {}).items()}
    return Content(attributes=attributes, **document)


def _stored(value: Mapping[str, Any]) -> list[str]:
    if "BinaryValue" in value:
        return [value["DataType"], "", base64.b64encode(value["BinaryValue"]).decode("ascii")]
    return [value["DataType"], value["StringValue"]]


def _read(stored: list[str]) -> dict[str, Any]:
    if len(stored) == 3:
        return {"DataType": stored[0], "BinaryValue": base64.b64decode(stored[2])}
    return {"DataType": stored[0], "StringValue": stored[1]}


class Cache:
    """Contents by seq, the latest `limit` bytes of them; what is not here is read from disk."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._kept: OrderedDict[int, tuple[Content, int]] = OrderedDict()

    def get(self, seq: int) -> Content | None:
        """A content, if it is here."""
        found = self._kept.get(seq)
        return found[0] if found is not None else None

    def put(self, seq: int, content: Content, size: int) -> None:
        """Keep a content of so many bytes; the oldest make room."""
        self.drop(seq)
        self._kept[seq] = (content, size + OVERHEAD)
        self._bytes += size + OVERHEAD
        while self._bytes > self._limit:
            _, (_, gone) = self._kept.popitem(last=False)
            self._bytes -= gone

    def drop(self, seq: int) -> None:
        """Forget a content."""
        found = self._kept.pop(seq, None)
        if found is not None:
            self._bytes -= found[1]
