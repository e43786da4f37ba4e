"""Health checks of target groups: a function is really invoked for each, at its interval on the platform's clock.

Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html (off unless enabled;
what is sent) and …/target-group-health-checks.html. A group whose only target is unhealthy is asked all the same: "if a
target group contains only unhealthy registered targets, the load balancer routes requests to all those targets".
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.clock import Clock
from lambent.engine import target_health
from lambent.engine.target_health import Failure, Health
from lambent.http_events import alb
from lambent.http_events.alb import HealthCheck, TargetGroup
from lambent.http_events.payload_v2 import Malformed
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.invocation import Outcome, RestoreFailed, Throttled
from lambent.model.scope import Scope
from lambent.services.waiting import within
from lambent.wire.fault import Fault

SERVICE = "elasticloadbalancing.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Checked:
    """One function of one target group, and how it is checked."""

    scope: Scope
    group: TargetGroup
    check: HealthCheck


class HealthChecks:
    """All of them. `call` runs a function for a door."""

    def __init__(
        self,
        clock: Clock,
        call: Callable[[Door, Call], Awaitable[Outcome]],
        spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"],
        new_id: Callable[[], str],
    ) -> None:
        self._clock = clock
        self._call = call
        self._spawn = spawn
        self._new_id = new_id
        self._running: dict[Checked, asyncio.Task[None]] = {}
        self._found: dict[tuple[str, str], Health] = {}

    def watch(self, scope: Scope, used: Mapping[str, TargetGroup]) -> None:
        """From now on these target groups of a scope have listeners: those with checks are checked, no others."""
        groups = [group for group in used.values() if group.check is not None and group.function]
        wanted = {Checked(scope, group, group.check) for group in groups if group.check is not None}
        for gone in [one for one in self._running if one.scope == scope and one not in wanted]:
            self._running.pop(gone).cancel()
        kept = {(one.group.arn, one.group.function) for one in (*self._running, *wanted)}
        self._found = {key: health for key, health in self._found.items() if key in kept}
        for one in wanted - self._running.keys():
            self._running[one] = self._spawn(self._run(one))

    def health(self, group: str, function: str) -> Health:
        """What is known of a function that is checked."""
        return self._found.get((group, function), target_health.REGISTERING)

    def close(self) -> None:
        """Nothing is checked any more."""
        for task in self._running.values():
            task.cancel()
        self._running.clear()

    async def _run(self, one: Checked) -> None:
        while True:
            due = self._clock.monotonic() + one.check.interval
            self._clock.began()
            try:
                failure = await self._failure(one)
            finally:
                self._clock.ended()
            key = one.group.arn, one.group.function
            self._found[key] = target_health.after(self.health(*key), failure, one.check.passes, one.check.failures)
            await self._clock.sleep(max(due - self._clock.monotonic(), 0.0))

    async def _failure(self, one: Checked) -> Failure | None:
        """What one check finds wrong."""
        door = Door(SERVICE, one.group.arn, one.scope.account, one.scope.region)
        call = Call(one.group.function, alb.health_event(one.group, one.check.path), self._new_id())
        try:
            outcome = await within(self._clock, one.check.timeout, self._call(door, call))
            status = 502 if outcome.error is not None else alb.reply(outcome.payload, one.group).status
        except TimeoutError:
            return target_health.TIMED_OUT
        except (NotPermitted, Malformed, Fault, Throttled, RestoreFailed):
            return target_health.FAILED
        return None if alb.is_wanted(status, one.check.codes) else target_health.mismatch(status)
