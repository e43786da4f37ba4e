"""Requests into params, and what can't be read."""

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambent.wire import parse, serialize, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.parse import split_header
from lambent.wire.service import from_description

LAMBDA = service.load("lambda")


def params(name: str, operation: str, request: Request) -> dict[str, Any]:
    return parse.parse(service.load(name), operation, request)


def create(body: bytes) -> dict[str, Any]:
    return params("lambda", "CreateFunction", Request("POST", "/2015-03-31/functions", body=body))


def test_labels_query_headers_and_a_raw_payload() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    headers = {"x-amz-log-type": "Tail", "x-amz-invocation-type": "RequestResponse"}
    request = Request(
        "POST", f"/2015-03-31/functions/{quote(arn, safe='')}/invocations", "Qualifier=%24LATEST", headers, b"{}"
    )
    assert params("lambda", "Invoke", request) == {
        "FunctionName": arn,
        "Qualifier": "$LATEST",
        "LogType": "Tail",
        "InvocationType": "RequestResponse",
        "Payload": b"{}",
    }


def test_numbers_and_booleans_of_a_query() -> None:
    request = Request("GET", "/2015-03-31/functions", "MaxItems=7&Unknown=x")
    assert params("lambda", "ListFunctions", request) == {"MaxItems": 7}


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(Fault) as caught:
        params("lambda", "ListFunctions", Request("GET", "/2015-03-31/functions", "MaxItems=many"))
    assert caught.value.code == "SerializationException"
    assert caught.value.message == "STRING_VALUE can not be converted to an Integer"


def test_blobs_are_bytes_unknown_members_are_passed_over_and_null_is_absent() -> None:
    body = orjson.dumps({"Code": {"ZipFile": "AAEC", "Secret": 1}, "Role": None, "Nothing": []})
    assert create(body) == {"Code": {"ZipFile": b"\x00\x01\x02"}}


def test_json_timestamps_are_datetimes() -> None:
    request = Request("POST", "/2015-03-31/event-source-mappings", body=b'{"StartingPositionTimestamp": 1.5}')
    moment = datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)
    assert params("lambda", "CreateEventSourceMapping", request) == {"StartingPositionTimestamp": moment}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", None),
        (b"[]", None),
        (b"\xff", None),
        (b'{"Timeout": "3"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"Timeout": true}', "TRUE_VALUE can not be converted to an Integer"),
        (b'{"Handler": 3}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"Publish": "true"}', "STRING_VALUE can not be converted to a Boolean"),
        (b'{"Handler": {}}', "Start of structure or map found where not expected."),
        (b'{"Layers": {}}', "Start of structure or map found where not expected."),
        (b'{"Tags": []}', "Start of list found where not expected"),
        (b'{"Code": {"ZipFile": "*"}}', "STRING_VALUE can not be converted to a Blob"),
    ],
)
def test_a_body_that_is_not_what_the_model_says(body: bytes, message: str | None) -> None:
    with pytest.raises(Fault) as caught:
        create(body)
    assert (caught.value.code, caught.value.status) == ("SerializationException", 400)
    assert caught.value.message == message


def test_header_maps() -> None:
    request = Request("PUT", "/b/k", headers={"x-amz-meta-colour": "red", "x-amz-acl": "private"}, body=b"x")
    assert params("s3", "PutObject", request) == {
        "Bucket": "b",
        "Key": "k",
        "ACL": "private",
        "Metadata": {"colour": "red"},
        "Body": b"x",
    }


def test_xml_that_could_blow_up_is_refused() -> None:
    body = b'<!DOCTYPE x [<!ENTITY a "b">]><Delete/>'
    with pytest.raises(Fault) as caught:
        params("s3", "DeleteObjects", Request("POST", "/b", "delete", {}, body))
    assert caught.value.code == "MalformedXML"


@pytest.mark.parametrize(
    ("text", "items"),
    [("a, b", ["a", "b"]), ('"a,b", c', ["a,b", "c"]), ('"\\"a\\""', ['"a"']), ("a", ["a"])],
)
def test_list_headers(text: str, items: list[str]) -> None:
    assert split_header(text) == items


@pytest.mark.parametrize("depth", [100, 150, 200, 300, 400])
def test_a_recursive_shape_can_not_be_nested_without_end(depth: int) -> None:
    body = b'{"TableName":"ttt","Item":{"a":' + b'{"L":[' * depth + b"]}" * depth + b"}}"
    answered("dynamodb", Request("POST", "/", "", {"x-amz-target": "DynamoDB_20120810.PutItem"}, body))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from(sorted(LAMBDA.description["operations"]))
MEMBERS = st.sampled_from(sorted({m for s in LAMBDA.description["shapes"].values() for m in s.get("members", {})}))
SERVICES = st.sampled_from(["lambda", "logs", "sns", "s3", "dynamodb", "route53"])
METHODS = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "X"])
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
PATHS = st.sampled_from(
    [
        "/2015-03-31/functions/{}",
        "/2015-03-31/functions/{}/invocations",
        "/{}",
        "/b/{}",
        "/2013-04-01/hostedzone/{}",
    ]
)


def answered(name: str, request: Request) -> None:
    """The whole road: whatever comes is answered or refused by a Fault, which has a wire form."""
    target = service.load(name)
    try:
        operation = target.route(request)
        validate.validate(target, operation, parse.parse(target, operation, request))
    except Fault as fault:
        assert serialize.fault(target, None, fault, "id").status >= 400


@settings(max_examples=300, deadline=None)
@given(SERVICES, METHODS, PATHS, TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3), st.binary(max_size=80))
def test_nothing_but_a_fault_comes_of_garbage(
    name: str, method: str, path: str, label: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    answered(name, Request(method, path.format(label), query, headers, body))


@settings(max_examples=300, deadline=None)
@given(NAMES, st.dictionaries(MEMBERS | TEXT, JSON, max_size=6))
def test_nothing_but_a_fault_comes_of_any_json(operation: str, body: dict[str, Any]) -> None:
    data = orjson.dumps(body)
    try:
        validate.validate(LAMBDA, operation, parse.parse(LAMBDA, operation, Request("POST", "/", body=data)))
    except Fault as fault:
        serialize.fault(LAMBDA, operation, fault, "id")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.lists(st.sampled_from(["", "a", "1", "member", "entry", "key", "MessageAttributes"]),
       max_size=5), TEXT), max_size=6))  # fmt: skip
def test_nothing_but_a_fault_comes_of_any_form(fields: list[tuple[list[str], str]]) -> None:
    body = "&".join(f"{'.'.join(parts)}={quote(value)}" for parts, value in fields)
    form = f"Action=Publish&{body}".encode()
    answered("sns", Request("POST", "/", headers={"content-type": "application/x-www-form-urlencoded"}, body=form))


def test_a_model_of_no_protocol_spoken_here_is_refused() -> None:
    with pytest.raises(ValueError, match="speaks carrier-pigeon only"):
        from_description("x", {"metadata": {"protocol": "carrier-pigeon"}, "operations": {}, "shapes": {}})


def test_a_small_call_takes_well_under_half_a_millisecond() -> None:
    """A tenth of what it takes is typical; the bound leaves room for a busy machine."""
    request = Request("GET", "/2015-03-31/functions/f/configuration", "Qualifier=1")
    result = {"FunctionName": "f", "Environment": {"Variables": {f"NAME_{n}": "value" for n in range(20)}}}
    result |= {"Timeout": 3, "Layers": [{"Arn": "a", "CodeSize": n} for n in range(5)], "Architectures": ["arm64"]}
    best = min(_seconds(request, result) for _ in range(50))
    assert best < 0.0005


def _seconds(request: Request, result: dict[str, Any]) -> float:
    start = time.perf_counter()
    operation = LAMBDA.route(request)
    validate.validate(LAMBDA, operation, parse.parse(LAMBDA, operation, request))
    serialize.output(LAMBDA, operation, result, "id")
    return time.perf_counter() - start
