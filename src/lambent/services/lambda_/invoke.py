"""Invoke: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

import base64
import logging
import secrets
from dataclasses import dataclass
from typing import Any, Protocol

from lambent.model.function import LATEST, FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.model.scope import Caller
from lambent.services.lambda_ import payload as payloads
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import running_version
from lambent.wire.fault import Fault

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """What is invoked, and the ARN by which the caller named it."""

    function: FunctionVersion
    arn: str


class Invoker(Protocol):
    """Runs an invocation. Raises `busy` errors when the account's concurrency is used up."""

    async def invoke(self, function: FunctionVersion, invocation: Invocation) -> Outcome: ...


async def invoke(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Run a function: at once (RequestResponse), once in the background (Event), or not at all (DryRun)."""
    kind = params.get("InvocationType") or "RequestResponse"
    body = params.get("Payload") or b""
    payloads.check_size(body, kind, env.limits.sync_request_bytes, env.limits.async_request_bytes)
    body = payloads.checked(body)
    target = running_version(env, caller, params["FunctionName"], params.get("Qualifier"))
    if kind == "DryRun":
        return {"StatusCode": 204}
    invocation = invocation_of(caller, target, body, params.get("ClientContext"), params.get("TraceId"))
    if kind == "Event":
        env.spawn(_in_background(env, target.function, invocation))
        return {"StatusCode": 202, "Payload": b""}
    return result_of(await env.invoker.invoke(target.function, invocation), target, params.get("LogType"))


def invocation_of(
    caller: Caller, target: Target, body: bytes, client_context: str | None, trace_id: str | None
) -> Invocation:
    """The invocation that the runtime will see; its request id is the one that the caller gets."""
    return Invocation(
        request_id=caller.request_id,
        payload=body,
        function_arn=target.arn,
        trace_id=trace_id or new_trace_id(caller.request_id),
        client_context=base64.b64decode(client_context).decode() if client_context else None,
    )


def new_trace_id(request_id: str) -> str:
    """An unsampled X-Ray trace header, as AWS makes one when the caller sends none."""
    digits = request_id.replace("-", "")
    return f"Root=1-{digits[:8]}-{digits[8:]};Parent={secrets.token_hex(8)};Sampled=0"


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


async def _in_background(env: LambdaEnv, function: FunctionVersion, invocation: Invocation) -> None:
    """An Event runs once; retries, age and dead letters come with asynchronous invocation."""
    try:
        outcome = await env.invoker.invoke(function, invocation)
    except Exception:
        log.exception("event %s of %s was not run", invocation.request_id, function.arn)
        return
    if outcome.error is not None:
        log.warning("event %s of %s failed and is not retried yet", invocation.request_id, function.arn)


__all__ = ["LATEST", "Fault", "invoke"]
