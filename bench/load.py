"""Warm invocations: how long one takes, and how many a second, at a number of connections."""

import asyncio
from dataclasses import dataclass, field
from time import perf_counter

from bench.client import Answer, BenchError, Connection, Endpoint, connect

PAYLOAD = b'{"key": "value", "number": 7}'
PATIENCE = 30.0
"""Seconds that a round may take longer than it should before it is given up."""


@dataclass(slots=True)
class Load:
    """What came of one round: latencies in nanoseconds, invocations a second."""

    nanoseconds: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Invocations a second."""
        return len(self.nanoseconds) / self.seconds


class Round:
    """A closed loop: every connection sends its next request when it has the answer to the last one."""

    def __init__(self, request: bytes, expected: bytes, status: int = 200) -> None:
        self._request, self._expected, self._status = request, expected, status
        self._open = 0
        self._connections: list[Connection] = []
        self._reopening: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._deadline = 0.0
        self.load = Load()

    async def run(self, endpoint: Endpoint, connections: int, seconds: float) -> Load:
        """Raises BenchError at the first wrong answer or lost connection."""
        self._endpoint = endpoint
        try:
            for _ in range(connections):
                await self._connect()
            await self._drive(seconds)
        finally:
            for task in self._reopening:
                task.cancel()
            for connection in self._connections:
                connection.transport.abort()
        return self.load

    async def _connect(self) -> Connection:
        connection = await connect(self._endpoint, self._done, self._lost)
        self._connections.append(connection)
        return connection

    async def _drive(self, seconds: float) -> None:
        start = perf_counter()
        self._deadline, self._open = start + seconds, len(self._connections)
        for connection in self._connections:
            connection.send(self._request)
        async with asyncio.timeout(seconds + PATIENCE):
            await self._ended
        self.load.seconds = perf_counter() - start

    def _done(self, connection: Connection, answer: Answer) -> None:
        if answer.status != self._status or answer.error or answer.body != self._expected:
            self._fail(f"answer {answer.status} {answer.error}: {answer.body[:300]!r}")
            return
        self.load.nanoseconds.append(answer.nanoseconds)
        if perf_counter() < self._deadline:
            self._again(connection)
            return
        self._open -= 1
        if not self._open and not self._ended.done():
            self._ended.set_result(None)

    def _again(self, connection: Connection) -> None:
        if not connection.transport.is_closing():
            connection.send(self._request)
            return
        # A peer that does not keep connections alive.
        task = asyncio.get_running_loop().create_task(self._reopen(connection))
        self._reopening.add(task)
        task.add_done_callback(self._reopening.discard)

    async def _reopen(self, closed: Connection) -> None:
        self._connections.remove(closed)
        try:
            (await self._connect()).send(self._request)
        except BenchError as error:
            self._fail(str(error))

    def _lost(self, connection: Connection) -> None:
        if connection.waiting:
            self._fail("a connection was closed under load")

    def _fail(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(BenchError(why))


async def drive(endpoint: Endpoint, function: str, connections: int, seconds: float) -> Load:
    """One round of Invoke requests for a function that answers its event."""
    this = Round(endpoint.invocation(function, PAYLOAD), PAYLOAD)
    return await this.run(endpoint, connections, seconds)
