"""Turns what an environment writes into log events. Knows bytes, no descriptors.

One stream carries both kinds of output, so that their order is kept: plain text (stdout, stderr), where
each line is an event, and frames of AWS's runtime clients, where a frame is one event however many lines it
has. A frame is 4 bytes of type (0xA55A00 and a kind), 4 bytes of length, 8 bytes of microseconds since
1970, all big-endian, then the message (awslambdaric, `FramedTelemetryLogSink`).
"""

from dataclasses import dataclass

EVENT_LIMIT = (1 << 20) - 26
"""Bytes of the longest event: 1 MB with CloudWatch's 26 bytes of overhead. What is longer becomes several
events.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""

REST = 8192
"""Bytes of an incomplete line that are kept while others are dropped: a longer one loses its beginning."""

MAGIC = b"\xa5\x5a\x00"
HEADER = 16
KINDS = frozenset(level << 2 | form for level in range(7) for form in (2, 3))
"""JSON (2) and text (3), each without a level or with one of six."""


@dataclass(frozen=True, slots=True)
class Written:
    """One event. `epoch_ms` is None for plain text, which carries no time."""

    epoch_ms: int | None
    message: str


class Splitter:
    """Cuts a byte stream into events. Holds one event's bytes at most, whatever a frame claims to be."""

    __slots__ = ("_frame", "_frame_ms", "_left", "_skipped", "_text")

    def __init__(self) -> None:
        self._text = b""
        self._frame = bytearray()
        self._left = 0
        self._frame_ms = 0
        self._skipped = 0

    def feed(self, data: bytes) -> list[Written]:
        """The events that `data` completes."""
        events: list[Written] = []
        if self._skipped:
            data = self._continue_skipping(data)
        if self._left:
            data = self._continue_frame(data, events)
        data = self._text + data
        self._text = b""
        while (at := _find_frame(data)) >= 0:
            self._lines(data[:at], events, final=True)
            data = data[at:]
            if len(data) < HEADER:
                self._text = data
                return events
            self._left = int.from_bytes(data[4:8], "big")
            self._frame_ms = int.from_bytes(data[8:16], "big") // 1000
            data = self._continue_frame(data[HEADER:], events)
        self._lines(data, events, final=False)
        return events

    @property
    def idle(self) -> bool:
        """Whether nothing is incomplete."""
        return not (self._text or self._frame or self._left or self._skipped)

    def flush(self) -> list[Written]:
        """What is incomplete, as events; the next byte is plain text again."""
        events: list[Written] = []
        if self._frame:
            self._end_frame(events)
        self._left = self._skipped = 0
        self._lines(self._text, events, final=True)
        self._text = b""
        return events

    def skip(self, data: bytes) -> int:
        """Drop `data`, with the event that it continues; how many events end in it, about.

        Looks at the last frame only, so that a flood costs no more than to look for one. What is incomplete at the end
        is kept if it is text, so that the next event is a whole one.
        """
        dropped = 1 if self._frame else 0
        self._skipped += self._left
        self._left = 0
        self._frame = bytearray()
        data = self._text + self._continue_skipping(data)
        self._text = b""
        dropped += data.count(MAGIC) or data.count(b"\n")
        at = _find_last_frame(data)
        if at >= 0 and len(data) - at < HEADER:
            self._text = data[at:]
            return dropped
        if at >= 0:
            self._skipped = int.from_bytes(data[at + 4 : at + 8], "big")
            data = self._continue_skipping(data[at + HEADER :])
        self._text = data[data.rfind(b"\n") + 1 :][-REST:]
        return dropped

    def _continue_skipping(self, data: bytes) -> bytes:
        """Drops the bytes of a frame whose beginning was dropped; the rest."""
        part = min(self._skipped, len(data))
        self._skipped -= part
        return data[part:]

    def _continue_frame(self, data: bytes, events: list[Written]) -> bytes:
        """Takes the frame's bytes from `data`; the rest."""
        part = data[: self._left]
        self._left -= len(part)
        self._frame += part
        while len(self._frame) > EVENT_LIMIT:
            cut = _boundary(self._frame, EVENT_LIMIT)
            events.append(Written(self._frame_ms, self._frame[:cut].decode("utf-8", "replace")))
            del self._frame[:cut]
        if not self._left and self._frame:
            self._end_frame(events)
        return data[len(part) :]

    def _end_frame(self, events: list[Written]) -> None:
        events.append(Written(self._frame_ms, self._frame.decode("utf-8", "replace")))
        self._frame = bytearray()

    def _lines(self, data: bytes, events: list[Written], *, final: bool) -> None:
        """Whole lines become events; the last, unended one too when it is `final` or has grown to the
        limit."""
        if not data:
            return
        end = data.rfind(b"\n") + 1
        if end:
            for line in data[:end].decode("utf-8", "replace").split("\n")[:-1]:
                _cut_line(line + "\n", events)
        rest = data[end:]
        while len(rest) > EVENT_LIMIT or (final and rest):
            cut = _boundary(rest, EVENT_LIMIT)
            events.append(Written(None, rest[:cut].decode("utf-8", "replace")))
            rest = rest[cut:]
        self._text = rest


def _cut_line(line: str, events: list[Written]) -> None:
    if len(line) * 4 <= EVENT_LIMIT:
        events.append(Written(None, line))
        return
    data = line.encode("utf-8", "replace")
    while data:
        cut = _boundary(data, EVENT_LIMIT)
        events.append(Written(None, data[:cut].decode("utf-8", "replace")))
        data = data[cut:]


def _find_frame(data: bytes) -> int:
    """Where a frame, or what may become one, begins; -1 if there is none."""
    at = data.find(MAGIC)
    while at >= 0:
        if len(data) == at + 3 or data[at + 3] in KINDS:
            return at
        at = data.find(MAGIC, at + 1)
    return -1


def _find_last_frame(data: bytes) -> int:
    """Where the last frame begins, or what may become one; -1 if there is none."""
    at = data.rfind(MAGIC)
    while at >= 0:
        if len(data) == at + 3 or data[at + 3] in KINDS:
            return at
        at = data.rfind(MAGIC, 0, at)
    return -1


def _boundary(data: bytes | bytearray, limit: int) -> int:
    """The largest cut of at most `limit` bytes that goes through no character."""
    if len(data) <= limit:
        return len(data)
    for cut in range(limit, limit - 4, -1):
        if data[cut] & 0xC0 != 0x80:
            return cut
    return limit
