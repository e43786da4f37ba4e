"""ListObjects, ListObjectsV2, ListObjectVersions and ListMultipartUploads.

Pages of keys are written as text here: they are the answers that programs wait for most, a thousand rows at a time.
"""

import base64
import functools
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from lambent.model.scope import Caller
from lambent.objects import errors, listing
from lambent.objects.buckets import Bucket
from lambent.objects.listing import Asked, Page
from lambent.objects.names import key_bytes, key_text
from lambent.services.s3.env import Call
from lambent.store.objects import ListedRow, UploadRow
from lambent.wire.http import Response

MOST = 1_000
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
Encode = Callable[[str], str]
_SAFE = re.compile(r"[A-Za-z0-9_.~/*-]*")
"""Names that stay as they are."""
_MARKUP = re.compile("[&<>]")


async def list_objects_v2(call: Call, caller: Caller, params: dict[str, Any]) -> Response:
    """A page of keys; the continuation token says where the next one begins."""
    bucket = call.bucket(caller, params, "s3:ListBucket")
    token, after = params.get("ContinuationToken"), params.get("StartAfter")
    if token == "":
        raise errors.invalid("The continuation token provided is incorrect", "continuation-token", "")
    start, seen = _from_token(token) if token else _behind(after or "", params)
    page, most, encode = await _page(call, bucket, params, start, seen)
    parts = [
        _text("Name", bucket.name),
        _text("Prefix", encode(params.get("Prefix") or "")),
        _text("ContinuationToken", token) if token else "",
        _text("StartAfter", encode(after)) if after else "",
        f"<KeyCount>{len(page)}</KeyCount>",
        *_common(params, most, page, encode),
        _text("NextContinuationToken", _token(page, params)) if page.truncated else "",
        *_contents(bucket, page, encode, owner=bool(params.get("FetchOwner"))),
        *_prefixes(page.prefixes, encode),
    ]
    return _answer(caller, "ListBucketResult", parts, bucket)


async def list_objects(call: Call, caller: Caller, params: dict[str, Any]) -> Response:
    """The older form: the next page begins behind a marker."""
    bucket = call.bucket(caller, params, "s3:ListBucket")
    marker = params.get("Marker") or ""
    start, seen = _behind(marker, params)
    page, most, encode = await _page(call, bucket, params, start, seen)
    parts = [
        _text("Name", bucket.name),
        _text("Prefix", encode(params.get("Prefix") or "")),
        _text("Marker", encode(marker)),
        *_common(params, most, page, encode),
        _text("NextMarker", encode(key_text(page.last))) if page.truncated and params.get("Delimiter") else "",
        *_contents(bucket, page, encode, owner=True),
        *_prefixes(page.prefixes, encode),
    ]
    return _answer(caller, "ListBucketResult", parts, bucket)


async def list_object_versions(call: Call, caller: Caller, params: dict[str, Any]) -> Response:
    """All versions and delete markers, the latest of a key first."""
    bucket = call.bucket(caller, params, "s3:ListBucketVersions")
    marker, version = params.get("KeyMarker") or "", params.get("VersionIdMarker") or ""
    if version and not marker:
        text = "A version-id marker cannot be specified without a key marker."
        raise errors.invalid(text, "version-id-marker", version)
    start, seen = (key_bytes(marker), key_bytes(marker)) if version else _behind(marker, params)
    most, encode = _most(params), _encoder(params)
    asked = Asked(_bytes(params, "Prefix"), _bytes(params, "Delimiter"), start, seen, most)
    look = lambda view: listing.versions(view, bucket.uid, asked, version)  # noqa: E731
    page: Page[ListedRow] = await call.env.objects.store.read(look)
    parts = [
        _text("Name", bucket.name),
        _text("Prefix", encode(params.get("Prefix") or "")),
        _text("KeyMarker", encode(marker)),
        _text("VersionIdMarker", version),
        *_common(params, most, page, encode),
        *_next_version(page, encode),
        *_versions(bucket, page, start if version else None, encode),
        *_prefixes(page.prefixes, encode),
    ]
    return _answer(caller, "ListVersionsResult", parts, bucket)


async def list_multipart_uploads(call: Call, caller: Caller, params: dict[str, Any]) -> Response:
    """The uploads under way, by key and id."""
    bucket = call.bucket(caller, params, "s3:ListBucketMultipartUploads")
    marker, after = params.get("KeyMarker") or "", params.get("UploadIdMarker") or ""
    start, seen = (key_bytes(marker), key_bytes(marker)) if marker and after else _behind(marker, params)
    most, encode = _most(params, "MaxUploads"), _encoder(params)
    asked = Asked(_bytes(params, "Prefix"), _bytes(params, "Delimiter"), start, seen, most)
    page = await call.env.objects.store.read(lambda view: listing.uploads(view, bucket.uid, asked, after))
    parts = [
        _text("Bucket", bucket.name),
        _text("KeyMarker", encode(marker)),
        _text("UploadIdMarker", after),
        _text("NextKeyMarker", encode(key_text(page.last))) if page.truncated else "",
        _text("NextUploadIdMarker", page.rows[-1].upload) if page.truncated and page.rows else "",
        _text("Delimiter", encode(params["Delimiter"])) if params.get("Delimiter") else "",
        _text("Prefix", encode(params.get("Prefix") or "")),
        f"<MaxUploads>{most}</MaxUploads><IsTruncated>{str(page.truncated).lower()}</IsTruncated>",
        "<EncodingType>url</EncodingType>" if params.get("EncodingType") else "",
        *(
            f"<Upload>{_text('Key', encode(key_text(row.key)))}<UploadId>{row.upload}</UploadId>"
            f"{_initiator(row)}{_owner(bucket)}<StorageClass>STANDARD</StorageClass><Initiated>{_time(row.initiated)}</Initiated>"
            f"{_checksum_of(row)}</Upload>"
            for row in page.rows
        ),
        *_prefixes(page.prefixes, encode),
    ]
    return _answer(caller, "ListMultipartUploadsResult", parts, bucket)


async def _page(
    call: Call, bucket: Bucket, params: dict[str, Any], start: bytes, seen: bytes
) -> "tuple[Page[ListedRow], int, Encode]":
    most = _most(params)
    asked = Asked(_bytes(params, "Prefix"), _bytes(params, "Delimiter"), start, seen, most)
    page = await call.env.objects.store.read(lambda view: listing.keys(view, bucket.uid, asked))
    return page, most, _encoder(params)


def _behind(marker: str, _params: dict[str, Any]) -> tuple[bytes, bytes]:
    """The first key behind a marker, and the last common prefix that was told."""
    raw = key_bytes(marker)
    return (raw + b"\0", raw) if raw else (b"", b"")


def _token(page: "Page[ListedRow]", _params: dict[str, Any]) -> str:
    rolled = bool(page.prefixes) and page.prefixes[-1] == page.last
    return base64.urlsafe_b64encode((b"p" if rolled else b"k") + page.last).decode()


def _from_token(token: str) -> tuple[bytes, bytes]:
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii"))
    except ValueError:
        raw = b""
    if raw[:1] == b"p":
        return listing.successor(raw[1:]) or raw[1:], raw[1:]
    if raw[:1] == b"k":
        return raw[1:] + b"\0", b""
    raise errors.invalid("The continuation token provided is incorrect", "continuation-token", token)


def _most(params: dict[str, Any], name: str = "MaxKeys") -> int:
    said = params.get(name)
    if said is None:
        return MOST
    if not 0 <= said <= errors.MOST_INTEGER:
        raise errors.no_count({"MaxKeys": "maxKeys", "MaxUploads": "max-uploads"}[name], said)
    return min(int(said), MOST)


def _quoted(text: str) -> str:
    """As S3 encodes names. Most have nothing to encode, which a pattern finds out at once."""
    return text if _SAFE.fullmatch(text) else quote(text, safe="/-_.*", errors="surrogatepass")


def _encoder(params: dict[str, Any]) -> Encode:
    said = params.get("EncodingType")
    if said and said != "url":
        raise errors.invalid("Invalid Encoding Method specified in Request", "encoding-type", said)
    return _quoted if said else str


def _bytes(params: dict[str, Any], name: str) -> bytes:
    return str(params.get(name) or "").encode("utf-8", "surrogatepass")


def _common(params: dict[str, Any], most: int, page: "Page[Any]", encode: Encode) -> list[str]:
    return [
        f"<MaxKeys>{params.get('MaxKeys', most) if most < MOST else most}</MaxKeys>",
        _text("Delimiter", encode(params["Delimiter"])) if params.get("Delimiter") else "",
        "<EncodingType>url</EncodingType>" if params.get("EncodingType") else "",
        f"<IsTruncated>{str(page.truncated).lower()}</IsTruncated>",
    ]


def _contents(bucket: Bucket, page: "Page[ListedRow]", encode: Encode, *, owner: bool) -> Iterable[str]:
    who = _owner(bucket) if owner else ""
    for row in page.rows:
        storage, checksum = _listed(row.listed)
        yield (
            f"<Contents><Key>{_escaped(encode(key_text(row.key)))}</Key><LastModified>{_time(row.modified)}</LastModified>"
            f"<ETag>&quot;{row.etag}&quot;</ETag>{checksum}<Size>{row.size}</Size>{who}{storage}</Contents>"
        )


def _versions(bucket: Bucket, page: "Page[ListedRow]", begun: bytes | None, encode: Encode) -> Iterable[str]:
    """`begun` is the key whose latest version was told before."""
    who, before = _owner(bucket), begun
    for row in page.rows:
        latest = "true" if row.key != before else "false"
        before = row.key
        place = (
            f"{_text('Key', encode(key_text(row.key)))}<VersionId>{row.version}</VersionId>"
            f"<IsLatest>{latest}</IsLatest>"
            f"<LastModified>{_time(row.modified)}</LastModified>"
        )
        if row.marker:
            yield f"<DeleteMarker>{place}{who}</DeleteMarker>"
        else:
            storage, checksum = _listed(row.listed)
            about = f"<ETag>&quot;{row.etag}&quot;</ETag>{checksum}<Size>{row.size}</Size>{storage}{who}"
            yield f"<Version>{place}{about}</Version>"


def _next_version(page: "Page[ListedRow]", encode: Encode) -> list[str]:
    if not page.truncated:
        return []
    found = [_text("NextKeyMarker", encode(key_text(page.last)))]
    if page.rows and page.rows[-1].key == page.last:
        found.append(_text("NextVersionIdMarker", page.rows[-1].version))
    return found


@functools.lru_cache(256)
def _listed(said: str) -> tuple[str, str]:
    """The elements of what lists tell of a version."""
    storage, algorithm, kind = said.split("|")
    checksum = f"<ChecksumAlgorithm>{algorithm}</ChecksumAlgorithm>" if algorithm else ""
    checksum += f"<ChecksumType>{kind}</ChecksumType>" if kind else ""
    return f"<StorageClass>{storage}</StorageClass>", checksum


def _prefixes(prefixes: Iterable[bytes], encode: Encode) -> list[str]:
    return [f"<CommonPrefixes>{_text('Prefix', encode(key_text(one)))}</CommonPrefixes>" for one in prefixes]


def _owner(bucket: Bucket) -> str:
    return f"<Owner><ID>{canonical_id(bucket.scope.account)}</ID></Owner>"


def _initiator(row: UploadRow) -> str:
    return f"<Initiator><ID>{canonical_id(json.loads(row.document)['owner'])}</ID></Initiator>"


def _checksum_of(row: UploadRow) -> str:
    said = json.loads(row.document)
    if not said.get("algorithm"):
        return ""
    return _text("ChecksumAlgorithm", said["algorithm"]) + _text("ChecksumType", said["sumtype"])


def canonical_id(account: str) -> str:
    """The canonical user id of an account: 64 hex digits, as AWS has them."""
    return account.rjust(64, "0")


def _text(name: str, text: str) -> str:
    return f"<{name}>{_escaped(text)}</{name}>"


def _escaped(text: str) -> str:
    if not text.isprintable():
        return _unprintable(text)
    return escape(text) if _MARKUP.search(text) else text


def _unprintable(text: str) -> str:
    """XML 1.0 has no form for most control characters; S3 sends them as references all the same."""
    plain = escape(text)
    return "".join(f"&#x{ord(one):x};" if ord(one) < 0x20 else one for one in plain).encode("utf-8", "replace").decode()


def _time(seconds: float) -> str:
    whole, millis = divmod(int(seconds * 1000), 1000)
    return f"{_second(whole)}.{millis:03d}Z"


@functools.lru_cache(4_096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _answer(caller: Caller, root: str, parts: list[str], bucket: Bucket) -> Response:
    body = f"{HEAD}<{root}{NAMESPACE}>{''.join(parts)}</{root}>".encode()
    headers = [
        ("x-amz-request-id", caller.request_id),
        ("x-amz-bucket-region", bucket.scope.region),
        ("Content-Type", "application/xml"),
    ]
    return Response(200, headers, body)
