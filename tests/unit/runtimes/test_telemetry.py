import json
from dataclasses import replace
from typing import Any

import pytest

from lambent.runtime_api import telemetry
from lambent.runtime_api.conversation import Refusal
from lambent.runtime_api.telemetry import Api, Subscription

TELEMETRY: dict[str, Any] = {
    "schemaVersion": "2022-07-01",
    "types": ["platform", "function", "extension"],
    "buffering": {"maxItems": 1000, "maxBytes": 256 * 1024, "timeoutMs": 100},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080"},
}
LOGS = {**TELEMETRY, "schemaVersion": "2020-08-15"}
TIME = "2022-10-12T00:01:15.000Z"


def parsed(api: Api, body: dict[str, Any]) -> Subscription:
    found = telemetry.parse(api, json.dumps(body).encode())
    assert isinstance(found, Subscription), found
    return found


def refused(api: Api, body: Any) -> str:
    found = telemetry.parse(api, body if isinstance(body, bytes) else json.dumps(body).encode())
    assert isinstance(found, Refusal), found
    assert found.status == 400
    assert found.error_type == ("ValidationError" if api is Api.TELEMETRY else "Logs.ValidationError")
    return found.message


def test_aws_s_example() -> None:
    assert parsed(Api.TELEMETRY, TELEMETRY) == Subscription(
        api=Api.TELEMETRY,
        schema="2022-07-01",
        types=("platform", "function", "extension"),
        port=8080,
        method="POST",
        path="/",
        max_items=1000,
        max_bytes=262_144,
        timeout=0.1,
    )


def test_what_is_not_said_has_aws_s_defaults() -> None:
    body = {**LOGS, "buffering": {"timeoutMs": 25}}
    del body["schemaVersion"]
    subscription = parsed(Api.LOGS, body)
    assert (subscription.schema, subscription.max_items, subscription.max_bytes, subscription.timeout) == (
        "2020-08-15",
        10_000,
        262_144,
        0.025,
    )


@pytest.mark.parametrize("schema", ["2022-07-01", "2022-12-13", "2025-01-29"])
def test_the_schema_versions_of_telemetry(schema: str) -> None:
    assert parsed(Api.TELEMETRY, {**TELEMETRY, "schemaVersion": schema}).schema == schema


@pytest.mark.parametrize(
    "destination",
    [{"protocol": "TCP", "port": 1234}, {"protocol": "TCP", "URI": "tcp://sandbox:1234"}],
)
def test_tcp(destination: dict[str, Any]) -> None:
    subscription = parsed(Api.TELEMETRY, {**TELEMETRY, "destination": destination})
    assert (subscription.port, subscription.method) == (1234, "")


def test_the_logs_api_may_be_sent_with_put() -> None:
    destination = {"protocol": "HTTP", "URI": "http://sandbox:9000/logs?x=1", "method": "PUT", "encoding": "JSON"}
    subscription = parsed(Api.LOGS, {**LOGS, "destination": destination})
    assert (subscription.method, subscription.path, subscription.port) == ("PUT", "/logs?x=1", 9000)


def with_uri(uri: Any) -> dict[str, Any]:
    return {**TELEMETRY, "destination": {"protocol": "HTTP", "URI": uri}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {**with_uri("http://sandbox.localdomain"), "types": []},
            "URI port is not provided; types should not be empty",
        ),
        (with_uri("https://sandbox:8080"), "URI scheme should be http"),
        (with_uri("http://example.com:80"), "URI host should be sandbox.localdomain"),
        (with_uri("http://127.0.0.1:80"), "URI host should be sandbox.localdomain"),
        (with_uri("http://sandbox:9001"), "port 9001 is reserved"),
        (with_uri("http://sandbox:99999"), "URI is not valid"),
        (with_uri("http://sandbox:8080/a b"), "URI is not valid"),
        (with_uri("http://sandbox:8080/a\r\nX: y"), "URI is not valid"),
        (with_uri(""), "URI is not provided"),
        (with_uri(7), "URI is not provided"),
        ({**TELEMETRY, "destination": None}, "destination protocol should be HTTP or TCP"),
        ({**TELEMETRY, "destination": {"protocol": "TCP", "port": True}}, "port should be between 1 and 65535"),
        ({**TELEMETRY, "types": ["platform", "x"]}, "types should be of platform, function, extension"),
        ({**TELEMETRY, "types": [["platform"]]}, "types should be of platform, function, extension"),
        (
            {**TELEMETRY, "schemaVersion": "2020-08-15"},
            "schemaVersion should be 2022-07-01 or 2022-12-13 or 2025-01-29",
        ),
        ({**TELEMETRY, "buffering": {"maxItems": 999}}, "maxItems should be between 1000 and 10000"),
        ({**TELEMETRY, "buffering": {"maxBytes": 1}}, "maxBytes should be between 262144 and 1048576"),
        ({**TELEMETRY, "buffering": {"timeoutMs": 24}}, "timeoutMs should be between 25 and 30000"),
        ({**TELEMETRY, "buffering": 7}, "buffering should be an object"),
        ([], "the body should be a JSON object"),
    ],
)
def test_what_is_refused(body: Any, message: str) -> None:
    assert refused(Api.TELEMETRY, body) == message


def test_what_is_no_json_is_refused() -> None:
    assert refused(Api.LOGS, b"{").startswith("failed to parse JSON: ")


def test_the_init_phase_is_over() -> None:
    assert json.loads(telemetry.closed(Api.TELEMETRY).body) == {
        "errorMessage": "Telemetry API subscription is closed already",
        "errorType": "Telemetry.SubscriptionClosed",
    }
    assert telemetry.closed(Api.LOGS).error_type == "Logs.SubscriptionClosed"


def form(subscription: Subscription, kind: str, record: Any) -> Any:
    data = telemetry.rendered(subscription, TIME, kind, record)
    return None if data is None else json.loads(data)


def test_only_what_was_asked_for() -> None:
    subscription = parsed(Api.TELEMETRY, {**TELEMETRY, "types": ["function"]})
    assert form(subscription, "platform.start", {}) is None
    assert form(subscription, "extension", "x") is None
    assert form(subscription, "function", "x\n") == {"time": TIME, "type": "function", "record": "x\n"}


def test_a_line_that_is_an_object_is_one_since_december_2022() -> None:
    line = '{"level":"INFO", "message":"x"}\n'
    old, new = (replace(parsed(Api.TELEMETRY, TELEMETRY), schema=schema) for schema in ("2022-07-01", "2022-12-13"))
    assert form(old, "function", line)["record"] == line
    assert form(new, "function", line)["record"] == {"level": "INFO", "message": "x"}
    for text in ("plain\n", "{broken\n", '["a"]\n'):
        assert form(new, "function", text)["record"] == text


def test_telemetry_has_no_platform_end_and_no_fault() -> None:
    subscription = parsed(Api.TELEMETRY, TELEMETRY)
    assert form(subscription, "platform.end", {}) is None
    assert form(subscription, "platform.fault", "x") is None
    assert form(subscription, "platform.initReport", {"a": 1})["record"] == {"a": 1}


def test_the_logs_api_has_its_own_forms() -> None:
    old = parsed(Api.LOGS, LOGS)
    new = replace(old, schema="2021-03-18")
    done = {"requestId": "r", "status": "error", "errorType": "x", "metrics": {}, "spans": []}
    report = {"requestId": "r", "metrics": {"durationMs": 1.0}, "status": "success", "spans": []}
    assert form(old, "platform.runtimeDone", done) is None
    assert form(new, "platform.runtimeDone", done)["record"] == {"requestId": "r", "status": "failure"}
    timeout = {"requestId": "r", "status": "timeout"}
    assert form(new, "platform.runtimeDone", timeout)["record"] == timeout
    assert form(old, "platform.report", report)["record"] == {"requestId": "r", "metrics": {"durationMs": 1.0}}
    assert form(old, "platform.end", {"requestId": "r"})["type"] == "platform.end"
    assert form(old, "platform.fault", "RequestId: r x")["record"] == "RequestId: r x"
    assert form(old, "platform.initStart", {}) is None
    assert form(old, "function", '{"a":1}')["record"] == '{"a":1}'
