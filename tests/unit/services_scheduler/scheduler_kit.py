"""EventBridge Scheduler as boto3 sees it, with what fires on a clock that is moved by hand. No sockets."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lambent.clock import ManualClock
from lambent.events.schedules import Fired, Schedules
from lambent.model.scope import Scope
from lambent.neighbour import api_calls
from lambent.observe.findings import Ledger
from lambent.services.scheduler.env import SchedulerEnv
from lambent.services.scheduler.operations import OPERATIONS
from lambent.store.errors import StoreError
from lambent.store.open import Store, open_store
from tests.unit import rest_json
from tests.unit.rest_json import Refused

HERE = Scope("111111111111", "eu-west-1")
START = datetime(2026, 3, 1, 8, 0, 0, tzinfo=UTC)
ROLE = "arn:aws:iam::111111111111:role/scheduler"
QUEUE = "arn:aws:sqs:eu-west-1:111111111111:q"
OFF = {"Mode": "OFF"}


class Scheduler:
    """Calls operations by name; `fired` is what has been handed on: (name, when it was scheduled, when it fired)."""

    def __init__(self, store: Store, now: datetime = START) -> None:
        self.store, self.clock, self.findings = store, ManualClock(now.timestamp()), Ledger()
        self.fired: list[tuple[str, datetime, datetime]] = []
        self.broken = 0
        self._tasks: set[asyncio.Task[None]] = set()
        numbers = itertools.count()
        self.timetable = Schedules(
            store.resources,
            self.clock,
            self._hand_on,
            lambda: f"revision-{now.timestamp()}-{next(numbers)}",
            self._spawn,
            self.findings.report,
        )
        self.env = SchedulerEnv(
            store.resources,
            self.clock.wall,
            lambda: f"revision-{now.timestamp()}-{next(numbers)}",
            _missing,
            self.timetable,
            self._unassumable,
        )
        self.timetable.start()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _hand_on(self, fired: Sequence[Fired]) -> None:
        await asyncio.sleep(0)
        if self.broken:
            self.broken -= 1
            raise StoreError("the disk is full")
        now = datetime.fromtimestamp(self.clock.wall(), UTC)
        self.fired += [(one.schedule.name, one.firing.scheduled, now) for one in fired]

    async def _unassumable(self, role: str, scope: Scope, _group: str) -> str:
        assert scope.region
        return "" if role == ROLE else "no trust"

    async def call(self, operation: str, scope: Scope = HERE, /, **params: Any) -> dict[str, Any]:
        return await rest_json.call("scheduler", OPERATIONS, self.env, operation, params, scope)

    async def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        try:
            await self.call(operation, **params)
        except Refused as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused")

    async def create(self, name: str = "s", expression: str = "rate(5 minutes)", **more: Any) -> str:
        return str((await self.call("CreateSchedule", **asked(name, expression, **more)))["ScheduleArn"])

    async def advance(self, **of: float) -> None:
        seconds = of.get("seconds", 0.0) + 60 * of.get("minutes", 0.0) + 3_600 * of.get("hours", 0.0)
        assert await self.clock.advance(seconds) == 0

    def minutes(self, name: str = "s") -> list[str]:
        """When a schedule has fired, on UTC's clock."""
        return [scheduled.strftime("%H:%M") for one, scheduled, _ in self.fired if one == name]


async def _missing(service: str, operation: str, text: str) -> str:
    return api_calls.missing(service, operation, text)


def asked(name: str = "s", expression: str = "rate(5 minutes)", **more: Any) -> dict[str, Any]:
    """The parameters of a schedule; those of its target are given with small letters."""
    target = {"Arn": QUEUE, "RoleArn": ROLE} | more.pop("target", {})
    given = {"Name": name, "ScheduleExpression": expression, "FlexibleTimeWindow": OFF, "Target": target}
    return given | more


def scheduler(folder: Path, work: Callable[[Scheduler], Awaitable[Any]], now: datetime = START) -> Any:
    """Run `work` with a scheduler on a data folder: twice on the same one is a restart."""

    async def run() -> Any:
        store = await open_store(folder)
        one = Scheduler(store, now)
        try:
            return await work(one)
        finally:
            one.timetable.close()
            await store.close()

    return asyncio.run(run())
