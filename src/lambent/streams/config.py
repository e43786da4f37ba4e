"""A stream's settings, as its record has them and as they are used."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambent.model.scope import Scope
from lambent.store.resources import Resource
from lambent.streams.shard_map import Shard, load, number_of

STREAM = "kinesis-stream"
"""The kind of a stream's record."""
PROVISIONED = "PROVISIONED"
ON_DEMAND = "ON_DEMAND"
RETENTION_HOURS = 24


@dataclass(frozen=True, slots=True)
class Config:
    """One stream: `uid` is its number, `created` seconds since 1970; CREATING, ACTIVE, UPDATING or DELETING."""

    resource: Resource = field(repr=False)
    uid: int
    scope: Scope
    name: str
    arn: str
    status: str
    created: float
    mode: str
    retention_hours: int
    shards: tuple[Shard, ...]
    open_shards: Sequence[Shard]
    """Those that take records, in the order of their hash keys."""
    numbered: Mapping[int, Shard] = field(repr=False)
    _firsts: Sequence[int] = field(repr=False)

    @property
    def document(self) -> Mapping[str, Any]:
        """What else the record says: tags, consumers, encryption, monitoring."""
        return self.resource.document

    @property
    def retention(self) -> float:
        """Seconds."""
        return self.retention_hours * 3600.0

    def shard(self, name: str) -> Shard | None:
        """A shard by its id."""
        number = number_of(name)
        return None if number is None else self.numbered.get(number)

    def owner(self, key: int) -> Shard:
        """The open shard of a hash key."""
        return self.open_shards[bisect_right(self._firsts, key) - 1]

    def kept(self, oldest: float) -> list[Shard]:
        """The shards that may still hold records which came at `oldest` (seconds since 1970) or later."""
        return [one for one in self.shards if one.open or one.closed >= oldest]


def stream_arn(scope: Scope, name: str) -> str:
    """The ARN of a stream."""
    return f"arn:aws:kinesis:{scope.region}:{scope.account}:stream/{name}"


def read(resource: Resource) -> Config:
    """The settings of a record."""
    said = resource.document
    shards = tuple(load(one) for one in said["shards"])
    open_shards = sorted((one for one in shards if one.open), key=lambda one: one.first)
    return Config(
        resource=resource,
        uid=said["uid"],
        scope=resource.scope,
        name=resource.name,
        arn=stream_arn(resource.scope, resource.name),
        status=said["status"],
        created=said["created"],
        mode=said["mode"],
        retention_hours=said["retention_hours"],
        shards=shards,
        open_shards=open_shards,
        numbered={one.number: one for one in shards},
        _firsts=[one.first for one in open_shards],
    )
