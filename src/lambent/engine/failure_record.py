"""What AWS tells of a batch of a stream that was discarded: the invocation record of an event source mapping.

Recorded; https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html (a bucket gets the payload,
too, as a text). DynamoDB's arrivals have whole seconds, those of Kinesis milliseconds.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambent.engine.shard import Discarded, Record
from lambent.model.invocation import Outcome

DYNAMODB = "DDBStreamBatchInfo"
KINESIS = "KinesisBatchInfo"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose batch it was. `function` is the ARN that the mapping names, `batch_info` the name of the batch's member."""

    function: str
    stream: str
    shard: str
    batch_info: str


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last try: its request id, the version that ran, what came of it (None: it never ran)."""

    request_id: str
    version: str = ""
    outcome: Outcome | None = None


def failure_record(origin: Origin, gone: Discarded, last: LastRun, now: float, payload: bytes | None = None) -> bytes:
    """The record, compact JSON; with `payload` (the event) for a bucket."""
    said: dict[str, Any] = {
        "requestContext": {
            "requestId": last.request_id,
            "functionArn": origin.function,
            "condition": gone.condition.value,
            "approximateInvokeCount": gone.invocations,
        }
    }
    if last.outcome is not None:
        said["responseContext"] = {
            "statusCode": 200,
            "executedVersion": last.version,
            "functionError": last.outcome.error,
        }
    said |= {"version": "1.0", "timestamp": timestamp(now), origin.batch_info: _batch(origin, gone.records)}
    if payload is not None:
        said["payload"] = payload.decode("utf-8", "replace")
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _batch(origin: Origin, records: Sequence[Record]) -> dict[str, Any]:
    precision = "seconds" if origin.batch_info == DYNAMODB else "milliseconds"
    return {
        "shardId": origin.shard,
        "startSequenceNumber": records[0].sequence,
        "endSequenceNumber": records[-1].sequence,
        "approximateArrivalOfFirstRecord": timestamp(records[0].arrived, precision),
        "approximateArrivalOfLastRecord": timestamp(records[-1].arrived, precision),
        "batchSize": len(records),
        "streamArn": origin.stream,
    }


def timestamp(seconds: float, precision: str = "milliseconds") -> str:
    """A moment in AWS's form."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
