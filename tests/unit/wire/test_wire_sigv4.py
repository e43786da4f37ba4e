"""SigV4 beyond AWS's suite: what botocore signs is verified, links, chunks, and everything that is
refused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from lambent.wire import sigv4
from lambent.wire.chunks import ChunkError, read_chunks
from lambent.wire.http import Request
from lambent.wire.locate import Credential
from lambent.wire.sigv4 import Reason, Refused, Verified

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
URL = "http://localhost:4566/2015-03-31/functions/a%3Ab/invocations?b=2&a=x%20y&a=%2B&e"


def signed_by_botocore(auth: Any, url: str = URL, method: str = "POST") -> Request:
    body = b"" if isinstance(auth, SigV4QueryAuth) else b"{}"
    request = AWSRequest(method, url, {"X-Test": " a   b "}, body)
    auth.add_auth(request)
    parts = urlsplit(request.url)
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": parts.netloc}
    return Request(method, parts.path, parts.query, headers, body)


def verified(request: Request, now: datetime | None = None) -> Verified | Refused:
    secrets = {KEY: SECRET}
    return sigv4.verify(request, secrets.get, now or datetime.now(UTC))


def auth(kind: Any = SigV4Auth, service: str = "lambda", key: str = KEY, **more: Any) -> Any:
    return kind(Credentials(key, SECRET, "token"), service, "eu-west-1", **more)


@pytest.mark.parametrize(
    ("kind", "service", "url"),
    [
        (SigV4Auth, "lambda", URL),
        (SigV4Auth, "lambda", "http://localhost:4566/a//b/../c/./d/"),
        (S3SigV4Auth, "s3", "http://localhost:4566/b/a%20b//c/../%C3%BC%2B~?list-type=2"),
        (SigV4QueryAuth, "lambda", "http://localhost:4566/a%3Ab?b=2&a=x%20y&c=%2B"),
        (S3SigV4QueryAuth, "s3", "http://localhost:4566/b/k%2B?response-content-type=text%2Fplain"),
    ],
)
def test_what_botocore_signs_is_verified(kind: Any, service: str, url: str) -> None:
    request = signed_by_botocore(auth(kind, service), url)
    result = verified(request)
    assert isinstance(result, Verified)
    assert (result.credential.access_key, result.credential.service) == (KEY, service)


def test_a_changed_request_is_refused() -> None:
    for field, value in (("path", "/other"), ("method", "PUT"), ("query", "b=3")):
        request = signed_by_botocore(auth())
        setattr(request, field, value)
        assert reason(verified(request)) is Reason.MISMATCH
    request = signed_by_botocore(auth())
    request.body = b"[]"
    assert reason(verified(request)) in {Reason.MISMATCH, Reason.PAYLOAD}


def reason(result: Verified | Refused) -> Reason:
    assert isinstance(result, Refused)
    return result.reason


def test_what_is_missing_late_or_unknown_is_refused() -> None:
    now = datetime.now(UTC)
    assert reason(verified(Request("GET", "/"))) is Reason.UNSIGNED
    assert reason(verified(signed_by_botocore(auth(key="OTHER")))) is Reason.UNKNOWN_KEY
    assert reason(verified(signed_by_botocore(auth()), now + timedelta(minutes=16))) is Reason.EXPIRED
    assert reason(verified(signed_by_botocore(auth()), now - timedelta(minutes=16))) is Reason.EXPIRED
    for header in ("Bearer x", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e", "AWS4-HMAC-SHA256 Signature=x"):
        assert reason(verified(Request("GET", "/", headers={"authorization": header}))) is Reason.INCOMPLETE
    request = signed_by_botocore(auth())
    request.headers["authorization"] = request.headers["authorization"].replace("host;", "")
    assert reason(verified(request)) is Reason.INCOMPLETE


def test_a_link_expires_when_it_says() -> None:
    request = signed_by_botocore(auth(SigV4QueryAuth, expires=60), "http://localhost:4566/a")
    now = datetime.now(UTC)
    assert isinstance(verified(request, now + timedelta(seconds=50)), Verified)
    assert reason(verified(request, now + timedelta(seconds=70))) is Reason.EXPIRED
    request.query = request.query.replace("X-Amz-Expires=60", "X-Amz-Expires=604801")
    assert reason(verified(request)) is Reason.INCOMPLETE


def test_presign_makes_the_link_of_awss_documentation() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
    moment = datetime(2013, 5, 24, tzinfo=UTC)
    credential = Credential(KEY, "20130524", "us-east-1", "s3")
    url = "https://examplebucket.s3.amazonaws.com/test.txt"
    link = sigv4.presign(url, credential, SECRET, moment, expires=86400)
    assert link.endswith("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    parts = urlsplit(link)
    request = Request("GET", parts.path, parts.query, {"host": parts.netloc})
    assert isinstance(verified(request, moment + timedelta(hours=23)), Verified)


def chunked(signatures: tuple[str, str, str]) -> bytes:
    """The body of AWS's streaming example: 65 KiB of "a" in two chunks and an empty one."""
    sizes = (65536, 1024, 0)
    return b"".join(
        f"{size:x};chunk-signature={signature}\r\n".encode() + b"a" * size + b"\r\n"
        for size, signature in zip(sizes, signatures, strict=True)
    )


CHUNK_SIGNATURES = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)


def streaming_request() -> Request:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html"""
    names = (
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
        "x-amz-decoded-content-length;x-amz-storage-class"
    )
    signature = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    headers = {
        "host": "s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "content-length": "66824",
        "authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={names},Signature={signature}",
    }
    return Request("PUT", "/examplebucket/chunkObject.txt", "", headers, chunked(CHUNK_SIGNATURES))


def test_a_body_signed_in_chunks() -> None:
    request = streaming_request()
    seed = verified(request, datetime(2013, 5, 24, tzinfo=UTC))
    assert isinstance(seed, Verified)
    assert read_chunks(request.body, seed).payload == b"a" * 66560
    with pytest.raises(ChunkError, match="signature"):
        read_chunks(request.body.replace(b"a" * 1024 + b"\r\n0;", b"b" * 1024 + b"\r\n0;"), seed)
    with pytest.raises(ChunkError):
        read_chunks(request.body[:-88], seed)


def test_a_body_in_unsigned_chunks_with_a_trailer() -> None:
    body = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
    read = read_chunks(body, None)
    assert read.payload == b"hello world"
    assert read.trailers == {"x-amz-checksum-crc32": "DUoRhQ=="}
    for broken in (b"", b"5\r\nhel", b"zz\r\n", b"5\r\nhelloX0\r\n\r\n"):
        with pytest.raises(ChunkError):
            read_chunks(broken, None)


def test_an_unsigned_payload() -> None:
    request = AWSRequest("PUT", "https://localhost/b/k", {}, b"x")
    request.context["client_config"] = Config(s3={"payload_signing_enabled": False})
    auth(S3SigV4Auth, "s3").add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": "localhost"}
    result = verified(Request("PUT", "/b/k", "", headers, b"y"))
    assert isinstance(result, Verified)
    assert result.payload == sigv4.UNSIGNED_PAYLOAD
