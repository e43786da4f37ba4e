"""Fires the schedules of EventBridge Scheduler: what is due is handed on, in order, once it is written down.

Due times wait in a heap, which is made of the stored schedules at the start. How far all of them have been carried out
is written down after each moment, behind what was handed on: neither waits for the disk, since a power cut that undoes
the one undoes the other, and the schedules that fire again are there. What was due while no server ran is made up for
once (the last time that was missed), as long as it is younger than the retry policy of its target lets an event be.
After a crash in the midst of a moment that moment is carried out again.
"""

import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from lambent.clock import Clock, Handle
from lambent.engine.firing import MARK, SCHEDULE, Firing, Plan, plan_of
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.store.errors import RecordChanged, StoreError
from lambent.store.resources import Key, Resource, Resources

log = logging.getLogger(__name__)

NEVER, MISSED = "never-due/scheduler", "missed/scheduler"
"""Codes of findings."""
AT_ONCE = 1_000
"""Firings that are handed on together."""
AGAIN = 5.0
"""Seconds before what could not be written is tried again."""
NOTHING = datetime.fromtimestamp(0.0, UTC)
"""Until when all has been carried out, of what is new."""
EARLY = timedelta(milliseconds=1)
"""How early a timer may be."""
LATE = 300.0
"""Real seconds: a server that is later than that was asleep, and makes up for the last time only."""


class Fired(NamedTuple):
    """A schedule has fired."""

    schedule: Resource
    firing: Firing

    @property
    def arn(self) -> str:
        """The schedule's."""
        return _arn(self.schedule)


class Waiting(NamedTuple):
    """An entry of the heap; one whose number is not the schedule's any more is void."""

    at: datetime
    number: int
    key: Key
    firing: Firing


HandOn = Callable[[Sequence[Fired]], Awaitable[None]]
"""Comes back when what has fired is written (lightly, as `Database.run` has it). Raises StoreError."""


class Schedules:
    """`hand_on` gets what has fired."""

    def __init__(
        self,
        resources: Resources,
        clock: Clock,
        hand_on: HandOn,
        new_id: Callable[[], str],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        report: Callable[[Finding], None],
    ) -> None:
        self._resources = resources
        self._clock = clock
        self._hand_on = hand_on
        self._new_id = new_id
        self._spawn = spawn
        self._report = report
        self._heap: list[Waiting] = []
        self._numbers = itertools.count()
        self._current: dict[Key, tuple[int, Plan]] = {}
        self._expected: list[float] = []
        self._timer: Handle | None = None
        self._working = False
        self._closed = False

    def start(self) -> None:
        """Take in everything that is stored."""
        mark = self._resources.get(MARK, Scope(), "", "")
        done = datetime.fromtimestamp(mark.document["until"] if mark else 0.0, UTC)
        now = self._now()
        for schedule in self._resources:
            if schedule.kind == SCHEDULE:
                self._enter(schedule, done, now)
        self._set_timer()

    def close(self) -> None:
        """Fire nothing more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    @contextmanager
    def expecting(self, schedule: Resource) -> Iterator[None]:
        """A schedule is being written: before it is taken, nothing from its first time on counts as done."""
        firing = plan_of(_arn(schedule), schedule.document).first(NOTHING)
        moments = [firing.at.timestamp()] if firing is not None else []
        self._expected += moments
        try:
            yield
        finally:
            for moment in moments:
                self._expected.remove(moment)

    def take(self, schedule: Resource) -> None:
        """A schedule is new or has changed: what it was due for before is void."""
        self._enter(schedule, NOTHING, None)
        self._set_timer()

    def drop(self, schedule: Resource) -> None:
        """One is gone."""
        self._current.pop(schedule.key, None)

    def _enter(self, schedule: Resource, done: datetime, now: datetime | None) -> None:
        """`now` makes up for the last time that was missed by then."""
        self._current.pop(schedule.key, None)
        if schedule.document["State"] != "ENABLED":
            return
        plan = plan_of(_arn(schedule), schedule.document)
        firing = plan.first(done)
        if firing is not None and now is not None and firing.at <= now:
            firing = plan.last_missed(firing, now)
            if self._too_old(schedule, firing, now):
                firing = plan.following(firing)
        elif firing is None and now is None:
            text = "It is never due: all its times are past. It is stored, and fires no more."
            self._report(Finding(NEVER, _arn(schedule), text))
        self._push(schedule.key, plan, firing)

    def _too_old(self, schedule: Resource, firing: Firing, now: datetime) -> bool:
        """Whether AWS would have given up on it by now; which is said."""
        longest = schedule.document["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"]
        if (now - firing.at).total_seconds() <= longest:
            return False
        text = (
            f"It was due at {firing.scheduled.isoformat()}, while no server ran; that is too long ago to make up for."
        )
        log.warning("%s: %s", _arn(schedule), text)
        self._report(Finding(MISSED, _arn(schedule), text))
        return True

    def _push(self, key: Key, plan: Plan, firing: Firing | None) -> None:
        if firing is None:
            self._current.pop(key, None)
            return
        number = next(self._numbers)
        self._current[key] = (number, plan)
        heapq.heappush(self._heap, Waiting(firing.at, number, key, firing))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), UTC)

    def _set_timer(self) -> None:
        """Wake up for the next entry."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._heap and self._current.get(self._heap[0].key, (-1,))[0] != self._heap[0].number:
            heapq.heappop(self._heap)
        if self._working or self._closed or not self._heap:
            return
        self._wake_at(self._heap[0].at.timestamp() - self._clock.wall())

    def _wake_at(self, seconds: float) -> None:
        self._timer = self._clock.call_at(self._clock.monotonic() + max(seconds, 0.0), self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._working or self._closed:
            return
        self._working = True
        self._clock.began()
        self._spawn(self._work())

    async def _work(self) -> None:
        """Everything that is due."""
        pause = 0.0
        try:
            while not pause and (due := self._due()):
                pause = await self._fire(due)
        finally:
            self._working = False
            self._clock.ended()
            self._set_timer()
        if pause and self._timer is not None:
            self._timer.cancel()
            self._wake_at(pause)

    def _due(self) -> list[Waiting]:
        """The next entries, in order, each still the schedule's own."""
        until = self._now() + EARLY
        found: list[Waiting] = []
        while self._heap and self._heap[0].at <= until and len(found) < AT_ONCE:
            entry = heapq.heappop(self._heap)
            if self._current.get(entry.key, (-1,))[0] == entry.number:
                found.append(entry)
        return found

    async def _fire(self, due: Sequence[Waiting]) -> float:
        """Hand a moment on, then write down that it is done; answers the seconds after which to try again, or 0."""
        now = self._now()
        fired = [fired for entry in due if (fired := self._fired(entry, now)) is not None]
        try:
            await self._hand_on(fired)
        except StoreError as error:
            log.error("what schedules have fired can't be written, and is tried again: %s", error)
            for entry in due:
                heapq.heappush(self._heap, entry)
            return AGAIN
        over = [one.schedule for one, entry in zip(fired, due, strict=True) if self._is_over(one, entry)]
        try:
            await self._done(now, over)
        except StoreError as error:
            log.error("how far schedules are can't be written; after a crash they fire again: %s", error)
        return 0.0

    def _fired(self, entry: Waiting, now: datetime) -> Fired:
        schedule, (_, plan) = self._resources.get(*entry.key), self._current[entry.key]
        assert schedule is not None  # who drops one says so
        late = (now - entry.firing.at).total_seconds() > LATE * self._clock.scale
        return Fired(schedule, plan.last_missed(entry.firing, now) if late else entry.firing)

    def _is_over(self, fired: Fired, entry: Waiting) -> bool:
        """Whether that was its last time; if not, the next one waits."""
        number, plan = self._current.get(entry.key, (-1, None))
        if plan is None or number != entry.number:  # it has changed meanwhile
            return False
        following = plan.following(fired.firing)
        self._push(entry.key, plan, following)
        return following is None

    async def _done(self, now: datetime, over: Sequence[Resource]) -> None:
        """Everything until then is carried out, but what still waits; what is over is deleted if it says so."""
        waiting = [self._heap[0].at.timestamp()] if self._heap else []
        until = min([now.timestamp(), *(moment - 1e-6 for moment in (*waiting, *self._expected))])
        gone = [one for one in over if one.document["ActionAfterCompletion"] == "DELETE"]
        current = [one for one in gone if self._resources.get(*one.key) is one]
        mark = Resource(MARK, Scope(), "", "", self._new_id(), {"until": until})
        before = self._resources.get(*mark.key)
        try:
            if before is None:
                await self._resources.write([mark], deletes=current, light=True)
            else:
                await self._resources.write(replaces=[(before, mark)], deletes=current, light=True)
        except RecordChanged:  # one of them was changed meanwhile, and goes on
            await self._resources.put(mark)
            for one in current:
                with suppress(RecordChanged):
                    await self._resources.delete(one)


def _arn(schedule: Resource) -> str:
    scope = schedule.scope
    return f"arn:aws:scheduler:{scope.region}:{scope.account}:schedule/{schedule.parent}/{schedule.name}"
