"""InvokeWithResponseStream: https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html

A response that the runtime streams is handed on as it comes, any other one as one chunk. That a function failed stands
in the last event: its ErrorCode is "Unhandled" as in Invoke, its ErrorDetails are what Invoke would answer. Both are
seen in public reports, there is no recorded answer. AWS slows a response down to 2 MB/s after its first 6 MB; this
does not.
"""

import base64
import logging
from collections.abc import AsyncIterator
from typing import Any

from lambent.model.answer import Answer
from lambent.model.invocation import Outcome, Throttled
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv, ResponseStream
from lambent.services.lambda_.invoking import loops
from lambent.services.lambda_.invoking import payload as payloads
from lambent.services.lambda_.invoking.invoke import headers_of, invocation_of
from lambent.services.lambda_.lookup import running_version
from lambent.wire.fault import Fault

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
"""The most that is put into one event."""


async def invoke_with_response_stream(
    env: LambdaEnv, caller: Caller, params: dict[str, Any]
) -> dict[str, Any] | Answer:
    """Run a function and answer what it writes while it writes it."""
    if params.get("TenantId"):
        raise faults.unsupported("TenantId")
    body = params.get("Payload") or b""
    payloads.check_size(body, "RequestResponse", env.limits.sync_request_bytes, env.limits.async_request_bytes)
    body = payloads.checked(body)
    target = running_version(env, caller, params["FunctionName"], params.get("Qualifier"))
    if params.get("InvocationType") == "DryRun":
        return {"StatusCode": 204}
    invocation = invocation_of(env, caller, target, body, params.get("ClientContext"))
    invocation = invocation._replace(trace_id=loops.enter(env, target, invocation.trace_id, caller.request_id))
    try:
        stream = env.invoker.stream(target.function, invocation)
    except Throttled as throttled:
        raise faults.not_run(throttled) from throttled
    result = {
        "StatusCode": 200,
        "ExecutedVersion": target.function.version,
        "EventStream": _events(stream, params.get("LogType") == "Tail"),
    }
    headers = headers_of(invocation) | {"Content-Type": "application/vnd.amazon.eventstream"}
    return Answer(result, headers)


async def _events(stream: ResponseStream, tail: bool) -> AsyncIterator[dict[str, Any]]:
    try:
        async for part in stream:
            for start in range(0, len(part), CHUNK_BYTES):
                yield {"PayloadChunk": {"Payload": part[start : start + CHUNK_BYTES]}}
        yield {"InvokeComplete": _completion(stream.outcome, tail)}
    except Exception as error:
        log.exception("an invocation could not be finished")
        raise Fault("ServiceException", "Lambent failed on this invocation; its log has the reason.") from error
    finally:
        stream.abandon()


def _completion(outcome: Outcome, tail: bool) -> dict[str, Any]:
    """The last event."""
    members: dict[str, Any] = {}
    if outcome.error is not None:
        members["ErrorCode"] = outcome.error
        members["ErrorDetails"] = outcome.payload.decode("utf-8", "replace")
    if tail:
        members["LogResult"] = base64.b64encode(outcome.log_tail).decode("ascii")
    return members
