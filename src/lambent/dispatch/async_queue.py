"""Runs asynchronous events: accepted on disk, dispatched in turn, retried, and taken to their end.

Memory holds a window of each function's events; the rest waits on disk until it is due. Every function may have one
event running whatever the others do, and beyond that all share `AT_ONCE` places, taken in turn.

An event is delivered at least once: a crash between its run and the removal of its row runs it again.
"""

import asyncio
import contextlib
import functools
import logging
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from lambent.clock import Clock
from lambent.dispatch.lanes import AT_ONCE, EARLY, WINDOW, WINDOW_BYTES, Lane
from lambent.engine import async_event as engine
from lambent.engine.async_event import Effect, Event, Progress
from lambent.engine.invocation_record import Ending
from lambent.model import lineage, loops
from lambent.model.async_event import AsyncEvent, Attempts, Handling, NewEvent, Policy
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled
from lambent.model.scope import Scope
from lambent.observe.metrics import Metrics
from lambent.store.events import Events, Insert, Remove, Retry

log = logging.getLogger(__name__)

STALL_SECONDS = 0.2
"""Real seconds without an end after which twice as many events of a function may run at once: they take their time."""
RETRY_SECONDS = 1.0
"""Real seconds until a write that failed is tried again."""
CLOSE_SECONDS = 2.0

Answer = Callable[[Outcome | Exception], None]
Submit = Callable[[FunctionVersion, Invocation, Answer], None]
Resolve = Callable[[Scope, str, str], Handling | None]
Deliver = Callable[[AsyncEvent, Handling, Ending, str], Awaitable[bool]]
Spawn = Callable[[Coroutine[Any, Any, None]], object]


@dataclass(frozen=True, slots=True)
class _Run:
    """An event that runs: with what settings, and the trace header that it was given."""

    lane: Lane
    event: AsyncEvent
    handling: Handling
    progress: Progress
    trace_id: str
    began: float = 0.0
    """Real monotonic seconds."""


class AsyncQueue:
    """The queue behind `Event`.

    `submit` runs an invocation and raises Throttled; `resolve` answers how a function's events are handled now, None
    when it is gone; `deliver` sends what is known of an event that has ended, never raises, and answers whether all
    of it arrived; `twice` answers whether an event is to be delivered two times.
    """

    def __init__(
        self,
        events: Events,
        clock: Clock,
        submit: Submit,
        resolve: Resolve,
        deliver: Deliver,
        spawn: Spawn,
        report: Callable[[Finding], None],
        metrics: Metrics,
        twice: Callable[[], bool] = lambda: False,
    ) -> None:
        self._events = events
        self._clock = clock
        self._submit = submit
        self._resolve = resolve
        self._deliver = deliver
        self._spawn = spawn
        self._report = report
        self._metrics = metrics
        self._twice = twice
        self._number = 0
        self._lanes: dict[tuple[Scope, str], Lane] = {}
        self._able: dict[Lane, None] = {}
        """Lanes that have something to start, in the order of their turn."""
        self._running = self._writing = 0
        self._pumping = self._closed = False
        self._quiet = asyncio.Event()
        self._dropped: dict[str, int] = {}

    async def start(self) -> int:
        """Go on with what is on disk; answers how many events that is. Raises StoreError."""
        self._number = await self._events.last()
        now = self._clock.wall()
        found = await self._events.waiting(now)
        for waiting in found:
            lane = self._lane(waiting.scope, waiting.function)
            lane.following = waiting.due
            self._look(lane)
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
            self._metrics.add("AsyncEventsReceived", new.scope, new.function, resource=_resource(event))
            self._accepted(event)
            try:
                done(None)
            except Exception:  # what others wrote in the same transaction is not to suffer
                log.exception("nobody could be told that event %s was accepted", event.request_id)
            if self._twice():
                self._again(replace(event, number=self._next()))

        self._events.write(Insert(event), then, done)

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
        lane = self._lane(event.scope, event.function)
        now = self._clock.wall()
        if lane.reading or lane.following <= now or lane.full:
            lane.following = min(lane.following, event.attempts.due)
        else:
            lane.hold(event)
            lane.ready.append(event)
        self._look(lane)

    # --- whose turn it is

    def _lane(self, scope: Scope, function: str) -> Lane:
        lane = self._lanes.get((scope, function))
        if lane is None:
            lane = self._lanes[(scope, function)] = Lane(scope, function)
        return lane

    def _look(self, lane: Lane) -> None:
        """Something has changed in `lane`: start, read, wait or forget."""
        if self._closed:
            return
        now = self._clock.wall()
        if lane.should_read(now):
            lane.reading = True
            self._spawn(self._read(lane))
        if lane.may_start(now):
            self._able[lane] = None
            self._pump_soon()
        else:
            self._able.pop(lane, None)
            if lane.stalled and not lane.watched:
                lane.watched = True
                asyncio.get_running_loop().call_later(STALL_SECONDS, self._widen, lane, lane.ended)
        if lane.empty:
            self._forget(lane)
        else:
            self._arm(lane, now)

    def _widen(self, lane: Lane, ended: int) -> None:
        lane.watched = False
        if lane.stalled and lane.ended == ended:
            lane.limit = min(lane.limit * 2, AT_ONCE)
        self._look(lane)

    def _arm(self, lane: Lane, now: float) -> None:
        """One timer a lane."""
        due = lane.next_look(now)
        if due == lane.timer_due:
            return
        if lane.timer is not None:
            lane.timer.cancel()
        lane.timer_due, lane.timer = due, None
        if due != math.inf:
            when = self._clock.monotonic() + (due - now)
            lane.timer = self._clock.call_at(when, functools.partial(self._wake, lane))

    def _wake(self, lane: Lane) -> None:
        lane.timer, lane.timer_due = None, math.inf
        self._look(lane)

    def _forget(self, lane: Lane) -> None:
        if lane.timer is not None:
            lane.timer.cancel()
            lane.timer, lane.timer_due = None, math.inf
        self._lanes.pop((lane.scope, lane.function), None)

    async def _read(self, lane: Lane) -> None:
        """Bring events that are due into memory."""
        self._clock.began()
        following, lane.following = lane.following, math.inf
        try:
            now = self._clock.wall()
            room = max(WINDOW_BYTES - lane.size, 1)
            count = max(WINDOW - len(lane.held), 1)
            due = await self._events.due(lane.scope, lane.function, now + EARLY, count, room, frozenset(lane.held))
            for event in due.events:
                if event.number not in lane.held:
                    lane.hold(event)
                    lane.ready.append(event)
            lane.following = min(lane.following, math.inf if due.following is None else due.following)
        except Exception as error:
            log.warning("the events of %s can't be read now: %s", lane.function, error)
            lane.following = min(lane.following, following)
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            lane.reading = False
            self._look(lane)
            self._clock.ended()

    def _pump_soon(self) -> None:
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Start what can start, one event of each function in turn."""
        self._pumping = False
        passed = 0
        while self._able and passed < len(self._able):
            lane = next(iter(self._able))
            del self._able[lane]
            if self._running >= AT_ONCE and lane.running:
                self._able[lane] = None
                passed += 1
                continue
            passed = 0
            self._start(lane)
            self._look(lane)

    # --- one event

    def _start(self, lane: Lane) -> None:
        event = lane.ready.popleft()
        lane.expires = math.inf
        try:
            handling = self._resolve(event.scope, event.function, event.qualifier)
        except Exception:
            log.exception("event %s of %s can't be looked after now", event.request_id, event.function)
            lane.ready.appendleft(event)
            lane.blocked = self._clock.wall() + RETRY_SECONDS
            return
        attempts = replace(event.attempts, waits=max(event.attempts.waits, lane.waits))
        progress = Progress(attempts)
        self._clock.began()
        if handling is None:
            progress, _ = engine.apply(progress, Event.GONE, self._clock.wall(), Policy())
            self._gone(event)
            self._write(lane, event, Remove(event))
            return
        entered = lineage.advance(event.trace_id, handling.function.arn)
        run = _Run(lane, event, handling, progress, entered.header)
        run, effects = self._apply(run, Event.START)
        if Effect.INVOKE not in effects:
            self._end(run, None)
        elif entered.rounds >= lineage.ROUNDS and handling.stops_loops:
            self._stop_loop(run)
        elif not handling.ready:
            self._put_off(run, Event.BREAK)
        else:
            if entered.is_unseen_loop and handling.stops_loops:
                self._report(loops.unseen(handling.function.arn, event.trace_id))
            self._invoke(run)

    def _apply(self, run: _Run, happening: Event) -> tuple[_Run, engine.Effects]:
        progress, effects = engine.apply(run.progress, happening, self._clock.wall(), run.handling.policy)
        return replace(run, progress=progress), effects

    def _invoke(self, run: _Run) -> None:
        event, lane = run.event, run.lane
        run = replace(run, began=time.monotonic())
        invocation = Invocation(event.request_id, event.payload, run.handling.arn, run.trace_id, event.client_context)
        try:
            self._submit(run.handling.function, invocation, functools.partial(self._answered, run))
        except Throttled:
            self._throttled(run)
            return
        except Exception:
            log.exception("event %s of %s could not be started", event.request_id, run.handling.arn)
            self._put_off(run, Event.BREAK)
            return
        lane.running += 1
        self._running += 1
        age = (self._clock.wall() - event.attempts.accepted) * 1000
        self._metrics.add("AsyncEventAge", event.scope, event.function, max(age, 0.0), _resource(event))

    def _throttled(self, run: _Run) -> None:
        lane = run.lane
        if run.handling.disabled:
            run, _ = self._apply(run, Event.DISABLED)
            self._end(run, None)
        elif lane.running:
            # Its place is taken by others of the same function: it waits for one of them, and costs nobody a back-off.
            lane.limit = lane.running
            lane.expires = engine.expiry(run.event.attempts, run.handling.policy)
            lane.ready.appendleft(run.event)
            self._clock.ended()
        else:
            self._put_off(run, Event.THROTTLE)

    def _put_off(self, run: _Run, happening: Event) -> None:
        """Nothing of this function can run now: all its events wait as long as this one."""
        run, _ = self._apply(run, happening)
        attempts = run.progress.attempts
        run.lane.waits = attempts.waits
        run.lane.blocked = attempts.due
        self._keep(run)

    def _answered(self, run: _Run, outcome: Outcome | Exception) -> None:
        lane = run.lane
        lane.running -= 1
        self._running -= 1
        if isinstance(outcome, Exception):
            log.error("event %s of %s was not run", run.event.request_id, run.handling.arn, exc_info=outcome)
            self._put_off(run, Event.BREAK)
        else:
            lane.waits = 0
            lane.ran(time.monotonic() - run.began)
            run, effects = self._apply(run, Event.ERROR if outcome.error is not None else Event.SUCCESS)
            if Effect.KEEP in effects:
                self._keep(run)
            else:
                self._end(run, outcome)
        self._look(lane)
        if self._able:  # a place is free
            self._pump_soon()
        self._settle()

    def _keep(self, run: _Run) -> None:
        """It is tried again when its time has come."""
        lane, event, attempts = run.lane, run.event, run.progress.attempts

        def then() -> None:
            lane.following = min(lane.following, attempts.due)

        self._write(lane, event, Retry(event.number, attempts), then)

    def _end(self, run: _Run, outcome: Outcome | None) -> None:
        event, handling = run.event, run.handling
        assert run.progress.condition is not None
        ending = Ending(run.progress.condition, run.progress.attempts.invocations, outcome, handling.function.version)
        target = handling.on_success if ending.succeeded else handling.on_failure
        if not ending.succeeded:
            self._metrics.add("AsyncEventsDropped", event.scope, event.function, resource=_resource(event))
            if not target and not handling.dead_letter:
                self._lost(run, ending)
        if target or (handling.dead_letter and not ending.succeeded):
            self._spawn(self._send(run, ending))
        else:
            self._write(run.lane, event, Remove(event))

    async def _send(self, run: _Run, ending: Ending) -> None:
        delivered = await self._deliver(run.event, run.handling, ending, run.trace_id)
        if self._closed and not delivered:
            return  # who was to take it may be closed, too: the next start sends it
        self._apply(run, Event.DELIVERED)
        self._write(run.lane, run.event, Remove(run.event))

    def _write(
        self, lane: Lane, event: AsyncEvent, change: Retry | Remove, then: Callable[[], None] = lambda: None
    ) -> None:
        """Write what became of `event`; until that is on disk it is neither read nor run again."""

        def written() -> None:
            lane.release(event)
            then()
            self._writing -= 1
            self._look(lane)
            self._clock.ended()
            self._settle()

        self._writing += 1
        self._persist(change, written)

    def _persist(self, change: Retry | Remove, then: Callable[[], None]) -> None:
        def failed(error: Exception) -> None:
            log.warning("event %d: what became of it can't be written yet: %s", change.number, error)
            if not self._closed:
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._persist, change, then)

        self._events.write(change, then, failed)

    # --- what is worth knowing

    def _stop_loop(self, run: _Run) -> None:
        event = run.event
        run, _ = self._apply(run, Event.LOOP)
        self._metrics.add("RecursiveInvocationsDropped", event.scope, event.function, resource=_resource(event))
        self._report(loops.stopped(run.handling.function.arn, event.request_id))
        self._end(run, None)

    def _lost(self, run: _Run, ending: Ending) -> None:
        event, arn = run.event, run.handling.function.arn
        log.warning("event %s of %s dropped: no destination (%s)", event.request_id, arn, ending.condition.value)
        count = self._count(f"{arn} {ending.condition.value}")
        text = (
            f"dropped: no destination. {_times(count)} with {ending.condition.value}, the last one {event.request_id}."
        )
        hint = "A dead letter queue or a destination on failure keeps such events."
        self._report(Finding(f"event-dropped/{ending.condition.value}", arn, text, hint))

    def _gone(self, event: AsyncEvent) -> None:
        arn = f"arn:aws:lambda:{event.scope.region}:{event.scope.account}:function:{event.function}"
        resource = f"{arn}:{event.qualifier}" if event.qualifier else arn
        self._metrics.add("AsyncEventsDropped", event.scope, event.function, resource=_resource(event))
        count = self._count(f"{resource} gone")
        text = f"dropped: the function is gone. {_times(count)} waited for it, the last one {event.request_id}."
        self._report(Finding("event-dropped/function-gone", resource, text))
        log.warning("event %s of %s dropped: the function is gone", event.request_id, resource)

    def _count(self, what: str) -> int:
        self._dropped[what] = self._dropped.get(what, 0) + 1
        return self._dropped[what]

    # --- the end

    async def close(self, grace: float = CLOSE_SECONDS) -> None:
        """Start nothing more, give what runs `grace` seconds; what is left is on disk for the next start."""
        self._closed = True
        for lane in self._lanes.values():
            if lane.timer is not None:
                lane.timer.cancel()
        self._settle()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), grace)
        await self._events.close()

    def _settle(self) -> None:
        if self._closed and not self._running and not self._writing:
            self._quiet.set()


def _resource(event: AsyncEvent) -> str:
    return f"{event.function}:{event.qualifier}" if event.qualifier else ""


def _times(count: int) -> str:
    return "One event" if count == 1 else f"{count} events"
