"""Segment documents: what may be in one, and what is wrong with one that is refused.

Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html. What AWS answers to a document
that it does not take is not documented but for the three members: codes and texts are ours.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from lambent.model import trace

Document = dict[str, Any]

MOST_BYTES = 64 * 1024
MOST_NAME = 200
DEEPEST = 100
"""Subsegments within subsegments; a document of 64 KB could hold thousands."""
LEAST_NUMBERS, MOST_NUMBERS = 0.0, 4e9
"""Seconds since 1970 that a time may be."""


class Unprocessed(Exception):
    """A document that is not taken; `id` is the segment's, "" when that can't be read."""

    def __init__(self, code: str, message: str, id: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.id = id


def read(text: bytes) -> Document:
    """The document, checked. Raises Unprocessed."""
    if len(text) > MOST_BYTES:
        raise Unprocessed("SegmentTooLarge", "A segment document has at most 64 KB.")
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unprocessed("ParseError", f"Invalid segment. {error}") from error
    if not isinstance(said, dict):
        raise Unprocessed("ParseError", "Invalid segment. A segment is a JSON object.")
    _check_ids(said)
    _check(said, said["id"], 0)
    return said


def _check_ids(said: Document) -> None:
    own = said.get("id")
    if not isinstance(own, str) or not trace.SEGMENT_ID.fullmatch(own):
        raise Unprocessed("InvalidId", "Invalid segment. The id has 16 hexadecimal digits.")
    root = said.get("trace_id")
    if not isinstance(root, str) or not trace.TRACE_ID.fullmatch(root):
        raise Unprocessed("InvalidTraceId", "Invalid segment. The trace_id is none.", own)
    parent = said.get("parent_id")
    if parent is not None and not (isinstance(parent, str) and trace.SEGMENT_ID.fullmatch(parent)):
        raise Unprocessed("InvalidParentId", "Invalid segment. The parent_id has 16 hexadecimal digits.", own)
    if said.get("type") == "subsegment" and parent is None:
        raise Unprocessed("MissingParentId", "Invalid subsegment. It is sent without a parent_id.", own)


def _check(said: Document, own: str, depth: int) -> None:
    """A segment, or a subsegment in one."""
    if depth > DEEPEST:
        raise Unprocessed("InvalidSegment", "Subsegments are nested too deeply.", own)
    name = said.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= MOST_NAME:
        raise Unprocessed("InvalidName", "Invalid segment. A name has 1 to 200 characters.", own)
    _check_times(said, own)
    for member in ("http", "aws", "annotations", "metadata", "service", "sql"):
        if not isinstance(said.get(member, {}), dict | None):
            raise Unprocessed("InvalidSegment", f"Invalid segment. {member} is no object.", own)
    within = said.get("subsegments") or []
    if not isinstance(within, list) or not all(isinstance(one, dict) for one in within):
        raise Unprocessed("InvalidSegment", "Invalid segment. subsegments is no list of objects.", own)
    for one in within:
        if not isinstance(one.get("id"), str):
            raise Unprocessed("InvalidId", "Invalid subsegment. It has no id.", own)
        _check(one, own, depth + 1)


def _check_times(said: Document, own: str) -> None:
    if not _is_time(said.get("start_time")):
        raise Unprocessed("InvalidStartTime", "Invalid segment. The start_time is no number of seconds.", own)
    if said.get("end_time") is None:
        if said.get("in_progress") is not True:
            raise Unprocessed("MissingEndTime", "Invalid segment. It has no end_time and is not in_progress.", own)
    elif not _is_time(said["end_time"]):
        raise Unprocessed("InvalidEndTime", "Invalid segment. The end_time is no number of seconds.", own)


def _is_time(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and LEAST_NUMBERS <= float(value) <= MOST_NUMBERS  # type: ignore[arg-type]


def end_of(said: Mapping[str, Any]) -> float:
    """When it ended; of one in progress, when it began."""
    end = said.get("end_time")
    return float(said["start_time"] if end is None else end)


def moved(said: Document, ahead: float, now: float) -> Document:
    """A document with times of the machine's clock, by the platform's, which is `ahead` and reads `now`; as it is where
    its times are the platform's already."""
    start = float(said["start_time"])
    if abs(start + ahead - now) >= abs(start - now):
        return said
    return _moved(said, ahead)


def _moved(said: Document, ahead: float) -> Document:
    times = {name: said[name] + ahead for name in ("start_time", "end_time") if said.get(name) is not None}
    within = [_moved(one, ahead) for one in said.get("subsegments") or ()]
    return said | times | ({"subsegments": within} if within else {})


def flags_by(status: int) -> Document:
    """How a request went, as its segment says it by HTTP's status."""
    if status >= 500:
        return {"fault": True}
    return {"error": True} | ({"throttle": True} if status == 429 else {}) if status >= 400 else {}


def walk(said: Document) -> Iterator[Document]:
    """It, and every subsegment in it, the outer ones first."""
    waiting = [said]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(one.get("subsegments") or [])


def part(said: Mapping[str, Any], *names: str) -> Any:
    """A member of a member of …; None when there is none."""
    found: Any = said
    for name in names:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
