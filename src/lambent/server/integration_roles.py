"""The roles that integrations of APIs name: whether API Gateway may assume one, and what one may do.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html. What is asked of a service is
asked with a key of the role's, so that the service itself looks at its policies, as on AWS.
"""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from lambent.engine.authorisation import principals
from lambent.engine.authorisation.decide import Ask, Policies, decide
from lambent.engine.authorisation.request_keys import of_any
from lambent.environments.role_credentials import Credentialed
from lambent.model.credentials import Held
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.permissions.gate import Gate
from lambent.permissions.roles import ASSUME
from lambent.permissions.said import Verdict

GATEWAY = "apigateway.amazonaws.com"
SESSION = "BackplaneAssumeRoleSession"
"""What CloudTrail calls the sessions of API Gateway."""
NOT_ASSUMABLE, NO_SUCH = "role-not-assumable", "no-such-role"
NO_ROLE = (
    "The integration has no role to ask the service with, and Lambent does not ask with its caller's credentials yet"
)
INVOKE = "lambda:InvokeFunction"


@dataclass(frozen=True, slots=True)
class IntegrationRoles:
    """`keys` are those that were issued here; `wall` is the platform's clock."""

    gate: Gate
    keys: Credentialed
    report: Callable[[Finding], None]
    wall: Callable[[], float]
    _issued: dict[str, str] = field(default_factory=dict)

    async def key(self, role: str, scope: Scope) -> str:
        """The access key to ask a service with, for an API of `scope`: the account's own where nobody looks at roles,
        or there is none. That key may do everything, so that who makes an API would: not where policies are enforced.
        Raises NotPermitted."""
        account = _account(role)
        if not account:
            self._refuse(NO_ROLE)
        if not account or self.gate.mode == "off":
            return scope.account
        await self._assume(role, scope)
        key = self._issued.get(role)
        if key is None or self.keys.held(key) is None:
            key = self._issued[role] = "ASIA" + base64.b32encode(secrets.token_bytes(10)).decode("ascii")
            self.keys.learn(key, Held(secrets.token_urlsafe(30), account, role, SESSION))
        return key

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
        identity = await self.gate.identities.find(role, scope.region)
        text = f"API Gateway does not have permission to assume the provided role {role}"
        if identity is None:
            if not self.gate.identities.unused():
                hint = 'create it in IAM, or set iam = "off"'
                self.report(Finding(NO_SUCH, role, "An integration of an API has a role that does not exist", hint))
            self._refuse(text)
            return
        ask = Ask(principals.service(GATEWAY), ASSUME, role, _account(role), of_any(self.wall()))
        trust = Policies(resource=identity.trust, needs_resource=True)
        verdict = Verdict(ask, trust, decide(ask, trust))
        if not verdict.decision.allowed:
            self.report(Finding(NOT_ASSUMABLE, role, f"AWS would refuse it: {text}", "mend its trust policy"))
            self._refuse(text)

    def _refuse(self, text: str) -> None:
        if self.gate.mode == "enforce":
            raise NotPermitted(text)


def _account(role: str) -> str:
    """The account of a role's ARN; "" for what is none, such as `arn:aws:iam::*:user/*`: the caller's own rights."""
    fields = role.split(":", 5)
    good = len(fields) == 6 and fields[2] == "iam" and fields[5].startswith("role/")
    return fields[4] if good and fields[4].isdigit() else ""
