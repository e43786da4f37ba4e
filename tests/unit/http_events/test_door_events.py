"""Requests as events: function URLs and load balancers; CORS; rules."""

import base64
from typing import Any

import orjson
import pytest

from lambent.http_events import alb, common, function_url
from lambent.wire.site import SiteRequest

TRACE = "Root=1-aaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbb;Parent=cccccccccccccccc;Sampled=0"
NOW = 1_583_348_638.390


def request(
    method: str = "GET", path: str = "/", query: str = "", body: bytes = b"", headers: Any = (), **more: Any
) -> SiteRequest:
    lines = [("Host", "u1.lambda-url.us-east-1.localhost:4566"), *headers]
    named = {name.lower(): value for name, value in lines}
    made = SiteRequest("lambda-url", "u1", "us-east-1", method, path, query, lines, body, lines[0][1], "req-1")
    made.named, made.length = named, len(body)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def url_event(asked: SiteRequest, iam: function_url.Iam | None = None) -> Any:
    return orjson.loads(function_url.event(asked, "u1.lambda-url.us-east-1.localhost", TRACE, NOW, iam))


def test_the_whole_event_of_a_function_url() -> None:
    headers = [
        ("Cookie", "a=1; b=2"),
        ("X-A", "1"),
        ("x-a", "2"),
        ("Connection", "keep-alive"),
        ("User-Agent", "agent"),
    ]
    assert url_event(
        request("POST", "/a%20b", "x=1&x=2&y=%20z+", b"hi", [*headers, ("Content-Type", "text/plain")])
    ) == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/a%20b",
        "rawQueryString": "x=1&x=2&y=%20z+",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "host": "u1.lambda-url.us-east-1.localhost:4566",
            "cookie": "a=1; b=2",
            "x-a": "1,2",
            "user-agent": "agent",
            "content-type": "text/plain",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "4566",
            "x-forwarded-proto": "http",
            "x-amzn-trace-id": "Root=1-aaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbb",
        },
        "queryStringParameters": {"x": "1,2", "y": " z "},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "u1",
            "domainName": "u1.lambda-url.us-east-1.localhost",
            "domainPrefix": "u1",
            "http": {
                "method": "POST",
                "path": "/a b",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "agent",
            },
            "requestId": "req-1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "04/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "body": "hi",
        "isBase64Encoded": False,
    }


def test_what_is_not_there_is_left_out() -> None:
    event = url_event(request())
    assert not {"cookies", "queryStringParameters", "body"} & set(event)


def test_a_signed_caller_stands_in_the_event() -> None:
    iam = function_url.Iam("AKIA", "111122223333", "arn:aws:iam::111122223333:root", "111122223333")
    context = url_event(request(), iam)["requestContext"]
    assert context["accountId"] == "111122223333"
    assert context["authorizer"]["iam"]["userArn"] == "arn:aws:iam::111122223333:root"


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("text/csv", True),
        ("application/xml", True),
        ("application/x-www-form-urlencoded", False),
        ("application/octet-stream", False),
        ("multipart/form-data; boundary=x", False),
        ("", False),
    ],
)
def test_which_bodies_are_text(content_type: str, text: bool) -> None:
    event = url_event(request("POST", body=b"k=v", headers=[("Content-Type", content_type)] if content_type else []))
    assert event["isBase64Encoded"] is not text
    assert event["body"] == ("k=v" if text else base64.b64encode(b"k=v").decode())


def test_a_text_that_is_no_utf8_is_base64() -> None:
    event = url_event(request("POST", body=b"\xff", headers=[("Content-Type", "text/plain")]))
    assert (event["body"], event["isBase64Encoded"]) == ("/w==", True)


# --- CORS

CORS = {"AllowOrigins": ["http://a.test"], "AllowMethods": ["GET", "POST"], "AllowHeaders": ["X-A"], "MaxAge": 5}


def preflight(origin: str, method: str, headers: str = "", cors: Any = CORS) -> dict[str, str]:
    named = {"origin": origin, "access-control-request-method": method}
    return dict(function_url.preflight(cors, named | ({"access-control-request-headers": headers} if headers else {})))


def test_a_preflight() -> None:
    assert preflight("http://a.test", "POST", "x-a") == {
        "Access-Control-Allow-Origin": "http://a.test",
        "Vary": "Origin",
        "Access-Control-Allow-Methods": "GET,POST",
        "Access-Control-Allow-Headers": "X-A",
        "Access-Control-Max-Age": "5",
    }
    assert preflight("http://b.test", "POST") == {}
    assert preflight("http://a.test", "DELETE") == {}
    assert preflight("http://a.test", "GET", "x-a, x-b") == {}


def test_every_origin_and_credentials() -> None:
    anybody = {"AllowOrigins": ["*"], "ExposeHeaders": ["X-A", "X-B"]}
    told = dict(function_url.told_of(anybody, {"origin": "http://b.test"}))
    assert told == {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "X-A,X-B"}
    told = dict(function_url.told_of(anybody | {"AllowCredentials": True}, {"origin": "http://b.test"}))
    assert told["Access-Control-Allow-Origin"] == "http://b.test"
    assert told["Access-Control-Allow-Credentials"] == "true"
    assert function_url.told_of(anybody, {}) == []


# --- load balancers

GROUP = alb.TargetGroup("arn:tg", function="arn:f")


def test_the_event_of_a_load_balancer() -> None:
    headers = [("X-A", "1"), ("x-a", "2"), ("X-Forwarded-For", "10.0.0.1")]
    event = orjson.loads(alb.event(request("GET", "/p%20q", "a=%20&a=2", headers=headers), GROUP, TRACE, 80))
    assert event == {
        "requestContext": {"elb": {"targetGroupArn": "arn:tg"}},
        "httpMethod": "GET",
        "path": "/p%20q",
        "queryStringParameters": {"a": "2"},
        "headers": {
            "host": "u1.lambda-url.us-east-1.localhost:4566",
            "x-a": "2",
            "x-forwarded-for": "10.0.0.1, 127.0.0.1",
            "x-forwarded-port": "80",
            "x-forwarded-proto": "http",
            "x-amzn-trace-id": "Root=1-aaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbb",
        },
        "body": "",
        "isBase64Encoded": False,
    }


def test_multi_value_headers() -> None:
    many = alb.TargetGroup("arn:tg", multi_value=True)
    event = orjson.loads(alb.event(request(query="a=1&a=2&b", headers=[("X", "1"), ("x", "2")]), many, TRACE, 80))
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert event["multiValueHeaders"]["x"] == ["1", "2"]
    assert "headers" not in event


def test_a_coded_body_is_base64_for_a_load_balancer() -> None:
    plain = [("Content-Type", "application/json")]
    event = orjson.loads(alb.event(request("POST", body=b"{}", headers=plain), GROUP, TRACE, 80))
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
    coded = [*plain, ("Content-Encoding", "gzip")]
    event = orjson.loads(alb.event(request("POST", body=b"{}", headers=coded), GROUP, TRACE, 80))
    assert (event["body"], event["isBase64Encoded"]) == ("e30=", True)


ASKED = request("POST", "/img/a.PNG", "v=1&Lang=EN", headers=[("User-Agent", "Chrome 1")], host="www.example.com:80")


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"Field": "path-pattern", "Values": ["/img/*"]}, True),
        ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/x", "/img/?.PNG"]}}, True),
        ({"Field": "path-pattern", "Values": ["/IMG/*"]}, False),
        ({"Field": "path-pattern", "Values": ["/img"]}, False),
        ({"Field": "host-header", "HostHeaderConfig": {"Values": ["*.EXAMPLE.com"]}}, True),
        ({"Field": "host-header", "Values": ["example.com"]}, False),
        ({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "user-AGENT", "Values": ["*chrome*"]}}, True),
        ({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-B", "Values": ["*"]}}, False),
        ({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "POST"]}}, True),
        ({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["post"]}}, False),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "lang", "Value": "e*"}]}}, True),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "1"}]}}, True),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}}, False),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8", "127.0.0.0/8"]}}, True),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["::/0"]}}, False),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["nowhere", "127.0.0.0/99"]}}, False),
        ({"Field": "something-new", "Values": ["*"]}, False),
    ],
)
def test_conditions(condition: dict[str, Any], met: bool) -> None:
    rules = [alb.Rule([condition], [{"Type": "first"}]), alb.Rule([], [{"Type": "default"}])]
    chosen = alb.chosen(alb.Balancer("arn:lb", "1", "r", 80, "HTTP", rules), ASKED)
    assert chosen == {"Type": "first" if met else "default"}


def test_weights() -> None:
    groups = [{"TargetGroupArn": "a", "Weight": 1}, {"TargetGroupArn": "b", "Weight": 3}]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    assert [alb.target_of(action, draw) for draw in (0.0, 0.24, 0.25, 0.99)] == ["a", "a", "b", "b"]
    assert alb.target_of({"TargetGroupArn": "c"}, 0.5) == "c"
    assert alb.target_of({"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a", "Weight": 0}]}}, 0.5) == ""


def test_answers_of_the_load_balancers_own() -> None:
    said = {"FixedResponseConfig": {"StatusCode": "418", "ContentType": "text/plain", "MessageBody": "tea"}}
    assert (alb.fixed(said).status, alb.fixed(said).body) == (418, b"tea")
    config = {"Protocol": "HTTPS", "Port": "443", "Path": "/new/#{path}", "StatusCode": "HTTP_301"}
    reply = alb.redirect({"RedirectConfig": config}, ASKED, 80)
    location = dict(reply.headers)["Location"]
    assert (reply.status, location) == (301, "https://www.example.com:443/new/img/a.PNG?v=1&Lang=EN")
    assert b"<h1>503 Service Temporarily Unavailable</h1>" in alb.page(503).body


def test_the_time_of_a_request_is_english() -> None:
    assert common.request_time(0) == "01/Jan/1970:00:00:00 +0000"


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({}, "10.0.0.1, 127.0.0.9"),
        ({"routing.http.xff_header_processing.mode": "append"}, "10.0.0.1, 127.0.0.9"),
        ({"routing.http.xff_header_processing.mode": "preserve"}, "10.0.0.1"),
        ({"routing.http.xff_header_processing.mode": "remove"}, None),
    ],
)
def test_what_a_load_balancer_tells_of_who_asks(attributes: dict[str, str], told: str | None) -> None:
    headers = [("X-Forwarded-For", "10.0.0.1"), ("a_b", "1"), ("c-d", "2")]
    site = SiteRequest("elb", "lb", "r", "GET", "/", "", headers, b"", "h", "id", peer="127.0.0.9")
    event = orjson.loads(alb.event(site, alb.TargetGroup("tg"), "Root=1-a-b", 80, attributes))
    assert event["headers"].get("x-forwarded-for") == told
    assert event["headers"]["a_b"] == "1"
    dropping = attributes | {"routing.http.drop_invalid_header_fields.enabled": "true"}
    event = orjson.loads(alb.event(site, alb.TargetGroup("tg"), "Root=1-a-b", 80, dropping))
    assert "a_b" not in event["headers"] and event["headers"]["c-d"] == "2"
