"""Streams in on-demand mode grow by what they accept (`engine.on_demand`). They do not shrink here."""

import logging

from lambent.engine.on_demand import Load, most_shards
from lambent.services.kinesis.env import KinesisEnv
from lambent.services.kinesis.resharding import reshard
from lambent.store.errors import StoreError
from lambent.streams import shard_map
from lambent.streams.config import ON_DEMAND, Config
from lambent.streams.errors import StreamError
from lambent.streams.shard_map import Shard

log = logging.getLogger(__name__)


class Growing:
    """Sees what all streams accept."""

    def __init__(self, env: KinesisEnv) -> None:
        self._env = env
        self._loads: dict[int, Load] = {}

    def wrote(self, stream: Config, records: int, size: int) -> None:
        """A stream has accepted so many records and bytes."""
        if stream.mode != ON_DEMAND:
            self._loads.pop(stream.uid, None)
            return
        now, shards = self._env.clock.monotonic(), len(stream.open_shards)
        load = self._loads.get(stream.uid) or self._begin(stream.uid, now)
        if load.wrote(records, size, now, shards, most_shards(stream.scope.region)) > shards:
            self._env.spawn(self._double(stream))

    async def _double(self, stream: Config) -> None:
        try:
            await reshard(self._env, self._env.registry.get(stream.scope, stream.name), self._halves)
        except (StreamError, StoreError) as error:
            log.warning("stream %s does not grow now: %s", stream.arn, error)

    def _halves(self, stream: Config) -> list[Shard]:
        """Every open shard in two."""
        found = list(stream.shards)
        for shard in stream.open_shards:
            if shard.first < shard.last:
                middle = (shard.first + shard.last + 1) // 2
                found = shard_map.split(found, shard, middle, self._env.records.next_seq, self._env.clock.wall())
        return found

    def _begin(self, uid: int, now: float) -> Load:
        """With one more, those of streams that are gone go."""
        there = {stream.uid for stream in self._env.registry}
        self._loads = {known: load for known, load in self._loads.items() if known in there}
        return self._loads.setdefault(uid, Load(now))
