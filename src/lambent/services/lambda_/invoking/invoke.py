"""Invoke: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

import base64
from typing import Any

import orjson

from lambent.ids import new_span
from lambent.model import trace
from lambent.model.answer import Answer
from lambent.model.async_event import NewEvent
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, RestoreFailed, Throttled
from lambent.model.names import parse
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv, TraceHeader
from lambent.services.lambda_.invoking import loops
from lambent.services.lambda_.invoking import payload as payloads
from lambent.services.lambda_.lookup import Target, running_version
from lambent.wire.fault import Fault


async def invoke(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any] | Answer:
    """Run a function: at once (RequestResponse), from the queue of events (Event), or not at all (DryRun)."""
    for setting in ("DurableExecutionName", "TenantId"):
        if params.get(setting):
            raise faults.unsupported(setting)
    kind = params.get("InvocationType") or "RequestResponse"
    body = params.get("Payload") or b""
    payloads.check_size(body, kind, env.limits.sync_request_bytes, env.limits.async_request_bytes)
    body = payloads.checked(body)
    target = running_version(env, caller, params["FunctionName"], params.get("Qualifier"))
    if kind == "DryRun":
        return {"StatusCode": 204}
    invocation = invocation_of(env, caller, target, body, params.get("ClientContext"))
    if kind == "Event":
        await _accept(env, caller, target, invocation)
        return {"StatusCode": 202, "Payload": b""}
    invocation = invocation._replace(trace_id=loops.enter(env, target, invocation.trace_id, caller.request_id))
    try:
        outcome = await env.invoker.invoke(target.function, invocation)
    except (Throttled, RestoreFailed) as refused:
        raise faults.not_run(refused) from refused
    return Answer(result_of(outcome, target, params.get("LogType")), headers_of(invocation))


def invocation_of(
    env: LambdaEnv, caller: Caller, target: Target, body: bytes, client_context: str | None
) -> Invocation:
    """The invocation that the runtime will see; its request id is the one that the caller gets."""
    return Invocation(
        request_id=caller.request_id,
        payload=body,
        function_arn=target.arn,
        trace_id=header_of(env.trace_header, target.function, caller.trace_id, caller.request_id),
        client_context=_client_context(client_context),
    )


def _client_context(encoded: str | None) -> str | None:
    """The JSON of X-Amz-Client-Context."""
    if not encoded:
        return None
    try:
        text = base64.b64decode(encoded, validate=True).decode("utf-8")
        if isinstance(orjson.loads(text), dict):
            return text
    except ValueError:
        pass
    raise Fault(
        "InvalidRequestContentException",
        "Client context must be a valid Base64-encoded JSON object.",
        members={"Type": "User"},
    )


def header_of(decide: TraceHeader, function: FunctionVersion, given: str | None, request_id: str) -> str:
    """The trace header of a request: what came with it, or a new one; of a function that traces with the decision
    whether it is recorded."""
    if function.traced:
        return decide(function, given, request_id)
    return given or new_trace_id(request_id)


def new_trace_id(request_id: str) -> str:
    """An unsampled X-Ray trace header, as AWS makes one when the caller sends none."""
    return f"{trace.root_of(request_id)};Parent={new_span()};Sampled=0"


def headers_of(invocation: Invocation) -> dict[str, str]:
    """The headers of a synchronous answer that AWS's model does not list."""
    return {
        "Content-Type": "application/json",
        "x-amzn-Remapped-Content-Length": "0",
        "X-Amzn-Trace-Id": invocation.trace_id,
    }


def result_of(outcome: Outcome, target: Target, log_type: str | None) -> dict[str, Any]:
    """What the caller gets of `outcome`."""
    result: dict[str, Any] = {
        "StatusCode": 200,
        "ExecutedVersion": target.function.version,
        "Payload": outcome.payload,
    }
    if outcome.error is not None:
        result["FunctionError"] = outcome.error
    if log_type == "Tail":
        result["LogResult"] = base64.b64encode(outcome.log_tail).decode("ascii")
    return result


async def _accept(env: LambdaEnv, caller: Caller, target: Target, invocation: Invocation) -> None:
    """Put an event into the queue. Which version runs it is looked up when it is its turn."""
    asked = parse(target.arn)
    event = NewEvent(
        caller.scope,
        asked.name,
        asked.qualifier or "",
        invocation.request_id,
        invocation.payload,
        invocation.trace_id,
        invocation.client_context,
        caller.kept,
    )
    await env.accept(event)
