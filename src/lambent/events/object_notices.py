"""Takes what changed objects send to its destinations: at least once, from the commit of the change on.

A message stays on disk until it has arrived, and is sent from memory when it is new. What may pass is tried again, ever
more rarely, for a day of real time; what can't be delivered is logged and reported.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import orjson

from lambent.events.again import AGAIN_SECONDS
from lambent.events.sending import Send
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.store.errors import StoreError
from lambent.store.objects import Change, ObjectStore

log = logging.getLogger(__name__)

PAUSES = (0.2, 1.0, 3.0, 10.0, 30.0, 60.0)
"""Real seconds before each further try; the last for all further ones."""
LONGEST = 24 * 3_600.0
AT_ONCE = 64
PAGE = 1_000


class ObjectNotices:
    """`send` hands a message to its service and raises DeliveryFailed; `twice` says whether one is sent two times."""

    def __init__(
        self,
        store: ObjectStore,
        send: Send,
        report: Callable[[Finding], None],
        spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"],
        twice: Callable[[], bool] = lambda: False,
        again: float = AGAIN_SECONDS,
    ) -> None:
        self._store = store
        self._send = send
        self._report = report
        self._spawn = spawn
        self._twice = twice
        self._again = again
        self._room = asyncio.Semaphore(AT_ONCE)
        self._reading: asyncio.Task[None] | None = None
        self._more = False
        self._last = 0

    def told(self, fresh: Sequence[tuple[int, bytes]]) -> None:
        """They are on disk, by number. They are sent from memory, unless older ones are to be read or too many are on
        their way."""
        if self._more or self._reading is not None or self._room.locked():
            self.look()
            return
        for number, document in fresh:
            self._last = number
            self._spawn(self._send_fresh(number, document))

    def look(self) -> None:
        """There may be messages on disk that were not read."""
        self._more = True
        if self._reading is None:
            self._reading = self._spawn(self._read())

    async def _read(self) -> None:
        """Read what is there and send it."""
        try:
            while self._more:
                self._more = False
                try:
                    await self._send_waiting()
                except StoreError as error:
                    log.warning("what objects send can't be read now: %s", error)
                    self._more = True
                    await asyncio.sleep(self._again)
        finally:
            self._reading = None

    async def _send_waiting(self) -> None:
        while found := await self._store.waiting(self._last, PAGE):
            for number, document in found:
                await self._room.acquire()
                self._last = number
                self._spawn(self._deliver(number, document))

    async def _send_fresh(self, number: int, document: bytes) -> None:
        await self._room.acquire()
        await self._deliver(number, document)

    async def _deliver(self, number: int, document: bytes) -> None:
        held = True
        began, tries = time.monotonic(), 0
        try:
            delivery = _delivery(number, orjson.loads(document))
            while True:
                failed = await self._try(delivery)
                if failed is None or not failed.passing or time.monotonic() - began > LONGEST:
                    break
                if held:  # what waits keeps nobody else from being sent
                    self._room.release()
                    held = False
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
            if failed is not None:
                self._lost(delivery, failed.reason)
        finally:
            if held:
                self._room.release()
        self._store.write_soon(Change(notices_gone=[number]))

    async def _try(self, delivery: Delivery) -> DeliveryFailed | None:
        try:
            await self._send(delivery)
            if self._twice():
                await self._send(delivery)
        except DeliveryFailed as failed:
            return failed
        except Exception as error:
            log.exception("a message of %s could not be sent to %s", delivery.arn, delivery.target)
            return DeliveryFailed(repr(error), passing=False)
        return None

    def _lost(self, delivery: Delivery, reason: str) -> None:
        log.warning("a message of %s is not at %s: %s", delivery.arn, delivery.target, reason)
        text = f"A message of {delivery.arn} could not be delivered to it: {reason}"
        self._report(Finding("undelivered/s3", delivery.target, text))


def _delivery(number: int, said: dict[str, Any]) -> Delivery:
    return Delivery(
        scope=Scope(said["account"], said["region"]),
        target=said["target"],
        body=said["body"].encode(),
        function="",
        arn=said["origin"],
        trace_id=said["trace"],
        unique=str(number),
        now=said.get("now", 0.0),
        detail_type=said.get("detail_type", ""),
        source="aws.s3",
        subject="Amazon S3 Notification",
        kept=True,
    )
