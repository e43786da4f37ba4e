"""A stream's shards: which hash keys each has, and how they part and join. Pure.

A partition key's hash is its MD5 as a 128-bit number; each open shard has a range of them.
Sources: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html, API_MergeShards.html,
API_UpdateShardCount.html (uniform scaling).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

HASHES = 1 << 128

Place = Callable[[], int]
"""The next place in the order of all records."""


@dataclass(frozen=True, slots=True)
class Shard:
    """`first` and `last` are its hash keys (both belong to it), `begins` and `ends` places in the order of all records
    (None: open), `opened` and `closed` seconds since 1970 (0.0: open)."""

    number: int
    first: int
    last: int
    begins: int
    opened: float
    parent: int | None = None
    adjacent: int | None = None
    ends: int | None = None
    closed: float = 0.0

    @property
    def id(self) -> str:
        """Its name."""
        return shard_id(self.number)

    @property
    def open(self) -> bool:
        """Whether records still come to it."""
        return self.ends is None

    @property
    def parents(self) -> tuple[int, ...]:
        """The shards that it came from."""
        return tuple(one for one in (self.parent, self.adjacent) if one is not None)


def shard_id(number: int) -> str:
    """The name of a shard."""
    return f"shardId-{number:012d}"


def number_of(name: str) -> int | None:
    """The number in a shard's name, which may be written shorter; None for what is none."""
    digits = name.rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None


def hash_of(key: str) -> int:
    """The hash key of a partition key."""
    return int.from_bytes(hashlib.md5(key.encode()).digest())  # noqa: S324 - the service's own choice


def ranges(count: int) -> list[tuple[int, int]]:
    """`count` ranges of hash keys, of one size."""
    bounds = [HASHES * place // count for place in range(count + 1)]
    return [(bounds[place], bounds[place + 1] - 1) for place in range(count)]


def dump(shard: Shard) -> dict[str, Any]:
    """As it is stored; hash keys are longer than JSON's numbers."""
    return {
        "number": shard.number,
        "first": str(shard.first),
        "last": str(shard.last),
        "begins": shard.begins,
        "opened": shard.opened,
        "parent": shard.parent,
        "adjacent": shard.adjacent,
        "ends": shard.ends,
        "closed": shard.closed,
    }


def load(said: dict[str, Any]) -> Shard:
    """What `dump` made."""
    return Shard(**{**said, "first": int(said["first"]), "last": int(said["last"])})


def split(shards: Sequence[Shard], shard: Shard, at: int, place: Place, now: float) -> list[Shard]:
    """The shards when one has become two, the second of which begins at the hash key `at`."""
    rest = _closed(shards, (shard,), place, now)
    number = _next_number(rest)
    halves = ((shard.first, at - 1), (at, shard.last))
    return rest + [
        Shard(number + nth, first, last, place(), now, shard.number) for nth, (first, last) in enumerate(halves)
    ]


def merge(shards: Sequence[Shard], low: Shard, high: Shard, place: Place, now: float) -> list[Shard]:
    """The shards when two neighbours have become one."""
    rest = _closed(shards, (low, high), place, now)
    return [
        *rest,
        Shard(_next_number(rest), low.first, high.last, place(), now, low.number, high.number),
    ]


def spread(shards: Sequence[Shard], count: int, place: Place, now: float) -> list[Shard]:
    """The shards when `count` of one size are open, by splits and merges of two: short-lived shards in between make
    sure that none has more than two parents. Those whose range does not change stay.

    Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html ("performs splits or
    merges on individual shards. This can cause short-lived shards to be created, in addition to the final shards").
    """
    wanted = [first for first, _ in ranges(count)]
    found = list(shards)
    for at in wanted:
        shard = next(one for one in found if one.open and one.first <= at <= one.last)
        if shard.first != at:
            found = split(found, shard, at, place, now)
    for first in wanted:
        while True:
            low = next(one for one in found if one.open and one.first == first)
            high = next((one for one in found if one.open and one.first == low.last + 1), None)
            if high is None or high.first in wanted:
                break
            found = merge(found, low, high, place, now)
    return found


def _closed(shards: Sequence[Shard], closing: Sequence[Shard], place: Place, now: float) -> list[Shard]:
    ends = place()
    return [replace(one, ends=ends, closed=now) if one in closing else one for one in shards]


def _next_number(shards: Sequence[Shard]) -> int:
    """The latest shard is never one that has been forgotten: something came from every closed one."""
    return max(one.number for one in shards) + 1
