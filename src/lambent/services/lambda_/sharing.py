"""Functions of other accounts: the policy of the function, version or alias that is named decides, in every mode; what
the caller's own policies say is asked before, as for everything else.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-cross-account.html ("most API actions that
operate on an existing function"; which ones, callers report at
https://github.com/awsdocs/aws-lambda-developer-guide/issues/139), for the log's tail
https://github.com/common-fate/glide/pull/559. All other operations, and those on a function that is not there or has no
policy, answer as recorded: AccessDeniedException without a message; invocations are told who may not.
"""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lambent.engine.authorisation import resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.model import names
from lambent.model.answer import Answer
from lambent.model.names import FunctionRef
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.policies import permission, resource_policy
from lambent.wire.fault import Fault

Operation = Callable[[LambdaEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any] | Answer]]

SHARED = frozenset(
    {
        *("CreateAlias", "DeleteAlias", "DeleteFunction", "DeleteFunctionConcurrency", "GetAlias", "GetFunction"),
        *("DeleteFunctionEventInvokeConfig", "DeleteProvisionedConcurrencyConfig", "GetFunctionConcurrency"),
        *("GetFunctionConfiguration", "GetFunctionEventInvokeConfig", "GetPolicy", "GetProvisionedConcurrencyConfig"),
        *("Invoke", "InvokeAsync", "InvokeWithResponseStream", "ListAliases", "ListFunctionEventInvokeConfigs"),
        *("ListProvisionedConcurrencyConfigs", "ListTags", "ListVersionsByFunction", "PublishVersion"),
        *("PutFunctionConcurrency", "PutProvisionedConcurrencyConfig", "TagResource", "UntagResource", "UpdateAlias"),
    }
)
INVOKES = ("Invoke", "InvokeAsync", "InvokeWithResponseStream")
INVOKE = "lambda:InvokeFunction"
"""All three need it."""
NO_TAIL = "Cross-account log access is not allowed"


def shared(table: Mapping[str, Operation]) -> dict[str, Operation]:
    """The operations, those of other accounts' functions for whom their policies let in."""
    return {name: _guarded(name, one) if name in SHARED else one for name, one in table.items()}


def _guarded(name: str, operation: Operation) -> Operation:
    action = INVOKE if name in INVOKES else f"lambda:{name}"

    @functools.wraps(operation)
    async def run(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any] | Answer:
        ref = _elsewhere(caller.scope, params)
        if ref is None:
            return await operation(env, caller, params)
        _check(env, caller, action, ref)
        if params.get("LogType") == "Tail":
            raise Fault("AccessDeniedException", NO_TAIL, status=403)
        return await operation(env, caller._replace(scope=ref.scope), params)

    return run


def _elsewhere(scope: Scope, params: Mapping[str, Any]) -> FunctionRef | None:
    """The function of another account, in this region, that a request names; None for any other."""
    tagged = params.get("Resource") or ""
    try:
        said = names.parse(params.get("FunctionName") or (tagged if ":function:" in tagged else ""))
    except names.MalformedName:
        return None
    if said.account in (None, scope.account) or said.region not in (None, scope.region):
        return None
    return FunctionRef(Scope(said.account, scope.region), said.name, params.get("Qualifier") or said.qualifier)


def _check(env: LambdaEnv, caller: Caller, action: str, ref: FunctionRef) -> None:
    """Raises Fault (403) unless the policy lets the caller in; that of a function that is not there lets in nobody."""
    found = permission.policy_of(env, ref)
    if found is None and action != INVOKE:
        raise faults.not_allowed(None)
    policy = resource_policy.document(found) if found is not None else {}
    who = resource.asking(caller)
    said = resource.said(policy, Ask(who, action, ref.arn, keys=of_any(env.clock())))
    if said != "Allow":
        text = resource.not_let_in(who.arn, action, ref.arn, denied=said == "Deny")
        raise faults.not_allowed(text)
