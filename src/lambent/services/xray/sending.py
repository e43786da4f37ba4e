"""Segments and figures that come in.

https://docs.aws.amazon.com/xray/latest/api/API_PutTraceSegments.html,
https://docs.aws.amazon.com/xray/latest/api/API_PutTelemetryRecords.html
"""

from typing import Any

from lambent.engine.traces import documents
from lambent.engine.traces.documents import Unprocessed
from lambent.model.scope import Caller
from lambent.model.trace import Segment
from lambent.observe.errors import NotKept
from lambent.services.xray import faults
from lambent.services.xray.env import XRayEnv

MOST_DOCUMENTS = 1_000
"""Of one request: ours, which the daemon's 50 are far from."""


async def put_trace_segments(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keep documents; they are on disk when this is answered. What can't be kept is told of one by one."""
    sent = params["TraceSegmentDocuments"]
    if len(sent) > MOST_DOCUMENTS:
        raise faults.invalid(f"A request has at most {MOST_DOCUMENTS} segment documents.")
    good, refused = [], []
    for text in sent:
        segment = Segment(caller.scope, text.encode("utf-8", "replace"))
        try:
            good.append((segment, documents.read(segment.document)))
        except Unprocessed as error:
            own = {"Id": error.id} if error.id else {}
            refused.append({**own, "ErrorCode": error.code, "Message": str(error)})
    try:
        await env.traces.put(good)
    except NotKept as error:
        raise faults.broken(error) from error
    return {"UnprocessedTraceSegments": refused}


async def put_telemetry_records(_env: XRayEnv, _caller: Caller, _params: dict[str, Any]) -> dict[str, Any]:
    """What the daemon says of itself: AWS shows it nowhere."""
    return {}


async def get_encryption_config(_env: XRayEnv, _caller: Caller, _params: dict[str, Any]) -> dict[str, Any]:
    """As it is before anybody asks for a key."""
    return {"EncryptionConfig": {"Status": "ACTIVE", "Type": "NONE"}}
