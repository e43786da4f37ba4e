"""Drops what is older than its stream keeps it, from time to time.

What is too old is never answered, whether it has been dropped yet or not.
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from lambent.clock import Clock
from lambent.store.errors import StoreError
from lambent.streams import shard_map
from lambent.streams.config import Config
from lambent.streams.errors import StreamError
from lambent.streams.records import Records
from lambent.streams.registry import Registry

log = logging.getLogger(__name__)

TRIM_SECONDS = 600.0

Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Trimmer:
    """Does it every ten minutes of the clock. What falls due meanwhile, as when the clock is moved by a day, is done
    once."""

    def __init__(self, registry: Registry, records: Records, clock: Clock, spawn: Spawn) -> None:
        self._registry, self._records, self._clock, self._spawn = registry, records, clock, spawn
        self._due = self._busy = False

    def start(self) -> None:
        """From ten minutes from now on."""
        self._clock.call_at(self._clock.monotonic() + TRIM_SECONDS, self._fall_due)

    def _fall_due(self) -> None:
        self._due = True
        if not self._busy:
            self._busy = True
            self._spawn(self._trim())
        self.start()

    async def _trim(self) -> None:
        try:
            while self._due:
                self._due = False
                await trim(self._registry, self._records, self._clock)
        finally:
            self._busy = False


async def trim(registry: Registry, records: Records, clock: Clock) -> None:
    """Drop old records, and the closed shards that can have none."""
    for stream in list(registry):
        try:
            await records.trim(stream)
            if len(stream.kept(clock.wall() - stream.retention)) < len(stream.shards):
                await registry.change(stream, lambda current: _kept(current, clock))
        except StreamError:
            continue  # it went meanwhile
        except StoreError as error:
            log.warning("stream %s can't be trimmed now: %s", stream.arn, error)


def _kept(current: Config, clock: Clock) -> dict[str, Any]:
    kept = current.kept(clock.wall() - current.retention)
    return {"shards": [shard_map.dump(one) for one in kept]}
