"""Accepts asynchronous events: on disk first, then in their turn (`turns`), run and taken to their end (`runs`).

Memory holds a window of each function's events; the rest waits on disk until it is due. An event is delivered at least
once: a crash between its run and the removal of its row runs it again.
"""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable
from dataclasses import replace

from lambent.clock import Clock
from lambent.events.lanes import Lane
from lambent.events.runs import Resolve, Runs, Send, Submit, resource
from lambent.events.turns import PAUSES, Pauses, Spawn, Turns
from lambent.model.async_event import AsyncEvent, Attempts, NewEvent
from lambent.model.finding import Finding
from lambent.observe.metrics import Metrics
from lambent.store.events import Events, Insert

log = logging.getLogger(__name__)

CLOSE_SECONDS = 2.0


class AsyncQueue:
    """The queue behind `Event`.

    For `submit`, `resolve` and `send` see `Runs`; `twice` answers whether an event is to be delivered two times.
    """

    def __init__(
        self,
        events: Events,
        clock: Clock,
        submit: Submit,
        resolve: Resolve,
        send: Send,
        spawn: Spawn,
        report: Callable[[Finding], None],
        metrics: Metrics,
        twice: Callable[[], bool] = lambda: False,
        pauses: Pauses = PAUSES,
    ) -> None:
        self._events = events
        self._clock = clock
        self._metrics = metrics
        self._twice = twice
        self._number = 0
        self._turns = Turns(events, clock, spawn, self._start, self._busy, pauses)
        look, freed = self._turns.look, self._turns.start_soon
        self._runs = Runs(events, clock, submit, resolve, send, spawn, report, metrics, look, freed, pauses)

    def _start(self, lane: Lane) -> None:
        self._runs.start(lane)

    def _busy(self) -> int:
        return self._runs.count

    async def open(self) -> None:
        """Before anything is accepted: one number is no two events'. Raises StoreError."""
        self._number = await self._events.last()

    async def start(self) -> int:
        """Go on with what is on disk; answers how many events that is. Raises StoreError."""
        now = self._clock.wall()
        found = await self._events.waiting(now)
        for waiting in found:
            lane = self._turns.lane(waiting.scope, waiting.function)
            lane.following = waiting.due
            self._turns.look(lane)
        return sum(waiting.count for waiting in found)

    async def accept(self, new: NewEvent) -> None:
        """Come back when the event is on disk. Raises StoreError: then it is not, and nothing of it is run."""
        accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(error: Exception | None) -> None:
            if accepted.done():
                return
            if error is None:
                accepted.set_result(None)
            else:
                accepted.set_exception(error)

        self.put(new, done)
        await accepted

    def put(self, new: NewEvent, done: Callable[[Exception | None], None]) -> None:
        """Call `done` when the event is on disk, or with the StoreError: then it is not, and nothing of it is run."""
        event = self._numbered(new)

        def then() -> None:
            self._metrics.add("AsyncEventsReceived", new.scope, new.function, resource=resource(event))
            self._accepted(event)
            try:
                done(None)
            except Exception:  # what others wrote in the same transaction is not to suffer
                log.exception("nobody could be told that event %s was accepted", event.request_id)
            if self._twice():
                self._again(replace(event, number=self._next()))

        self._events.write(Insert(event, light=new.kept), then, done)

    async def close(self, grace: float = CLOSE_SECONDS) -> None:
        """Start nothing more, give what runs `grace` seconds; what is left is on disk for the next start."""
        self._turns.close()
        self._runs.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._runs.quiet.wait(), grace)
        await self._events.close()

    def _numbered(self, new: NewEvent) -> AsyncEvent:
        now = self._clock.wall()
        return AsyncEvent(
            self._next(),
            new.scope,
            new.function,
            new.qualifier,
            new.request_id,
            new.payload,
            new.trace_id,
            new.client_context,
            Attempts(now, now),
        )

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _again(self, event: AsyncEvent) -> None:
        """The second delivery of an event, which is nobody's loss."""

        def failed(error: Exception) -> None:
            log.warning("event %s is not delivered twice: %s", event.request_id, error)

        self._events.write(Insert(event), functools.partial(self._accepted, event), failed)

    def _accepted(self, event: AsyncEvent) -> None:
        """`event` is on disk. It is run from memory, unless older ones wait on disk or there are too many here."""
        lane = self._turns.lane(event.scope, event.function)
        now = self._clock.wall()
        if lane.reading or lane.following <= now or lane.full:
            lane.following = min(lane.following, event.attempts.due)
        else:
            lane.hold(event)
            lane.ready.append(event)
        self._turns.look(lane)
