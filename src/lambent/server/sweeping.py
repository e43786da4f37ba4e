"""Removes packages, merged layers and images that nothing refers to any more."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from lambent.store.errors import StoreError
from lambent.store.open import Store, sweep, watch

log = logging.getLogger(__name__)

SECONDS = 2.0
"""Real seconds that what has just lost a reference is left where it is: many go at once."""


class Sweeper:
    """Sweeps once at the start, beside the first requests, and from then on when something may have lost its last
    reference."""

    def __init__(
        self, store: Store, spawn: Callable[[Coroutine[Any, Any, None]], object], seconds: float = SECONDS
    ) -> None:
        self._store = store
        self._spawn = spawn
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        spawn(self._sweep())
        watch(store, self._soon)

    def close(self) -> None:
        """What is left is swept at the next start."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _soon(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._spawn(self._sweep())

    async def _sweep(self) -> None:
        try:
            await sweep(self._store)
        except StoreError as error:
            log.warning("what nothing refers to any more is still on the disk: %s", error)
