"""The events of one log stream in one file, sorted by timestamp. Synchronous; used from one thread at a time.

A line is a JSON array: timestamp, time of ingestion (both milliseconds since 1970), message. The byte offset of a
line is its event's position. No descriptor is held between calls, so the number of streams is not bounded by the
number of open files. A last line without its newline, left by a crash, is cut off when the file is first used.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import orjson

CHUNK = 64 << 10
NEWLINE = orjson.Fragment(b"\n")
"""JSON has no raw newline of its own, so it can be told from all that an event holds."""


class Event(NamedTuple):
    """One log event and where it stands."""

    timestamp: int
    ingested: int
    message: str
    offset: int


class LogFile:
    """The file of one stream; it exists once something is in it.

    `first`, `last` and `ingested` (milliseconds since 1970) are None while there are no events.
    """

    __slots__ = ("_size", "first", "ingested", "last", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: int | None = None
        self.last: int | None = None
        self.ingested: int | None = None
        self._size = -1

    @property
    def size(self) -> int:
        """Bytes of whole lines."""
        if self._size < 0:
            self._load()
        return self._size

    def append(self, events: list[tuple[int, str]], ingested: int) -> None:
        """Add events that came in order; one that is earlier than the last is taken to be as late as that.

        Raises OSError, and then the file is as it was.
        """
        first = last = self._last_or(events[0][0])
        raised: list[tuple[int, int, str]] = []
        for timestamp, message in events:
            last = max(last, timestamp)
            raised.append((last, ingested, message))
        self._write_at_end(_lines(raised))
        self._note(max(events[0][0], first), last, ingested)

    def insert(self, events: list[tuple[int, str]], ingested: int) -> None:
        """Add sorted events where their timestamps belong. Raises OSError, and then the file is as it was."""
        if events[0][0] >= self._last_or(0):
            self.append(events, ingested)
            return
        at = self.seek(events[0][0])
        old = [(event.timestamp, event.ingested, event.message) for event in self.forward(at)]
        new = [(timestamp, ingested, message) for timestamp, message in events]
        merged = sorted(old + new, key=lambda event: event[0])
        data = self._read(0, at) + _lines(merged)
        scratch = self.path.with_suffix(".new")
        scratch.write_bytes(data)
        scratch.replace(self.path)
        self._size = -1
        self.ingested = ingested

    def seek(self, timestamp: int) -> int:
        """The offset of the first event at or after `timestamp`; the size if there is none."""
        low, high = 0, self.size
        if self.last is None or self.last < timestamp:
            return high
        while high - low > CHUNK:
            event = self._event_after((low + high) // 2, high)
            if event is None:
                break
            if event.timestamp < timestamp:
                low = event.offset
            else:
                high = event.offset
        for event in self.forward(low):
            if event.timestamp >= timestamp:
                return event.offset
        return self._size

    def forward(self, offset: int, chunk: int = CHUNK) -> Iterator[Event]:
        """The events from `offset` on, oldest first, as far as the file reaches now. `chunk` bytes are read
        at a time."""
        end = self.size
        while offset < end:
            data = self._read(offset, min(chunk, end - offset))
            cut = data.rfind(b"\n") + 1
            if not cut:
                if len(data) < chunk:
                    return
                chunk *= 4
                continue
            yield from _events(data[:cut], offset)
            offset += cut

    def backward(self, offset: int, chunk: int = CHUNK) -> Iterator[Event]:
        """The events before `offset`, newest first."""
        end = min(offset, self.size)
        while end > 0:
            start = max(0, end - chunk)
            data = self._read(start, end - start)
            cut = data.find(b"\n") + 1 if start else 0
            if not data or (start and cut in (0, len(data))):
                if not data:
                    return
                chunk *= 4
                continue
            yield from reversed(list(_events(data[cut:], start + cut)))
            end = start + cut

    def truncate(self) -> None:
        """Drop all events."""
        self.path.unlink(missing_ok=True)
        self._size = 0
        self.first = self.last = None

    def cut(self, size: int) -> None:
        """Drop the oldest events, `size` bytes of them or a little more. Raises OSError, and then nothing is dropped.

        Positions of events change with that.
        """
        rest = self._event_after(size, self.size) if size < self.size else None
        if rest is None:
            self.truncate()
            return
        scratch = self.path.with_suffix(".new")
        try:
            _copy(self.path, scratch, rest.offset)
            scratch.replace(self.path)
        except OSError:
            scratch.unlink(missing_ok=True)
            raise
        self._size = -1
        self.first, ingested = None, self.ingested
        self._load()
        self.ingested = ingested

    def _last_or(self, default: int) -> int:
        if self._size < 0:
            self._load()
        return default if self.last is None else self.last

    def _note(self, first: int, last: int, ingested: int) -> None:
        self.first = first if self.first is None else self.first
        self.last = last
        self.ingested = ingested

    def _write_at_end(self, data: bytes) -> None:
        size = self.size
        if not size:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        append(self.path, data)
        self._size = size + len(data)

    def _load(self) -> None:
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            self._size = 0
            return
        self._size = size - self._torn(size)
        if self._size < size:
            os.truncate(self.path, self._size)
        first = next(self.forward(0), None)
        last = next(self.backward(self._size), None)
        if first and last:
            self._note(first.timestamp, last.timestamp, last.ingested)
            self.first, self.ingested = first.timestamp, last.ingested

    def _torn(self, size: int) -> int:
        """Bytes after the last newline."""
        torn = 0
        while torn < size:
            start = max(0, size - torn - CHUNK)
            data = self._read(start, size - torn - start)
            at = data.rfind(b"\n")
            if at >= 0:
                return torn + len(data) - at - 1
            torn += len(data)
        return size

    def _event_after(self, offset: int, end: int) -> Event | None:
        """The first event whose line begins after `offset` and before `end`."""
        with self.path.open("rb") as file:
            file.seek(offset)
            start = offset + len(file.readline())
            line = file.readline() if start < end else b""
        return next(_events(line, start), None)

    def _read(self, offset: int, size: int) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                return file.read(size)
        except FileNotFoundError:
            return b""


def _copy(path: Path, to: Path, offset: int) -> None:
    """From `offset` on, by the kernel: nobody else waits for it."""
    with path.open("rb") as source, to.open("wb") as target:
        while copied := os.sendfile(target.fileno(), source.fileno(), offset, 1 << 24):
            offset += copied


def append(path: Path, data: bytes) -> None:
    """Add to a file, which is made if it is missing. Raises OSError, and then the file is as it was."""
    with path.open("ab", buffering=0) as file:
        size = file.tell()
        try:
            written = 0
            while written < len(data):
                written += file.write(data[written:])
        except OSError:
            with suppress(OSError):
                file.truncate(size)
            raise


def _events(data: bytes, offset: int) -> Iterator[Event]:
    for line in data.split(b"\n")[:-1]:
        with suppress(orjson.JSONDecodeError, ValueError, TypeError):
            timestamp, ingested, message = orjson.loads(line)
            yield Event(timestamp, ingested, message, offset)
        offset += len(line) + 1


def _lines(events: list[tuple[int, int, str]]) -> bytes:
    """Encoded at one go: a call of orjson costs more than what it does to an event."""
    parts: list[object] = []
    for event in events:
        parts += (event, NEWLINE)
    try:
        data = orjson.dumps(parts)
    except orjson.JSONEncodeError:
        return _lines([(timestamp, ingested, _whole(message)) for timestamp, ingested, message in events])
    return data[1:-3].replace(b",\n,", b"\n") + b"\n"


def _whole(message: str) -> str:
    """Without halves of surrogate pairs, which UTF-8 does not have."""
    return message.encode("utf-8", "replace").decode()
