"""HTTP/2 without TLS, for clients that begin with it: SDKs speak it to services that stream (Kinesis).

Of JavaScript's SDK the client of Kinesis sends everything so, of Java's the asynchronous one. What comes on HTTP/2 goes
through the chain as everything else; streams of one connection are answered side by side.
Source: https://www.rfc-editor.org/rfc/rfc9113 (3.3: prior knowledge; 8.2.2: headers that are HTTP/1.1's alone).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
from hyperframe.frame import Frame, GoAwayFrame

from lambent.gateway.duplex import Peer
from lambent.gateway.intake import Door
from lambent.wire.http import Request, Response

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STREAMS = 100
"""At once on one connection (the least that RFC 9113, section 6.5.2, recommends)."""
MAX_HEAD = 1 << 20
MAX_HEADERS = 1_000
"""Of one request; HPACK says one in a byte."""
WINDOW = 1 << 20
"""Bytes of a body that may be under way."""
IDLE_FRAMES = 1_000
"""Frames that bring nothing forward, of which a client may send so many in `IDLE_SECONDS`: requests taken back
(CVE-2023-44487), pings, settings, priorities."""
IDLE_SECONDS = 10.0
AT_ONCE = 1 << 14
"""Bytes that are read at once: a ping has 17."""
UNSENT = 1 << 20
"""Bytes that wait to be sent beyond which nothing is read: who asks has to read as well."""
OF_CONNECTION = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})

_IDLE = (
    h2.events.StreamReset,
    h2.events.PingReceived,
    h2.events.PriorityUpdated,
    h2.events.RemoteSettingsChanged,
    h2.events.SettingsAcknowledged,
)
Chain = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class _Stream:
    """One request and its answer. `room` is set when more may be sent."""

    request: Request
    body: list[bytes] = field(default_factory=list)
    size: int = 0
    task: asyncio.Task[None] | None = None
    room: asyncio.Event = field(default_factory=asyncio.Event)


class _Connection(h2.connection.H2Connection):
    """The library takes every GOAWAY for the end; one without an error leaves what has begun (RFC 9113, section 6.8):
    JavaScript's SDK sends it as soon as it has asked."""

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[h2.events.Event]]:
        if frame.error_code:
            return super()._receive_goaway_frame(frame)
        event = h2.events.ConnectionTerminated()
        event.error_code = h2.errors.ErrorCodes.NO_ERROR
        return [], [event]


class Http2(asyncio.Protocol):
    """A connection that has begun with the preface, from then on."""

    def __init__(self, chain: Chain, door: Door) -> None:
        self._chain = chain
        self._door = door
        config = h2.config.H2Configuration(client_side=False, header_encoding="latin-1")
        self._state = _Connection(config)
        self._state.local_settings = h2.settings.Settings(
            client=False,
            initial_values={
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
            },
        )
        self._streams: dict[int, _Stream] = {}
        self._left = False
        """The client asks nothing more, and waits for what it has asked."""
        self._idle_frames = 0
        self._idle_since = 0.0
        self._silent = 0
        """Bytes of what is not whole yet."""
        self._began = self._heard = 0.0
        self._transport: asyncio.Transport

    # --- the transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._peer = Peer(transport)
        self._transport.set_write_buffer_limits(UNSENT)
        if not self._door.admit(self):
            self.abort()
            return
        self._state.initiate_connection()
        self._state.increment_flow_control_window(WINDOW)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.leave(self)
        for number in tuple(self._streams):
            self._forget(number)

    def data_received(self, data: bytes) -> None:
        self._heard = asyncio.get_running_loop().time()
        try:
            for at in range(0, len(data), AT_ONCE):
                self._read(data[at : at + AT_ONCE])
        except h2.exceptions.ProtocolError:
            self._flush()  # it says what was wrong
            self._transport.close()
            return
        self._flush()
        if self._silent > MAX_HEAD:  # headers without end, or a frame that is longer than it may be
            self.abort()
        self._watch()

    def _read(self, data: bytes) -> None:
        """Raises ProtocolError, also when it is too much that brings nothing forward."""
        events = self._state.receive_data(data)
        self._silent = 0 if events else self._silent + len(data)
        for event in events:
            self._happened(event)
        idle = sum(isinstance(event, _IDLE) for event in events)
        if not idle:
            return
        if self._heard - self._idle_since > IDLE_SECONDS:
            self._idle_frames, self._idle_since = 0, self._heard
        self._idle_frames += idle
        if self._idle_frames > IDLE_FRAMES:
            self._state.close_connection(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
            raise h2.exceptions.DenialOfServiceError

    def pause_writing(self) -> None:
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()
        self._wake()

    @property
    def is_idle(self) -> bool:
        """Whether there is no request."""
        return not self._streams

    def abort(self) -> None:
        """Close now, whatever is under way."""
        self._transport.abort()

    def expire(self, now: float) -> None:
        """Give up requests that are not whole and take too long."""
        received = sum(stream.size for stream in self._streams.values() if stream.task is None)
        if self._door.is_overdue(self._began, self._heard, received, now):
            self.abort()

    def _watch(self) -> None:
        half = self._silent > 0 or any(stream.task is None for stream in self._streams.values())
        if half and not self._began:
            self._began = self._heard
            self._door.half.add(self)
        elif not half and self._began:
            self._began = 0.0
            self._door.half.discard(self)

    def _flush(self) -> None:
        data = self._state.data_to_send()
        if data:
            self._transport.write(data)

    # --- what comes

    def _happened(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self._begin(event.stream_id, cast(list[tuple[str, str]], event.headers))
        elif isinstance(event, h2.events.DataReceived):
            self._more(event.stream_id, event.data, event.flow_controlled_length)
        elif isinstance(event, h2.events.StreamEnded):
            self._whole(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._forget(event.stream_id)
        elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            self._wake()
        elif isinstance(event, h2.events.ConnectionTerminated):
            self._left = event.error_code == h2.errors.ErrorCodes.NO_ERROR
            if not self._left or not self._streams:
                self._transport.close()

    def _begin(self, number: int, said: list[tuple[str, str]]) -> None:
        if len(said) > MAX_HEADERS:
            self._state.send_headers(number, [(":status", "431"), ("content-length", "0")], end_stream=True)
            return
        headers: dict[str, str] = {}
        for name, value in said:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        headers.setdefault("host", headers.pop(":authority", ""))
        path, _, query = headers.pop(":path", "/").partition("?")
        method = headers.pop(":method", "GET")
        plain = {name: value for name, value in headers.items() if not name.startswith(":")}
        self._streams[number] = _Stream(Request(method, path, query, plain, b"", self._door.inside, client=self._peer))

    def _more(self, number: int, data: bytes, counted: int) -> None:
        stream = self._streams.get(number)
        if stream is not None:
            stream.size += len(data)
            most = self._door.bounds.http2
            if stream.size > most or not self._door.unfinished.take(len(data)):
                stream.size -= len(data)
                self._refuse(number, 413 if stream.size > most - len(data) else 503)
                return
            stream.body.append(data)
        if counted:
            self._state.acknowledge_received_data(counted, number)

    def _whole(self, number: int) -> None:
        stream = self._streams.get(number)
        if stream is None or stream.task is not None:
            return
        stream.request.body = b"".join(stream.body)
        self._release(stream)
        stream.task = asyncio.get_running_loop().create_task(self._answer(number, stream))

    def _refuse(self, number: int, status: int) -> None:
        self._forget(number)
        self._state.send_headers(number, [(":status", str(status)), ("content-length", "0")], end_stream=True)
        with contextlib.suppress(h2.exceptions.StreamClosedError):  # it has all come
            self._state.reset_stream(number)

    def _release(self, stream: _Stream) -> None:
        self._door.unfinished.give(stream.size)
        stream.body, stream.size = [], 0

    def _forget(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            self._release(stream)
            if stream.task is not None:
                stream.task.cancel()

    # --- what goes

    async def _answer(self, number: int, stream: _Stream) -> None:
        response = await self._chain(stream.request)
        try:
            self._state.send_headers(number, _head(response))
            self._flush()
            if stream.request.method != "HEAD":
                async for part in _parts(response.body):
                    await self._send(number, stream, part)
            self._state.end_stream(number)
            self._flush()
        except h2.exceptions.ProtocolError:
            pass  # the client has ended it, or the connection
        finally:
            if self._streams.pop(number, None) is not None:
                self._watch()
            if self._left and not self._streams:
                self._transport.close()

    async def _send(self, number: int, stream: _Stream, data: bytes) -> None:
        """As much at a time as the client lets come."""
        while data:
            stream.room.clear()
            most = min(self._state.local_flow_control_window(number), self._state.max_outbound_frame_size)
            if most <= 0 or self._transport.get_write_buffer_size() > UNSENT:
                await stream.room.wait()
                continue
            self._state.send_data(number, data[:most])
            self._flush()
            data = data[most:]

    def _wake(self) -> None:
        for stream in self._streams.values():
            stream.room.set()


def take_over(transport: asyncio.Transport, data: bytes, chain: Chain, door: Door) -> None:
    """Go on with a connection on which the preface, and more, came as `data`."""
    speaks = Http2(chain, door)
    transport.set_protocol(speaks)
    speaks.connection_made(transport)
    speaks.data_received(data)


def _head(response: Response) -> list[tuple[str, str]]:
    said = [(name.lower(), value) for name, value in response.headers]
    for line in response.head.decode("latin-1").split("\r\n"):
        name, found, value = line.partition(": ")
        said += [(name.lower(), value)] if found else []
    kept = [(name, value.strip()) for name, value in said if name not in OF_CONNECTION]
    if isinstance(response.body, bytes) and not any(name == "content-length" for name, _ in kept):
        kept.append(("content-length", str(len(response.body))))
    return [(":status", str(response.status)), *kept]


async def _parts(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    async for part in body:
        yield part
