"""Metrics and alarms: what measures, what keeps, what answers CloudWatch's API."""

import asyncio
import functools
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

import botocore.session

from lambent.clock import Clock
from lambent.engine.statistics import Bucket
from lambent.events.sending import failure
from lambent.gateway.exchange import Here
from lambent.model.delivery import Delivery
from lambent.model.finding import Finding
from lambent.model.metric import Sample, Stream
from lambent.model.scope import Scope
from lambent.neighbour.outbox import Outbox
from lambent.observe.errors import NotKept
from lambent.observe.extraction import Extraction
from lambent.observe.metrics import Metrics
from lambent.observe.series import SeriesStore
from lambent.permissions.gate import Gate
from lambent.server import permissions
from lambent.server.base import REAL, Base, new_id
from lambent.server.here import here
from lambent.services.cloudwatch.alarms import transitions
from lambent.services.cloudwatch.alarms.evaluating import Evaluator
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.services.cloudwatch.service import SERVICE
from lambent.services.logs.metric_filters import Compiled
from lambent.services.sqs.env import SqsEnv
from lambent.settings import Settings
from lambent.store.open import Store

ROLL_SECONDS, MINUTE_SECONDS = 3600.0, 60.0
AT_ONCE = 1_000
"""Samples that are added before anybody else has a turn."""
OWN_BUS = "arn:aws:events:"
"""A bus that AWS's own events come to without anybody's leave."""


def measuring(base: Base) -> Metrics:
    """What measures functions, on the way to the series."""
    metrics = Metrics(base.clock.wall, take=functools.partial(_take, base.series))
    metrics.wake, base.series.drain = base.series.wake, metrics.drain
    return metrics


def _take(series: SeriesStore, streams: tuple[Stream, ...], at: float, values: Bucket) -> None:
    for stream in streams:
        series.add_set(stream, at, values)


def open_cloudwatch(
    stack: AsyncExitStack, settings: Settings, store: Store, base: Base, outbox: Outbox, gate: Gate
) -> dict[str, Here]:
    """CloudWatch, unless another endpoint answers it."""
    stack.callback(Every(base.clock, ROLL_SECONDS, lambda: _under_way(base, _roll(base.series))).close)
    if "cloudwatch" in settings.endpoints:
        return {}

    async def deliver(sender: str, message: Delivery) -> str | None:
        account, target = message.scope.account, message.target
        refused = ""
        if not target.startswith(OWN_BUS):
            owner = {"aws:sourceowner": account}  # what the policy asks for that every topic has at first
            refused = await permissions.may_send(gate, sender, message.arn, account, target, owner)
        return refused or await failure(outbox, message, asyncio.sleep)

    spawn = functools.partial(_under_way, base)
    ports = CloudWatchEnv(
        base.series, store.resources, base.clock.wall, new_id, _region_name, deliver, spawn, base.logs.flush
    )
    stack.callback(Evaluator(ports, base.clock).close)
    transitions.resume(ports)
    return here(SERVICE, ports)


def metric_filters(store: Store, base: Base, report: Callable[[Finding], None]) -> Compiled:
    """The metric filters; with what is in the embedded metric format they are read out of what is logged."""
    filters, loop = Compiled(store.resources), asyncio.get_running_loop()

    def add(samples: Sequence[Sample]) -> None:
        for at in range(0, len(samples), AT_ONCE):
            loop.call_soon_threadsafe(base.series.add_samples, samples[at : at + AT_ONCE])

    def tell(finding: Finding) -> None:
        loop.call_soon_threadsafe(report, finding)

    extraction = Extraction(filters.of, add, tell, base.clock.wall, real=REAL.wall)

    def hear(scope: Scope, group: str, _stream: str, events: Sequence[tuple[int, str]]) -> None:
        base.logs.later(functools.partial(extraction.take, scope, group, events))

    base.logs.hears.append(hear)
    return filters


class Every:
    """Calls `do` each so many seconds of the platform's clock, until it is closed."""

    def __init__(self, clock: Clock, seconds: float, do: Callable[[], None]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._do = do
        self._due = clock.monotonic() + seconds
        self._timer = clock.call_at(self._due, self._again)

    def close(self) -> None:
        """No more."""
        self._timer.cancel()

    def _again(self) -> None:
        self._due += self._seconds
        self._timer = self._clock.call_at(self._due, self._again)
        self._do()


def measure_queues(stack: AsyncExitStack, base: Base, sqs: SqsEnv) -> None:
    """What is done with queues, and once a minute what is in them."""
    sqs.messages.tally.measure = base.measure

    def minute() -> None:
        for queue in sqs.registry:
            sqs.messages.take_stock(queue)

    stack.callback(Every(base.clock, MINUTE_SECONDS, minute).close)


async def _roll(series: SeriesStore) -> None:
    """Old periods become parts of longer ones."""
    try:
        await series.roll()
    except NotKept:
        return  # the disk takes nothing: writing says so, and the next hour does it


def _under_way(base: Base, work: Coroutine[Any, Any, None]) -> None:
    """Work that a clock moved by hand waits for."""

    async def awaited() -> None:
        try:
            await work
        finally:
            base.clock.ended()

    base.clock.began()
    base.background.spawn(awaited())


@functools.cache
def _region_name(region: str) -> str:
    """What AWS calls a region in its messages."""
    endpoints = botocore.session.get_session().get_data("endpoints")
    for partition in endpoints["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region
