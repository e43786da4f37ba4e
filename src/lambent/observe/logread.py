"""Pages of log events, as GetLogEvents and FilterLogEvents cut them. Synchronous; runs in the store's thread.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html and API_FilterLogEvents.
"""

import base64
import heapq
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import orjson

from lambent.observe.logfile import Event, LogFile
from lambent.observe.logindex import Group, LogStoreError, Stream

PAGE_EVENTS = 10_000
PAGE_BYTES = 1 << 20
EVENT_OVERHEAD = 26
SCAN_BYTES = 64 << 20
"""FilterLogEvents answers what it has, with a token, after this many bytes of messages."""
READ_BYTES = 16 << 20
"""Held at once while streams are merged, shared by all of them."""
END_OF_TIME = 1 << 62

Match = Callable[[str], bool]


class BadToken(LogStoreError):
    """A paging token that was not made here."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked for: events from `start` until before `end` (ms since 1970), at most `limit`, from `token` on."""

    start: int = 0
    end: int = END_OF_TIME
    limit: int = PAGE_EVENTS
    token: str | None = None
    from_head: bool = False

    def since(self, start: int) -> "Span":
        """The same, but for events before `start`."""
        return replace(self, start=max(self.start, start))


@dataclass(frozen=True, slots=True)
class Page:
    """Events of one stream, oldest first, and the tokens of the pages beside it."""

    events: list[Event]
    forward: str
    backward: str


@dataclass(slots=True)
class FilterPage:
    """(Stream, event) pairs by time; `token` is None on the last page."""

    events: list[tuple[Stream, Event]] = field(default_factory=list)
    token: str | None = None


@dataclass(frozen=True, slots=True)
class StreamRange:
    """Bytes of a stream's file that hold the events of a span, and perhaps some others."""

    account: str
    group: str
    stream: str
    path: str
    start: int
    end: int


def ranges(group: Group, span: Span) -> list[StreamRange]:
    """Those of a group's streams that have any."""
    found = []
    for stream in group.streams.values():
        if _overlaps(stream.file, span.start, span.end):
            low, high = stream.file.seek(span.start), stream.file.seek(span.end)
            path = str(stream.file.path)
            found.append(StreamRange(group.scope.account, group.name, stream.name, path, low, high))
    return found


def get_events(file: LogFile, span: Span) -> Page:
    """A page of one stream. Raises BadToken."""
    low, high = file.seek(span.start), file.seek(span.end)
    direction, offset = _parse_token(span.token) or (("f", low) if span.from_head else ("b", high))
    offset = min(max(offset, low), high)
    if direction == "f":
        events = _page(_until(file.forward(offset), high), span.limit)
    else:
        events = _page(_down_to(file.backward(offset), low), span.limit)[::-1]
    first = events[0].offset if events else offset
    after = _end(file, events[-1]) if events else offset
    return Page(events, _token("f", after), _token("b", first))


def filter_events(streams: list[Stream], matches: Match, span: Span) -> FilterPage:
    """A page of many streams' events by time; `span.end` is excluded here as well. Raises BadToken."""
    after = _parse_position(span.token)
    start = max(span.start, after[0]) if after else span.start
    live = [stream for stream in streams if _overlaps(stream.file, start, span.end)]
    chunk = max(READ_BYTES // max(len(live), 1), 4096)
    page, size, scanned = FilterPage(), 0, 0
    for timestamp, name, offset, stream, event in heapq.merge(
        *(_positions(stream, start, min(chunk, 1 << 16)) for stream in live), key=_position
    ):
        if timestamp >= span.end:
            return page
        if after and (timestamp, name, offset) <= after:
            continue
        scanned += len(event.message)
        if not matches(event.message):
            if scanned > SCAN_BYTES:
                page.token = _pack(timestamp, name, offset)
                return page
            continue
        size += _size(event)
        if page.events and size > PAGE_BYTES:
            return page
        page.events.append((stream, event))
        page.token = _pack(timestamp, name, offset)
        if len(page.events) == min(span.limit, PAGE_EVENTS):
            return page
    page.token = None
    return page


def event_id(stream: Stream, event: Event) -> str:
    """56 digits, one of a kind and always the same for an event."""
    return f"{event.timestamp:016d}{int(stream.uid[-12:], 16):015d}{event.offset:025d}"


def sweep(streams: list[Stream], since: int) -> None:
    """Drop the events of streams that have none at or after `since`."""
    for stream in streams:
        if stream.file.size and (stream.file.last or 0) < since:
            stream.file.truncate()


def _page(events: Iterator[Event], limit: int) -> list[Event]:
    page: list[Event] = []
    size = 0
    for event in events:
        size += _size(event)
        if len(page) == min(limit, PAGE_EVENTS) or (page and size > PAGE_BYTES):
            break
        page.append(event)
    return page


def _size(event: Event) -> int:
    return len(event.message.encode("utf-8", "replace")) + EVENT_OVERHEAD


def _until(events: Iterator[Event], high: int) -> Iterator[Event]:
    for event in events:
        if event.offset >= high:
            return
        yield event


def _down_to(events: Iterator[Event], low: int) -> Iterator[Event]:
    for event in events:
        if event.offset < low:
            return
        yield event


def _end(file: LogFile, event: Event) -> int:
    following = file.forward(event.offset)
    next(following, None)
    beyond = next(following, None)
    return beyond.offset if beyond else file.size


def _token(direction: str, offset: int) -> str:
    return f"{direction}/{offset:056d}/s"


def _parse_token(token: str | None) -> tuple[str, int] | None:
    if token is None:
        return None
    parsed = re.fullmatch(r"([fb])/(\d{56})/s", token, re.ASCII)
    if parsed is None:
        raise BadToken(token)
    return parsed[1], int(parsed[2])


def _overlaps(file: LogFile, start: int, end: int) -> bool:
    return file.size > 0 and (file.last or 0) >= start and (file.first or 0) < end


Position = tuple[int, str, int, Stream, Event]


def _positions(stream: Stream, start: int, chunk: int) -> Iterator[Position]:
    for event in stream.file.forward(stream.file.seek(start), chunk):
        yield event.timestamp, stream.name, event.offset, stream, event


def _position(position: Position) -> tuple[int, str, int]:
    return position[:3]


def _pack(timestamp: int, name: str, offset: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps((timestamp, name, offset))).decode()


def _parse_position(token: str | None) -> tuple[int, str, int] | None:
    if token is None:
        return None
    try:
        timestamp, name, offset = orjson.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise BadToken(token) from None
    if not (isinstance(timestamp, int) and isinstance(name, str) and isinstance(offset, int)):
        raise BadToken(token)
    return timestamp, name, offset
