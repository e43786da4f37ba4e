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


def trim_later(registry: Registry, records: Records, clock: Clock, spawn: Spawn) -> None:
    """Do it every ten minutes."""

    def due() -> None:
        spawn(trim(registry, records, clock))
        trim_later(registry, records, clock, spawn)

    clock.call_at(clock.monotonic() + TRIM_SECONDS, due)


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
