"""Links to S3 that are signed by Signature Version 2: boto3's and the CLI's own choice in us-east-1 and other regions
of before 2014, where S3 takes them to this day.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html (RESTAuthenticationQueryStringAuth).
Names that S3 knows now and that page does not (?retention) count as signed as well: nothing that is added to a link
later makes another operation of it.
"""

import base64
import functools
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qs

from lambent.wire import service
from lambent.wire.http import Request

NAME = "s3"
_OWN = frozenset({"AWSAccessKeyId", "Signature", "Expires"})
_LATER = frozenset({"accelerate", "cors", "defaultObjectAcl", "restore", "storageClass", "select", "object-lock"})
_OF_ANSWERS = frozenset(
    f"response-{name}"
    for name in (
        "content-type",
        "content-language",
        "expires",
        "cache-control",
        "content-disposition",
        "content-encoding",
    )
)
_HEADERS = ("content-md5", "content-type")


def is_link(request: Request) -> bool:
    """Whether the request is signed by its query in that form, and by nothing else."""
    return "authorization" not in request.headers and _query(request.query).keys() >= _OWN


def is_signed(request: Request, secret: str, bucket: str) -> bool:
    """Whether such a link was made with `secret`, of the bucket that its host name says ("" for none). Whether its time
    is over is looked at where links are read."""
    query = _query(request.query)
    sent = query["Signature"].encode("utf-8", "replace")
    return any(
        hmac.compare_digest(_signature(secret, _text(request, query, path)), sent) for path in _paths(request, bucket)
    )


def _paths(request: Request, bucket: str) -> tuple[str, ...]:
    """The path as it is signed; boto3 ends a bucket's with a slash."""
    if bucket:
        return (f"/{bucket}{request.path}",)
    return (request.path, f"{request.path}/") if request.path.count("/") == 1 else (request.path,)


def _signature(secret: str, text: str) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode("utf-8", "surrogateescape"), "sha1"))


def _query(query: str) -> Mapping[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def _text(request: Request, query: Mapping[str, str], path: str) -> str:
    """What is signed: headers may stand in the query."""
    sent = {name.lower(): value for name, value in query.items()} | request.headers
    amz = [f"{name}:{sent[name]}" for name in sorted(sent) if name.startswith("x-amz-")]
    lines = [request.method, *(sent.get(name, "") for name in _HEADERS), query["Expires"], *amz]
    return "\n".join([*lines, _resource(request, path)])


def _resource(request: Request, path: str) -> str:
    pairs = sorted(
        (name, values[0])
        for name, values in parse_qs(request.query, keep_blank_values=True).items()
        if name in _subresources()
    )
    bare = {field for field in request.query.split("&") if "=" not in field}
    said = "&".join(name if name in bare else f"{name}={value}" for name, value in pairs)
    return f"{path}?{said}" if said else path


@functools.cache
def _subresources() -> frozenset[str]:
    """Names in queries that say what of a bucket or object is asked for."""
    operations = service.load(NAME).description["operations"].values()
    queries = [one["http"]["requestUri"].partition("?")[2] for one in operations]
    named = {field.partition("=")[0] for query in queries for field in query.split("&") if field}
    placed = {"partNumber", "uploadId", "versionId"}
    return frozenset(named - {"x-id", "list-type"}) | _OF_ANSWERS | _LATER | placed
