"""Reads a stream for one mapping: a reader for each shard, parents before their children.

Where reading begins is fixed before the mapping turns Enabled, and written down: a restart goes on behind the last
batch that was done.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html (starting positions),
https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html (parents first).
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Sequence
from typing import Any

from lambent.events.sources.observed import Observed
from lambent.events.sources.shard_reader import Means, ShardReader
from lambent.events.sources.stream import Position, ShardInfo, Stream, StreamGone
from lambent.events.sources.target import NotAllowed
from lambent.model.event_source import EventSource
from lambent.model.names import function_arn
from lambent.store.checkpoints import Checkpoint

log = logging.getLogger(__name__)

LATEST = "LATEST"


class StreamReader:
    """One mapping of a stream, from enabled to disabled."""

    def __init__(self, source: EventSource, stream: Stream, means: Means, observed: Observed) -> None:
        self.source = source
        self._stream = stream
        self._means = means
        self._observed = observed
        self._known: dict[str, Checkpoint] = {}
        self._first = False
        """No look at the shards has succeeded yet: those that it will find have no beginning yet."""
        self._looking = True
        """Shards are looked for, or could not be: there may be some that nobody reads yet."""
        self._readers: dict[str, ShardReader] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Fix where reading begins, then read. Raises StoreError."""
        self._known = await self._means.checkpoints.load(self.source.uuid)
        self._first = not self._known
        if any(known.sequence for known in self._known.values()):
            self._observed.resumed()
        try:
            await self._discover()
        except Exception as error:
            self._failed(error)
        self._task = asyncio.create_task(self._live(), name=f"reader of {self.source.arn}")

    async def stop(self) -> None:
        """Read no more, and come back when the batches that run have ended."""
        await self._end_tasks()
        for reader in self._readers.values():
            await reader.stop()

    def cancel(self) -> None:
        """The server ends."""
        for task in (self._task, *self._tasks.values()):
            if task is not None:
                task.cancel()
        for reader in self._readers.values():
            reader.cancel()

    def document(self) -> dict[str, Any]:
        """What is to be said of it."""
        return {
            **self._observed.document(),
            "InFlight": sum(reader.in_flight for reader in self._readers.values()),
            "Behind": sum(reader.held for reader in self._readers.values()),
            "CaughtUp": self._caught_up(),
        }

    def _caught_up(self) -> bool:
        """Every shard is read to its end, and none has just ended, whose children would be next."""
        known = not self._changed.is_set() and not self._looking
        return known and all(reader.caught_up for reader in self._readers.values())

    async def _end_tasks(self) -> None:
        tasks = [task for task in (self._task, *self._tasks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _live(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._means.pauses.discover)
            self._looking = True
            self._changed.clear()
            try:
                await self._discover()
            except Exception as error:
                self._failed(error)
                await asyncio.sleep(self._means.pauses.again)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, StreamGone):
            self._looking = False
            self._observed.unreadable("the stream does not exist")
        elif isinstance(error, NotAllowed):
            self._observed.unreadable(str(error))
        else:
            log.warning("the shards of %s can't be read now: %s", self.source.source, error)

    # --- shards

    async def _discover(self) -> None:
        """Begin to read what can be read. Raises StreamGone, NotAllowed, StoreError, and what the service raises."""
        await self._means.target.check_rights(self.source)
        shards = await self._stream.shards()
        await self._forget(shards)
        there = {shard.id for shard in shards}
        for shard in shards:
            if shard.id not in self._readers and self._may_begin(shard, there):
                await self._begin(shard)
        self._first = self._looking = False

    async def _forget(self, shards: Sequence[ShardInfo]) -> None:
        """Drop what is known of shards that are gone with their records, or that a new stream of the name has."""
        now = {shard.id: shard for shard in shards}
        for name, known in list(self._known.items()) if shards else ():
            if name not in now or _is_another(now[name], known):
                await self._end_reader(name)
                await self._means.checkpoints.forget_shard(self.source.uuid, name)
                del self._known[name]

    async def _end_reader(self, shard: str) -> None:
        reader, task = self._readers.pop(shard, None), self._tasks.pop(shard, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if reader is not None:
            await reader.stop()

    def _may_begin(self, shard: ShardInfo, there: set[str]) -> bool:
        """A child waits for its parents, unless they are gone with all their records, or are not to be read."""
        known = self._known.get(shard.id)
        if known is not None and known.ended:
            return False
        if self._first and self.source.starting_position == LATEST:
            return True
        return all(self._is_done(parent) for parent in shard.parents if parent in there)

    def _is_done(self, shard: str) -> bool:
        known = self._known.get(shard)
        return known is not None and known.ended

    async def _begin(self, shard: ShardInfo) -> None:
        known = self._known.get(shard.id)
        position = self._position(known)
        checkpoint = known or Checkpoint(shard.id, since=self._since(shard, position))
        arn = function_arn(self.source.scope, self.source.function, self.source.qualifier or None)
        reader = ShardReader(
            self.source, arn, self._stream, self._means, self._observed, checkpoint, position, self._ended
        )
        await reader.seek()
        if known is None:
            await self._means.checkpoints.write(self.source.uuid, checkpoint)
            self._known[shard.id] = checkpoint
        self._readers[shard.id] = reader
        task = asyncio.create_task(self._run(reader))
        self._tasks[shard.id] = task
        task.add_done_callback(lambda _: self._changed.set())

    def _since(self, shard: ShardInfo, position: Position) -> float:
        """When the first record that counts arrived at the earliest; arrivals may be told in whole seconds."""
        now = math.floor(self._means.clock.wall()) if position.kind == LATEST else 0.0
        return max(float(now), shard.opened)

    def _position(self, known: Checkpoint | None) -> Position:
        """Where a shard is begun that has no record done; shards that appear later are read from their first record."""
        if known is None and self._first:
            return Position(self.source.starting_position, timestamp=self.source.starting_timestamp or 0.0)
        if self.source.starting_position == "AT_TIMESTAMP":
            return Position("AT_TIMESTAMP", timestamp=self.source.starting_timestamp or 0.0)
        return Position("TRIM_HORIZON")

    async def _run(self, reader: ShardReader) -> None:
        while True:
            try:
                await reader.run()
                return
            except StreamGone as error:
                self._failed(error)
                self._changed.set()
            except Exception:
                log.exception("shard %s of %s failed for a reason of ours", reader.shard, self.source.source)
            await asyncio.sleep(self._means.pauses.again)

    def _ended(self, shard: str) -> None:
        """Its children may begin."""
        self._known[shard] = self._known[shard]._replace(ended=True)
        self._readers.pop(shard, None)
        self._tasks.pop(shard, None)
        self._changed.set()


def _is_another(shard: ShardInfo, known: Checkpoint) -> bool:
    """Whether a stream was deleted and made again since: what is known is of the former one."""
    return known.since < shard.opened or (shard.opened > 0 and known.ended and not shard.closed)
