"""Spans of OpenTelemetry, in and out, and what the command line shows of a trace."""

import gzip
import time
from typing import Any

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lambent.cli.trace import waterfall
from lambent.engine.traces import documents, otlp
from lambent.engine.traces.compiling import compiled
from lambent.engine.traces.otlp import Malformed
from lambent.engine.traces.waterfall import rows
from lambent.observe import otlp as protobufs
from lambent.server import otlp as pages
from lambent.wire.http import Request, Response

TRACE, ROOT = "5759e988bd862e3fe1be46a994272793", "1-5759e988-bd862e3fe1be46a994272793"
NOW = 1_790_000_000


def text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def span(number: int, name: str, kind: int, parent: int = 0, **more: Any) -> dict[str, Any]:
    said = {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(NOW * 10**9),
        "endTimeUnixNano": str(NOW * 10**9 + 250_000_000),
    }
    return said | ({"parentSpanId": f"{parent:016x}"} if parent else {}) | more


def request(*spans: dict[str, Any]) -> dict[str, Any]:
    about = {"attributes": [text("service.name", "shop"), text("cloud.region", "eu-west-1")]}
    return {"resourceSpans": [{"resource": about, "scopeSpans": [{"spans": list(spans)}]}]}


SERVER = span(
    1, "GET /", otlp.SERVER,
    attributes=[text("http.request.method", "GET"), text("url.full", "http://a/"),
                {"key": "http.response.status_code", "value": {"intValue": "200"}}, text("annotation.order", "o-1")],
)  # fmt: skip
CALL = span(
    2, "DynamoDB.GetItem", otlp.CLIENT, 1,
    attributes=[text("rpc.system", "aws-api"), text("rpc.service", "DynamoDB"), text("rpc.method", "GetItem"),
                {"key": "aws.dynamodb.table_names", "value": {"arrayValue": {"values": [{"stringValue": "orders"}]}}}],
    status={"code": 2},
    events=[{"name": "exception", "attributes": [text("exception.type", "E"), text("exception.message", "no")]}],
)  # fmt: skip


def test_spans_become_a_segment_and_a_subsegment_of_it() -> None:
    found = [documents.read(orjson.dumps(one)) for one in otlp.documents_of(request(CALL, SERVER))]
    segment, inferred = compiled(found)
    assert (segment["name"], segment["trace_id"]) == ("shop", ROOT)
    assert segment["http"] == {"request": {"method": "GET", "url": "http://a/"}, "response": {"status": 200}}
    assert segment["annotations"] == {"order": "o-1"}
    [call] = segment["subsegments"]
    assert (call["name"], call["namespace"], call["aws"]["table_name"], call["fault"]) == (
        "DynamoDB", "aws", "orders", True,
    )  # fmt: skip
    assert call["cause"]["exceptions"][0]["message"] == "no"
    assert inferred["origin"] == "AWS::DynamoDB::Table"


def test_protobuf_says_the_same_and_segments_become_spans_again() -> None:
    said = request(SERVER, CALL)
    wire = protobufs.written(orjson.loads(orjson.dumps(said)))
    assert list(otlp.documents_of(protobufs.read(wire))) == list(otlp.documents_of(said))
    out = protobufs.written(otlp.request_of(list(otlp.documents_of(said))))
    message = ExportTraceServiceRequest.FromString(out)
    spans = [one for held in message.resource_spans for scope in held.scope_spans for one in scope.spans]
    assert [one.trace_id.hex() for one in spans] == [TRACE, TRACE]
    assert [one.parent_span_id.hex() for one in spans] == ["", f"{1:016x}"]
    assert spans[0].end_time_unix_nano - spans[0].start_time_unix_nano == 250_000_000


@pytest.mark.parametrize(
    "wrong",
    [{"resourceSpans": 7}, request({"spanId": "1"}), {"resourceSpans": [{"scopeSpans": [{"spans": [7]}]}]}],
)
def test_what_is_no_span_is_malformed(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        list(otlp.documents_of(wrong))
    with pytest.raises(Malformed):
        protobufs.read(b"\xff\xff\xff")


class Doors:
    """What PutTraceSegments is told."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def gateway(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(200, [], b'{"UnprocessedTraceSegments": [{"Message": "bad"}]}')


async def _sent(body: bytes, inside: str = "", **headers: str) -> tuple[Response, Doors]:
    doors = Doors()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    page = pages.page(doors)  # type: ignore[arg-type]
    return await page(Request("POST", "/v1/traces", "", named, body, inside=inside)), doors


async def _all(request: dict[str, Any]) -> None:
    packed = gzip.compress(orjson.dumps(request))
    said, doors = await _sent(packed, "KEY", content_type="application/json", content_encoding="gzip")
    assert orjson.loads(said.body)["partialSuccess"]["rejectedSpans"] == "1"
    [asked] = doors.asked
    assert (asked.inside, asked.path) == ("KEY", "/TraceSegments")
    assert "Credential=KEY/20260101/eu-west-1/xray/" in asked.headers["authorization"]
    assert len(orjson.loads(asked.body)["TraceSegmentDocuments"]) == 2
    bomb = gzip.compress(b" " * (pages.MOST_BYTES + 10))
    for body, kind, status in ((b"{}", "text/plain", 415), (b"[]", "application/json", 400), (b"?", "", 415)):
        assert (await _sent(body, content_type=kind))[0].status == status
    assert (await _sent(bomb, content_type="application/json", content_encoding="gzip"))[0].status == 400


def test_too_many_spans_or_parts_are_refused_before_they_are_unfolded() -> None:
    with pytest.raises(Malformed, match="spans"):
        list(otlp.documents_of(request(*[span(1, "a", 1)] * 10_001)))
    asked = ExportTraceServiceRequest()
    scope = asked.resource_spans.add().scope_spans.add()
    for _ in range(30):
        values = scope.spans.add().attributes.add().value.array_value.values
        values.extend([values.add()] * 10_000)
    began = time.process_time()
    with pytest.raises(Malformed, match="parts"):
        protobufs.read(asked.SerializeToString())
    assert time.process_time() - began < 5


def test_what_comes_in_is_put_as_its_sender() -> None:
    import asyncio

    asyncio.run(_all(request(SERVER, CALL)))


def test_a_waterfall_shows_what_was_called_beneath_its_caller() -> None:
    said = [documents.read(orjson.dumps(one)) for one in otlp.documents_of(request(CALL, SERVER))]
    said[1]["name"] = "sh\x1bop"
    lines = waterfall(compiled(said))
    assert [line.split("━")[0].rstrip() for line in lines] == [
        "sh?op",
        "  DynamoDB",
        "    DynamoDB (AWS::DynamoDB::Table)",
    ]
    assert lines[0].endswith("250 ms") and lines[1].endswith("fault")
    assert waterfall([]) == []


def test_the_rows_of_a_trace_are_by_when_they_began_and_each_once() -> None:
    inner = [{"name": "later", "id": "c", "start_time": 3}, {"name": "first", "id": "d", "start_time": 1}]
    segments = [
        {"name": "called", "id": "b", "parent_id": "a", "start_time": 2},
        {"name": "root", "id": "a", "parent_id": "elsewhere", "start_time": 0, "subsegments": inner},
        {"name": "circle", "id": "e", "parent_id": "f", "start_time": 0},
        {"name": "circle", "id": "f", "parent_id": "e", "start_time": 0},
    ]
    found = [(row.document["name"], row.depth, row.is_segment) for row in rows(segments)]
    assert found == [("root", 0, True), ("first", 1, False), ("called", 1, True), ("later", 1, False),
                     ("circle", 0, True), ("circle", 1, True)]  # fmt: skip


def test_exceptions_of_a_trace_have_ids_of_their_own() -> None:
    thrown = {"name": "exception", "attributes": [text("exception.message", "no")]}
    failed = {"status": {"code": 2, "message": "no"}}
    spans = [
        span(3, "a", otlp.SERVER, events=[thrown, thrown], **failed),
        span(5, "b", otlp.SERVER, **failed),
        span(7, "c", otlp.SERVER, events=[thrown], **failed),
    ]
    found = [one["id"] for document in otlp.documents_of(request(*spans)) for one in document["cause"]["exceptions"]]
    assert len(set(found)) == len(found) == 4
    assert all(len(one) == 16 for one in found)
