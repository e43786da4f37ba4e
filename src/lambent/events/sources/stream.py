"""What a reader needs of a stream, whichever it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """A shard, and the shards that it came from.

    `opened` is seconds since 1970, 0.0 where a shard's name is never given again; `closed`: no more records come to it.
    """

    id: str
    parents: tuple[str, ...] = ()
    opened: float = 0.0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading begins: TRIM_HORIZON, LATEST, AT_TIMESTAMP (`timestamp`), or after the record `sequence`."""

    kind: str
    sequence: str = ""
    timestamp: float = 0.0


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record. `arrived` is seconds since 1970, `event` what the function sees of it."""

    sequence: str
    key: str
    arrived: float
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """What one read found; `cursor` None: the shard is closed and there is nothing more."""

    records: Sequence[StreamRecord]
    cursor: str | None


class StreamGone(Exception):
    """There is no such stream any more."""


class CursorExpired(Exception):
    """The cursor is too old, or the records that it points to are."""


class Stream(Protocol):
    """One stream as one mapping reads it."""

    filter_key: str
    """The member of a record that filters look into as JSON."""
    batch_info: str
    """What the batch is called in the record of a failure."""

    async def shards(self) -> Sequence[ShardInfo]:
        """Its shards, open and closed. Raises StreamGone."""
        ...

    async def seek(self, shard: str, position: Position) -> str:
        """A cursor. Raises StreamGone, CursorExpired."""
        ...

    async def read(self, cursor: str, most: int) -> Page:
        """Up to `most` records. Raises StreamGone, CursorExpired."""
        ...

    def mark(self) -> int:
        """What `wait` goes by; taken before a read."""
        ...

    async def wait(self, mark: int) -> None:
        """Until there may be something that a read at `mark` did not find."""
        ...

    def filterable(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record as filters see it."""
        ...
