"""Requests that a page of the web makes a browser send: which are answered, decided from the headers alone.

Whatever runs in a browser can send to this machine's loopback, with the methods and content types of forms even without
being asked first; a browser says so in Origin and Sec-Fetch-Site, which no page can leave out or forge. SDKs, the
command line and other programs send neither.

Sources: https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/ (2.3, Sec-Fetch-Site:
"none" is a user's own doing), https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html (whose a
request to S3 is).
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from lambent.gateway import hosts
from lambent.wire import locate
from lambent.wire.http import Request

FROM_PAGES = frozenset({"cross-site", "same-site", "same-origin"})
PRESIGNED = ("X-Amz-Signature=", "AWSAccessKeyId=")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_VIRTUAL = re.compile(r"(.+?)\.s3[.-].*|([^.]+)\.localhost")
MOTO = "/moto-api"
OPERATORS = ("/_lambent/", MOTO, "/latest/meta-data", "/latest/api")
"""Paths that are no API of AWS: Lambent's pages, moto's, and its idea of an instance's metadata."""


def is_from_page(headers: Mapping[str, str]) -> bool:
    """Whether a page made the browser send this."""
    return "origin" in headers or headers.get("sec-fetch-site", "") in FROM_PAGES


def is_operators(path: str) -> bool:
    """Whether a path is no API of AWS, however it is written: moto's server takes `//moto-api/x` for `/moto-api/x`."""
    return _plain(path).startswith(OPERATORS)


def is_motos(path: str) -> bool:
    """Whether a path is one of moto's own pages."""
    return _plain(path).startswith(MOTO)


def _plain(path: str) -> str:
    return f"/{unquote(path).lstrip('/')}"


def is_link(request: Request) -> bool:
    """Whether a request is presigned: whoever has the link may send it."""
    return any(name in request.query for name in PRESIGNED) and "authorization" not in request.headers


def bucket_of(request: Request) -> str | None:
    """The bucket that a request is for, if it is one for S3 as browsers send them; None when it can't be."""
    headers = request.headers
    if "x-amz-target" in headers or "smithy-protocol" in headers or is_operators(request.path):
        return None
    if (
        headers.get("content-type", "").lower().startswith(locate.FORM)
    ):  # the query protocols' form; uploads are multipart
        return None
    credential = locate.credential_of(request)
    if credential is not None and credential.service not in ("", "s3"):
        return None
    bucket = _virtual(headers.get("host", "")) or unquote(request.path).split("/")[1:2]
    name = bucket if isinstance(bucket, str) else "".join(bucket)
    return name if _BUCKET.fullmatch(name) else None


def _virtual(host: str) -> str:
    found = _VIRTUAL.fullmatch(hosts.name_of(host) or "")
    return (found[1] or found[2] or "") if found else ""
