"""Whether a function's role is good for what the function is set to do: that Lambda may assume it, and its rights.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambent.engine.authorisation import principals
from lambent.engine.authorisation.decide import Ask, Policies, decide
from lambent.engine.authorisation.request_keys import of_any
from lambent.model import names
from lambent.model.scope import Scope
from lambent.permissions import roles
from lambent.permissions.denials import Verdict
from lambent.permissions.requests import Right, account_of
from lambent.wire.fault import Fault

if TYPE_CHECKING:
    from lambent.permissions.gate import Gate

OPERATIONS = frozenset(
    {
        *("CreateFunction", "UpdateFunctionConfiguration", "CreateEventSourceMapping"),
        *("PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig"),
    }
)
"""Operations of Lambda that ask something of the function's role."""


def is_about(service: str, operation: str) -> bool:
    """Whether a request asks something of a function's role."""
    return service == "lambda" and operation in OPERATIONS


async def check(gate: "Gate", scope: Scope, operation: str, params: Mapping[str, Any]) -> None:
    """Raises Fault in `enforce` for what AWS refuses; all else that the role lacks becomes a finding."""
    name = names.parse(params.get("FunctionName") or "f").name
    function = names.function_arn(scope, name)
    role = params.get("Role") or await gate.role_of(scope, name)
    identity = await gate.identities.find(role, scope.region) if role else None
    if identity is None:
        if role and params.get("Role"):
            gate.say_gone(role, f"{function} has a role that does not exist")
        if gate.mode == "enforce" and params.get("Role"):
            raise Fault("InvalidParameterValueException", roles.CANNOT_ASSUME, status=400)
        return
    trust = Policies(resource=identity.trust, needs_resource=True)
    keys = of_any(gate.wall()) | roles.for_source(scope, function)
    ask = Ask(roles.LAMBDA, roles.ASSUME, role, scope.account, keys)
    _may(gate, Verdict(ask, trust, decide(ask, trust)), "role-not-assumable", roles.CANNOT_ASSUME)
    who = principals.session(role, name)
    for need in roles.needs(operation, params, function):
        right = Right(need.action, need.resource, account_of(need.resource, scope))
        _may(gate, await gate.of_right(who, right, scope), need.code, need.refusal)


def _may(gate: "Gate", verdict: Verdict, code: str, refusal: str) -> None:
    if verdict.decision.allowed:
        return
    if gate.mode == "enforce" and refusal:
        raise Fault("InvalidParameterValueException", refusal, status=400)
    if verdict.ask.who.kind == "service":
        text = f"AWS would refuse the function: {refusal}"
        gate.denials.say(verdict.ask.resource, code, text, "mend its trust policy", verdict)
    else:
        gate.tell(verdict, code)
