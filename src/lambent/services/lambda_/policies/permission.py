"""Who may use a function, a version or an alias: the policies behind AddPermission and PutResourcePolicy.

A policy belongs to the function as a whole, or to one version or alias of it; it goes with its function or alias.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import FunctionRef
from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.policies.resource_policy import Place
from lambent.services.lambda_.qualifiers import ALIAS, find_qualified, is_alias, version_of
from lambent.store.resources import Resource

KIND = "policy"


def refer_arn(scope: Scope, arn: str) -> FunctionRef:
    """What the ResourceArn of the operations on whole policies means. Raises Fault."""
    if ":runtime/" in arn:
        raise faults.unsupported("The policy of a runtime")
    return refer(scope, arn)


def place(ref: FunctionRef) -> Place:
    """Where the policy is kept; it goes with the function."""
    return Place(KIND, ref.scope, ref.name, ref.qualifier or "", ref.name)


def exists(env: LambdaEnv, ref: FunctionRef) -> bool:
    """Whether there is a function, version or alias of that name."""
    return version_of(env, ref.scope, ref.name, ref.version) is not None


def policy_of(env: LambdaEnv, ref: FunctionRef) -> Resource | None:
    """The policy of a function, version or alias that is there, None if it has none."""
    return env.resources.get(*place(ref).key) if exists(env, ref) else None


def require_target(env: LambdaEnv, ref: FunctionRef) -> None:
    """Raise Fault for what can't have a policy: $LATEST, and what is not there."""
    if ref.qualifier == LATEST:
        raise faults.invalid("We currently do not support adding policies for $LATEST.")
    find_qualified(env, ref)


def guard(env: LambdaEnv, ref: FunctionRef, revision: str | None) -> Callable[[Resource | None], None]:
    """Raises 412 for a policy of another revision than the one sent.

    Before there is a policy, the revision is that of the function, version or alias itself.
    """

    def check(policy: Resource | None) -> None:
        current = policy.revision if policy else _own_revision(env, ref)
        if revision is not None and revision != current:
            raise faults.stale_policy("GetPolicy")

    return check


def _own_revision(env: LambdaEnv, ref: FunctionRef) -> str:
    if ref.qualifier and is_alias(ref.qualifier):
        alias = env.resources.get(ALIAS, ref.scope, ref.name, ref.qualifier)
        return alias.revision if alias else ""
    return find_qualified(env, ref).revision


_EQUALS = (
    ("SourceAccount", "AWS:SourceAccount"),
    ("EventSourceToken", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "lambda:FunctionUrlAuthType"),
    ("PrincipalOrgID", "aws:PrincipalOrgID"),
)


def condition(params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The Condition of the statement that AddPermission makes. Raises 400.

    `InvokedViaFunctionUrl` is not recorded: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html shows it.
    """
    if params.get("FunctionUrlAuthType") and params["Action"] != "lambda:InvokeFunctionUrl":
        # From memory of AWS's answers; none is recorded.
        raise faults.invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
    equals = {key: params[member] for member, key in _EQUALS if params.get(member)}
    via_url, source = params.get("InvokedViaFunctionUrl"), params.get("SourceArn")
    operators = {
        "StringEquals": equals,
        "Bool": {} if via_url is None else {"lambda:InvokedViaFunctionUrl": "true" if via_url else "false"},
        "ArnLike": {"AWS:SourceArn": source} if source else {},
    }
    return {operator: keys for operator, keys in operators.items() if keys}
