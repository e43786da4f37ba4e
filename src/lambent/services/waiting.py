"""Waiting no longer than a door waits, on the platform's clock: what is waited for goes on. And work that nobody else
waits for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from lambent.clock import Clock

T = TypeVar("T")


async def within(clock: Clock, seconds: float, work: Awaitable[T]) -> T:
    """What `work` answers. Raises TimeoutError after `seconds` of the clock: then `work` is cancelled.

    As `asyncio.timeout` does it, on another clock: without a task of its own.
    """
    task = asyncio.current_task()
    assert task is not None
    late = False

    def cut() -> None:
        nonlocal late
        late = True
        task.cancel()

    timer = clock.call_at(clock.monotonic() + seconds, cut)
    try:
        return await work
    except asyncio.CancelledError:
        if late and task.uncancel() <= 0:
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()


async def aside(is_long: bool, work: Callable[..., T], *arguments: Any) -> T:
    """What work answers; where it may take a while it is done in a thread."""
    return await asyncio.to_thread(work, *arguments) if is_long else work(*arguments)
