"""Smithy's RPC in CBOR, and bodies that clients compress."""

import gzip
import zlib
from datetime import UTC, datetime

import botocore.session
import cbor2
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from lambent.wire import compressed, parse, serialize, service
from lambent.wire.fault import Fault
from lambent.wire.http import Request

MODEL = botocore.session.get_session().get_service_model("cloudwatch")
HEADERS = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
PATH = "/service/GraniteServiceVersion20100801/operation/"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 500_000, UTC)


def spoken(operation: str, body: bytes = b"") -> tuple[service.Service, Request]:
    request = Request("POST", PATH + operation, "", dict(HEADERS), body)
    return service.spoken("cloudwatch", request), request


def test_what_botocore_sends_is_read_and_what_it_is_answered_it_reads() -> None:
    params = {
        "Namespace": "N",
        "MetricData": [{"MetricName": "m", "Value": 1.5, "Timestamp": MOMENT, "StorageResolution": 1}],
    }
    model = MODEL.operation_model("PutMetricData")
    sent = create_serializer("smithy-rpc-v2-cbor").serialize_to_request(params, model)
    headers = {name.lower(): value for name, value in sent["headers"].items()}
    request = Request("POST", sent["url_path"], "", headers, sent["body"])
    cloudwatch = service.spoken("cloudwatch", request)
    assert (cloudwatch.protocol, cloudwatch.route(request)) == (service.RPC_CBOR, "PutMetricData")
    assert parse.parse(cloudwatch, "PutMetricData", request) == params
    result = {"MetricDataResults": [{"Id": "m", "Timestamps": [MOMENT.timestamp()], "Values": [1.0]}]}
    answer = serialize.output(cloudwatch, "GetMetricData", result, "id")
    raw = {"status_code": 200, "headers": {k.lower(): v for k, v in answer.headers}, "body": answer.body}
    read = create_parser("smithy-rpc-v2-cbor").parse(raw, MODEL.operation_model("GetMetricData").output_shape)
    assert read["MetricDataResults"] == [{"Id": "m", "Timestamps": [MOMENT], "Values": [1.0]}]


def test_an_operation_without_output_answers_no_body() -> None:
    cloudwatch, _ = spoken("PutMetricData")
    answer = serialize.output(cloudwatch, "PutMetricData", {}, "id")
    assert (answer.status, answer.body) == (200, b"")
    assert ("smithy-protocol", "rpc-v2-cbor") in answer.headers


def test_an_error_says_its_name_in_both_ways() -> None:
    cloudwatch, _ = spoken("GetDashboard")
    answer = serialize.fault(cloudwatch, "GetDashboard", Fault("DashboardNotFoundError", "none"), "id")
    headers = dict(answer.headers)
    assert (answer.status, headers["Content-Type"]) == (404, "application/cbor")
    assert headers["x-amzn-query-error"] == "ResourceNotFound;Sender"
    assert isinstance(answer.body, bytes)
    assert cbor2.loads(answer.body) == {"__type": "DashboardNotFoundError", "message": "none"}


@pytest.mark.parametrize("body", [b"\xff", b"\x81" * 10_000, cbor2.dumps([1]), cbor2.dumps({"Namespace": 7})])
def test_bodies_that_are_none_are_refused(body: bytes) -> None:
    cloudwatch, request = spoken("PutMetricData", body)
    with pytest.raises(Fault) as refused:
        parse.parse(cloudwatch, "PutMetricData", request)
    assert refused.value.code == "SerializationException"


def test_an_unknown_operation_is_refused() -> None:
    cloudwatch, request = spoken("Nothing")
    with pytest.raises(Fault, match="Nothing"):
        cloudwatch.route(request)


def test_a_compressed_body_is_unpacked_within_bounds() -> None:
    coded = {"content-encoding": "gzip"}
    request = Request("POST", "/", "", coded, gzip.compress(b"body"))
    compressed.unpack(request)
    assert request.body == b"body"
    plain = Request("POST", "/", "", {}, b"body")
    compressed.unpack(plain)
    assert plain.body == b"body"
    for body, status in (
        (b"no gzip", 400),
        (gzip.compress(b"body" * 100)[:-20], 400),
        (zlib.compress(b"body"), 400),
        (gzip.compress(bytes(compressed.MOST_BYTES + 1)), 413),
    ):
        with pytest.raises(Fault) as refused:
            compressed.unpack(Request("POST", "/", "", coded, body))
        assert refused.value.status == status
