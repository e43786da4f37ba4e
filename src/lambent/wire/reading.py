"""Reading large documents beside the loop, so that nobody else waits for them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 1 << 20
"""Bytes of a document that is read on the spot; hundreds of thousands of values would hold up everybody for seconds."""


@dataclass(slots=True)
class Reading:
    """Large documents are read in a thread, one after the other: two at once would only share the interpreter."""

    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, size: int, work: Callable[[], T]) -> T:
        """What `work` makes of a document of `size` bytes. Raises what it raises."""
        if size <= AT_ONCE:
            return work()
        async with self._turn:
            return await asyncio.to_thread(work)
