"""CBOR, as AWS's SDK for Java sends and reads it where a service takes it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from botocore.eventstream import EventStreamBuffer

from lambent.wire import parse, serialize, service
from lambent.wire.fault import Fault
from lambent.wire.http import Request

TYPE = "application/x-amz-cbor-1.1"
MOMENT = datetime(2026, 3, 31, 23, 33, 20, 123_000, tzinfo=UTC)
MILLIS = 1_775_000_000_123


def request(operation: str, body: bytes) -> Request:
    headers = {"content-type": TYPE, "x-amz-target": f"Kinesis_20131202.{operation}"}
    return Request("POST", "/", "", headers, body)


def params(operation: str, value: Any) -> dict[str, Any]:
    sent = request(operation, value if isinstance(value, bytes) else cbor2.dumps(value))
    spoken = service.spoken("kinesis", sent)
    assert spoken.route(sent) == operation
    return parse.parse(spoken, operation, sent)


def test_blobs_are_bytes_and_timestamps_are_milliseconds() -> None:
    assert params("PutRecord", {"Data": b"\x00\xff", "PartitionKey": "k"}) == {"Data": b"\x00\xff", "PartitionKey": "k"}
    assert params("ListShards", {"StreamCreationTimestamp": cbor2.CBORTag(1, MILLIS)}) == {
        "StreamCreationTimestamp": MOMENT
    }
    seconds = params("ListShards", {"StreamCreationTimestamp": cbor2.CBORTag(1, 1_775_000_000.5)})
    assert seconds["StreamCreationTimestamp"].timestamp() == 1_775_000_000.5
    assert params("ListStreams", b"") == {}
    indefinite = bytes.fromhex("bf") + cbor2.dumps("Limit") + cbor2.dumps(5) + bytes.fromhex("ff")
    assert params("ListStreams", indefinite) == {"Limit": 5}, "as Jackson writes maps whose length it does not know"


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"{}",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\x00\x00\xff\xff\xff\xff\xff\xff",
        b"\x81" * 100_000,
        cbor2.dumps([1]),
        cbor2.dumps({"Limit": "x"}),
        cbor2.dumps({"Limit": b"x"}),
        bytes.fromhex("a1") + cbor2.dumps("Limit") + bytes.fromhex("c11bffffffffffffffff"),
        bytes.fromhex("a1") + cbor2.dumps("Limit") + bytes.fromhex("c16161"),
    ],
)
def test_what_can_not_be_read_is_the_callers_fault(body: bytes) -> None:
    with pytest.raises(Fault) as fault:
        params("ListStreams", body)
    assert fault.value.code == "SerializationException"


def test_answers_and_errors_are_cbor_too() -> None:
    spoken = service.spoken("kinesis", request("GetRecords", b""))
    record = {"Data": b"\x00\xff", "PartitionKey": "k", "SequenceNumber": "1", "ApproximateArrivalTimestamp": MOMENT}
    response = serialize.output(spoken, "GetRecords", {"Records": [record], "MillisBehindLatest": 0}, "id")
    assert dict(response.headers)["Content-Type"] == TYPE
    assert isinstance(response.body, bytes)
    read = cbor2.loads(response.body, semantic_decoders={1: lambda value, _: ("tag 1", value)})
    assert read["Records"] == [{**record, "ApproximateArrivalTimestamp": ("tag 1", MILLIS)}]
    empty = serialize.output(spoken, "DeleteStream", {}, "id")
    assert empty.body == b"\xa0"
    refused = serialize.fault(spoken, "GetRecords", Fault("ResourceNotFoundException", "no"), "id")
    assert isinstance(refused.body, bytes) and refused.status == 400
    assert cbor2.loads(refused.body) == {"__type": "ResourceNotFoundException", "message": "no"}
    assert dict(refused.headers)["Content-Type"] == TYPE


def test_events_are_in_the_notation_of_the_request() -> None:
    async def events() -> AsyncIterator[dict[str, Any]]:
        yield {"SubscribeToShardEvent": {"Records": [], "MillisBehindLatest": 0, "ContinuationSequenceNumber": "1"}}
        raise Fault("ResourceInUseException", "taken")

    async def run() -> list[Any]:
        spoken = service.spoken("kinesis", request("SubscribeToShard", b""))
        response = serialize.output(spoken, "SubscribeToShard", {"EventStream": events()}, "id")
        buffer = EventStreamBuffer()
        assert not isinstance(response.body, bytes)
        async for part in response.body:
            buffer.add_data(part)
        return list(buffer)

    initial, event, end = asyncio.run(run())
    assert [one.headers[":content-type"] for one in (initial, event, end)] == [TYPE] * 3
    assert cbor2.loads(event.payload)["ContinuationSequenceNumber"] == "1"
    assert end.headers[":exception-type"] == "ResourceInUseException"
    assert cbor2.loads(end.payload) == {"message": "taken"}


def test_json_stays_json() -> None:
    sent = Request("POST", "/", "", {"content-type": "application/x-amz-json-1.1"}, b"{}")
    assert service.spoken("kinesis", sent).protocol == "json"
    assert service.spoken("lambda", request("x", b"")).protocol == "rest-json"
