"""WebSocket connections that are open: frames by wsproto, bytes by the listener's stream.

A client's message is at most 128 KB, in frames of at most 32 KB; more closes the connection with 1009:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html.
A binary one closes it with 1003: .../websocket-api-develop-binary-media-types.html.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from wsproto import ConnectionType
from wsproto.connection import Connection as Frames
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, TextMessage
from wsproto.utilities import LocalProtocolError

from lambent.clock import Clock
from lambent.engine import websocket_life
from lambent.http_events.websocket import Connected
from lambent.model.scope import Scope
from lambent.wire.http import Stream

MESSAGE_BYTES, FRAME_BYTES = 128 << 10, 32 << 10
MOST_PARTS = 10_000
"""Of a message, which may come in frames of nothing."""
AT_A_TIME = 200
"""Frames that are read before others have their turn."""
NORMAL, AWAY, UNSUPPORTED, TOO_BIG, ABNORMAL = 1000, 1001, 1003, 1009, 1006
SLOW_SECONDS = 10.0
"""Real seconds that a client may take no bytes before it counts as gone."""
OnMessage = Callable[["Connection", str], Awaitable[None]]


class Gone(Exception):
    """The connection is over."""


@dataclass(slots=True)
class _Partial:
    """What came of a message, and of its frame."""

    message: bytearray = field(default_factory=bytearray)
    frame: int = 0
    parts: int = 0


class Connection:
    """One client's."""

    __slots__ = (
        "_clock", "_frames", "_partial", "_reading", "_sent", "_stream", "_timer", "_writing", "active", "active_wall",
        "begun", "code", "known", "open", "reason", "scope",
    )  # fmt: skip

    def __init__(
        self, scope: Scope, known: Connected, stream: Stream, clock: Clock, sent: Callable[[Connected], None]
    ) -> None:
        """`sent` hears of every message to the client."""
        self._sent = sent
        self.scope, self.known = scope, known
        self.begun = self.active = clock.monotonic()
        self.active_wall = clock.wall()
        self.code, self.reason, self.open = ABNORMAL, "", True
        self._clock, self._stream, self._frames = clock, stream, Frames(ConnectionType.SERVER)
        self._partial = _Partial()
        self._reading: asyncio.Future[bytes] | None = None
        self._writing = asyncio.Lock()
        self._timer = clock.call_at(websocket_life.deadline(self.begun, self.active), self._due)

    async def run(self, on_message: OnMessage) -> None:
        """Read until it is over."""
        try:
            while self.open:
                data = await self._read()
                if not data:
                    break
                self._touch()
                await self._receive(data, on_message)
        finally:
            self.open = False
            self._timer.cancel()

    async def _read(self) -> bytes:
        """What came; b"" when the client is gone, or the connection was closed here."""
        self._reading = asyncio.ensure_future(self._stream.read())
        try:
            return await self._reading
        except asyncio.CancelledError:
            if self.open:
                self._reading.cancel()
                raise
            return b""

    async def _receive(self, data: bytes, on_message: OnMessage) -> None:
        self._frames.receive_data(data)
        for number, event in enumerate(self._frames.events(), 1):
            if not number % AT_A_TIME:
                await asyncio.sleep(0)
            if isinstance(event, TextMessage):
                await self._part(event, on_message)
            elif isinstance(event, BytesMessage):
                await self.close(UNSUPPORTED, "Binary frames are not supported")
            elif isinstance(event, Ping):
                await self._write(self._frames.send(event.response()))
            elif isinstance(event, CloseConnection):
                self._ended(int(event.code), event.reason or "")
                with contextlib.suppress(LocalProtocolError):
                    await self._write(self._frames.send(event.response()))
            if not self.open:
                return

    async def _part(self, event: TextMessage, on_message: OnMessage) -> None:
        part, more = self._partial, event.data.encode()
        part.message += more
        part.frame += len(more)
        part.parts += 1
        if part.frame > FRAME_BYTES or len(part.message) > MESSAGE_BYTES or part.parts > MOST_PARTS:
            await self.close(TOO_BIG, "Message too big")
            return
        if event.frame_finished:
            part.frame = 0
        if event.message_finished:
            whole, self._partial = bytes(part.message), _Partial()
            await on_message(self, whole.decode())

    async def send(self, data: str) -> None:
        """A message to the client. Raises Gone."""
        if not self.open:
            raise Gone
        self._touch()
        try:
            frame = self._frames.send(Message(data=data))
        except LocalProtocolError as error:
            raise Gone from error
        await self._write(frame)
        self._sent(self.known)

    async def close(self, code: int, reason: str = "") -> None:
        """Say goodbye; `run` comes back."""
        if not self.open:
            return
        self._ended(code, reason)
        with contextlib.suppress(LocalProtocolError, Gone):
            await self._write(self._frames.send(CloseConnection(code=code, reason=reason)))
        self._stop()

    def _stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()

    async def _write(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(SLOW_SECONDS), self._writing:
                await self._stream.write(data)
        except TimeoutError:
            self._ended(ABNORMAL, "")
            self._stop()
            raise Gone from None

    def _ended(self, code: int, reason: str) -> None:
        self.open, self.code, self.reason = False, code, reason

    def _touch(self) -> None:
        self.active, self.active_wall = self._clock.monotonic(), self._clock.wall()

    def _due(self) -> None:
        """The time that it had when the timer was set is over: close it, or wait for what is left by now."""
        if websocket_life.is_over(self.begun, self.active, self._clock.monotonic()):
            task = asyncio.ensure_future(self.close(AWAY, "Going away"))
            task.add_done_callback(lambda done: done.exception())
        else:
            self._timer = self._clock.call_at(websocket_life.deadline(self.begun, self.active), self._due)


class Connections:
    """All that are open, by id."""

    def __init__(self) -> None:
        self._open: dict[str, Connection] = {}

    def add(self, connection: Connection) -> None:
        """One more."""
        self._open[connection.known.connection_id] = connection

    def drop(self, connection: Connection) -> None:
        """It is over."""
        self._open.pop(connection.known.connection_id, None)

    def get(self, account: str, connection_id: str) -> Connection:
        """An open one of an account's. Raises Gone."""
        found = self._open.get(connection_id)
        if found is None or not found.open or found.scope.account != account:
            raise Gone
        return found

    def stage_of(self, scope: Scope, connection_id: str) -> str:
        """API/STAGE of an account's open connection, as ARNs have it; of any other one `*/*`."""
        try:
            known = self.get(scope.account, connection_id).known
        except Gone:
            return "*/*"
        return f"{known.api_id}/{known.stage}"

    async def close(self) -> None:
        """The server stops: tell all clients."""
        for one in list(self._open.values()):
            await one.close(AWAY, "Going away")
