"""Whose turn it is: which function's events are brought into memory, and which one is started next.

Every function may have one event running whatever the others do, and beyond that all share `AT_ONCE` places, taken in
turn. What is not in memory waits on disk until it is due.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from lambent.clock import Clock
from lambent.events.lanes import AT_ONCE, EARLY, WINDOW, WINDOW_BYTES, Lane
from lambent.events.turn_taking import TurnTaking
from lambent.model.scope import Scope
from lambent.store.events import Events

log = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Pauses(NamedTuple):
    """Real seconds: until what failed (a read, a write) is tried again, and without an end after which twice as many
    events of a function may run at once: they take their time."""

    retry: float = 1.0
    stall: float = 0.2


PAUSES = Pauses()


class Turns:
    """The lanes of all functions that have events. `start` takes the next event of a lane, `busy` answers how many run
    in all."""

    def __init__(
        self,
        events: Events,
        clock: Clock,
        spawn: Spawn,
        start: Callable[[Lane], None],
        busy: Callable[[], int],
        pauses: Pauses,
    ) -> None:
        self._events = events
        self._clock = clock
        self._spawn = spawn
        self._pauses = pauses
        self._lanes: dict[tuple[Scope, str], Lane] = {}
        self._taking = TurnTaking(clock, self.look, start, lambda lane: busy() >= AT_ONCE and lane.running > 0)
        self._closed = False

    def lane(self, scope: Scope, function: str) -> Lane:
        """The lane of a function; a new one if it has none."""
        lane = self._lanes.get((scope, function))
        if lane is None:
            lane = self._lanes[(scope, function)] = Lane(scope, function)
        return lane

    def look(self, lane: Lane) -> None:
        """Something has changed in `lane`: start, read, wait or forget."""
        if self._closed:
            return
        now = self._clock.wall()
        if lane.should_read(now):
            lane.reading = True
            self._spawn(self._read(lane))
        if lane.may_start(now):
            self._taking.enable(lane)
        else:
            self._taking.disable(lane)
            if lane.stalled and not lane.watched:
                lane.watched = True
                asyncio.get_running_loop().call_later(self._pauses.stall, self._widen, lane, lane.ended)
        if lane.empty:
            self._forget(lane)
        else:
            self._taking.arm(lane, now)

    def start_soon(self) -> None:
        """A place may be free: start what can start."""
        self._taking.start_soon()

    def close(self) -> None:
        """Start and read nothing more."""
        self._closed = True
        self._taking.close()
        for lane in self._lanes.values():
            self._taking.disarm(lane)

    def _widen(self, lane: Lane, ended: int) -> None:
        lane.watched = False
        if lane.stalled and lane.ended == ended:
            lane.limit = min(lane.limit * 2, AT_ONCE)
        self.look(lane)

    def _forget(self, lane: Lane) -> None:
        self._taking.disarm(lane)
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
            await asyncio.sleep(self._pauses.retry)
        finally:
            lane.reading = False
            self.look(lane)
            self._clock.ended()
