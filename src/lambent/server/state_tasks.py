"""Tasks of Step Functions: what they ask is asked in the name of their machine's role, or of the task's own.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html (a task's Credentials)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambent.gateway.chain import Check, Gateway, refuse
from lambent.model.acting import as_role
from lambent.model.finding import Finding
from lambent.model.scope import Caller, Scope
from lambent.permissions import callers, managed_rules, passing
from lambent.permissions.assuming import may_assume
from lambent.permissions.gate import Gate
from lambent.permissions.lacking import lacking
from lambent.permissions.roles import ASSUME
from lambent.server.base import Doors, new_id
from lambent.server.hatch import Task
from lambent.wire import locate
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.service import Service

SERVICE, STATES = "stepfunctions", "states.amazonaws.com"
UNTRUSTED = (
    f"Neither the global service principal {STATES}, nor the regional one is authorized to assume the provided role."
)
"""As users of AWS have reported it."""
NOT_ASSUMED = f"The principal {STATES} is not authorized to assume the provided role."


@dataclass(frozen=True, slots=True)
class StateTasks:
    """`wall` is the platform's clock."""

    doors: Doors
    gate: Gate
    report: Callable[[Finding], None]
    wall: Callable[[], float]

    async def __call__(self, request: Request, task: Task) -> Response:
        """What the service answers; its own refusal for a role that can't be assumed."""
        gateway: Gateway = self.doors.gateway
        credential = locate.credential_of(request)
        scope = Scope(task.role.split(":")[4], credential.region if credential else "")
        try:
            await self._assume(task, scope)
        except Fault as fault:
            return refuse(gateway, request, fault)
        return await gateway(replace(request, acting=as_role(STATES, task.role, task.session)))

    async def _assume(self, task: Task, scope: Scope) -> None:
        """Raises Fault."""
        machine = task.machine or task.role
        if await may_assume(self.gate, self.report, self.wall, STATES, machine, scope, task.arn):
            raise Fault("AccessDeniedException", NOT_ASSUMED, status=403)
        if not task.machine or self.gate.mode == "off":
            return
        acting = as_role(STATES, machine, task.session)
        caller = Caller(scope, new_id(), role=machine, held=acting.held, acting=acting)
        verdict, _ = await self.gate.trusts(caller, task.role, ASSUME, {"sts:rolesessionname": task.session})
        if verdict is None or not verdict.decision.allowed:
            self.gate.tell_trust(caller, task.role, verdict)
            if self.gate.mode == "enforce":
                who = callers.principal(caller).arn
                text = f"User: {who} is not authorized to perform: {ASSUME} on resource: {task.role}"
                raise Fault("AccessDeniedException", text, status=403)


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """A `Check` with two more: whether Step Functions may assume the role that a machine is given, and whether that may
    have it hear of the end of what the machine waits for."""

    check: Check
    gate: Gate
    report: Callable[[Finding], None]
    wall: Callable[[], float]

    async def __call__(self, request: Request, caller: Caller, service: Service, operation: str, params: Any) -> None:
        """Raises Fault."""
        await self.check(request, caller, service, operation, params)
        if service.name != SERVICE:
            return
        for role in passing.passed(service.name, operation, params or {}):
            if await may_assume(
                self.gate, self.report, self.wall, STATES, role, caller.scope, _machine(params, caller)
            ):
                raise Fault("AccessDeniedException", UNTRUSTED, status=400)
        if self.gate.mode != "off" and operation in ("CreateStateMachine", "UpdateStateMachine"):
            await self._check_rules(caller.scope, params or {})

    async def _check_rules(self, scope: Scope, params: Mapping[str, Any]) -> None:
        role = params.get("roleArn") or await self._role_of(scope, params)
        if not role:
            return
        needs = managed_rules.needs(params.get("definition"), role, scope)
        need = await lacking(self.gate, role, new_id(), needs, scope)
        if need is not None and self.gate.mode == "enforce":
            raise Fault("AccessDeniedException", need.refusal, status=400)

    async def _role_of(self, scope: Scope, params: Mapping[str, Any]) -> str:
        """The role of a machine that is changed, and keeps it; "" where there is none."""
        asked = {"stateMachineArn": params.get("stateMachineArn")}
        said = await self.gate.resolved.ask(SERVICE, "DescribeStateMachine", asked, scope)
        return str((said or {}).get("roleArn") or "")


def _machine(params: Any, caller: Caller) -> str:
    """The ARN of the machine that a request makes or changes."""
    there, scope = str(params.get("stateMachineArn") or ""), caller.scope
    return there or f"arn:aws:states:{scope.region}:{scope.account}:stateMachine:{params.get('name', '')}"
