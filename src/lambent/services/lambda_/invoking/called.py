"""A function that a front door calls: API Gateway, a load balancer. The door has to be permitted to, by the function's
own policy.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html (permissions) and
https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html. A policy counts for the qualifier that
the ARN names: that of the function says nothing of its aliases.
"""

from lambent.engine.authorisation import principals, resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.model import names
from lambent.model.async_event import NewEvent
from lambent.model.door import CALLERS, Call, Door, NotPermitted
from lambent.model.invocation import Invocation, Outcome
from lambent.model.names import FunctionRef
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_.env import LambdaEnv, ResponseStream
from lambent.services.lambda_.invoking import loops, payload
from lambent.services.lambda_.invoking.invoke import header_of
from lambent.services.lambda_.lookup import Target, running_version
from lambent.services.lambda_.policies import permission, resource_policy

INVOKE = "lambda:InvokeFunction"


def permitted(env: LambdaEnv, door: Door, ref: FunctionRef) -> bool:
    """Whether the door may call the function, version or alias."""
    if door.role == CALLERS:
        return door.signer is not None  # whose rights were looked at
    if door.role:
        return door.account == ref.scope.account
    stored = permission.policy_of(env, ref)
    if stored is None:
        return False
    policy, who = resource_policy.document(stored), principals.service(door.service)
    source = ("aws:sourcearn", door.source_arn), ("aws:sourceaccount", door.account)
    known = resource.lets_in_by(policy, who, INVOKE, ref.arn, source)
    if known is not None:
        return known
    return resource.lets_in(policy, Ask(who, INVOKE, ref.arn, keys=of_any(env.clock()) | dict(source)))


async def call(env: LambdaEnv, door: Door, call: Call) -> Outcome:
    """Run it and wait for what comes of it; who stops waiting does not stop the function.

    Raises NotPermitted, Fault (no such function, not active, a loop), Throttled, RestoreFailed.
    """
    target, invocation = _prepared(env, door, call)
    return await env.invoker.invoke(target.function, invocation)


def stream(env: LambdaEnv, door: Door, call: Call) -> ResponseStream:
    """The same, with the response while it is written."""
    target, invocation = _prepared(env, door, call)
    return env.invoker.stream(target.function, invocation)


async def accept(env: LambdaEnv, door: Door, call: Call) -> None:
    """Put the event into the function's queue; comes back when it is on disk. Raises NotPermitted, Fault."""
    target = _target(env, door, call)
    said = names.parse(target.arn)
    trace_id = header_of(env.trace_header, target.function, call.trace_id, call.request_id)
    scope, qualifier = target.function.scope, said.qualifier or ""
    await env.accept(NewEvent(scope, said.name, qualifier, call.request_id, call.payload, trace_id, None))


def _prepared(env: LambdaEnv, door: Door, call: Call) -> tuple[Target, Invocation]:
    target = _target(env, door, call)
    given = header_of(env.trace_header, target.function, call.trace_id, call.request_id)
    trace_id = loops.enter(env, target, given, call.request_id)
    return target, Invocation(call.request_id, call.payload, target.arn, trace_id)


def _target(env: LambdaEnv, door: Door, call: Call) -> Target:
    """What is called; functions of other accounts and regions are found by their whole ARN. No function is run with
    what is no JSON."""
    try:
        said = names.parse(call.function)
    except names.MalformedName as error:
        raise NotPermitted(f"{call.function} names no function") from error
    scope = Scope(said.account or door.account, said.region or door.region)
    ref = FunctionRef(scope, said.name, said.qualifier)
    if not permitted(env, door, ref):
        raise NotPermitted(f"{ref.arn} has no permission for {door.service} with the source {door.source_arn}")
    if call.templated:
        payload.checked(call.payload)
    return running_version(env, Caller(scope, call.request_id), call.function, None)
