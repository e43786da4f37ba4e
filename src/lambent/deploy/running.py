"""One stack's deployment: what its phases work with. Each step is written down before and after it, so that the next
server goes on where this one was killed."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lambent.clock import Clock
from lambent.deploy import naming, notices
from lambent.deploy.blueprint import Blueprint, draw, pseudo, secrets_of
from lambent.deploy.dynamic import Fetched, fill
from lambent.deploy.errors import DeployError
from lambent.deploy.making import Maker
from lambent.deploy.ports import Asks, Owner, Refused
from lambent.deploy.records import Records
from lambent.deploy.resources.calls import Cancelled, NotMade
from lambent.deploy.resources.kind import Subject
from lambent.deploy.stack import Event, Goal, Stack, StackResource
from lambent.deploy.template.masking import masked
from lambent.deploy.template.template import ResourceSpec
from lambent.deploy.walk import Walk
from lambent.model.acting import Acting
from lambent.model.scope import Scope
from lambent.store.errors import StoreError

log = logging.getLogger(__name__)

STACK_TYPE = "AWS::CloudFormation::Stack"
CANCELLED = "Resource {} cancelled"
STARTED = "Resource creation Initiated"
TROUBLE = (Refused, NotMade, Cancelled, DeployError)
"""What a resource can fail with."""


class Failed(Exception):
    """A resource could not be brought to where it shall be; its event is told."""


class Noting(dict[str, str]):
    """Exports by name, which note what is asked for."""

    def __init__(self, exports: Mapping[str, str]) -> None:
        super().__init__(exports)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.used.add(name)
        return super().__getitem__(name)


async def anybody_may(_role: str, _scope: Scope, _source: str) -> str:
    """Where nobody looks at roles."""
    return ""


Permit = Callable[[Acting, Scope, str, Mapping[str, Any]], Awaitable[None]]


async def everything(_acting: Acting, _scope: Scope, _operation: str, _params: Mapping[str, Any]) -> None:
    """Where nobody looks at policies."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the engine works with. `asks` answers what asks in somebody's name, `maker` what makes a type in a
    deployment, `unassumable` why a role (ARN) can't be assumed for a stack (ARN), "" if it can; `permit` raises
    Refused for an operation on a stack that somebody may not have done; `unrecognized` says which types nobody has."""

    records: Records
    asks: Asks
    clock: Clock
    new_id: Callable[[], str]
    chance: Callable[[], float]
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    maker: Callable[[str, "Running"], Maker]
    unassumable: Callable[[str, Scope, str], Awaitable[str]] = anybody_may
    permit: Permit = everything
    unrecognized: Callable[[Iterable[str]], list[str]] = lambda _types: []


class Running:
    """One stack's deployment. `stopped` tells what waits for long that nothing is waited for any more."""

    def __init__(self, ports: Ports, stack: Stack) -> None:
        self.ports = ports
        self.stack = stack
        self.ask = ports.asks(stack.by)
        self.stopped = asyncio.Event()
        self.cancelled = ""
        self.exports = Noting({})
        self._made: dict[str, StackResource] = {}
        self._fetched: Fetched = {}
        self._secrets: frozenset[str] = frozenset()
        self._blueprint: tuple[dict[str, Any], Blueprint] | None = None

    def begin(self, stack: Stack) -> None:
        """A phase begins."""
        self.stack = stack
        self._made = self.ports.records.resources(stack)
        former = [Goal.from_document(stack.former)] if stack.former else []
        self._secrets = secrets_of(stack.target, *former)
        self.stopped.clear()
        self.cancelled = ""

    def cancel(self, reason: str) -> None:
        """Nothing more is begun: what is under way ends as failed."""
        self.cancelled = reason
        self.stopped.set()

    def blueprint(self) -> Blueprint:
        """What the stack is to be made of. Raises TemplateInvalid."""
        goal = self.stack.goal
        if self._blueprint is None or self._blueprint[0] != goal:
            self.exports = Noting(
                {name: value for name, (value, _) in self.ports.records.exports(self.stack.scope).items()}
            )
            drawn = draw(self.stack.target, names_of(self.stack), self.exports)
            self._blueprint = (goal, drawn)
        return self._blueprint[1]

    def made(self) -> dict[str, StackResource]:
        """The stack's resources as they are now."""
        return dict(self._made)

    async def keep(self, resource: StackResource) -> None:
        """Write a resource down, without an event."""
        await self.ports.records.put_resource(self.stack, resource)
        self._made[resource.logical_id] = resource

    async def drop(self, logical_id: str) -> None:
        """It is no part of the stack any more."""
        await self.ports.records.drop_resource(self.stack, logical_id)
        self._made.pop(logical_id, None)

    async def walk(self, walk: Walk, step: Callable[[str], Awaitable[None]]) -> Walk:
        """Do all of a graph, as much at once as can be."""
        tasks: dict[asyncio.Task[None], str] = {}
        loop = asyncio.get_running_loop()
        try:
            while True:
                for name in walk.begin() if not self.cancelled else ():
                    tasks[loop.create_task(_called(self, step, name))] = name
                if not tasks:
                    return walk
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._settle(walk, tasks.pop(task), task)
        finally:
            for task in tasks:
                task.cancel()

    def _settle(self, walk: Walk, name: str, task: "asyncio.Task[None]") -> None:
        error = task.exception()
        if error is None:
            walk.finish(name)
        elif isinstance(error, Failed):
            walk.fail(name, str(error))
            if not walk.through:
                self.stopped.set()
        else:
            raise error

    async def tell_stack(self, status: str, reason: str = "") -> None:
        """An event of the stack itself."""
        await tell_stack(self.ports, self.stack, status, reason)

    async def tell(
        self, resource: StackResource, status: str, reason: str = "", shown: str | None = None
    ) -> StackResource:
        """A resource has another status: written down with its event. `shown` is the physical id of the event."""
        now = self.ports.clock.wall()
        resource = replace(resource, status=status, updated=now, reason=reason)
        event = Event(
            f"{resource.logical_id}-{status}-{stamp(now)}",
            resource.logical_id,
            resource.physical_id if shown is None else shown,
            resource.type,
            status,
            now,
            reason,
            self._shown(resource.properties) if resource.properties else "",
            self.stack.token,
            self.stack.operation,
            self.stack.operation_type,
        )
        await self.ports.records.tell(self.stack, resource, event)
        self._made[resource.logical_id] = resource
        await notices.publish(self.ports.asks, self.stack, event)
        return resource

    def _shown(self, properties: Mapping[str, Any]) -> str:
        return json.dumps(masked(properties, self._secrets), separators=(",", ":"), default=str)

    def subject(self, resource: StackResource, properties: Mapping[str, Any], former: Mapping[str, Any]) -> Subject:
        """A resource as its calls see it, with the tags that AWS gives what a stack makes."""
        stack = self.stack
        own = {
            "aws:cloudformation:stack-name": stack.name,
            "aws:cloudformation:stack-id": stack.arn,
            "aws:cloudformation:logical-id": resource.logical_id,
        }
        before = Goal.from_document(stack.former).tags if stack.former else stack.target.tags
        owner = Owner(stack.name, stack.arn, stack.scope, {**stack.target.tags, **own}, {**before, **own})
        return Subject(
            resource.type, resource.logical_id, resource.name, owner, properties, resource.physical_id, former, {},
            resource.attributes, policy={**resource.creation_policy, **resource.update_policy},
        )  # fmt: skip

    def named(self, maker: Maker, resource: StackResource, properties: Mapping[str, Any]) -> str:
        """The physical name: the one given, or one made up."""
        given, length, lower, suffix = maker.name(self.subject(resource, properties, {}))
        if given:
            return given
        token = naming.token(self.ports.chance)
        return naming.physical(self.stack.name, resource.logical_id, token, length - len(suffix), lower) + suffix

    async def properties(self, spec: ResourceSpec) -> dict[str, Any]:
        """A resource's properties, evaluated with what is made. Raises TemplateInvalid."""
        found: dict[str, Any] = self.blueprint().value(dict(spec.properties), self.made()) or {}
        return found

    async def filled(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The same with its dynamic references fetched. Raises TemplateInvalid, Refused."""
        found: dict[str, Any] = await fill(dict(properties), self.ask, self.stack.scope, self._fetched)
        return found

    def reason(self, error: Exception, what: str = "update") -> str:
        """Why a resource failed, in AWS's words; `what` was done to it."""
        if isinstance(error, Cancelled):
            return CANCELLED.format(what)
        if isinstance(error, Refused):
            service = error.service.capitalize()
            said = f"{error.message} (Service: {service}, Status Code: {error.status}, Request ID: {error.request_id})"
            token = f"(RequestToken: {self.ports.new_id()}, HandlerErrorCode: {handler_code(error)})"
            return f'Resource handler returned message: "{said}" {token}'
        return str(error)


async def _called(running: Running, step: Callable[[str], Awaitable[None]], name: str) -> None:
    """One step. A mistake of ours fails its resource, and the stack goes on from there. Raises Failed, StoreError."""
    try:
        await step(name)
    except (Failed, StoreError):
        raise
    except Exception as error:
        log.exception("stack %s: %s", running.stack.name, name)
        record = running.made().get(name)
        if record is not None:
            status = f"{record.status.partition('_')[0]}_FAILED"
            await running.tell(record, status, f"Lambent failed on this resource; its log has the reason: {error!r}")
        raise Failed(name) from error


async def tell_stack(ports: Ports, stack: Stack, status: str, reason: str = "") -> None:
    """An event of a stack."""
    at = ports.clock.wall()
    event = Event(
        ports.new_id(), stack.name, stack.arn, STACK_TYPE, status, at, reason, token=stack.token,
        operation=stack.operation, kind=stack.operation_type,
    )  # fmt: skip
    await ports.records.tell(stack, None, event)
    await notices.publish(ports.asks, stack, event)


def names_of(stack: Stack) -> dict[str, Any]:
    """The pseudo parameters of a stack."""
    return pseudo(Scope(stack.account, stack.region), stack.name, stack.arn, stack.target.notifications)


def stamp(at: float) -> str:
    """A time as AWS writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def handler_code(error: Refused) -> str:
    """The code of a resource's handler.

    Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
    """
    if error.is_taken:
        return "AlreadyExists"
    if error.is_absent:
        return "NotFound"
    if error.status in (401, 403):
        return "AccessDenied"
    if error.status == 429 or "Throttl" in error.code:
        return "Throttling"
    return "InvalidRequest" if error.status < 500 else "ServiceInternalError"
