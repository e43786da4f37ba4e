"""Rotation of secrets that lie with the neighbour."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from lambent.events.rotations import Rotations
from lambent.gateway.exchange import Here
from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.outbox import signed_as
from lambent.permissions.gate import Gate
from lambent.server import permissions
from lambent.server.base import Base, Doors, new_id
from lambent.server.here import here
from lambent.server.running import Running
from lambent.services.secretsmanager.env import SecretsEnv
from lambent.services.secretsmanager.service import SERVICE
from lambent.store.open import Store
from lambent.wire import client
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from lambent.wire.http import Request

MaySend = Callable[[str, str, str, str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class OpenRotations:
    """All rotations; none begins before `start`."""

    env: SecretsEnv
    rotations: Rotations

    def service(self) -> dict[str, Here]:
        """The operations answered here."""
        return here(SERVICE, self.env)

    def start(self, stack: AsyncExitStack) -> None:
        """Rotate from now on, until `stack` closes."""
        self.rotations.start()
        stack.callback(self.rotations.close)


def open_rotations(store: Store, base: Base, running: Running, gate: Gate) -> OpenRotations:
    """What rotates secrets, and its operations."""
    findings, doors = running.findings, running.doors
    rotations = Rotations(
        store.resources,
        base.clock,
        functools.partial(_invoke, doors),
        functools.partial(_exists, base.neighbour),
        new_id,
        base.background.spawn,
        findings.report,
        findings.withdraw,
    )
    ask = functools.partial(_ask, base.neighbour)
    may_call = functools.partial(_may_call, doors, functools.partial(permissions.may_configure, gate))
    return OpenRotations(SecretsEnv(store.resources, base.clock.wall, new_id, ask, may_call, rotations), rotations)


async def _ask(neighbour: Neighbour, caller: Caller, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What the neighbour says. Raises Fault."""
    service = wire_service.load(SERVICE.name)
    request = client.request_of(service, operation, params, signed_as(caller.scope, SERVICE.name))
    answer = client.answer_of(service, operation, await neighbour.forward(request, caller, SERVICE.name))
    answer.pop("ResponseMetadata", None)
    if error := answer.get("Error"):
        raise Fault(str(error.get("Code")), str(error.get("Message")))
    return answer


async def _exists(neighbour: Neighbour, scope: Scope, arn: str) -> bool:
    try:
        await _ask(neighbour, Caller(scope, new_id()), "DescribeSecret", {"SecretId": arn})
    except Fault as fault:
        return fault.code != "ResourceNotFoundException"
    return True


async def _may_call(doors: Doors, may_send: MaySend, caller: Caller, secret: str, function: str) -> bool:
    """Whether there is such a function, and its policy lets Secrets Manager call it."""
    fields = function.split(":")
    if len(fields) < 7 or fields[2] != "lambda":
        return False
    headers = {"host": "127.0.0.1", "authorization": signed_as(Scope(fields[4], fields[3]), "lambda")}
    path = f"/2015-03-31/functions/{quote(function, safe='')}/configuration"
    there = (await doors.gateway(Request("GET", path, "", headers))).status < 300
    return there and not await may_send(SERVICE.name, secret, caller.scope.account, function)


async def _invoke(doors: Doors, scope: Scope, function: str, event: Mapping[str, str]) -> str:
    path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations"
    body = orjson.dumps(dict(event))
    headers = {
        "host": "127.0.0.1",
        "authorization": signed_as(scope, "lambda"),
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    try:
        answer = await doors.gateway(Request("POST", path, "", headers, body))
    except Fault as fault:
        return f"{fault.code}: {fault.message}"
    text = answer.body.decode("utf-8", "replace") if isinstance(answer.body, bytes) else ""
    failed = any(name.lower() == "x-amz-function-error" for name, _ in answer.headers)
    return text[:500] or str(answer.status) if failed or answer.status >= 300 else ""
