"""One asynchronous event from its turn to its end: carries out what `engine.async_event` decides."""

import asyncio
import functools
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from lambent.clock import Clock
from lambent.engine import async_event as engine
from lambent.engine.async_event import Deliver, Drop, Effect, Event, Progress, Target
from lambent.engine.invocation_record import Ending
from lambent.events.dropped import Dropped
from lambent.events.lanes import Lane
from lambent.events.turns import Pauses, Spawn
from lambent.model import lineage, loops
from lambent.model.async_event import AsyncEvent, Handling, Policy
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled
from lambent.model.scope import Scope
from lambent.model.trace import Accepted
from lambent.observe.metrics import Metrics
from lambent.store.events import Events, Remove, Retry

log = logging.getLogger(__name__)

Answer = Callable[[Outcome | Exception], None]
Submit = Callable[[FunctionVersion, Invocation, Answer], None]
Resolve = Callable[[Scope, str, str], Handling | None]
Send = Callable[[AsyncEvent, Handling, Ending, str, Sequence[Target]], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Run:
    """An event that is being looked after: with what settings (None when its function is gone), the trace header that
    it was given, and what its last run answered."""

    lane: Lane
    event: AsyncEvent
    handling: Handling | None
    progress: Progress
    entered: lineage.Entered | None = None
    began: float = 0.0
    """Real monotonic seconds."""
    outcome: Outcome | None = None


class Runs:
    """`submit` runs an invocation and raises Throttled; `resolve` answers how a function's events are handled now, None
    when it is gone; `send` sends what is known of an event that has ended, never raises, and answers whether all of it
    arrived; `look` is told of lanes in which something changed, `freed` of a place that is free."""

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
        look: Callable[[Lane], None],
        freed: Callable[[], None],
        pauses: Pauses,
    ) -> None:
        self._events = events
        self._clock = clock
        self._submit = submit
        self._resolve = resolve
        self._send = send
        self._spawn = spawn
        self._report = report
        self._metrics = metrics
        self._look = look
        self._freed = freed
        self._pauses = pauses
        self._dropped = Dropped(report)
        self._under_way: dict[int, Run] = {}
        """By the number of its event: who is not in here has no end that counts."""
        self._writing = 0
        self._closed = False
        self.quiet = asyncio.Event()
        """Set when nothing is under way after `close`."""

    @property
    def count(self) -> int:
        """How many invocations are under way."""
        return len(self._under_way)

    def start(self, lane: Lane) -> None:
        """Take the first event of `lane`."""
        event = lane.ready.popleft()
        lane.expires = math.inf
        try:
            handling = self._resolve(event.scope, event.function, event.qualifier)
        except Exception:
            log.exception("event %s of %s can't be looked after now", event.request_id, event.function)
            lane.ready.appendleft(event)
            lane.blocked = self._clock.wall() + self._pauses.retry
            return
        attempts = replace(event.attempts, waits=max(event.attempts.waits, lane.waits))
        run = Run(lane, event, handling, Progress(attempts))
        self._clock.began()
        if handling is None:
            self._happened(run, Event.GONE)
        else:
            entered = lineage.advance(event.trace_id, handling.function.arn)
            self._happened(replace(run, entered=entered), Event.START)

    def close(self) -> None:
        """Nothing more is started; `quiet` tells when what is under way has ended."""
        self._closed = True
        self._settle()

    def _happened(self, run: Run, happening: Event) -> None:
        policy = run.handling.policy if run.handling else Policy()
        progress, effects = engine.apply(run.progress, happening, self._clock.wall(), policy)
        run = replace(run, progress=progress)
        for effect in effects:
            if isinstance(effect, Effect):
                EFFECTS[effect](self, run)
            elif isinstance(effect, Drop):
                self._drop(run, effect)
            else:
                self._spawn(self._deliver(run, effect))

    # --- its run

    def _invoke(self, run: Run) -> None:
        event, handling, entered = run.event, run.handling, run.entered
        assert handling is not None and entered is not None
        if entered.rounds >= lineage.ROUNDS and handling.stops_loops:
            self._metrics.add("RecursiveInvocationsDropped", event.scope, event.function, resource=resource(event))
            self._report(loops.stopped(handling.function.arn, event.request_id))
            self._happened(run, Event.LOOP)
        elif not handling.ready:
            self._happened(run, Event.BREAK)
        else:
            if entered.is_unseen_loop and handling.stops_loops:
                self._report(loops.unseen(handling.function.arn, event.trace_id))
            self._run(run, handling, entered.header)

    def _run(self, run: Run, handling: Handling, trace_id: str) -> None:
        event = run.event
        run = replace(run, began=time.monotonic())
        self._under_way[event.number] = run
        run.lane.running += 1
        accepted = Accepted(event.attempts.accepted, run.progress.attempts.invocations + 1)
        asked = (event.request_id, event.payload, handling.arn, trace_id, event.client_context)
        invocation = Invocation(*asked, accepted=accepted)
        try:
            self._submit(handling.function, invocation, functools.partial(self._answered, run))
        except Throttled:
            if self._over(run):
                self._throttled(run, handling)
            return
        except Exception:
            log.exception("event %s of %s could not be started", event.request_id, handling.arn)
            if self._over(run):
                self._happened(run, Event.BREAK)
            return
        age = (self._clock.wall() - event.attempts.accepted) * 1000
        self._metrics.add("AsyncEventAge", event.scope, event.function, max(age, 0.0), resource(event))

    def _over(self, run: Run) -> bool:
        """Whether `run` was under way; it is not any more. Each run ends once, whatever is said of it."""
        if self._under_way.get(run.event.number) is not run:
            return False
        del self._under_way[run.event.number]
        run.lane.running -= 1
        return True

    def _throttled(self, run: Run, handling: Handling) -> None:
        lane = run.lane
        if handling.disabled:
            self._happened(run, Event.DISABLED)
        elif lane.running:
            # Its place is taken by others of the same function: it waits for one of them, and costs nobody a back-off.
            lane.limit = lane.running
            lane.expires = engine.expiry(run.event.attempts, handling.policy)
            lane.ready.appendleft(run.event)
            self._clock.ended()
        else:
            self._happened(run, Event.THROTTLE)

    def _answered(self, run: Run, outcome: Outcome | Exception) -> None:
        if not self._over(run):
            log.error("event %s of %s ended twice: %r", run.event.request_id, run.event.function, outcome)
            return
        lane = run.lane
        if isinstance(outcome, Exception):
            log.error("event %s of %s was not run", run.event.request_id, run.event.function, exc_info=outcome)
            self._happened(run, Event.BREAK)
        else:
            lane.waits = 0
            lane.ran(time.monotonic() - run.began)
            self._happened(replace(run, outcome=outcome), Event.ERROR if outcome.error is not None else Event.SUCCESS)
        self._look(lane)
        self._freed()
        self._settle()

    # --- what becomes of it

    def _block(self, run: Run) -> None:
        attempts = run.progress.attempts
        run.lane.waits = attempts.waits
        run.lane.blocked = attempts.due

    def _keep(self, run: Run) -> None:
        """It is tried again when its time has come."""
        lane, attempts = run.lane, run.progress.attempts

        def then() -> None:
            lane.following = min(lane.following, attempts.due)

        self._write(run, Retry(run.event.number, attempts), then)

    def _remove(self, run: Run) -> None:
        self._write(run, Remove(run.event))

    def _drop(self, run: Run, effect: Drop) -> None:
        event = run.event
        self._metrics.add("AsyncEventsDropped", event.scope, event.function, resource=resource(event))
        if effect.condition is None or run.handling is None:
            self._dropped.gone(event)
        elif effect.lost:
            self._dropped.lost(event, run.handling.function.arn, effect.condition)

    async def _deliver(self, run: Run, effect: Deliver) -> None:
        handling, condition = run.handling, run.progress.condition
        assert handling is not None and run.entered is not None and condition is not None
        ending = Ending(condition, run.progress.attempts.invocations, run.outcome, handling.function.version)
        delivered = await self._send(run.event, handling, ending, run.entered.header, effect.targets)
        if self._closed and not delivered:
            return  # who was to take it may be closed, too: the next start sends it
        self._happened(run, Event.DELIVERED)

    def _write(self, run: Run, change: Retry | Remove, then: Callable[[], None] = lambda: None) -> None:
        """Write what became of the event; until that is on disk it is neither read nor run again."""

        def written() -> None:
            run.lane.release(run.event)
            then()
            self._writing -= 1
            self._look(run.lane)
            self._clock.ended()
            self._settle()

        self._writing += 1
        self._persist(change, written)

    def _persist(self, change: Retry | Remove, then: Callable[[], None]) -> None:
        def failed(error: Exception) -> None:
            log.warning("event %d: what became of it can't be written yet: %s", change.number, error)
            if not self._closed:
                asyncio.get_running_loop().call_later(self._pauses.retry, self._persist, change, then)

        self._events.write(change, then, failed)

    def _settle(self) -> None:
        if self._closed and not self._under_way and not self._writing:
            self.quiet.set()


EFFECTS: dict[Effect, Callable[[Runs, Run], None]] = {
    Effect.INVOKE: Runs._invoke,
    Effect.BLOCK: Runs._block,
    Effect.KEEP: Runs._keep,
    Effect.REMOVE: Runs._remove,
}


def resource(event: AsyncEvent) -> str:
    """The dimension Resource of an event's metrics."""
    return f"{event.function}:{event.qualifier}" if event.qualifier else ""
