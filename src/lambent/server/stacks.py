"""CloudFormation's stacks, opened with what was under way when the last server ended."""

import functools
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson

from lambent.deploy.endpoint import Endpoint
from lambent.deploy.makers import Makers
from lambent.deploy.planning import ChangeSets
from lambent.deploy.ports import Asks, Refused
from lambent.deploy.records import Records
from lambent.deploy.resources.facts import unrecognized
from lambent.deploy.running import Ports
from lambent.deploy.signals import Signals
from lambent.deploy.stack import SERVICE
from lambent.deploy.stacks import Stacks
from lambent.model.acting import Acting
from lambent.model.finding import Finding
from lambent.model.scope import Caller, Scope, checked_scope
from lambent.neighbour.outbox import signed_as
from lambent.permissions.assuming import may_assume
from lambent.permissions.gate import Gate
from lambent.sandbox.spec import Level
from lambent.server.base import Base, Doors, new_id
from lambent.services.cloudformation.env import CloudFormationEnv
from lambent.settings import Settings
from lambent.store.open import Store
from lambent.wire import service
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

INSIDE = "http://127.0.0.1"
"""The endpoint as functions reach it at the ports of http and https."""
MOST_BYTES = 4096
"""Of an answer (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html)."""


def asks(doors: Doors) -> Asks:
    """What asks the services of the endpoint in somebody's name."""
    return functools.partial(Endpoint, lambda request: doors.gateway(request), signed_as)  # noqa: PLW0108


async def permit(doors: Doors, acting: Acting, scope: Scope, operation: str, params: Mapping[str, Any]) -> None:
    """Whether somebody may do with a stack what another stack of theirs does. Raises Refused."""
    model = service.load("cloudformation")
    request = Request("POST", "/", "", {"authorization": signed_as(scope, model.signing_name)}, acting=acting)
    caller = Caller(scope, new_id(), role=acting.held.role if acting.held else "", held=acting.held, acting=acting)
    try:
        await doors.gateway.check(request, caller, model, operation, params)
    except Fault as fault:
        raise Refused(model.name, fault.code, fault.message or "", fault.status or 400, caller.request_id) from fault


def open_stacks(
    settings: Settings, store: Store, base: Base, doors: Doors, gate: Gate, report: Callable[[Finding], None]
) -> CloudFormationEnv:
    """The stacks; nothing is under way until `resume`."""
    inside = INSIDE if base.host.level is Level.NAMESPACE else base.url
    signals = Signals(store.resources, base.clock, new_id, base.url, inside)
    makers = Makers(signals, settings.unknown_types == "skip", report)
    ports = Ports(
        Records(store.resources, new_id),
        asks(doors),
        base.clock,
        new_id,
        random.SystemRandom().random,
        base.background.spawn,
        makers,
        functools.partial(may_assume, gate, report, base.clock.wall, SERVICE),
        functools.partial(permit, doors),
        (lambda _types: []) if settings.unknown_types == "skip" else unrecognized,
    )
    makers.stacks = Stacks(ports)
    return CloudFormationEnv(makers.stacks, ChangeSets(makers.stacks), signals)


def signal_page(signals: Signals) -> Callable[[Request], Awaitable[Response]]:
    """PUT /_lambent/stacks/ACCOUNT/REGION/TOKEN: the answer of a custom resource, the signal of a wait condition."""

    async def answer(request: Request) -> Response:
        parts = [unquote(part) for part in request.path.split("/")[3:]]
        if request.method not in ("PUT", "POST") or len(parts) != 3:
            return Response(405)
        try:
            scope, said = checked_scope(parts[0], parts[1]), orjson.loads(request.body)
        except ValueError:
            return Response(400, [], b"a JSON object is needed\n")
        if len(request.body) > MOST_BYTES or not isinstance(said, dict):
            return Response(400, [], b"a JSON object of 4096 bytes at most is needed\n")
        return Response(200 if await signals.say(scope, parts[2], said) else 404)

    return answer
