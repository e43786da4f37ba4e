"""Which requests of pages are admitted, and what the browser is told."""

import asyncio
from collections.abc import Sequence

import pytest

from lambent.gateway import cors, pages
from lambent.gateway.guard import Guard
from lambent.wire import locate
from lambent.wire.fault import Fault
from lambent.wire.http import Request

APP, EVIL = "http://app.test", "http://evil.test"
S3 = "X-Amz-Credential=k/20260101/us-east-1/s3/aws4_request&X-Amz-Signature=s"
AUTH = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=s"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
RULES = [cors.Rule(("http://*.app.test", APP), ("PUT", "GET"), ("Content-*",), ("ETag",), "60")]


async def rules_of(_request: Request, bucket: str) -> Sequence[cors.Rule]:
    return RULES if bucket == "bucket" else ()


def service_of(request: Request) -> str:
    return "lambda" if request.path.startswith("/2015-03-31/") else locate.service_of(request) or "s3"


GUARD = Guard(origins=frozenset({"http://listed.test"}), rules_of=rules_of)


def asked(method: str, path: str, query: str = "", **headers: str) -> Request:
    return Request(method, path, query, {name.replace("_", "-"): value for name, value in headers.items()})


def admitted(request: Request) -> str:
    """The origin that the browser is told of, or the code of the refusal."""
    try:
        return dict(asyncio.run(GUARD.admit(request, service_of))).get("Access-Control-Allow-Origin", "")
    except Fault as fault:
        assert fault.status == 403
        return fault.code


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (asked("PUT", "/bucket/key", S3, origin=APP), APP),
        (asked("GET", "/bucket/key", S3, origin="http://x.app.test"), "http://x.app.test"),
        (asked("PUT", "/bucket/key", S3, origin=EVIL), "AccessForbidden"),
        (asked("PUT", "/bucket/key", S3, origin="null"), "AccessForbidden"),
        (asked("DELETE", "/bucket/key", S3, origin=APP), "AccessForbidden"),
        (asked("PUT", "/other/key", S3, origin=APP), "AccessForbidden"),
        (asked("PUT", "/key", S3, origin=APP, host="bucket.s3.localhost:4566"), APP),
        (asked("PUT", "/key", S3, origin=APP, host="bucket.localhost:4566"), APP),
        (asked("PUT", "/key", S3, origin=APP, host="bucket.s3.us-east-1.amazonaws.com"), APP),
        (asked("PUT", "/bucket/key", "", origin=APP, authorization=AUTH.format("s3")), APP),
        (asked("OPTIONS", "/bucket/key", "", origin=APP, access_control_request_method="PUT"), APP),
        (asked("OPTIONS", "/bucket/key", "", origin=APP, access_control_request_method="POST"), "AccessForbidden"),
        (
            asked(
                *("OPTIONS", "/bucket/key", ""),
                origin=APP,
                access_control_request_method="PUT",
                access_control_request_headers="content-type, x-other",
            ),
            "AccessForbidden",
        ),
        # What only looks like S3.
        (asked("PUT", "/bucket/key", "", origin=APP, authorization=AUTH.format("lambda")), "AccessDeniedException"),
        (asked("PUT", "/bucket/key", S3.replace("/s3/", "/sqs/"), origin=APP), "AccessDeniedException"),
        (asked("PUT", "/bucket/key", S3, origin=APP, x_amz_target="AmazonSQS.ListQueues"), "AccessDeniedException"),
        (asked("POST", "/bucket/key", S3, origin=APP, content_type=FORM), "AccessDeniedException"),
        (asked("PUT", "/_lambent/live", S3, origin=APP), "AccessDeniedException"),
        (asked("PUT", "/moto-api/reset", S3, origin=APP), "AccessDeniedException"),
        (asked("PUT", "/%6doto-api/reset", S3, origin=APP, host="bucket.localhost"), "AccessDeniedException"),
        (asked("GET", "/", "Action=ListTopics&Version=2010-03-31", origin=APP), "AccessDeniedException"),
        # Without an origin.
        (asked("GET", "/bucket/key", S3, sec_fetch_site="cross-site"), ""),
        (asked("GET", "/bucket/key", "AWSAccessKeyId=k&Signature=s&Expires=1", sec_fetch_site="cross-site"), ""),
        (asked("GET", "/bucket/key", "", sec_fetch_site="cross-site"), "AccessDeniedException"),
        (asked("DELETE", "/bucket/key", S3, sec_fetch_site="cross-site"), "AccessDeniedException"),
        (asked("GET", "/", S3.replace("/s3/", "/sns/"), sec_fetch_site="cross-site"), "AccessDeniedException"),
        # Listed pages.
        (asked("POST", "/2015-03-31/functions", origin="http://listed.test"), "http://listed.test"),
        (asked("POST", "/2015-03-31/functions", origin="http://listed.test:80"), "AccessDeniedException"),
        (asked("POST", "/2015-03-31/functions", origin="http://LISTED.test"), "AccessDeniedException"),
    ],
)
def test_which_pages_are_admitted(request_: Request, answer: str) -> None:
    assert admitted(request_) == answer


@pytest.mark.parametrize(
    ("headers", "is_page"),
    [
        ({}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-mode": "cors"}, False),  # Node's fetch
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
    ],
)
def test_what_says_that_a_page_asks(headers: dict[str, str], is_page: bool) -> None:
    assert pages.is_from_page(headers) is is_page


def test_what_the_browser_is_told() -> None:
    headers = {"origin": APP, "access-control-request-headers": "content-type"}
    assert cors.told(RULES[0], headers) == [
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT, GET"),
        ("Access-Control-Allow-Headers", "content-type"),
        ("Access-Control-Expose-Headers", "ETag"),
        ("Access-Control-Max-Age", "60"),
        ("Vary", cors.VARY),
    ]
    everybody = dict(cors.told(cors.Rule(("*",), ("GET",)), headers))
    assert everybody["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in everybody


def test_a_bucket_s_rules_are_read_and_what_is_none_is_none() -> None:
    document = (
        b'<?xml version="1.0"?><CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule>'
        b"<AllowedOrigin>http://a</AllowedOrigin><AllowedOrigin>http://b</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>"
        b"<AllowedHeader>*</AllowedHeader><MaxAgeSeconds>9</MaxAgeSeconds></CORSRule></CORSConfiguration>"
    )
    assert cors.read_rules(document) == [cors.Rule(("http://a", "http://b"), ("PUT",), ("*",), (), "9")]
    assert cors.read_rules(b"<Error/>") == []
    assert cors.read_rules(b"{}") == []


def test_a_foreign_host_is_refused_with_what_to_do() -> None:
    GUARD.check_host("localhost:4566")
    with pytest.raises(Fault, match="evil") as refused:
        GUARD.check_host("evil.test:4566")
    assert "host_names" in (refused.value.message or "")
