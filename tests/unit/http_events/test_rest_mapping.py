"""Templates, parameters, patterns of integrations that are no proxies."""

import base64
import time
from typing import Any

import orjson
import pytest

from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_mapping import (
    BackendAnswer,
    choose,
    function_answer,
    mock_answer,
    template_for,
    to_backend,
    to_client,
)
from lambent.http_events.rest_request import RestRequest
from lambent.http_events.rest_validation import STEPS, TakesLong, validate


def request(**more: Any) -> RestRequest:
    given: dict[str, Any] = {
        "method": "POST",
        "path": "/pets/7",
        "query": "a=1&a=2&b=x%20y",
        "headers": [("Content-Type", "application/json"), ("X-One", "1"), ("x-one", "2")],
        "body": b'{"n": {"m": 5}}',
        "host": "h",
        "peer": "1.2.3.4",
        "request_id": "rid",
        "extended_id": "xid=",
        "account": "111111111111",
        "region": "eu-west-1",
        "api_id": "api",
        "stage": "dev",
        "domain": "api.execute-api.eu-west-1.amazonaws.com",
        "prefix": "/dev",
        "now": 1_775_000_000.5,
        "sent_variables": {"id": "7"},
        "stage_variables": {"table": "t"},
    }
    return RestRequest(**(given | more))


TEMPLATES = {"requestTemplates": {"application/json": "{}"}}


@pytest.mark.parametrize(
    ("integration", "kind", "expected"),
    [
        ({}, "text/plain", None),
        (TEMPLATES, "application/json; charset=utf-8", "{}"),
        (TEMPLATES, None, "{}"),
        (TEMPLATES, "text/plain", None),
        (TEMPLATES | {"passthroughBehavior": "WHEN_NO_TEMPLATES"}, "text/plain", 415),
        ({"passthroughBehavior": "WHEN_NO_TEMPLATES"}, "text/plain", None),
        ({"passthroughBehavior": "NEVER"}, "text/plain", 415),
        (TEMPLATES | {"passthroughBehavior": "NEVER"}, "application/json", "{}"),
        ({"requestTemplates": {"$default": "d"}, "passthroughBehavior": "NEVER"}, "text/plain", "d"),
    ],
)
def test_which_template(integration: dict[str, Any], kind: str | None, expected: str | int | None) -> None:
    if expected == 415:
        with pytest.raises(Refusal) as caught:
            template_for(integration, kind)
        assert caught.value.status == 415
    else:
        assert template_for(integration, kind) == expected


def test_parameters_of_the_request() -> None:
    integration = {
        "requestParameters": {
            "integration.request.path.p": "method.request.path.id",
            "integration.request.querystring.q": "method.request.multivaluequerystring.a",
            "integration.request.header.H": "method.request.header.x-one",
            "integration.request.header.Fixed": "'Event'",
            "integration.request.header.Body": "method.request.body.n.m",
            "integration.request.header.Ctx": "context.identity.sourceIp",
            "integration.request.header.Var": "stageVariables.table",
            "integration.request.header.None": "method.request.header.missing",
        }
    }
    sent = to_backend(request(), integration, {})
    assert sent.path == {"p": "7"} and sent.query == {"q": ["1", "2"]}
    assert {name: values[-1] for name, values in sent.headers.items()} == {
        "H": "2",
        "Fixed": "Event",
        "Body": "5",
        "Ctx": "1.2.3.4",
        "Var": "t",
    }
    assert sent.body == b'{"n": {"m": 5}}'


DOCUMENT = b'{"items": [{"id": 1, "name": "x"}], "a b": 2, "n": {"m": 5}, "z": null, "t": true, "1st": "d"}'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".n.m", "5"),
        (".$.n.m", "5"),
        (".n", '{"m":5}'),
        (".items", '[{"id":1,"name":"x"}]'),
        (".items[0].name", "x"),
        (".items[*].id", "[1]"),
        ("['a b']", "2"),
        (".1st", "d"),
        (".t", "true"),
        (".z", None),
        (".missing.more", None),
        ("", DOCUMENT.decode()),
    ],
)
def test_a_part_of_a_body_is_named_by_a_json_path(path: str, text: str | None) -> None:
    mapped = {"integration.request.header.H": f"method.request.body{path}"}
    sent = to_backend(request(body=DOCUMENT), {"requestParameters": mapped}, {})
    assert sent.headers == ({"H": [text]} if text is not None else {})
    response = {
        "statusCode": "200",
        "responseParameters": {"method.response.header.H": f"integration.response.body{path}"},
    }
    reply = to_client(
        request(), {"integrationResponses": {"200": response}}, BackendAnswer(200, [], DOCUMENT, "200"), {}, []
    )
    assert [value for name, value in reply.headers if name == "H"] == ([text] if text is not None else [])


@pytest.mark.parametrize(
    ("kind", "header", "refused"),
    [("HTTP", "Content-Length", True), ("HTTP", "Authorization", False), ("AWS", "authorization", True)],
)
def test_headers_that_api_gateway_sets_itself(kind: str, header: str, refused: bool) -> None:
    mapped = {"type": kind, "requestParameters": {f"integration.request.header.{header}": "'x'"}}
    if not refused:
        assert to_backend(request(), mapped, {}).headers == {header: ["x"]}
        return
    with pytest.raises(Refusal) as caught:
        to_backend(request(), mapped, {})
    assert caught.value.status == 500


def test_a_template_may_override_parameters() -> None:
    template = "#set($context.requestOverride.header.X = 'y')#set($context.requestOverride.path.p = 3)$context.stage"
    sent = to_backend(request(), {"requestTemplates": {"application/json": template}}, {})
    assert (sent.body, sent.headers, sent.path) == (b"dev", {"X": ["y"]}, {"p": "3"})


def test_a_mock() -> None:
    for right in (b'{"statusCode": 204}', b"{ statusCode: 204 }", b"{statusCode:204}", b"{'statusCode': 204, 'a': 1}"):
        assert mock_answer(right).said == "204"
    for wrong in (b"", b"{}", b"[]", b'{"statusCode": "x"}', b"statusCode: 204", b"{{statusCode: 204}}"):
        with pytest.raises(Refusal) as caught:
            mock_answer(wrong)
        assert caught.value.status == 500


RESPONSES = {
    "200": {"statusCode": "200"},
    "404": {"statusCode": "404", "selectionPattern": "Not found.*"},
    "500": {"statusCode": "500", "selectionPattern": "(\\n|.)*boom(\\n|.)*"},
}


@pytest.mark.parametrize(
    ("said", "status"),
    [("", "200"), ("Not found: 7", "404"), ("It was Not found", "200"), ("a\nboom\nb", "500"), ("other", "200")],
)
def test_which_response(said: str, status: str) -> None:
    assert choose(RESPONSES, said)["statusCode"] == status


def test_no_response_fits() -> None:
    for responses in ({}, {"404": RESPONSES["404"]}):
        with pytest.raises(Refusal) as caught:
            choose(responses, "x")
        assert (caught.value.status, caught.value.kind) == (500, "API_CONFIGURATION_ERROR")


def test_what_the_client_gets() -> None:
    integration = {
        "integrationResponses": {
            "200": {
                "statusCode": "200",
                "responseParameters": {
                    "method.response.header.A": "'*'",
                    "method.response.header.B": "integration.response.header.x-b",
                    "method.response.header.C": "integration.response.body.m",
                    "method.response.header.D": "context.requestId",
                    "method.response.header.E": "integration.response.body.missing",
                },
                "responseTemplates": {"application/json": "[$input.json('$.m')]"},
            }
        }
    }
    reply = to_client(request(), integration, BackendAnswer(200, [("X-B", "b")], b'{"m": 1}', "200"), {}, [])
    assert (reply.status, reply.body) == (200, b"[1]")
    assert reply.headers == [("A", "*"), ("B", "b"), ("C", "1"), ("D", "rid"), ("Content-Type", "application/json")]


def test_a_response_template_may_override_the_status() -> None:
    template = "#set($context.responseOverride.status = 418)#set($context.responseOverride.header.T = 'pot')x"
    responses = {"200": {"statusCode": "200", "responseTemplates": {"application/json": template}}}
    reply = to_client(request(), {"integrationResponses": responses}, function_answer(b"{}", None), {}, [])
    assert (reply.status, reply.body, ("T", "pot") in reply.headers) == (418, b"x", True)


def test_a_status_that_is_none_is_not_looked_at() -> None:
    for said in ("'x'", "99", "600", "'404'"):
        template = f"#set($context.responseOverride.status = {said})x"
        responses = {"200": {"statusCode": "201", "responseTemplates": {"application/json": template}}}
        assert (
            to_client(request(), {"integrationResponses": responses}, function_answer(b"{}", None), {}, []).status
            == 201
        )


def test_a_body_that_is_mapped_and_no_json() -> None:
    mapped = {"requestParameters": {"integration.request.header.H": "method.request.body.a"}}
    with pytest.raises(Refusal) as caught:
        to_backend(request(body=b'{"a": '), mapped, {})
    assert (caught.value.status, caught.value.text) == (400, "Invalid JSON in request body")
    assert to_backend(request(body=b"plain"), mapped, {}).headers == {}


PNG = b"\x89PNG"
BASE64 = base64.b64encode(PNG)


@pytest.mark.parametrize(
    ("kind", "handling", "accept", "body", "expected"),
    [
        ("application/json", None, None, BASE64, BASE64),
        ("application/json", None, "image/png", BASE64, PNG),
        ("application/json", "CONVERT_TO_TEXT", "image/png", BASE64, BASE64),
        ("application/json", "CONVERT_TO_BINARY", None, b'"' + BASE64 + b'"', PNG),
        ("image/png", None, None, PNG, BASE64),
        ("image/png", None, "image/png", PNG, PNG),
        ("image/png", "CONVERT_TO_TEXT", "image/png", PNG, BASE64),
        ("image/png", "CONVERT_TO_BINARY", None, PNG, PNG),
    ],
)
def test_what_is_binary_in_an_answer(
    kind: str, handling: str | None, accept: str | None, body: bytes, expected: bytes
) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html"""
    response = {"statusCode": "200"} | ({"contentHandling": handling} if handling else {})
    asked = request(headers=[("Accept", accept)] if accept else [])
    answer = BackendAnswer(200, [("Content-Type", kind)], body, "200")
    assert to_client(asked, {"integrationResponses": {"200": response}}, answer, {}, ["image/png"]).body == expected


def test_headers_that_are_mapped_are_renamed_where_aws_does_it() -> None:
    response = {"statusCode": "200", "responseParameters": {"method.response.header.Server": "'me'"}}
    reply = to_client(request(), {"integrationResponses": {"200": response}}, function_answer(b"{}", None), {}, [])
    assert reply.headers[0] == ("x-amzn-Remapped-Server", "me")


def test_an_error_of_a_function_is_matched_by_its_message() -> None:
    assert function_answer(b'{"errorMessage": "no", "errorType": "E"}', "Unhandled").said == "no"
    assert function_answer(b'{"errorMessage": "no"}', None).said == ""
    assert function_answer(b"nonsense", "Unhandled").said == ""


def test_a_models_pattern_costs_no_time() -> None:
    schema = {"type": "object", "properties": {"a": {"pattern": "^(a|a)+$"}}, "patternProperties": {"^(b|b)+$": {}}}
    models = {"M": {"schema": orjson.dumps(schema).decode()}}
    method = {"requestModels": {"application/json": "M"}}
    body = orjson.dumps({"a": "a" * 5000 + "b", "b" * 5000 + "c": 1})
    with pytest.raises(Refusal) as caught:
        validate(request(body=body), method, {"validateRequestBody": True}, models)
    assert caught.value.status == 400


def _validated(schema: object, body: object, steps: int = STEPS) -> Refusal | None:
    models = {"M": {"schema": orjson.dumps(schema).decode()}}
    method = {"requestModels": {"application/json": "M"}}
    try:
        validate(request(body=orjson.dumps(body)), method, {"validateRequestBody": True}, models, steps)
    except Refusal as refusal:
        return refusal
    return None


TWICE = {f"d{n}": {"allOf": [{"$ref": f"#/definitions/d{n - 1}"}] * 2} for n in range(1, 40)}
"""A model that looks at its body 2^39 times."""


def test_a_model_that_looks_again_and_again_is_given_up() -> None:
    began = time.process_time()
    with pytest.raises(TakesLong):
        _validated({"definitions": {"d0": {"type": "object"}, **TWICE}, "$ref": "#/definitions/d39"}, {}, 10_000)
    with pytest.raises(TakesLong):
        _validated({"items": {"type": "number"}}, list(range(20_000)), 10_000)
    assert time.process_time() - began < 2


def test_references_within_alternatives_cost_what_they_take() -> None:
    again = {"anyOf": [{"properties": {"x": {"$ref": "#/definitions/a"}}, "required": ["z"]}] * 8}
    body: object = 1
    for _ in range(60):
        body = {"x": body}
    began = time.process_time()
    with pytest.raises(TakesLong):
        _validated({"definitions": {"a": again}, "$ref": "#/definitions/a"}, body, 20_000)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ({"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False}, {"a" * 5_000 + "!": 1}),
        ({"uniqueItems": True}, [*({"a": number} for number in range(20_000)), {"a": 1.0}]),
        ({"uniqueItems": True}, [*([number] if number % 2 else number for number in range(20_000)), 2]),
    ],
)
def test_what_each_of_many_is_compared_with_costs_no_time(schema: object, body: object) -> None:
    began = time.process_time()
    found = _validated(schema, body)
    assert found is not None and found.status == 400
    assert time.process_time() - began < 3


def test_additional_properties_and_equal_items() -> None:
    assert _validated({"uniqueItems": True}, [1, True, "1", [1], {"a": 1}, {"a": 2}]) is None
    closed = {"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": False}
    assert _validated(closed, {"a": 1, "x1": 2}) is None
    refusal = _validated(closed, {"a": 1, "b": 2})
    assert refusal is not None and 'not allowed by the schema: ["b"]' in str(refusal.context)
    assert _validated({"additionalProperties": {"type": "string"}}, {"a": "x"}) is None
    assert _validated({"additionalProperties": {"type": "string"}}, {"a": 1}) is not None


@pytest.mark.parametrize(
    ("schema", "body", "text"),
    [
        (
            {"type": "number"},
            b'"x"',
            'instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])',
        ),
        (
            {"type": "object", "required": ["b", "a", "c"]},
            b'{"c": 1}',
            'object has missing required properties (["a","b"])',
        ),
        (
            {"enum": ["dog", "cat"]},
            b'"cow"',
            'instance value ("cow") not found in enum (possible values: ["dog","cat"])',
        ),
        ({"minimum": 5}, b"4", "numeric instance is lower than the required minimum (minimum: 5, found: 4)"),
        ({"maximum": 5.5}, b"6", "numeric instance is greater than the required maximum (maximum: 5.5, found: 6)"),
        ({"minLength": 2}, b'"a"', 'string "a" is too short (length: 1, required minimum: 2)'),
        ({"maxLength": 1}, b'"ab"', 'string "ab" is too long (length: 2, maximum allowed: 1)'),
        ({"pattern": "^a$"}, b'"b"', 'ECMA 262 regex "^a$" does not match input string "b"'),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            b'{"a": 1, "b": 2}',
            'object instance has properties which are not allowed by the schema: ["b"]',
        ),
        ({"minItems": 1}, b"[]", "array is too short: must have at least 1 elements but instance has 0 elements"),
        ({"uniqueItems": True}, b"[1, 1]", "array must not contain duplicate elements"),
        (
            {"properties": {"a": {"type": "string"}}},
            b'{"a": true}',
            'instance type (boolean) does not match any allowed primitive type (allowed: ["string"])',
        ),
    ],
)
def test_what_is_said_of_a_body_that_its_model_refuses(schema: dict[str, Any], body: bytes, text: str) -> None:
    models = {"M": {"schema": orjson.dumps(schema).decode()}}
    with pytest.raises(Refusal) as caught:
        validate(
            request(body=body), {"requestModels": {"application/json": "M"}}, {"validateRequestBody": True}, models
        )
    assert caught.value.validation == f"[{text}]"
