"""Lets records into a stream, or holds them up while its shards change.

A shard may be closed only when all that was accepted for it is on disk, and nothing may be accepted for it until its
end is: else a reader that has come to the end would miss what lands behind it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """One stream's."""

    def __init__(self) -> None:
        self._changing = asyncio.Lock()
        self._open = asyncio.Event()
        self._open.set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._inside = 0

    @property
    def is_open(self) -> bool:
        """Whether records may come."""
        return self._open.is_set()

    async def opened(self) -> None:
        """Until records may come."""
        await self._open.wait()

    def enter(self) -> None:
        """Records are on their way to the disk."""
        self._inside += 1
        self._empty.clear()

    def leave(self) -> None:
        """They are there, or never will be."""
        self._inside -= 1
        if not self._inside:
            self._empty.set()

    @asynccontextmanager
    async def shut(self) -> AsyncIterator[None]:
        """Nothing is on its way, and nothing new comes. One at a time."""
        async with self._changing:
            self._open.clear()
            try:
                await self._empty.wait()
                yield
            finally:
                self._open.set()
