"""Telemetry of one execution environment: who has subscribed, and carrying the records to them.

Subscribers listen inside the environment, so the sandbox makes the connections. What is subscribed to and when a batch
is ready is decided in `runtime_api.telemetry` and `runtime_api.telemetry_buffer`; here is the doing. While the
environment is frozen nobody inside answers: time doesn't count then. Everything is called on the event loop.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from lambent.observe.journal import SLOW_CONSUMER, Journal
from lambent.observe.report import timestamp
from lambent.runtime_api import telemetry
from lambent.runtime_api.conversation import Refusal
from lambent.runtime_api.telemetry import Api, Subscription
from lambent.runtime_api.telemetry_buffer import Batch, Buffer
from lambent.runtime_api.telemetry_wire import Answer, BadAnswer, encoded
from lambent.sandbox.errors import SandboxGone

log = logging.getLogger(__name__)

Connect = Callable[[int], Awaitable[socket.socket]]
"""A connection to a port inside the environment. Raises OSError, SandboxGone."""
Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
Reply = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""

FLUSH_SECONDS = 1.0
"""How long a freeze waits for subscribers, at most."""
READ_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Patience:
    """With a subscriber: seconds that it may take to answer a request, and those between attempts to deliver a batch,
    which is lost after the last one."""

    answer: float = 10.0
    pauses: tuple[float, ...] = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


PATIENCE = Patience()


class Telemetry:
    """The subscriptions of one environment.

    `identify` answers the name of the extension with an identifier, or how to refuse it. `now` is monotonic seconds,
    `wall` seconds since 1970.
    """

    def __init__(
        self,
        journal: Journal,
        identify: Callable[[str], str | Refusal],
        connect: Connect,
        now: Callable[[], float],
        wall: Callable[[], float],
        spawn: Spawn,
        patience: Patience = PATIENCE,
    ) -> None:
        self._journal = journal
        self._identify = identify
        self._connect = connect
        self._now = now
        self._wall = wall
        self._spawn = spawn
        self._patience = patience
        self._open = True
        self._deliveries: dict[str, _Delivery] = {}

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Answer a request for one of `telemetry.PATHS`; `headers` by lower-case name."""
        if method != "PUT":
            return _refused(Refusal(405, "MethodNotAllowed", f"{method} is not allowed here"))
        api = telemetry.PATHS[path]
        name = self._identify(headers.get(telemetry.IDENTIFIER, ""))
        if isinstance(name, Refusal):
            return _refused(name)
        if not self._open:
            return _refused(telemetry.closed(api))
        asked = telemetry.parse(api, body)
        if isinstance(asked, Refusal):
            return _refused(asked)
        return self._subscribe(name, asked)

    def turn_off(self) -> None:
        """The Init phase is over: no further subscriptions."""
        self._open = False

    def clear(self) -> None:
        """Forget the subscriptions: their extensions are gone, others will come."""
        self._journal.listen(None)
        self._journal.reopen()
        self.close()
        self._open = True

    def close(self) -> None:
        """The environment is gone."""
        self._open = False
        self._journal.listen(None)
        deliveries, self._deliveries = self._deliveries, {}
        for delivery in deliveries.values():
            delivery.end()

    @property
    def pending(self) -> bool:
        """Whether something is not delivered yet."""
        return any(not delivery.idle.is_set() for delivery in self._deliveries.values())

    def hurry(self) -> None:
        """What there is now goes before its time."""
        for delivery in self._deliveries.values():
            delivery.hurry()

    async def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """Deliver what there is now, before its time; as much as gets done in `seconds`."""
        self.hurry()
        try:
            async with asyncio.timeout(seconds):
                for delivery in list(self._deliveries.values()):
                    await delivery.idle.wait()
        except TimeoutError:
            log.debug("telemetry of %s is not delivered within %s s", self._journal.stream, seconds)

    def freeze(self) -> None:
        """The environment is frozen: nobody inside answers, and no time passes."""
        for delivery in self._deliveries.values():
            delivery.thawed.clear()

    def thaw(self) -> None:
        """The environment goes on."""
        for delivery in self._deliveries.values():
            delivery.thawed.set()

    def _subscribe(self, name: str, asked: Subscription) -> Reply:
        delivery = self._deliveries.get(name)
        if delivery is not None:
            if delivery.buffer.subscription.api is not asked.api:
                return _refused(telemetry.other_api(asked.api))
            # Subscribing is idempotent, says AWS; a changed subscription holds from now on.
            delivery.buffer.subscription = asked
            return 200, {"Content-Type": "application/json"}, telemetry.OK
        delivery = _Delivery(name, asked, self._connect, self._now, self._wall, self._patience)
        self._deliveries[name] = delivery
        for epoch_ms, kind, record in self._journal.early():
            delivery.add(epoch_ms, kind, record)
        delivery.task = self._spawn(delivery.run())
        self._journal.listen(self._on_event)
        self._journal.subscribed(name, asked.types, logs=asked.api is Api.LOGS)
        return 200, {"Content-Type": "application/json"}, telemetry.OK

    def _on_event(self, epoch_ms: int, kind: str, record: dict[str, Any] | str) -> None:
        for delivery in self._deliveries.values():
            delivery.add(epoch_ms, kind, record)


class _Delivery:
    """Carries one subscriber's batches to it, one after the other."""

    def __init__(
        self,
        name: str,
        subscription: Subscription,
        connect: Connect,
        now: Callable[[], float],
        wall: Callable[[], float],
        patience: Patience,
    ) -> None:
        self.name = name
        self.buffer = Buffer(subscription)
        self.task: asyncio.Task[None] | None = None
        self.idle = asyncio.Event()
        self.idle.set()
        self.thawed = asyncio.Event()
        self.thawed.set()
        self._connect = connect
        self._now = now
        self._wall = wall
        self._patience = patience
        self._changed = asyncio.Event()
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def add(self, epoch_ms: int, kind: str, record: dict[str, Any] | str) -> None:
        """One more event, if it is of what was asked for."""
        data = telemetry.rendered(self.buffer.subscription, timestamp(epoch_ms), kind, record)
        if data is None:
            return
        before = self.buffer.deadline
        self.buffer.add(data, self._now())
        self.idle.clear()
        if self.buffer.deadline != before:
            self._changed.set()

    def hurry(self) -> None:
        """What has been gathered goes now."""
        self.buffer.seal()
        self._changed.set()

    def end(self) -> None:
        """Deliver nothing more."""
        self.idle.set()
        if self.task is not None:
            self.task.cancel()

    async def run(self) -> None:
        """Until the environment is gone."""
        try:
            while True:
                await self._until_due()
                await self.thawed.wait()
                batch = self.buffer.take(self._now())
                if batch is not None:
                    await self._deliver(batch)
                if self.buffer.empty:
                    self.idle.set()
        except SandboxGone:
            self.idle.set()
        finally:
            self._disconnect()

    async def _until_due(self) -> None:
        while True:
            self._changed.clear()
            deadline = self.buffer.deadline
            left = None if deadline is None else deadline - self._now()
            if left is not None and left <= 0:
                return
            try:
                async with asyncio.timeout(left):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _deliver(self, batch: Batch) -> None:
        """With pauses between attempts, as long as there is hope. Raises SandboxGone."""
        data = encoded(self.buffer.subscription, batch)
        for pause in (*self._patience.pauses, None):
            try:
                await self._send(data)
                break
            except (OSError, BadAnswer, TimeoutError) as error:
                self._disconnect()
                if pause is None:
                    log.warning("telemetry for extension %s can't be delivered: %s", self.name, error)
                    self.buffer.lose(batch)
                else:
                    await asyncio.sleep(pause)
        records, size = self.buffer.dropped()
        if records:
            dropped = {"droppedBytes": size, "droppedRecords": records, "reason": SLOW_CONSUMER}
            self.add(int(self._wall() * 1000), "platform.logsDropped", dropped)

    async def _send(self, data: bytes) -> None:
        """Raises OSError, BadAnswer, TimeoutError, SandboxGone."""
        subscription = self.buffer.subscription
        if self._connection is None:
            sock = await self._connect(subscription.port)
            self._connection = await asyncio.open_connection(sock=sock)
        reader, writer = self._connection
        writer.write(data)
        await self._in_time(writer.drain())
        if not subscription.method:
            return
        answer = Answer()
        while not answer.complete:
            answer.feed(await self._in_time(reader.read(READ_BYTES)))
        if not answer.keeps_alive:
            self._disconnect()
        if answer.status >= 400:
            raise BadAnswer(f"HTTP status {answer.status}")

    async def _in_time(self, waited: Coroutine[Any, Any, Any]) -> Any:
        """Its result. Raises TimeoutError when it takes longer than a subscriber may take of the environment's time."""
        waiting = asyncio.ensure_future(waited)
        try:
            while True:
                done, _ = await asyncio.wait((waiting,), timeout=self._patience.answer)
                if done:
                    return waiting.result()
                if self.thawed.is_set():
                    raise TimeoutError(f"no answer in {self._patience.answer:.0f} s")
                await self.thawed.wait()
        finally:
            waiting.cancel()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection[1].close()


def _refused(refusal: Refusal) -> Reply:
    return refusal.status, {"Content-Type": "application/json"}, refusal.body
