"""Requests for S3 as clients send them, made into those that its model knows: the bucket in the path, the body out of
its coding.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html, sigv4-query-string-auth.html and
RESTAuthentication.html (links by Signature Version 2).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import IO, cast
from urllib.parse import parse_qs

from lambent.gateway import hosts, old_links, post_forms
from lambent.model.scope import Caller
from lambent.wire import sigv4
from lambent.wire.chunks import ChunkError, ChunkReader, read_chunks
from lambent.wire.fault import Fault
from lambent.wire.http import Request

_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
_HOST = re.compile(
    rf"(?P<bucket>.+)\.s3(?:-fips)?(?:\.dualstack)?(?:[.-]{_REGION})?\.(?:amazonaws\.com(?:\.cn)?|localhost)"
    rf"|(?P<plain>(?!s3[.-])(?!.*\.s3[.-]).+)\.localhost"
)
_ENDPOINT = re.compile(rf"s3(?:-fips)?(?:\.dualstack)?(?:[.-]{_REGION})?\.(?:amazonaws\.com(?:\.cn)?|localhost)")
_WEBSITE = re.compile(rf".+\.s3-website[.-]{_REGION}\..+")
CODING = "aws-chunked"
_STAYS = re.compile(
    "x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|sdk-|checksum-)"
)
"""What a link has in its query that is no header of the request."""
SecretOf = Callable[[str], str | None]


def host(request: Request) -> str:
    """The bucket that the Host header names, "" for none."""
    name = hosts.name_of(request.headers.get("host", "")) or ""
    if _ENDPOINT.fullmatch(name):
        return ""
    found = _HOST.fullmatch(name)
    return (found["bucket"] or found["plain"]) if found else ""


def receive(request: Request, caller: Caller, now: float, secret_of: SecretOf) -> Request:
    """The request with its bucket in the path and its body decoded. Raises Fault.

    `now` is seconds since 1970 on the platform's clock: a link is good until then. Its signature is checked where the
    secret of its key is known (of keys that were given out here).
    """
    if _WEBSITE.fullmatch(hosts.name_of(request.headers.get("host", "")) or ""):
        raise Fault("NotImplemented", "Lambent does not serve websites of buckets yet.", status=501)
    if request.method == "OPTIONS":  # a page's was answered before
        raise Fault("BadRequest", "Insufficient information. Origin request header needed.", status=400)
    request = _check_link(request, now, secret_of)
    bucket = host(request)
    if bucket:
        path = f"/{bucket}{request.path if request.path.startswith('/') else f'/{request.path}'}"
        request = replace(request, path=path)
    if post_forms.is_form(request):
        return post_forms.receive(request, secret_of)
    return _decoded(request)


def _decoded(request: Request) -> Request:
    headers = request.headers
    named = CODING in headers.get("content-encoding", "").lower()
    coded = headers.get("x-amz-content-sha256", "").startswith(sigv4.STREAMING) or (
        named and "x-amz-decoded-content-length" in headers
    )
    if not named and not coded:
        return request
    encodings = [one.strip() for one in headers.get("content-encoding", "").split(",")]
    kept = ", ".join(one for one in encodings if one and one.lower() != CODING)
    headers = {name: value for name, value in headers.items() if name != "content-encoding"}
    if kept:
        headers["content-encoding"] = kept
    if not coded:  # the name of the coding alone is no coding
        return replace(request, headers=headers)
    if request.file is not None:
        return replace(request, headers=headers, file=cast(IO[bytes], ChunkReader(request.file)))
    try:
        chunked = read_chunks(request.body, None)
    except ChunkError as error:
        raise Fault("IncompleteBody", f"The body is not in the coding that it says: {error}", status=400) from error
    asked = headers.get("x-amz-trailer", "").lower().split(",")
    trailers = {name: value for name, value in chunked.trailers.items() if name in map(str.strip, asked)}
    return replace(request, headers={**headers, **trailers}, body=chunked.payload)


def _check_link(request: Request, now: float, secret_of: SecretOf) -> Request:
    if "authorization" in request.headers or "=" not in request.query:
        return request
    query = {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
    if "X-Amz-Signature" in query:
        _check_v4(request, query, now, secret_of)
    elif "Signature" in query and "Expires" in query:
        _check_v2(request, query, now, secret_of)
    else:
        return request
    return _with_headers_of_link(request, query)


def _with_headers_of_link(request: Request, query: Mapping[str, str]) -> Request:
    """Headers that a link has in its query (SDKs put metadata, tags and storage classes there) are the request's: what
    signed the link said them. Checksums are not, as they are those of no body:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html."""
    said = {name.lower(): value for name, value in query.items()}
    moved = {name: value for name, value in said.items() if name.startswith("x-amz-") and not _STAYS.match(name)}
    return replace(request, headers={**moved, **request.headers}) if moved else request


def _check_v4(request: Request, query: Mapping[str, str], now: float, secret_of: SecretOf) -> None:
    read = sigv4.read_signature(request)
    if isinstance(read, sigv4.Refused):
        raise Fault("AuthorizationQueryParametersError", read.message, status=400)
    try:
        signed = datetime.strptime(read.date, sigv4.DATE_FORM).replace(tzinfo=UTC)
    except ValueError:
        text = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        raise Fault("AuthorizationQueryParametersError", text, status=400) from None
    moment = datetime.fromtimestamp(now, UTC)
    ends = signed + timedelta(seconds=read.expires or 0)
    if ends < moment:
        members = {"X-Amz-Expires": read.expires, "Expires": _iso(ends), "ServerTime": _iso(moment)}
        raise Fault("AccessDenied", "Request has expired", status=403, members=members)
    key = query.get("X-Amz-Credential", "").partition("/")[0]
    secret = secret_of(key)
    if secret is not None and isinstance(sigv4.verify(request, lambda _key: secret, signed), sigv4.Refused):
        raise Fault("SignatureDoesNotMatch", sigv4.Reason.MISMATCH.value, status=403, members={"AWSAccessKeyId": key})


def _check_v2(request: Request, query: Mapping[str, str], now: float, secret_of: SecretOf) -> None:
    expires, key = query["Expires"], query.get("AWSAccessKeyId", "")
    if not expires.isdecimal():
        raise Fault("AccessDenied", f"Invalid date (should be seconds since epoch): {expires[:80]}", status=403)
    if int(expires[:12]) < now:
        ends, moment = (datetime.fromtimestamp(one, UTC) for one in (min(int(expires[:12]), 1 << 34), now))
        members = {"Expires": _iso(ends), "ServerTime": _iso(moment)}
        raise Fault("AccessDenied", "Request has expired", status=403, members=members)
    secret = secret_of(key)
    if secret is not None and not old_links.is_signed(request, secret, host(request)):
        raise Fault("SignatureDoesNotMatch", sigv4.Reason.MISMATCH.value, status=403, members={"AWSAccessKeyId": key})


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
