"""EventBridge Scheduler: its operations, and what fires its schedules."""

import asyncio
import functools
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lambent.engine.scheduled_call import push_of
from lambent.events.pushes import AddPushes
from lambent.events.schedules import Fired, Schedules
from lambent.gateway.exchange import Here
from lambent.neighbour import api_calls
from lambent.observe.findings import Ledger
from lambent.permissions.assuming import may_assume
from lambent.permissions.gate import Gate
from lambent.server.base import Base, new_id
from lambent.server.here import here
from lambent.services.scheduler.env import SchedulerEnv
from lambent.services.scheduler.service import SERVICE
from lambent.store.open import Store


@dataclass(frozen=True, slots=True)
class OpenSchedules:
    """All schedules; nothing fires before `start`."""

    env: SchedulerEnv
    timetable: Schedules

    def service(self) -> dict[str, Here]:
        """The service."""
        return here(SERVICE, self.env)

    def start(self, stack: AsyncExitStack) -> None:
        """Fire from now on, until `stack` closes."""
        self.timetable.start()
        stack.callback(self.timetable.close)


def open_schedules(store: Store, base: Base, findings: Ledger, add: AddPushes, gate: Gate) -> OpenSchedules:
    """What has fired is handed to `add`."""
    hand_on = functools.partial(_hand_on, add)
    timetable = Schedules(store.resources, base.clock, hand_on, new_id, base.background.spawn, findings.report)
    wall = base.clock.wall
    unassumable = functools.partial(may_assume, gate, findings.report, wall, "scheduler.amazonaws.com")
    env = SchedulerEnv(store.resources, wall, new_id, _missing, timetable, unassumable)
    return OpenSchedules(env, timetable)


async def _hand_on(add: AddPushes, fired: Sequence[Fired]) -> None:
    await add(
        [
            push_of(one.schedule.scope, one.arn, one.schedule.document, one.firing.scheduled, secrets.token_hex(8))
            for one in fired
        ]
    )


async def _missing(service: str, operation: str, text: str) -> str:
    """In a thread: a model may be large."""
    return await asyncio.to_thread(api_calls.missing, service, operation, text)
