"""A function that does what it is told, a mapping of it, and a stream in memory; the clock is moved by hand."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from lambent.clock import ManualClock
from lambent.events.again import SourcePauses
from lambent.events.sources.failures import Failures
from lambent.events.sources.observed import Observed
from lambent.events.sources.shard_reader import Means
from lambent.events.sources.stream import CursorExpired, Page, Position, ShardInfo, StreamGone, StreamRecord
from lambent.events.sources.target import Target
from lambent.model.async_event import Handling, Policy
from lambent.model.delivery import Delivery
from lambent.model.event_source import EventSource
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled
from lambent.model.scope import Scope
from lambent.observe.metrics import Metrics
from lambent.store.checkpoints import Checkpoint

HERE = Scope("111111111111", "eu-west-1")
START = 1_800_000_000.0
DONE = Outcome(b"null")
FAILED = Outcome(b'{"errorMessage":"no"}', "Unhandled")
THROTTLED = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
QUICK = SourcePauses(0.001, 0.001, 0.005)
QUEUE = "arn:aws:sqs:eu-west-1:111111111111:q"
STREAM = "arn:aws:kinesis:eu-west-1:111111111111:stream/s"

Event = Mapping[str, Any]


def mapping(source: str, **settings: Any) -> EventSource:
    made = EventSource(
        "u", "arn:aws:lambda:eu-west-1:111111111111:event-source-mapping:u", HERE, source, "f", "", 10, 0
    )
    return replace(made, **settings)


def failures(*identifiers: str) -> Outcome:
    """An answer that names items that failed."""
    return Outcome(orjson.dumps({"batchItemFailures": [{"itemIdentifier": one} for one in identifiers]}))


@dataclass
class Lab:
    """One function and what was seen of it. `behave` answers an event, or an exception that is raised; it may wait."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    behave: Callable[[Event], Any] = lambda _event: DONE
    handled: Handling | None = None
    events: list[Event] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    told: list[Delivery] = field(default_factory=list)
    lacking: str = ""
    """What the function's role may not do with the source."""

    def __post_init__(self) -> None:
        made = FunctionVersion(HERE, "f", "$LATEST", "python3.13", "a.b", "00", "role", "r1")
        self.handled = Handling(made, made.arn, f"{made.arn}:$LATEST", Policy(2, 21_600.0))
        self.metrics = Metrics(self.clock.wall)
        numbers = itertools.count()
        self.target = Target(
            lambda _scope, _name, _qualifier: self.handled,
            self._invoke,
            lambda: f"id-{next(numbers)}",
            lambda _function, given, request_id: given or f"Root={request_id}",
            self.findings.append,
            self._lacks,
        )
        self.checkpoints = FakeCheckpoints()

    async def _lacks(self, _source: EventSource) -> str:
        return self.lacking

    async def _invoke(self, _function: FunctionVersion, invocation: Invocation) -> Outcome:
        event = orjson.loads(invocation.payload)
        said = self.behave(event)
        if isinstance(said, Awaitable):
            said = await said
        if isinstance(said, Exception):
            raise said
        self.events.append(event)
        self.traces.append(invocation.trace_id)
        assert isinstance(said, Outcome)
        return said

    def observed(self, source: EventSource) -> Observed:
        return Observed(source, self.metrics, self.findings.append)

    def means(self) -> Means:
        async def send(message: Delivery) -> None:
            self.told.append(message)

        return Means(self.clock, self.target, self.checkpoints, Failures(send, self.clock.wall), QUICK)  # type: ignore[arg-type]

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.findings]


class FakeCheckpoints:
    """In memory; refuses to write while `broken`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Checkpoint] = {}
        self.broken = False

    async def load(self, mapping: str) -> dict[str, Checkpoint]:
        return {shard: one for (uuid, shard), one in self.kept.items() if uuid == mapping}

    async def write(self, mapping: str, checkpoint: Checkpoint) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise OSError("the disk is full")
        self.kept[mapping, checkpoint.shard] = checkpoint

    async def forget_shard(self, mapping: str, shard: str) -> None:
        del self.kept[mapping, shard]

    async def forget(self, mapping: str) -> None:
        self.kept = {key: one for key, one in self.kept.items() if key[0] != mapping}


@dataclass
class FakeStream:
    """Shards and records in memory. `trouble` is raised by the next calls, one after the other."""

    clock: ManualClock
    infos: list[ShardInfo] = field(default_factory=lambda: [ShardInfo("s0")])
    shelves: dict[str, list[StreamRecord]] = field(default_factory=dict)
    gone: bool = False
    trouble: list[Exception] = field(default_factory=list)
    seeks: list[tuple[str, Position]] = field(default_factory=list)
    reads: int = 0
    filter_key: str = "data"
    batch_info: str = "KinesisBatchInfo"

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._written = asyncio.Event()

    def put(self, *texts: str, shard: str = "s0", key: str = "k") -> list[str]:
        """Records with these texts; their sequence numbers."""
        put = []
        for text in texts:
            sequence = f"{next(self._numbers):06d}"
            event = {"data": text, "sequence": sequence}
            self.shelves.setdefault(shard, []).append(StreamRecord(sequence, key, self.clock.wall(), event))
            put.append(sequence)
        self.wake()
        return put

    def close(self, shard: str) -> None:
        """It takes no more records."""
        at = next(place for place, one in enumerate(self.infos) if one.id == shard)
        self.infos[at] = replace(self.infos[at], closed=True)
        self.wake()

    def wake(self) -> None:
        self._written.set()
        self._written = asyncio.Event()

    async def shards(self) -> Sequence[ShardInfo]:
        self._fail()
        return list(self.infos)

    async def seek(self, shard: str, position: Position) -> str:
        self._fail()
        self.seeks.append((shard, position))
        shelf = self.shelves.get(shard, [])
        if position.kind == "LATEST":
            return f"{shard}:{len(shelf)}"
        after = position.sequence if position.kind == "AFTER_SEQUENCE_NUMBER" else ""
        return f"{shard}:{sum(one.sequence <= after for one in shelf)}"

    async def read(self, cursor: str, most: int) -> Page:
        self._fail()
        self.reads += 1
        shard, _, place = cursor.partition(":")
        found = self.shelves.get(shard, [])[int(place) :][:most]
        after = int(place) + len(found)
        closed = next(one.closed for one in self.infos if one.id == shard)
        return Page(found, None if closed and after == len(self.shelves.get(shard, [])) else f"{shard}:{after}")

    def _fail(self) -> None:
        if self.gone:
            raise StreamGone("s")
        if self.trouble:
            raise self.trouble.pop(0)

    def mark(self) -> int:
        return 0

    async def wait(self, mark: int) -> None:
        await self._written.wait()

    def filterable(self, event: Event) -> Event:
        return event


def texts(events: Sequence[Event]) -> list[list[str]]:
    return [[one["data"] for one in event["Records"]] for event in events]


EXPIRED = CursorExpired("old")
