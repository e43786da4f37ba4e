"""What functions answer, and what a client gets of it by each door, as data.

One row an answer; a column a door: status and body, with where it is from. "rec" is recorded from AWS (November 2025),
"doc" AWS's documentation, "pub" a public report of AWS's own people or users, "own" our reading where nothing says it.

doc URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
doc ALB: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
pub: https://github.com/aws/aws-lambda-go/pull/373 (a body that is no string),
https://github.com/kdgregory/example-lambda-java/issues/11 (ALB and a null body),
https://github.com/Adyen/adyen-commercetools/pull/1249 (ALB needs a statusCode)
"""

from typing import NamedTuple


class Result(NamedTuple):
    """What a client gets, and from where that is known."""

    status: int
    body: bytes
    source: str


class Row(NamedTuple):
    """An answer as JSON, and the result at a function URL and at a load balancer (single-value headers)."""

    name: str
    answer: bytes
    url: Result
    alb: Result


FAILS_URL = b"Internal Server Error"
FAILS_ALB = b"502 Bad Gateway"
"""A part of the page."""


def bad_url(source: str) -> Result:
    return Result(502, FAILS_URL, source)


def bad_alb(source: str) -> Result:
    return Result(502, FAILS_ALB, source)


NO_STATUS = bad_alb("pub")
ROWS = [
    Row("string", b'"hello"', Result(200, b"hello", "rec"), NO_STATUS),
    Row("empty-string", b'""', Result(200, b"", "own"), NO_STATUS),
    Row("integer", b"3", Result(200, b"3", "rec"), NO_STATUS),
    Row("float", b"3.1", Result(200, b"3.1", "rec"), NO_STATUS),
    Row("boolean", b"true", Result(200, b"true", "rec"), NO_STATUS),
    Row("null", b"null", Result(200, b"null", "own"), NO_STATUS),
    Row("nothing", b"", Result(200, b"null", "own"), NO_STATUS),
    Row("list", b'["hello",3,true]', Result(200, b'["hello",3,true]', "rec"), NO_STATUS),
    Row("empty-list", b"[]", Result(200, b"[]", "doc"), NO_STATUS),
    Row("object", b'{"hello":"world"}', Result(200, b'{"hello":"world"}', "rec"), NO_STATUS),
    Row("empty-object", b"{}", Result(200, b"{}", "doc"), NO_STATUS),
    Row("body-without-status", b'{"body":"b"}', Result(200, b'{"body":"b"}', "doc"), NO_STATUS),
    Row("headers-without-status", b'{"headers":{}}', Result(200, b'{"headers":{}}', "doc"), NO_STATUS),
    Row("capital-status", b'{"StatusCode":200}', Result(200, b'{"StatusCode":200}', "doc"), NO_STATUS),
    Row("not-json", b"hello", bad_url("own"), bad_alb("doc")),
    Row("half-json", b'{"statusCode":', bad_url("own"), bad_alb("doc")),
    Row("status-only", b'{"statusCode":204}', Result(204, b"", "doc"), Result(204, b"", "pub")),
    Row(
        "status-body",
        b'{"statusCode":200,"body":"body123"}',
        Result(200, b"body123", "rec"),
        Result(200, b"body123", "doc"),
    ),
    Row("created", b'{"statusCode":201,"body":"x"}', Result(201, b"x", "doc"), Result(201, b"x", "doc")),
    Row("redirect", b'{"statusCode":302,"headers":{"Location":"/"}}', Result(302, b"", "doc"), Result(302, b"", "doc")),
    Row("not-found", b'{"statusCode":404,"body":"no"}', Result(404, b"no", "doc"), Result(404, b"no", "doc")),
    Row("own-failure", b'{"statusCode":500,"body":"no"}', Result(500, b"no", "doc"), Result(500, b"no", "doc")),
    Row("unusual-status", b'{"statusCode":599,"body":"x"}', Result(599, b"x", "own"), Result(599, b"x", "own")),
    Row("status-string", b'{"statusCode":"201","body":"x"}', Result(201, b"x", "own"), Result(201, b"x", "own")),
    Row("status-float", b'{"statusCode":201.0,"body":"x"}', Result(201, b"x", "own"), Result(201, b"x", "own")),
    Row("status-word", b'{"statusCode":"ok"}', bad_url("own"), bad_alb("own")),
    Row("status-null", b'{"statusCode":null}', bad_url("own"), bad_alb("own")),
    Row("status-true", b'{"statusCode":true}', bad_url("own"), bad_alb("own")),
    Row("status-list", b'{"statusCode":[200]}', bad_url("own"), bad_alb("own")),
    Row("status-zero", b'{"statusCode":0}', bad_url("own"), bad_alb("own")),
    Row("status-low", b'{"statusCode":99}', bad_url("own"), bad_alb("own")),
    Row("status-informational", b'{"statusCode":101}', bad_url("own"), bad_alb("own")),
    Row("status-high", b'{"statusCode":600}', bad_url("own"), bad_alb("own")),
    Row("status-huge", b'{"statusCode":99999999999999999999}', bad_url("own"), bad_alb("own")),
    Row("status-negative", b'{"statusCode":-200}', bad_url("own"), bad_alb("own")),
    Row("status-fraction", b'{"statusCode":200.5}', bad_url("own"), bad_alb("own")),
    Row("body-empty", b'{"statusCode":200,"body":""}', Result(200, b"", "doc"), Result(200, b"", "doc")),
    Row("body-null", b'{"statusCode":200,"body":null}', Result(200, b"", "own"), bad_alb("pub")),
    Row("body-object", b'{"statusCode":200,"body":{"a":1}}', bad_url("pub"), bad_alb("doc")),
    Row("body-list", b'{"statusCode":200,"body":[]}', bad_url("pub"), bad_alb("doc")),
    Row("body-number", b'{"statusCode":200,"body":1}', bad_url("pub"), bad_alb("doc")),
    Row("body-true", b'{"statusCode":200,"body":true}', bad_url("pub"), bad_alb("doc")),
    Row(
        "body-unicode",
        '{"statusCode":200,"body":"é€"}'.encode(),
        Result(200, "é€".encode(), "doc"),
        Result(200, "é€".encode(), "doc"),
    ),
    Row(
        "base64",
        b'{"statusCode":200,"body":"AP+A","isBase64Encoded":true}',
        Result(200, b"\0\xff\x80", "doc"),
        Result(200, b"\0\xff\x80", "doc"),
    ),
    Row(
        "base64-empty",
        b'{"statusCode":200,"body":"","isBase64Encoded":true}',
        Result(200, b"", "doc"),
        Result(200, b"", "doc"),
    ),
    Row("base64-broken", b'{"statusCode":200,"body":"%%","isBase64Encoded":true}', bad_url("own"), bad_alb("own")),
    Row(
        "base64-false",
        b'{"statusCode":200,"body":"AA==","isBase64Encoded":false}',
        Result(200, b"AA==", "doc"),
        Result(200, b"AA==", "doc"),
    ),
    Row(
        "base64-word",
        b'{"statusCode":200,"body":"AA==","isBase64Encoded":"yes"}',
        bad_url("own"),
        Result(200, b"AA==", "own"),
    ),
    Row("headers-null", b'{"statusCode":200,"headers":null}', Result(200, b"", "own"), Result(200, b"", "own")),
    Row("headers-list", b'{"statusCode":200,"headers":[]}', bad_url("own"), bad_alb("doc")),
    Row("headers-string", b'{"statusCode":200,"headers":"a"}', bad_url("own"), bad_alb("doc")),
    Row("header-number", b'{"statusCode":200,"headers":{"a":1}}', Result(200, b"", "own"), Result(200, b"", "own")),
    Row("header-list", b'{"statusCode":200,"headers":{"a":["b"]}}', bad_url("own"), bad_alb("doc")),
    Row("header-null", b'{"statusCode":200,"headers":{"a":null}}', bad_url("own"), bad_alb("own")),
    Row("cookies", b'{"statusCode":200,"cookies":["a=1"]}', Result(200, b"", "doc"), Result(200, b"", "doc")),
    Row("cookies-string", b'{"statusCode":200,"cookies":"a=1"}', bad_url("own"), Result(200, b"", "doc")),
    Row("cookies-numbers", b'{"statusCode":200,"cookies":[1]}', bad_url("own"), Result(200, b"", "doc")),
    Row(
        "multi-value",
        b'{"statusCode":200,"multiValueHeaders":{"a":["b"]}}',
        Result(200, b"", "doc"),
        Result(200, b"", "doc"),
    ),
    Row(
        "description",
        b'{"statusCode":200,"statusDescription":"200 OK"}',
        Result(200, b"", "doc"),
        Result(200, b"", "doc"),
    ),
    Row("unknown-members", b'{"statusCode":200,"x":1,"body":"b"}', Result(200, b"b", "doc"), Result(200, b"b", "doc")),
    Row("streamed", b'{"statusCode":201}\0\0\0\0\0\0\0\0abc', Result(201, b"abc", "doc"), bad_alb("own")),
    Row("streamed-badly", b'{"statusCode":"x"}\0\0\0\0\0\0\0\0abc', bad_url("own"), bad_alb("own")),
]
