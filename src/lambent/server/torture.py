"""Trials of what AWS does to functions, opened: what they reach in this server (see `gateway.torture`)."""

import functools
from collections.abc import Mapping
from typing import Any

from lambent.environments.environment import Environment
from lambent.gateway.exchange import Exchange
from lambent.gateway.torture import Trials
from lambent.model.scope import Caller
from lambent.neighbour.request_model import READING, Asked
from lambent.permissions.gate import Gate
from lambent.permissions.ledger import plain
from lambent.server import permissions
from lambent.server.base import Base
from lambent.server.running import Running
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.service import Service


def open_trials(running: Running) -> Trials:
    """The trials of this server; there are none."""
    harm = functools.partial(_harm, running)
    return Trials(harm, _see, running.trials, lambda *which: any(_running(running, *which)))


def _see(service: Service, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "service": service.name,
        "operation": operation,
        "params": {name: plain(value) for name, value in params.items()},
        "reads": READING.match(operation) is not None,
    }


def _harm(running: Running, account: str, root: str, what: str) -> None:
    """Crash the environment that runs an invocation, or end its time."""
    for environment in _running(running, account, root):
        environment.crash() if what == "crash" else environment.expire()


def _running(running: Running, account: str, root: str) -> list[Environment]:
    """The environment that runs an invocation, by its trace."""
    return [
        one
        for one in (*running.pools.environments(), *running.provisioned.pools.environments())
        if one.function.scope.account == account and f"Root={root};" in f"{one.trace_id() or ''};"
    ]


async def check(
    gate: Gate, trials: Trials, request: Request, caller: Caller, service: Service, operation: str, params: Any
) -> None:
    """Whether a caller may do it, and whether a trial lets it. Raises Fault."""
    await gate.check(request, caller, service, operation, params)
    await trials.before(request, caller, service, operation, params)


async def hear(gate: Gate, base: Base, trials: Trials, exchange: Exchange, fault: Fault | None) -> Fault | None:
    """A request of a service that is answered here has ended."""
    caller, service = exchange.caller, exchange.service
    if not trials.going or caller is None or service is None:
        return await permissions.hear(gate, base, exchange, fault)
    if not await trials.after(exchange.request, caller, service, fault):
        return fault
    return await permissions.hear(gate, base, exchange, fault)


async def hear_neighbour(
    gate: Gate, base: Base, trials: Trials, asked: Asked, caller: Caller, fault: Fault | None
) -> Fault | None:
    """A request that the neighbour answered has ended."""
    if trials.going and asked.model is not None:
        await trials.after(asked.request, caller, asked.model, fault)
    return await permissions.hear_neighbour(gate, base, asked, caller, fault)
