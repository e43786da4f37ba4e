"""What reads the sources of event source mappings."""

import functools
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from lambent.clock import Clock
from lambent.events.sending import Send
from lambent.events.sources.dynamodb_stream import DynamoDbStream
from lambent.events.sources.expiry import Expiry
from lambent.events.sources.failures import Failures
from lambent.events.sources.kinesis_stream import KinesisStream
from lambent.events.sources.observed import Observed
from lambent.events.sources.pulse import Pulse
from lambent.events.sources.queue_poller import QueuePoller
from lambent.events.sources.shard_reader import Means
from lambent.events.sources.sources import Reader, Sources
from lambent.events.sources.stream_reader import StreamReader
from lambent.events.sources.target import Resolve, Target
from lambent.model.event_source import EventSource
from lambent.model.scope import Caller, Scope
from lambent.neighbour.bridges.dynamodb import PRINCIPAL
from lambent.permissions.gate import Gate
from lambent.permissions.poll_rights import PollRights
from lambent.queues.queues import Queues
from lambent.server import deliveries
from lambent.server.asking import ask_service
from lambent.server.base import Doors, new_id
from lambent.server.running import Running
from lambent.server.streams import Streams
from lambent.services.lambda_.invoking.invoke import header_of
from lambent.settings import Settings
from lambent.store.checkpoints import Checkpoints
from lambent.wire.http import Request

CHANGES_EXPIRY = "UpdateTimeToLive"
Spawn = Callable[[Coroutine[Any, Any, None]], object]
WRITES = frozenset(
    {
        *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
        *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction", "UpdateTable"),
    }
)
"""DynamoDB's operations that a stream may tell of."""


class TableWrites:
    """A pulse for each account and region in which something is written to tables; `expiry` is told, too."""

    def __init__(self) -> None:
        self.expiry: Expiry | None = None
        self._pulses: dict[Scope, Pulse] = defaultdict(Pulse)

    def of(self, scope: Scope) -> Pulse:
        """Its pulse."""
        return self._pulses[scope]

    def saw(self, service: str, request: Request, caller: Caller) -> None:
        """A request has been answered."""
        if service != "dynamodb":
            return
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if operation in WRITES:
            self._pulses[caller.scope].beat()
        if self.expiry is None or request.principal:
            return
        if operation in WRITES or operation == CHANGES_EXPIRY:
            self.expiry.saw(operation, caller.scope, request.body)


def open_sources(
    settings: Settings,
    running: Running,
    clock: Clock,
    resolve: Resolve,
    queues: Queues,
    streams: Streams,
    checkpoints: Checkpoints,
    send: Send,
    writes: TableWrites,
    gate: Gate,
) -> Sources:
    """What is read, by the service of the source; a queue is not where another endpoint has it."""
    report = running.findings.report
    invoke = functools.partial(running.invoker.invoke, sync=False)
    header = functools.partial(header_of, running.tracing.header)
    rights = PollRights(gate, functools.partial(_role_of, resolve))
    target = Target(resolve, invoke, new_id, header, report, rights.lacking)
    means = Means(clock, target, checkpoints, Failures(deliveries.of_functions(gate, resolve, send), clock.wall))

    def make(source: EventSource) -> Reader | None:
        observed = Observed(source, running.metrics, report)
        if source.service == "sqs" and "sqs" not in settings.endpoints:
            return QueuePoller(source, queues, clock, target, observed)
        if source.service == "dynamodb":
            scope = _scope_of(source.source)
            ask = functools.partial(_ask, running.doors, Caller(scope, new_id()))
            all_seen = not settings.elsewhere("dynamodb")
            table = DynamoDbStream(source.source, ask, writes.of(scope), all_seen, lambda: clock.wall() - time.time())
            return StreamReader(source, table, means, observed)
        if source.service == "kinesis" and "kinesis" not in settings.endpoints:
            written, role = streams.pulses.of, lambda: _role_of(resolve, source) or ""
            stream = KinesisStream(source.source, streams.registry, streams.records, written, role)
            return StreamReader(source, stream, means, observed)
        return None

    return Sources(make, checkpoints.forget)


def open_expiry(settings: Settings, running: Running, clock: Clock, spawn: Spawn, writes: TableWrites) -> None:
    """Items of moto's tables expire; another endpoint sees to that itself."""

    async def ask(scope: Scope, operation: str, document: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        target = f"DynamoDB_20120810.{operation}"
        return await ask_service(running.doors, Caller(scope, new_id()), "dynamodb", target, document, PRINCIPAL)

    if not settings.elsewhere("dynamodb"):
        writes.expiry = Expiry(ask, clock, spawn)


def _role_of(resolve: Resolve, source: EventSource) -> str | None:
    """The execution role of the mapping's function, None when that is gone."""
    handling = resolve(source.scope, source.function, source.qualifier)
    return handling.function.role if handling is not None else None


def _scope_of(arn: str) -> Scope:
    _, _, _, region, account, _ = arn.split(":", 5)
    return Scope(account, region)


async def _ask(
    doors: Doors, caller: Caller, service: str, target: str, document: Mapping[str, Any]
) -> tuple[int, dict[str, Any]]:
    return await ask_service(doors, caller, service, target, document)
