"""Requests for services that are answered by the neighbour: what is asked before it, and said after it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.gateway.chain import Check, load
from lambent.model.credentials import Held
from lambent.model.finding import Finding
from lambent.model.parts import DENIED
from lambent.model.scope import Caller, Scope
from lambent.neighbour.handed_out import keys_in
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.outbox import error_of
from lambent.neighbour.remarks import remarks
from lambent.neighbour.request_model import Asked
from lambent.neighbour.unreached import targets_named
from lambent.observe.findings import Ledger
from lambent.permissions import callers, foreign, partiql, simulating, stored
from lambent.permissions.refusals import refusal
from lambent.permissions.user_keys import GIVES, UserKeys
from lambent.server.base import Doors
from lambent.server.trust import trusted
from lambent.settings import Settings
from lambent.wire import client, serialize
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.reading import Reading
from lambent.wire.validate import validate

Saw = Callable[[str, Request, Caller], None]
"""Told of every request that was answered."""


def all_of(*told: Saw) -> Saw:
    """Tells several."""

    def saw(service: str, request: Request, caller: Caller) -> None:
        for one in told:
            one(service, request, caller)

    return saw


Note = Callable[[Asked, Caller, Fault | None], Awaitable[Fault | None]]
"""Told of every request, and how it ended; answers the error that its caller sees instead."""


UNTOLD = "asks for something of which can't be told what it is, so that no policy is known to allow it"


@dataclass(frozen=True, slots=True)
class Forwarding:
    """The way to the neighbour. `learn` is told of the access keys that another STS gives, `keys` of what is asked of
    IAM; `check` raises Fault for what a caller may not have done, `is_bounded` whether a caller may only have done what
    policies allow; `simulate` answers IAM's simulator."""

    settings: Settings
    neighbour: Neighbour
    doors: Doors
    report: Callable[[Finding], None]
    learn: Callable[[str, Held], None]
    keys: UserKeys
    saw: Saw
    check: Check
    note: Note
    is_bounded: Callable[[Caller], bool] = lambda _caller: False
    simulate: Callable[[str, Mapping[str, Any], Caller], Awaitable[dict[str, Any]]] | None = None
    reading: Reading = field(default_factory=Reading)

    async def __call__(self, request: Request, caller: Caller, service_name: str) -> Response:
        """Ask the neighbour, and say what moto can't do although it takes the request. Raises Fault."""
        if service_name != "s3":  # what it is, is read; a large object is a file
            await load(request)
        if service_name == "sts" and request.inside:
            request = await trusted(self.neighbour, request, caller)
        asked = Asked(service_name, request)
        try:
            await self.reading.read(len(request.body), asked.check)  # which raises Fault for what can't be read
            if (
                asked.model is not None
                and asked.operation
                and partiql.is_told(asked.service, asked.operation, asked.params)
            ):
                await self.check(request, caller, asked.model, asked.operation, asked.params)
                for why in asked.params.get(DENIED, {}).values():  # who answers it there is not told of parts
                    raise refusal(asked.model, why)
            elif self.is_bounded(caller):
                raise refusal(asked.model, f"{caller.held.role or caller.held.user if caller.held else ''} {UNTOLD}")
            if asked.model is not None and service_name in foreign.CLOSED:
                foreign.check(
                    asked.model, asked.operation, asked.params, caller.scope.account, callers.principal(caller).arn
                )
            if service_name in stored.SERVICES:
                stored.check(service_name, asked.operation, asked.params, caller)
            response = (
                await self._of_iam(asked, caller) if service_name == "iam" else await self._forward(asked, caller)
            )
        except Fault as fault:
            await self.note(asked, caller, fault)
            raise
        hidden = await self.note(asked, caller, refused(response))
        if hidden is not None:
            raise hidden
        return response

    async def _of_iam(self, asked: Asked, caller: Caller) -> Response:
        """IAM's answer: what it changes in users' keys is kept before the caller hears of it. Raises Fault."""
        if asked.operation in simulating.OPERATIONS and self.simulate is not None and asked.model is not None:
            validate(asked.model, asked.operation, asked.params)
            result = await self.simulate(asked.operation, asked.params, caller)
            return serialize.output(asked.model, asked.operation, result, caller.request_id)
        theirs = await self.keys.before(asked.operation, asked.params, caller)
        response = await self._forward(asked, caller)
        fault = refused(response)
        gives = fault is None and asked.operation == GIVES and asked.model is not None
        answer = client.answer_of(asked.model, GIVES, response) if gives and asked.model else {}
        error = fault.code if fault is not None else ""
        await self.keys.after(asked.operation, asked.params, caller, answer, error, theirs)
        return response

    async def _forward(self, asked: Asked, caller: Caller) -> Response:
        if self.settings.elsewhere(asked.service):
            return await self._ask(asked.request, caller, asked.service)
        response = await self._ask(asked.request, caller, asked.service)
        if response.status < 300:
            self._say(asked, caller.scope)
        return response

    async def _ask(self, request: Request, caller: Caller, service_name: str) -> Response:
        """Its answer; the keys that it gives are good here."""
        response = await self.neighbour.forward(request, caller, service_name)
        self.saw(service_name, request, caller)
        if response.status < 300 and isinstance(response.body, bytes):
            for key, held in keys_in(service_name, response.body, caller).items():
                self.learn(key, held)
        return response

    def _say(self, asked: Asked, scope: Scope) -> None:
        for finding in remarks(asked, scope):
            self.report(finding)
        for arn in targets_named(asked.service, asked.request):
            kind = "queue" if arn.split(":")[2] == "sqs" else "function"
            text = f"{asked.service} (moto) was told to send to it, and never does"
            self.report(Finding(f"{kind}-not-reached", arn, text))


def refused(response: Response) -> Fault | None:
    """The error that an answer is."""
    if response.status < 400:
        return None
    code, message = error_of(response)
    return Fault(code, message, status=response.status)


def neighbour_document(neighbour: Neighbour) -> dict[str, Any]:
    """The page about the neighbour."""
    holdings = neighbour.holdings
    said = {"held": sorted(holdings.held), "changed": sorted(holdings.changed), "lost": dict(holdings.lost)}
    return {**neighbour.status(), **said}


def acknowledge(neighbour: Neighbour, findings: Ledger) -> list[str]:
    """What moto lost may be forgotten; answers the services."""
    services = neighbour.holdings.acknowledge()
    for service in services:
        findings.withdraw(f"moto/{service}")
    return services
