"""Requests for S3 are made into those that its model knows, and links are good until they expire."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from lambent.gateway import buckets
from lambent.model.scope import Caller, Scope
from lambent.wire import sigv4
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.locate import Credential

NOW = 1_700_000_000.0
CALLER = Caller(Scope(), "id")


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("b.s3.localhost:4566", "b"),
        ("my.dotted.b.s3.localhost", "my.dotted.b"),
        ("b.localhost:4566", "b"),
        ("b.s3.amazonaws.com", "b"),
        ("b.s3.eu-west-1.amazonaws.com", "b"),
        ("b.s3-eu-west-1.amazonaws.com", "b"),
        ("b.s3.dualstack.eu-west-1.amazonaws.com", "b"),
        ("s3.localhost:4566", ""),
        ("s3.eu-west-1.amazonaws.com", ""),
        ("s3.amazonaws.com", ""),
        ("localhost:4566", ""),
        ("127.0.0.1:4566", ""),
        ("lambda.us-east-1.amazonaws.com", ""),
    ],
)
def test_the_bucket_is_in_the_host(host: str, bucket: str) -> None:
    assert buckets.host(Request("GET", "/k", "", {"host": host})) == bucket
    expected = f"/{bucket}/k" if bucket else "/k"
    assert receive(Request("GET", "/k", "", {"host": host})).path == expected


def receive(request: Request, now: float = NOW, secret: str | None = None) -> Request:
    return buckets.receive(request, CALLER, now, lambda _key: secret)


def link(secret: str = "s", expires: int = 60) -> Request:
    credential = Credential("ASIAX", datetime.fromtimestamp(NOW, UTC).strftime("%Y%m%d"), "us-east-1", "s3")
    url = sigv4.presign("http://h/b/k", credential, secret, datetime.fromtimestamp(NOW, UTC), expires=expires)
    return Request("GET", "/b/k", urlsplit(url).query, {"host": "h"})


def test_a_link_that_is_late_or_signed_otherwise_is_refused() -> None:
    receive(link(), secret="s")
    receive(link("t"))  # a key of somebody else's
    for request, now, secret, code in (
        (link(), NOW + 61, None, "AccessDenied"),
        (link("t"), NOW, "s", "SignatureDoesNotMatch"),
        (link(expires=700_000), NOW, "s", "AuthorizationQueryParametersError"),
        (Request("GET", "/b/k", "X-Amz-Signature=x"), NOW, "s", "AuthorizationQueryParametersError"),
    ):
        with pytest.raises(Fault) as refused:
            receive(request, now, secret)
        assert refused.value.code == code


@pytest.mark.parametrize(("expires", "late"), [("1", True), ("1900000000", False), ("9" * 5000, False), ("x", True)])
def test_a_link_of_version_2_is_late_when_it_says_so(expires: str, late: bool) -> None:
    request = Request("GET", "/b/k", f"AWSAccessKeyId=k&Signature=s&Expires={expires}")
    if not late:
        receive(request)
        return
    with pytest.raises(Fault) as refused:
        receive(request)
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)


def test_a_preflight_of_nobody_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        receive(Request("OPTIONS", "/b/k", "", {}, b""))
    assert (refused.value.code, refused.value.status) == ("BadRequest", 400)


def test_the_name_of_a_coding_alone_is_no_coding() -> None:
    got = receive(Request("PUT", "/b/k", "", {"content-encoding": "gzip, aws-chunked"}, b"5\r\nplain"))
    assert (got.body, got.headers["content-encoding"]) == (b"5\r\nplain", "gzip")


def test_a_body_comes_out_of_its_coding() -> None:
    headers = {
        "content-encoding": "aws-chunked,gzip",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\nx-amz-meta-a:b\r\n\r\n"
    got = receive(Request("PUT", "/b/k", "", headers, body))
    assert (got.body, got.headers["content-encoding"]) == (b"hello", "gzip")
    assert got.headers["x-amz-checksum-crc32"] == "NhCmhg=="
    assert "x-amz-meta-a" not in got.headers
    with pytest.raises(Fault) as refused:
        receive(Request("PUT", "/b/k", "", headers, b"5\r\nhe"))
    assert refused.value.code == "IncompleteBody"
