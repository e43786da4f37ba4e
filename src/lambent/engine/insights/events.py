"""Log events side by side, many at a time. Lines as they are kept (`observe.logfile`) are read at one go: a call for
each takes twice as long as what is done in it."""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain
from typing import Any

import orjson

from lambent.engine.insights.fields import LogEvent, Source, pointer


class Origin:
    """What events were made from, and what of them few queries ask for. `size` is in bytes, or in characters."""

    __slots__ = ("_data", "_offsets", "ingested", "size", "sources")

    def __init__(self, ingested: Sequence[int], sources: Sequence[Source], offsets: Sequence[int], size: int) -> None:
        self.ingested = ingested
        self.sources = sources
        self.size = size
        self._offsets: Sequence[int] | None = offsets
        self._data = b""

    @classmethod
    def of_block(cls, ingested: Sequence[int], source: Source, data: bytes, offset: int) -> "Origin":
        """Of whole lines that follow one another from an offset of their stream."""
        origin = cls(ingested, [source] * len(ingested), [offset], len(data))
        origin._data = data
        return origin

    def is_listed(self, count: int) -> bool:
        """Whether these are all, and nothing is left to be read of them."""
        return len(self.sources) == count and not self._data

    @property
    def offsets(self) -> Sequence[int]:
        """Where each stands in its stream."""
        if self._data:
            (first,) = self._offsets or (0,)
            lengths = map(len, self._data.splitlines(keepends=True)[:-1])  # JSON has no raw carriage return either
            self._offsets, self._data = list(accumulate(lengths, initial=first)), b""
            if len(self._offsets) != len(self.sources):
                raise ValueError("a line of the log is damaged")
        return self._offsets or ()


class Events:
    """`times` in milliseconds since 1970 and `messages`; each is in one of the `places` of its origin."""

    __slots__ = ("_origin", "_places", "messages", "times")

    def __init__(
        self, times: Sequence[int], messages: Sequence[str], origin: Origin, places: Sequence[int] | None = None
    ) -> None:
        self.times = times
        self.messages = messages
        self._origin = origin
        self._places: Sequence[int] = range(len(times)) if places is None else places

    @classmethod
    def of(cls, events: Sequence[LogEvent]) -> "Events":
        """Such as are read already."""
        if not events:
            return cls([], [], Origin([], [], [], 0))
        times, ingested, messages, offsets, sources = map(list, zip(*events, strict=True))
        return cls(times, messages, Origin(ingested, sources, offsets, sum(map(len, messages))))

    @classmethod
    def of_lines(cls, lines: Sequence[bytes], offsets: Sequence[int], source: Source) -> "Events":
        """Lines without their ends; what is no event is left out."""
        read = _read(b",".join(lines))
        if read is None or len(read[0]) != len(lines):
            return cls.of(list(_each(lines, offsets, source)))
        times, ingested, messages = read
        return cls(times, messages, Origin(ingested, [source] * len(times), offsets, sum(map(len, lines))))

    @classmethod
    def of_block(cls, data: bytes, offset: int, source: Source) -> "Events":
        """Whole lines that follow one another from an offset of their stream; what is no event is left out."""
        read = _read(data[:-1].replace(b"\n", b","))
        if read is None:
            lines = data.splitlines(keepends=True)
            return cls.of(list(_each(lines, accumulate(map(len, lines), initial=offset), source)))
        times, ingested, messages = read
        return cls(times, messages, Origin.of_block(ingested, source, data, offset))

    @classmethod
    def joined(cls, parts: Sequence["Events"]) -> "Events":
        """One after the other."""

        def all_of(of: Callable[[Events], Iterable[Any]]) -> list[Any]:
            return list(chain.from_iterable(map(of, parts)))

        ingested, sources = all_of(lambda one: one.ingested), all_of(lambda one: one.sources)
        origin = Origin(ingested, sources, all_of(lambda one: one.offsets), sum(one.size for one in parts))
        return cls(all_of(lambda one: one.times), all_of(lambda one: one.messages), origin)

    def settled(self) -> "Events":
        """The same, that holds nothing of others."""
        return self if self._origin.is_listed(len(self.times)) else Events.joined([self])

    @property
    def ingested(self) -> list[int]:
        """Times of ingestion, in milliseconds since 1970."""
        return self._picked(self._origin.ingested)

    @property
    def sources(self) -> list[Source]:
        """Where they come from."""
        return self._picked(self._origin.sources)

    @property
    def offsets(self) -> list[int]:
        """Where they stand in their streams."""
        return self._picked(self._origin.offsets)

    def _picked(self, values: Sequence[Any]) -> list[Any]:
        return list(map(values.__getitem__, self._places))

    @property
    def size(self) -> int:
        """Bytes or characters of all."""
        whole = len(self.times) == len(self._origin.sources)
        return self._origin.size if whole else sum(map(len, self.messages))

    def each(self, do: Callable[[Sequence[Any]], list[Any]]) -> "Events":
        """The same of what `do` makes of each list."""
        return Events(do(self.times), do(self.messages), self._origin, do(self._places))

    def pointers(self) -> list[str]:
        """What names them for GetLogRecord."""
        those = zip(self.sources, self.offsets, self.times, strict=True)
        return [pointer(source, offset, at) for source, offset, at in those]


def _read(lines: bytes) -> tuple[list[int], list[int], list[str]] | None:
    """Times, times of ingestion and messages of lines with commas between them; None if one of them is damaged."""
    try:
        times, ingested, messages = map(list, zip(*orjson.loads(b"[%b]" % lines), strict=True))
    except (ValueError, TypeError):
        return None
    plain = all(set(map(type, values)) == {int} for values in (times, ingested)) and set(map(type, messages)) == {str}
    return (times, ingested, messages) if plain else None


def _each(lines: Iterable[bytes], offsets: Iterable[int], source: Source) -> Iterable[LogEvent]:
    for line, offset in zip(lines, offsets, strict=False):
        read = _read(line)
        if read is not None:
            yield LogEvent(read[0][0], read[1][0], read[2][0], offset, source)
