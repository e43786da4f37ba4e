"""Takes what services push (SNS, EventBridge, schedules, log subscriptions) to its targets: at least once, from the
moment it is on disk.

Each target has lanes of its own (`store.pushes.lane_of`): one that is slow or down holds up nobody else. Memory holds a
window of each lane; the rest waits on disk until it is due. All waiting is on the platform's clock. What can't be
delivered goes to its dead letter queue, or is logged and reported; a crash between a delivery and the removal of its
row delivers it again.
"""

import asyncio
import contextlib
import functools
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lambent.clock import Clock
from lambent.engine.iot.actions import instead
from lambent.engine.push_retry import Failure, dead_letter, next_try, numbered, of_letter
from lambent.events import push_lanes
from lambent.events.again import AGAIN_SECONDS
from lambent.events.push_lanes import EARLY, Memory, PushLane
from lambent.events.sending import Send, failure
from lambent.events.turn_taking import TurnTaking
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.finding import Finding
from lambent.model.push import Push, Tries, Waiting
from lambent.store.errors import StoreError
from lambent.store.pushes import PushStore, Remove, Retry, is_ordered, lane_of

log = logging.getLogger(__name__)

AT_ONCE = 256
"""Pushes that are sent at the same time, of all lanes; each lane may send one beyond that."""
CLOSE_SECONDS = 2.0

HINTS = {
    "sns": "A RedrivePolicy of the subscription keeps such messages.",
    "events": "A DeadLetterConfig of the rule's target keeps such events.",
    "iot": "An errorAction of the rule is told of it.",
    "scheduler": "A DeadLetterConfig of the schedule's target keeps such events.",
}

Refused = Callable[[Push], Awaitable[str]]
AddPushes = Callable[[Sequence[Push]], Awaitable[None]]
"""Comes back when they are on disk. Raises StoreError: then none of them is."""


async def nobody(_push: Push) -> str:
    """Every service may send to everything."""
    return ""


@dataclass(frozen=True, slots=True)
class Ways:
    """`send` hands a message to its service and raises DeliveryFailed; `refused` answers why a service may not send to
    a target, "" if it may; `twice` whether a message is to be sent two times."""

    send: Send
    refused: Refused = nobody
    twice: Callable[[], bool] = lambda: False
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


class Pushes:
    """Everything that services push."""

    def __init__(
        self,
        store: PushStore,
        clock: Clock,
        ways: Ways,
        report: Callable[[Finding], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ways = ways
        self._report = report
        self._spawn = spawn
        self._number = 0
        self._lanes: dict[str, PushLane] = {}
        self._memory = Memory()
        self._taking = TurnTaking(clock, self._look, self._start, self._crowded)
        self._hungry: dict[PushLane, None] = {}
        """Lanes that wait for memory, in the order of their turn."""
        self._sending = self._writing = 0
        self._closed = False
        self._quiet = asyncio.Event()

    async def open(self) -> None:
        """Before anything is added. Raises StoreError."""
        self._number = await self._store.last()

    async def resume(self) -> int:
        """Go on with what is on disk; answers how many pushes that is. Raises StoreError."""
        found = await self._store.lanes(self._clock.wall())
        for one in found:
            lane = self._lane(one.name)
            lane.following = min(lane.following, one.due)
            self._look(lane)
        return sum(one.count for one in found)

    async def add(self, pushes: Sequence[Push], *, light: bool = False) -> None:
        """Come back when they are on disk; `light` ones do not wait for it: who adds them has them there, and adds them
        again after a power cut. Raises StoreError: then none of them is, and none is sent."""
        if not pushes:
            return
        now = self._clock.wall()
        waiting = [Waiting(self._next(), push, Tries(now, max(push.due, now))) for push in pushes]
        await self._store.insert(waiting, functools.partial(self._accepted, waiting), light=light)

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _accepted(self, pushes: Sequence[Waiting]) -> None:
        """They are on disk. They are sent from memory, unless older ones wait on disk or there are too many here."""
        for one in pushes:
            lane = self._lane(lane_of(one.push))
            if lane.takes(one.tries.due, self._clock.wall()):
                lane.hold(one)
            else:
                lane.following = min(lane.following, one.tries.due)
            self._look(lane)

    # --- whose turn it is

    def _lane(self, name: str) -> PushLane:
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = PushLane(name, is_ordered(name), self._memory)
        return lane

    def _look(self, lane: PushLane) -> None:
        """Something has changed in `lane`: send, read, wait or forget."""
        if self._closed:
            return
        now = self._clock.wall()
        if lane.should_read(now):
            lane.reading = True
            self._spawn(self._read(lane))
        elif lane.is_hungry(now):
            self._hungry[lane] = None
        if lane.may_start(now):
            self._taking.enable(lane)
        else:
            self._taking.disable(lane)
        if lane.empty:
            self._forget(lane)
        else:
            self._taking.arm(lane, now)

    def _forget(self, lane: PushLane) -> None:
        self._taking.disarm(lane)
        self._hungry.pop(lane, None)
        if self._lanes.get(lane.name) is lane:
            del self._lanes[lane.name]

    async def _read(self, lane: PushLane) -> None:
        """Bring pushes that are due into memory."""
        self._clock.began()
        following, lane.following = lane.following, math.inf
        try:
            now = self._clock.wall() + EARLY
            due = await self._store.due(lane.name, now, *lane.room, frozenset(lane.held))
            lane.take(due.pushes)
            lane.following = min(lane.following, math.inf if due.following is None else due.following)
        except Exception as error:
            log.warning("what waits for %s can't be read now: %s", lane.name, error)
            lane.following = min(lane.following, following)
            await asyncio.sleep(AGAIN_SECONDS)
        finally:
            lane.reading = False
            self._look(lane)
            self._clock.ended()

    # --- one push

    def _crowded(self, lane: PushLane) -> bool:
        return self._sending >= AT_ONCE and lane.sending > 0

    def _start(self, lane: PushLane) -> None:
        one = lane.ready.popleft()
        lane.sending += 1
        self._sending += 1
        self._clock.began()
        self._spawn(self._deliver(lane, one))

    async def _deliver(self, lane: PushLane, one: Waiting) -> None:
        began = one.tries.began or self._clock.wall()
        change: Retry | Remove | None = None
        try:
            change = await self._outcome(one, began)
        finally:
            lane.sending -= 1
            self._sending -= 1
            if change is None:  # the server closes: the next one sends it
                self._clock.ended()
                self._settle()
            else:
                self._write(lane, one, change)

    async def _outcome(self, one: Waiting, began: float) -> Retry | Remove | None:
        """Send it; answers what becomes of it."""
        failed = await self._try(one.push, numbered(one.push, one.tries.count + 1)._replace(kept=True))
        if failed is None:
            return Remove(one.number)
        if self._closed:
            return None
        count = one.tries.count + 1
        due = next_try(one.push.policy, count, began, self._clock.wall()) if failed.passing else None
        if due is not None:
            return Retry(one.number, replace(one.tries, due=due, began=began, count=count))
        if (other := instead(one.push, failed.reason)) is not None:
            return await self._exchange(one, other)
        ended = Failure(failed.reason, failed.code, count, exhausted=failed.passing)
        return Remove(one.number) if await self._bury(one.push, ended) else None

    async def _try(self, push: Push, message: Delivery) -> DeliveryFailed | None:
        try:
            if push.lost:
                return DeliveryFailed(push.lost, passing=False, code="INVALID_PARAMETER")
            if reason := await self._ways.refused(push):
                return DeliveryFailed(reason, passing=False, code="AccessDenied")
            await self._ways.send(message)
            if self._ways.twice():
                await self._ways.send(message)
        except DeliveryFailed as failed:
            return failed
        except Exception as error:
            log.exception("a message of %s could not be sent to %s", push.delivery.arn, push.delivery.target)
            return DeliveryFailed(repr(error), passing=False, code="InternalError")
        return None

    async def _exchange(self, one: Waiting, other: Push) -> Retry | Remove:
        """What it has ended in is on disk before it goes; else it is tried once more, later."""
        try:
            await self.add([other])
        except StoreError as error:
            log.warning("%s: %s", one.push.delivery.arn, error)
            return Retry(one.number, replace(one.tries, due=self._clock.wall() + AGAIN_SECONDS))
        return Remove(one.number)

    async def _bury(self, push: Push, ended: Failure) -> bool:
        """Hand it to its dead letter queue, or report it; False when the server closed meanwhile."""
        reason = ended.reason
        if push.dead_letter:
            log.warning("%s to %s: %s; to its dead letters", push.delivery.arn, push.delivery.target, reason)
            letter = of_letter(push, dead_letter(push, ended))
            said = await self._ways.refused(letter) or await failure(self._ways.send, letter.delivery, self._ways.pause)
            if said is None:
                return True
            reason = f"{reason}; nor to its dead letter queue {push.dead_letter}: {said}"
        if self._closed:
            return False
        self._lost(push, reason)
        return True

    def _lost(self, push: Push, reason: str) -> None:
        message = push.delivery
        log.warning("a message of %s is not at %s: %s", message.arn, message.target, reason)
        text = f"A message of {message.arn} could not be delivered to it: {reason}"
        self._report(Finding(f"undelivered/{push.kind}", message.target, text, HINTS.get(push.kind, "")))

    def _write(self, lane: PushLane, one: Waiting, change: Retry | Remove) -> None:
        """Write what became of `one`; until that is on disk it is not read again."""
        stays = isinstance(change, Retry) and lane.ordered
        if isinstance(change, Retry) and stays:  # nothing of its group overtakes it
            lane.ready.appendleft(one._replace(tries=change.tries))
            lane.blocked = change.tries.due

        def written() -> None:
            if not stays:
                lane.release(one)
                self._feed()
            if isinstance(change, Retry) and not stays:
                lane.following = min(lane.following, change.tries.due)
            self._writing -= 1
            self._look(lane)
            self._clock.ended()
            self._settle()

        self._writing += 1
        self._persist(change, written)
        self._look(lane)
        self._taking.start_soon()  # a place is free

    def _feed(self) -> None:
        """There is memory again: who waited first reads first."""
        if self._hungry and self._memory.used < push_lanes.MOST_BYTES:
            lane = next(iter(self._hungry))
            del self._hungry[lane]
            self._look(lane)

    def _persist(self, change: Retry | Remove, then: Callable[[], None]) -> None:
        def failed(error: Exception) -> None:
            log.warning("push %d: what became of it can't be written yet: %s", change.number, error)
            if not self._closed:
                asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._persist, change, then)

        self._store.write(change, then, failed)

    # --- the end

    async def close(self, grace: float = CLOSE_SECONDS) -> None:
        """Start nothing more, give what is being sent `grace` seconds; what is left is on disk for the next start."""
        self._closed = True
        self._taking.close()
        for lane in self._lanes.values():
            self._taking.disarm(lane)
        self._settle()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), grace)
        await self._store.close()

    def _settle(self) -> None:
        if self._closed and not self._sending and not self._writing:
            self._quiet.set()
