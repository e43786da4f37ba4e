"""Drops the events that archives keep no longer, from time to time."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from lambent.buses.registry import ARCHIVE, Registry
from lambent.clock import Clock
from lambent.store.archives import Archives
from lambent.store.errors import StoreError

log = logging.getLogger(__name__)

EVERY = 3_600.0
DAY = 86_400.0

Spawn = Callable[[Coroutine[Any, Any, None]], object]


def drop_later(registry: Registry, archives: Archives, clock: Clock, spawn: Spawn) -> None:
    """Do it every hour."""

    def due() -> None:
        spawn(drop(registry, archives, clock.wall()))
        drop_later(registry, archives, clock, spawn)

    clock.call_at(clock.monotonic() + EVERY, due)


async def drop(registry: Registry, archives: Archives, now: float) -> None:
    """Drop what is older than its archive's RetentionDays; 0 are for ever."""
    for _, name, archive in registry.everywhere(ARCHIVE):
        if not archive["days"]:
            continue
        try:
            await archives.drop(archive["uid"], now - archive["days"] * DAY)
        except StoreError as error:
            log.warning("events of the archive %s can't be dropped now: %s", name, error)
