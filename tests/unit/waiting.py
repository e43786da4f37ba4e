"""How tests wait: for what becomes so, however long that takes, and for what must not, as long as the loop has work.

Nothing here is measured. The moment between two looks is left to threads and other processes.
"""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

SECONDS = 10.0
LOOK_SECONDS = 0.001
TURNS = 50


async def until(true: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """Turn the loop until something is so, and answer it; `true` may be one that is awaited. Raises AssertionError when
    it does not become so."""
    end = time.monotonic() + seconds
    while not (found := await said if inspect.isawaitable(said := true()) else said):
        assert time.monotonic() < end, "it never became so"
        await asyncio.sleep(LOOK_SECONDS)
    return found


async def turns(count: int = TURNS) -> None:
    """Let all that is ready run, and what that makes ready."""
    for _ in range(count):
        await asyncio.sleep(0)


def until_a_thread(true: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """The same as `until` without a loop: another thread makes it so."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never became so"
        time.sleep(LOOK_SECONDS)
    return found
