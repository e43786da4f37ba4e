"""The roles that integrations of APIs name: whether API Gateway may assume one, and what one may do.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html. What is asked of a service is
asked in the role's name, so that the service itself looks at its policies, as on AWS.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lambent.engine.authorisation import principals
from lambent.model.acting import Acting, as_role
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.permissions.assuming import may_assume
from lambent.permissions.gate import Gate

GATEWAY = "apigateway.amazonaws.com"
SESSION = "BackplaneAssumeRoleSession"
"""What CloudTrail calls the sessions of API Gateway."""
NO_ROLE = (
    "The integration has no role to ask the service with, and Lambent does not ask with its caller's credentials yet"
)
INVOKE = "lambda:InvokeFunction"


@dataclass(frozen=True, slots=True)
class IntegrationRoles:
    """`wall` is the platform's clock."""

    gate: Gate
    report: Callable[[Finding], None]
    wall: Callable[[], float]

    async def acting(self, role: str, scope: Scope) -> Acting:
        """In whose name a service is asked for an API of `scope`: the account's own where there is no role. That may
        do everything, so that who makes an API would: not where policies are enforced. Raises NotPermitted."""
        if not _account(role):
            self._refuse(NO_ROLE)
            return Acting(GATEWAY, scope.account)
        await self._assume(role, scope)
        return as_role(GATEWAY, role, SESSION)

    async def admit(self, door: Door, call: Call) -> None:
        """Whether the role of a door may call a function. Raises NotPermitted."""
        account = _account(door.role)
        if not account or self.gate.mode == "off":
            return
        scope = Scope(door.account, door.region)
        await self._assume(door.role, scope)
        if await self.gate.identities.find(door.role, scope.region) is None:
            return  # said already
        who = principals.session(door.role, SESSION)
        verdict = await self.gate.is_allowed(who, INVOKE, call.function, scope, {})
        if not verdict.decision.allowed:
            self.gate.tell(verdict)
            self._refuse(verdict.explanation.text)

    async def may(self, role: str, action: str, resource: str, scope: Scope) -> bool:
        """Whether a role may do something with a resource."""
        if self.gate.mode == "off":
            return True
        verdict = await self.gate.is_allowed(principals.session(role, SESSION), action, resource, scope, {})
        return verdict.decision.allowed

    async def _assume(self, role: str, scope: Scope) -> None:
        """Whether the role trusts API Gateway. Raises NotPermitted."""
        if _account(role) != scope.account:
            raise NotPermitted("Cross-account pass role is not allowed.")
        if await may_assume(self.gate, self.report, self.wall, GATEWAY, role, scope):
            raise NotPermitted(f"API Gateway does not have permission to assume the provided role {role}")

    def _refuse(self, text: str) -> None:
        if self.gate.mode == "enforce":
            raise NotPermitted(text)


def _account(role: str) -> str:
    """The account of a role's ARN; "" for what is none, such as `arn:aws:iam::*:user/*`: the caller's own rights."""
    fields = role.split(":", 5)
    good = len(fields) == 6 and fields[2] == "iam" and fields[5].startswith("role/")
    return fields[4] if good and fields[4].isdigit() else ""
