"""The fields of a log event: those of every event, those that Lambda's lines have, and those of JSON in it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

import base64
import json
import re
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from lambent.engine.insights.query import Moment, Value

MB = 1_000_000
"""Bytes; AWS's own sample queries divide @maxMemoryUsed twice by 1000."""
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MOST_FIELDS = 200
"""AWS finds so many fields in an event."""
DEEPEST = 20
LONGEST_PLACE = 10
"""Digits of a place in a list."""
TYPES = ("START", "END", "REPORT", "XRAY")
TYPE = re.compile(rf"({'|'.join(TYPES)}) RequestId: ")
REQUEST_ID = re.compile(rf"(?:RequestId: |\t|\b)({UUID})")
FIGURES = {
    "@duration": (re.compile(r"\tDuration: ([\d.]+) ms"), 1),
    "@billedDuration": (re.compile(r"Billed Duration: ([\d.]+) ms"), 1),
    "@initDuration": (re.compile(r"Init Duration: ([\d.]+) ms"), 1),
    "@memorySize": (re.compile(r"Memory Size: (\d+) MB"), MB),
    "@maxMemoryUsed": (re.compile(r"Max Memory Used: (\d+) MB"), MB),
}
"""What a REPORT line tells."""
TRACES = {
    "@xrayTraceId": re.compile(r"XRAY TraceId: (\S+)"),
    "@xraySegmentId": re.compile(r"SegmentId: (\S+)"),
}


class Source(NamedTuple):
    """Where events come from: the account, the log group and the stream."""

    account: str
    group: str
    stream: str


class LogEvent(NamedTuple):
    """An event as it is kept. Times are milliseconds since 1970; `offset` is where it stands in its stream."""

    timestamp: int
    ingested: int
    message: str
    offset: int
    source: Source


def pointer(event: LogEvent) -> str:
    """What names an event for GetLogRecord."""
    said = orjson.dumps((event.source.group, event.source.stream, event.offset, event.timestamp))
    return base64.urlsafe_b64encode(said).decode()


def pointed(text: str) -> tuple[str, str, int, int]:
    """The group, stream, offset and time that a pointer names. Raises ValueError."""
    group, stream, offset, timestamp = orjson.loads(base64.urlsafe_b64decode(text))
    if not (isinstance(group, str) and isinstance(stream, str)):
        raise ValueError(text)
    return group, stream, int(offset), int(timestamp)


class Row:
    """An event's fields with what commands have added to them, or a row of `stats` (no event)."""

    __slots__ = ("_document", "event", "made")

    def __init__(self, event: LogEvent | None, made: dict[str, Value] | None = None) -> None:
        self.event = event
        self.made: dict[str, Value] = made if made is not None else {}
        self._document: Any = self  # not looked for yet

    @property
    def at(self) -> float:
        """When it was, in milliseconds since 1970; 0 for a row of `stats`."""
        return self.event.timestamp if self.event else 0

    def get(self, name: str) -> Value:
        """The value of a field, None if there is none."""
        if name in self.made:
            return self.made[name]
        head, dot, rest = name.partition(".")
        if dot and isinstance(self.made.get(head), dict | list):
            return _walk(self.made[head], rest)
        if self.event is None:
            return None
        found = _SYSTEM.get(name)
        if found is not None:
            return found(self.event)
        return _discovered(self.event.message, name) if name.startswith("@") else self._of_document(name)

    def _of_document(self, name: str) -> Value:
        if self._document is self and self.event is not None:
            self._document = document(self.event.message)
        return _walk(self._document, name)


def every(event: LogEvent) -> dict[str, Value]:
    """All fields that an event has."""
    row = Row(event)
    names = [*_SYSTEM, "@requestId", "@type", *FIGURES, *TRACES]
    found = {name: row.get(name) for name in names}
    return {name: value for name, value in {**found, **_flat(document(event.message))}.items() if value is not None}


def _flat(value: Any, path: str = "", deep: int = 0) -> dict[str, Value]:
    """Fields of JSON by their paths, `MOST_FIELDS` of them."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None or deep > DEEPEST:
        return {path: _plain(value)} if path else {}
    found: dict[str, Value] = {}
    for key, one in items:
        found |= _flat(one, f"{path}.{key}" if path else str(key), deep + 1)
        if len(found) >= MOST_FIELDS:
            break
    return found


def document(message: str) -> Any:
    """The JSON that a message is, or the first that is embedded in it; None without any."""
    start = message.find("{")
    if start < 0:
        return None
    try:
        return orjson.loads(message[start:] if start else message)
    except orjson.JSONDecodeError:
        return _embedded(message, start)


def _embedded(message: str, start: int) -> Any:
    try:
        return _DECODER.raw_decode(message, start)[0]
    except (ValueError, RecursionError):
        return None


def _walk(value: Any, path: str) -> Value:
    """What stands at a path of keys and positions; keys with points in them are found as well."""
    while isinstance(value, dict | list):
        if isinstance(value, dict) and path in value:
            return _plain(value[path])
        key, dot, path = path.partition(".")
        if isinstance(value, list):
            place = _place(key)
            if place >= len(value):
                return None
            value = value[place]
            if not dot:
                return _plain(value)
        elif not dot or key not in value:
            return None
        else:
            value = value[key]
    return None


def _place(key: str) -> int:
    """The place in a list that a key says; no list is so long as for one that says none."""
    return int(key) if key.isdecimal() and key.isascii() and len(key) < LONGEST_PLACE else sys.maxsize


def _plain(value: Any) -> Value:
    return int(value) if isinstance(value, bool) else value


def _discovered(message: str, name: str) -> Value:
    if name == "@requestId":
        found = REQUEST_ID.search(message)
        return found[1] if found else None
    if name == "@type":
        found = TYPE.match(message)
        return found[1] if found else None
    if name in FIGURES and message.startswith("REPORT "):
        pattern, factor = FIGURES[name]
        found = pattern.search(message)
        return float(found[1]) * factor if found else None
    found = TRACES[name].search(message) if name in TRACES else None
    return found[1] if found else None


_DECODER = json.JSONDecoder()
_SYSTEM: dict[str, Callable[[LogEvent], Value]] = {
    "@timestamp": lambda event: Moment(event.timestamp),
    "@ingestionTime": lambda event: Moment(event.ingested),
    "@message": lambda event: event.message,
    "@logStream": lambda event: event.source.stream,
    "@log": lambda event: f"{event.source.account}:{event.source.group}",
    "@ptr": pointer,
}
