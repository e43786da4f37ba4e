"""Which mappings are read now: one reader each, started, replaced and stopped as mappings change."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from weakref import WeakValueDictionary

from lambent.model.event_source import EventSource


class Reader(Protocol):
    """What reads the source of one mapping."""

    source: EventSource

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def cancel(self) -> None: ...

    def document(self) -> dict[str, Any]: ...


class Sources:
    """All readers. `make` makes one for a mapping; None where nothing reads its kind of source. `forget` drops what is
    kept of how far a mapping has read."""

    def __init__(self, make: Callable[[EventSource], Reader | None], forget: Callable[[str], Awaitable[None]]) -> None:
        self._make = make
        self._forget = forget
        self._readers: dict[str, Reader] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._closed = False

    async def put(self, source: EventSource) -> bool:
        """Read a mapping's source as it says now; what runs under its former settings ends first.

        Answers False where nothing reads its kind of source. Changes of one mapping are made one after another.
        """
        async with self._turn(source.uuid):
            there = self._readers.get(source.uuid)
            if self._closed or (there is not None and there.source == source):
                return True
            await self._stop(source.uuid)
            reader = self._make(source)
            if reader is not None and not self._closed:
                await self._start(reader)
            return reader is not None

    async def remove(self, uuid: str) -> None:
        """Read it no more; come back when its last batch has ended."""
        async with self._turn(uuid):
            await self._stop(uuid)

    def _turn(self, uuid: str) -> asyncio.Lock:
        return self._turns.setdefault(uuid, asyncio.Lock())

    async def _start(self, reader: Reader) -> None:
        self._readers[reader.source.uuid] = reader
        try:
            await reader.start()
        except BaseException:
            del self._readers[reader.source.uuid]
            raise
        if self._closed:
            reader.cancel()

    async def _stop(self, uuid: str) -> None:
        reader = self._readers.get(uuid)
        if reader is not None:
            await reader.stop()
            self._readers.pop(uuid, None)

    async def forget(self, uuid: str) -> None:
        """The mapping is gone. Raises StoreError."""
        await self._forget(uuid)

    def document(self, uuid: str) -> dict[str, Any]:
        """What is to be said of the reader of a mapping; nothing where nothing reads it."""
        reader = self._readers.get(uuid)
        return reader.document() if reader is not None else {}

    def last_result(self, uuid: str) -> str:
        """What came of the last batch, in AWS's words; "" when nothing reads the mapping."""
        return str(self.document(uuid).get("LastResult", ""))

    async def close(self) -> None:
        """The server ends: nothing more is read, and what runs is given up."""
        self._closed = True
        for reader in list(self._readers.values()):
            reader.cancel()
        self._readers.clear()
        await asyncio.sleep(0)
