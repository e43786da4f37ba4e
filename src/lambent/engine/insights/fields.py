"""The fields of a log event: those of every event, those that Lambda's lines have, and those of JSON in it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

import base64
import re
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from lambent.engine.insights.query import Value

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
REPORT = "REPORT "
SEARCHED = {
    "@requestId": REQUEST_ID,
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


def pointer(source: Source, offset: int, timestamp: int) -> str:
    """What names an event for GetLogRecord."""
    said = orjson.dumps((source.group, source.stream, offset, timestamp))
    return base64.urlsafe_b64encode(said).decode()


def pointed(text: str) -> tuple[str, str, int, int]:
    """The group, stream, offset and time that a pointer names. Raises ValueError."""
    group, stream, offset, timestamp = orjson.loads(base64.urlsafe_b64decode(text))
    if not (isinstance(group, str) and isinstance(stream, str)):
        raise ValueError(text)
    return group, stream, int(offset), int(timestamp)


def walk(value: Any, path: str) -> Value:
    """What stands at a path of keys and positions; keys with points in them are found as well."""
    while True:
        if type(value) is dict:
            if path in value:
                return plain(value[path])
            key, dot, path = path.partition(".")
            if not dot or key not in value:
                return None
            value = value[key]
        elif type(value) is list:
            key, dot, path = path.partition(".")
            place = _place(key)
            if place >= len(value):
                return None
            value = value[place]
            if not dot:
                return plain(value)
        else:
            return None


def _place(key: str) -> int:
    """The place in a list that a key says; no list is so long as for one that says none."""
    return int(key) if key.isdecimal() and key.isascii() and len(key) < LONGEST_PLACE else sys.maxsize


def plain(value: Any) -> Value:
    return int(value) if isinstance(value, bool) else value


def discovered(messages: Sequence[str], name: str) -> list[Value]:
    """The values of one of the fields that Lambda's lines have."""
    if name in FIGURES:
        pattern, factor = FIGURES[name]
        lines = (pattern.search(one) if one.startswith(REPORT) else None for one in messages)
        return [float(found[1]) * factor if found else None for found in lines]
    searching = TYPE.match if name == "@type" else SEARCHED[name].search if name in SEARCHED else None
    if searching is None:
        return [None] * len(messages)
    return [found[1] if found else None for found in map(searching, messages)]


def flat(value: Any, path: str = "", deep: int = 0) -> dict[str, Value]:
    """Fields of JSON by their paths, `MOST_FIELDS` of them."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None or deep > DEEPEST:
        return {path: plain(value)} if path else {}
    found: dict[str, Value] = {}
    for key, one in items:
        found |= flat(one, f"{path}.{key}" if path else str(key), deep + 1)
        if len(found) >= MOST_FIELDS:
            break
    return found
