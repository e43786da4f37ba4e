"""The buses of EventBridge, opened with the replays that were under way when the last server ended."""

import asyncio
import functools
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lambent.buses.api_destinations import ApiDestinations, Said
from lambent.buses.buses import AddPushes, Buses
from lambent.buses.calling import Call
from lambent.buses.forwarding import Forwarding
from lambent.buses.registry import Registry
from lambent.buses.replaying import Replays
from lambent.buses.retention import drop_later
from lambent.buses.timetable import Timetable
from lambent.events.sending import failure
from lambent.gateway.exchange import Here
from lambent.neighbour import web
from lambent.neighbour.outbox import Outbox
from lambent.observe.findings import Ledger
from lambent.outward import Reach
from lambent.server.base import Base, new_id
from lambent.server.execution_events import ExecutionEvents
from lambent.server.here import here
from lambent.services.events.env import EventsEnv
from lambent.services.events.service import SERVICE
from lambent.store.archives import Archives
from lambent.store.open import Store

ANSWER_SECONDS = 5.0
"""For an API destination: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html"""


@dataclass(frozen=True, slots=True)
class Rules:
    """EventBridge; `start` goes on with what is due and under way."""

    env: EventsEnv
    start: Callable[[], None]

    def service(self) -> dict[str, Here]:
        """What answers requests, if no other endpoint does."""
        return here(SERVICE, self.env)


def open_buses(
    stack: AsyncExitStack, store: Store, base: Base, findings: Ledger, outbox: Outbox, add: AddPushes, reach: Reach
) -> Rules:
    """`add` takes what rules send; `outbox` learns the way to buses and API destinations."""
    clock, spawn = base.clock, base.background.spawn
    registry, archives = Registry(store.resources, new_id, clock.wall), Archives(store.database)
    stack.push_async_callback(archives.close)
    buses = Buses(registry, archives, clock, add, new_id)
    replays = Replays(registry, archives, buses, clock, spawn)
    timetable = Timetable(clock, registry.find_rule, buses.fire, spawn)
    stack.callback(timetable.close)
    env = EventsEnv(
        registry, buses, archives, replays, timetable, clock.wall, new_id, findings.report, findings.withdraw
    )
    outbox.inner = {
        "event-bus": Forwarding(registry, buses, env.admit),
        "api-destination": ApiDestinations(registry, functools.partial(_ask, reach), clock.wall),
    }
    heard = functools.partial(failure, outbox, pause=asyncio.sleep)
    base.hatch.executions = ExecutionEvents(heard, findings.report).answer

    def start() -> None:
        timetable.start(registry.all_rules())
        replays.resume()
        drop_later(registry, archives, clock, spawn)

    return Rules(env, start)


async def _ask(reach: Reach, call: Call) -> Said:
    status, body = await web.ask(reach, call.method, call.url, call.headers, call.body, ANSWER_SECONDS)
    return Said(status, body)
