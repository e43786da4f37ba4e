"""X-Ray's daemon as a function finds it: a port for datagrams in its environment.

A datagram has a line that says its format, and a segment document; the OpenTelemetry libraries of AWS send spans to the
same port (`T1S` before what is to be kept, base64 after it).
Sources: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html ("Sending segment documents to the
X-Ray daemon"); https://github.com/aws-observability/aws-otel-python-instrumentation (OTLPUdpSpanExporter).
"""

import asyncio
import base64
import binascii
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson

log = logging.getLogger(__name__)

PORT = 2000
MOST_BYTES = 1 << 16
READ_AT_ONCE = 64
"""Datagrams, before everybody else has a turn."""
A_SECOND = 2_600
"""Datagrams of one environment that are taken each second: the segments a second of an account on AWS
(https://docs.aws.amazon.com/general/latest/gr/xray.html). Of more the kernel keeps what its buffer holds, and drops the
rest without asking the server."""
SPANS, UNSAMPLED_SPANS = b"T1S", b"T1U"


@dataclass(frozen=True, slots=True)
class Takers:
    """Who takes a segment document, and spans (OTLP's protobuf); `tell` is told once what is wrong with a datagram."""

    segment: Callable[[bytes], None]
    spans: Callable[[bytes], None]
    tell: Callable[[str], None]


class XRayDaemon:
    """Reads from `sock`, which is then its own, until it is closed. `now` answers monotonic seconds."""

    def __init__(self, sock: socket.socket, takers: Takers, now: Callable[[], float] = time.monotonic) -> None:
        self._sock = sock
        self._takers = takers
        self._now = now
        self._second, self._count = 0, 0
        self._told = False
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._loop.add_reader(sock.fileno(), self.read)

    @property
    def address(self) -> str:
        """host:port."""
        host, port = self._sock.getsockname()
        return f"{host}:{port}"

    def close(self) -> None:
        """What has come is read; no more."""
        if self._sock.fileno() < 0:
            return
        self.read()
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def read(self) -> None:
        """Take what has come, as much as this second has room for."""
        for _ in range(READ_AT_ONCE):
            if not self._has_room():
                self._wait()
                return
            try:
                datagram = self._sock.recv(MOST_BYTES)
            except OSError:  # nothing more now
                return
            self._count += 1
            self.take(datagram)

    def _has_room(self) -> bool:
        second = int(self._now())
        if second != self._second:
            self._second, self._count = second, 0
        return self._count < A_SECOND

    def _wait(self) -> None:
        """Nothing is read before the next second."""
        if self._pause is not None:
            return
        self._tell(f"more than {A_SECOND} datagrams came in a second: some may be dropped")
        self._loop.remove_reader(self._sock.fileno())
        self._pause = self._loop.call_later(self._second + 1 - self._now(), self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._sock.fileno(), self.read)

    def take(self, datagram: bytes) -> None:
        """One datagram; what is none of ours is dropped, and told once."""
        head, _, body = datagram.partition(b"\n")
        if not _is_head(head):
            self._tell('a datagram does not begin with {"format": "json", "version": 1} in a line of its own')
        elif body.startswith(SPANS):
            self._spans(body[len(SPANS) :])
        elif body and not body.startswith(UNSAMPLED_SPANS):
            self._takers.segment(body)

    def _spans(self, text: bytes) -> None:
        try:
            spans = base64.b64decode(text, validate=True)
        except binascii.Error:
            self._tell("what comes after T1S is no base64")
            return
        self._takers.spans(spans)

    def _tell(self, problem: str) -> None:
        if not self._told:
            self._told = True
            self._takers.tell(problem)


def _is_head(line: bytes) -> bool:
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(said, dict) and said.get("format") == "json" and said.get("version") == 1
