"""When rules with a schedule fire: rates and cron expressions in UTC, on the platform's clock.

A rate counts from when the rule was made, changed or enabled. What fell due while no server ran is not made up for: the
next time is the next one from now on.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

from lambent.buses.registry import Rule
from lambent.clock import Clock, Handle
from lambent.engine import schedule
from lambent.model.scope import Scope

log = logging.getLogger(__name__)

LONGEST = 3_600.0
"""Seconds until it looks again at the latest: the machine's wall clock may be set."""
Key = tuple[Scope, str, str]


class Timetable:
    """The next time of every rule. `fire` is called with a rule and the time that it was due at."""

    def __init__(
        self,
        clock: Clock,
        find: Callable[[Scope, str, str], Rule | None],
        fire: Callable[[Rule, float], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._clock = clock
        self._find = find
        self._fire = fire
        self._spawn = spawn
        self._heap: list[tuple[float, int, Key]] = []
        self._current: dict[Key, int] = {}
        self._numbers = itertools.count()
        self._timer: Handle | None = None

    def start(self, rules: Iterable[Rule]) -> None:
        """Go by the schedules of all rules."""
        for rule in rules:
            self._plan(rule.scope, rule.bus, rule.name)
        self._arm()

    def changed(self, scope: Scope, bus: str, name: str) -> None:
        """A rule was made, changed, or deleted."""
        self._plan(scope, bus, name)
        self._arm()

    def close(self) -> None:
        """Fire nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def _plan(self, scope: Scope, bus: str, name: str) -> None:
        key, rule = (scope, bus, name), self._find(scope, bus, name)
        self._current.pop(key, None)
        if rule is None or not rule.enabled or not rule.schedule:
            return
        due = following(rule, self._clock.wall())
        if due is not None:
            number = self._current[key] = next(self._numbers)
            heapq.heappush(self._heap, (due, number, key))

    def _arm(self) -> None:
        self.close()
        while self._heap and self._current.get(self._heap[0][2]) != self._heap[0][1]:
            heapq.heappop(self._heap)
        if self._heap:
            pause = min(self._heap[0][0] - self._clock.wall(), LONGEST)
            self._timer = self._clock.call_at(self._clock.monotonic() + pause, self._ring)

    def _ring(self) -> None:
        """Fire what is due."""
        now = self._clock.wall() + 0.002  # timers may be early by the event loop's millisecond
        while self._heap and self._heap[0][0] <= now:
            due, number, key = heapq.heappop(self._heap)
            if self._current.get(key) == number:
                self._begin(key, due)
        self._arm()

    def _begin(self, key: Key, due: float) -> None:
        rule = self._find(*key)
        if rule is not None and rule.enabled:
            self._clock.began()
            self._spawn(self._carry_out(rule, due))
        self._current.pop(key, None)
        if rule is not None and rule.enabled and rule.schedule:
            after = following(rule, max(due, self._clock.wall()))
            if after is not None:
                number = self._current[key] = next(self._numbers)
                heapq.heappush(self._heap, (after, number, key))

    async def _carry_out(self, rule: Rule, due: float) -> None:
        try:
            await self._fire(rule, due)
        finally:
            self._clock.ended()


def following(rule: Rule, after: float) -> float | None:
    """The next time of a rule behind `after` (seconds since 1970), None when there is none."""
    found = schedule.next_after(
        schedule.parse(rule.schedule), _moment(after), start=_moment(float(rule.document["since"])), zone=UTC
    )
    return None if found is None else found.timestamp()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
