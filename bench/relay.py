"""The bare relay: the least that can stand between an HTTP client and unmodified `awslambdaric`.

One listener takes `POST …/invocations` from clients and the Runtime API from runtimes, and passes bodies
across. No signature, no limits, no logs, no isolation, no timeouts: what this costs, anything of this shape
costs.

    python -m bench.relay    prints its port on one line and serves until SIGTERM.
"""

import asyncio
import signal
from collections import deque
from itertools import count
from typing import cast

import httptools
import uvloop

NEXT = b"/2018-06-01/runtime/invocation/next"
ANSWERS = b"/2018-06-01/runtime/invocation/"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class Relay:
    """Who waits for whom: idle runtimes, invocations without a runtime, clients without an answer."""

    def __init__(self) -> None:
        self.idle: list[Connection] = []
        self.waiting: deque[tuple[Connection, bytes]] = deque()
        self.clients: dict[bytes, Connection] = {}
        self.ids = count()

    def invoke(self, client: "Connection", payload: bytes) -> None:
        """A client's invocation goes to the newest idle runtime, or waits for one."""
        if self.idle:
            self.hand_over(self.idle.pop(), client, payload)
        else:
            self.waiting.append((client, payload))

    def next(self, runtime: "Connection") -> None:
        """A runtime asks for work."""
        if self.waiting:
            self.hand_over(runtime, *self.waiting.popleft())
        else:
            self.idle.append(runtime)

    def hand_over(self, runtime: "Connection", client: "Connection", payload: bytes) -> None:
        """One invocation to one runtime."""
        request_id = b"%032x" % next(self.ids)
        self.clients[request_id] = client
        runtime.work = request_id, client, payload
        runtime.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %b\r\n"
            b"Lambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Trace-Id: Root=1-0-0\r\n"
            b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:f\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (request_id, len(payload), payload)
        )

    def answer(self, runtime: "Connection", path: bytes, body: bytes) -> None:
        """A runtime's answer goes back to its client."""
        client = self.clients.pop(path[len(ANSWERS) :].partition(b"/")[0])
        client.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        runtime.send(ACCEPTED)

    def lost(self, runtime: "Connection") -> None:
        """A runtime has ended. What it was handed when nobody knew that yet goes to the next one."""
        if runtime in self.idle:
            self.idle.remove(runtime)
        if runtime.work is not None and self.clients.pop(runtime.work[0], None) is not None:
            self.invoke(*runtime.work[1:])


class Connection(asyncio.Protocol):
    """A client's or a runtime's connection: which of the two, its paths say."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.parser = httptools.HttpRequestParser(self)
        self.path = b""
        self.parts: list[bytes] = []
        self.work: tuple[bytes, Connection, bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.send = cast(asyncio.Transport, transport).write

    def connection_lost(self, exc: Exception | None) -> None:
        self.relay.lost(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.path, self.parts = url, []

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self.parts)
        if self.path == NEXT:
            self.relay.next(self)
        elif self.path.startswith(ANSWERS):
            self.relay.answer(self, self.path, body)
        else:
            self.relay.invoke(self, body)


async def serve() -> None:
    """Listen on a free port of loopback, say which, stop at SIGTERM."""
    relay, stopped = Relay(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(lambda: Connection(relay), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
