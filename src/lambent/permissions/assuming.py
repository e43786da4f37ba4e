"""Whether a service may assume a role in whose name it is to act: the role's trust policy, and that there is such a
role.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html
"""

from collections.abc import Callable

from lambent.engine.authorisation import principals
from lambent.engine.authorisation.decide import Ask, Policies, decide
from lambent.engine.authorisation.request_keys import of_any
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.permissions.gate import Gate
from lambent.permissions.roles import ASSUME, for_source

NOT_ASSUMABLE, NO_SUCH = "role-not-assumable", "no-such-role"
UNSAID = "it sends neither aws:SourceArn nor aws:SourceAccount"
Report = Callable[[Finding], None]


async def may_assume(
    gate: Gate,
    report: Report,
    wall: Callable[[], float],
    service: str,
    role: str,
    scope: Scope,
    source: str | None = "",
) -> str:
    """Why a service ("states.amazonaws.com") may not assume a role for something of an account (`source`, its ARN, ""
    where that is not known, None where AWS does not say whom it is for), "" if it may; in `report` a finding says it.
    A role of another account it may not assume whatever `iam` says: it could not have been passed."""
    if role.split(":")[4:5] != [scope.account]:
        return f"the role {role} is another account's"
    if gate.mode == "off":
        return ""
    identity = await gate.identities.find(role, scope.region)
    if identity is None:
        if not gate.identities.unused():
            report(Finding(NO_SUCH, role, f"{service} is given a role that does not exist", "create it in IAM"))
        return f"the role {role} does not exist" if gate.mode == "enforce" else ""
    trust = Policies(resource=identity.trust, needs_resource=True)
    for name in (service, service.replace(".", f".{scope.region}.", 1)):  # a trust policy may name the regional one
        ask = Ask(principals.service(name), ASSUME, role, scope.account, of_any(wall()) | for_source(scope, source))
        if decide(ask, trust).allowed:
            return ""
    text = f"{service} may not assume the role {role}"
    why = f"; {UNSAID}" if source is None and "aws:source" in str(trust.resource).lower() else ""
    report(Finding(NOT_ASSUMABLE, role, f"AWS would refuse it: {text}{why}", "mend its trust policy"))
    return text if gate.mode == "enforce" else ""
