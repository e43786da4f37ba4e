"""A connection that was given to another protocol than HTTP."""

import asyncio
import itertools
from collections.abc import Callable

from lambent.gateway.head import switching
from lambent.wire.http import Response

ROOM_BYTES = 1 << 16
"""Held of what came before more is read."""


_NUMBERS = itertools.count(1)


class Peer:
    """Who is at the other end of a transport; `number` tells connections apart."""

    __slots__ = ("_transport", "number")

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.number = next(_NUMBERS)

    @property
    def address(self) -> str:
        """The address, "" when it has none."""
        name = self._transport.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) else ""

    @property
    def scheme(self) -> str:
        """http or https."""
        return "https" if self._transport.get_extra_info("sslcontext") else "http"


async def hand_over(
    transport: asyncio.Transport, response: Response, rest: bytes, lost: Callable[[Exception | None], None]
) -> None:
    """Give a connection that is paused to the `takeover` of a response; `rest` came after the request."""
    assert response.takeover is not None
    transport.write(switching(response))
    duplex = Duplex(transport, lost)
    duplex.data_received(rest)
    transport.resume_reading()
    try:
        await response.takeover(duplex)
    finally:
        transport.close()


class Duplex(asyncio.Protocol):
    """The transport's protocol from the hand-over on; `lost` is told of the connection's end as the last one was."""

    __slots__ = ("_changed", "_drained", "_gone", "_held", "_lost", "_transport")

    def __init__(self, transport: asyncio.Transport, lost: Callable[[Exception | None], None]) -> None:
        self._transport = transport
        self._lost = lost
        self._held = bytearray()
        self._gone = False
        self._changed = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        transport.set_protocol(self)

    async def read(self) -> bytes:
        """What came; b"" when the other side is gone."""
        while not self._held and not self._gone:
            self._changed.clear()
            await self._changed.wait()
        if len(self._held) >= ROOM_BYTES and not self._gone:
            self._transport.resume_reading()
        held = bytes(self._held)
        self._held.clear()
        return held

    async def write(self, data: bytes) -> None:
        """Send. Waits for a reader that is slow; what is for one that is gone is dropped."""
        if not self._gone:
            self._transport.write(data)
        await self._drained.wait()

    # --- the transport's calls

    def data_received(self, data: bytes) -> None:
        self._held += data
        self._changed.set()
        if len(self._held) >= ROOM_BYTES:
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._gone = True
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.eof_received()
        self._drained.set()
        self._lost(exc)

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()
