"""CloudWatch Logs: its operations, and what sends new events to subscribers, and queries over old ones."""

import functools
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from urllib.parse import quote

from lambent.events.log_subscriptions import LogSubscriptions
from lambent.events.pushes import AddPushes
from lambent.gateway.exchange import Here
from lambent.model.scope import Caller, Scope
from lambent.neighbour.outbox import signed_as
from lambent.observe.findings import Ledger
from lambent.observe.live_tail import LiveTails
from lambent.observe.queries import Queries
from lambent.permissions.gate import Gate
from lambent.server import permissions
from lambent.server.asking import ask_service
from lambent.server.base import Base, Doors, new_id
from lambent.server.execution_logs import ExecutionLogs
from lambent.server.here import here
from lambent.server.metrics import metric_filters
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.service import SERVICE
from lambent.store.open import Store
from lambent.wire.http import Request

NO_FUNCTION = (
    "Could not execute the lambda function. "
    "Make sure you have given CloudWatch Logs permission to execute your function."
)
NO_STREAM = (
    "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state."
)
"""As callers of AWS have reported them."""
MaySend = Callable[[str, str, str, str], Awaitable[str]]


def open_logs(
    stack: AsyncExitStack, store: Store, base: Base, doors: Doors, gate: Gate, findings: Ledger, add: AddPushes
) -> dict[str, Here]:
    """What subscribers get is handed to `add`. Queries end with `stack`."""
    report, spawn = findings.report, base.background.spawn
    subscriptions = LogSubscriptions(store.resources, base.clock, add, new_id, spawn, report)
    base.logs.hears.append(subscriptions.hear)
    tails = LiveTails(base.clock.wall, time.monotonic)
    base.logs.hears.append(tails.hear)
    filters = metric_filters(store, base, report)
    base.hatch.execution_logs = ExecutionLogs(base.logs, report).answer
    queries = Queries(base.clock.monotonic)
    stack.push_async_callback(queries.close)
    may_send = functools.partial(permissions.may_configure, gate)
    env = LogsEnv(
        base.logs,
        base.clock.wall,
        store.resources,
        new_id,
        filters,
        subscriptions,
        functools.partial(_unreachable, doors, may_send),
        functools.partial(_log_group, store),
        queries,
        tails,
        report,
        findings.withdraw,
    )
    return here(SERVICE, env)


async def _unreachable(doors: Doors, may_send: MaySend, caller: Caller, group: str, destination: str) -> str:
    """Asked as the destination's own account; a function's policy has a say, a stream is written to by a role."""
    parts = destination.split(":", 5)
    there = Caller(Scope(parts[4], parts[3]), caller.request_id)
    if parts[2] == "kinesis":
        asked = {"StreamARN": destination}
        status, said = await ask_service(doors, there, "kinesis", "Kinesis_20131202.DescribeStreamSummary", asked)
        active = status == 200 and said["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"
        return "" if active else NO_STREAM
    path = f"/2015-03-31/functions/{quote(destination, safe='')}/configuration"
    headers = {"host": "127.0.0.1", "authorization": signed_as(there.scope, "lambda")}
    if (await doors.gateway(Request("GET", path, "", headers))).status >= 300:
        return NO_FUNCTION
    return NO_FUNCTION if await may_send("logs", group, caller.scope.account, destination) else ""


def _log_group(store: Store, scope: Scope, function: str) -> str:
    record = store.functions.current(scope, function)
    return "" if record is None else record.running.log_group or f"/aws/lambda/{function}"
