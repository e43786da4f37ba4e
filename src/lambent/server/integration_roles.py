"""Whose rights integrations of APIs have: those of the role that they name, or of who asked the API.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html. What is asked of a service is
asked in that name, so that the service itself looks at the policies, as on AWS. When it assumes a role, API Gateway
says neither `aws:SourceArn` nor `aws:SourceAccount`, as its users have found out (
https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/pull/479).
"""

from collections.abc import Callable
from dataclasses import dataclass

from lambent.engine.authorisation import principals
from lambent.model import names
from lambent.model.acting import Acting, as_caller, as_role
from lambent.model.credentials import Held
from lambent.model.door import CALLERS, Call, Door, NotPermitted
from lambent.model.finding import Finding
from lambent.model.scope import Caller, Scope
from lambent.permissions.assuming import may_assume
from lambent.permissions.gate import Gate
from lambent.permissions.requests import Right

GATEWAY = "apigateway.amazonaws.com"
SESSION = "BackplaneAssumeRoleSession"
"""What CloudTrail calls the sessions of API Gateway."""
NO_ROLE = "The integration has no role to ask the service with"
NO_CALLER = "The integration asks with its caller's credentials, and nobody has signed the request"
GONE = "The key of who asked is no more"
INVOKE = "lambda:InvokeFunction"


@dataclass(frozen=True, slots=True)
class IntegrationRoles:
    """`wall` is the platform's clock, `held` answers whose a key is that was issued here."""

    gate: Gate
    report: Callable[[Finding], None]
    wall: Callable[[], float]
    held: Callable[[str], Held | None]

    async def acting(self, door: Door) -> Acting:
        """In whose name a service is asked for a door: the account's own where there is no role. That may
        do everything, so that who makes an API would: not where policies are enforced. Raises NotPermitted."""
        if door.role == CALLERS:
            return self._caller(door)
        if not door.role:
            self._refuse(NO_ROLE)
            return Acting(GATEWAY, door.account)
        await self._assume(door)
        return as_role(GATEWAY, door.role, SESSION)

    async def admit(self, door: Door, call: Call) -> None:
        """Whether the role of a door, or its caller, may call a function. Raises NotPermitted."""
        if door.role == CALLERS:
            await self._admit_caller(door, call)
        elif door.role:
            await self._admit_role(door, call)

    async def may(self, role: str, action: str, resource: str, scope: Scope) -> bool:
        """Whether a role may do something with a resource."""
        if self.gate.mode == "off":
            return True
        verdict = await self.gate.is_allowed(principals.session(role, SESSION), action, resource, scope, {})
        return verdict.decision.allowed

    async def _admit_role(self, door: Door, call: Call) -> None:
        await self._assume(door)
        scope = Scope(door.account, door.region)
        if self.gate.mode == "off" or await self.gate.identities.find(door.role, scope.region) is None:
            return  # said already
        who = principals.session(door.role, SESSION)
        verdict = await self.gate.is_allowed(who, INVOKE, call.function, scope, {})
        if not verdict.decision.allowed:
            self.gate.tell(verdict)
            self._refuse(verdict.explanation.text)

    async def _admit_caller(self, door: Door, call: Call) -> None:
        """The function of another account is its policy's to open, whatever `iam` says."""
        acting = self._caller(door)
        scope = Scope(acting.account, door.region)
        try:
            said = names.parse(call.function)
        except names.MalformedName as error:
            raise NotPermitted(f"{call.function} names no function") from error
        owner = said.account or door.account
        crosses = owner != acting.account
        if self.gate.mode == "off" and not crosses:
            return
        caller = Caller(
            scope, call.request_id, role=acting.held.role if acting.held else "", held=acting.held, acting=acting
        )
        ref = names.FunctionRef(Scope(owner, said.region or door.region), said.name, said.qualifier)
        verdict = await self.gate.judge(caller, Right(INVOKE, ref.arn, owner), {})
        if verdict is not None and verdict.decision.allowed:
            return
        if verdict is not None:
            self.gate.tell(verdict)
        if crosses or self.gate.mode == "enforce":
            raise NotPermitted(verdict.explanation.text if verdict is not None else GONE)

    def _caller(self, door: Door) -> Acting:
        """Who asked, as who asks. Raises NotPermitted."""
        if door.signer is None:
            raise NotPermitted(NO_CALLER)
        held = self.held(door.signer.access_key)
        if held is None and (door.signer.role or door.signer.user):
            raise NotPermitted(GONE)  # or it would be taken for the account's own
        return as_caller(GATEWAY, door.signer.account, held)

    async def _assume(self, door: Door) -> None:
        """Whether the role trusts API Gateway. Raises NotPermitted."""
        scope, role = Scope(door.account, door.region), door.role
        if _account(role) != scope.account:
            raise NotPermitted("Cross-account pass role is not allowed." if _account(role) else f"{role} is no role")
        if await may_assume(self.gate, self.report, self.wall, GATEWAY, role, scope, None):
            raise NotPermitted(f"API Gateway does not have permission to assume the provided role {role}")

    def _refuse(self, text: str) -> None:
        if self.gate.mode == "enforce":
            raise NotPermitted(text)


def _account(role: str) -> str:
    """The account of a role's ARN; "" for what is none."""
    fields = role.split(":", 5)
    good = len(fields) == 6 and fields[2] == "iam" and fields[5].startswith("role/")
    return fields[4] if good and fields[4].isdigit() else ""
