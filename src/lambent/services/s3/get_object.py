"""GetObject and HeadObject."""

from datetime import UTC, datetime
from typing import Any

from lambent.model.answer import Answer
from lambent.model.scope import Caller
from lambent.objects import conditions, errors, ranges
from lambent.objects.buckets import Bucket
from lambent.objects.conditions import NotModified
from lambent.objects.errors import ObjectError
from lambent.objects.objects import Version
from lambent.services.s3 import documents
from lambent.services.s3.env import Call
from lambent.wire.http import Response

SSE = "x-amz-server-side-encryption"
"""Says how something is to be kept; reads refuse it:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Encryption)."""
OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


async def get_object(call: Call, caller: Caller, params: dict[str, Any]) -> Answer | Response:
    """A version's bytes, or a range or part of them."""
    bucket, version = await _found(call, caller, params, "GET")
    try:
        found, start, length = _described(params, bucket, version)
    except NotModified:
        return not_modified(version, bucket)
    opened = await call.env.objects.open(version, start, length)
    small = opened.small
    found["Body"] = opened.read() if small is None else small
    return Answer(found, {"Content-Length": str(length)}, _status(found))


async def head_object(call: Call, caller: Caller, params: dict[str, Any]) -> Answer | Response:
    """The same without the bytes."""
    bucket, version = await _found(call, caller, params, "HEAD")
    try:
        found, _, length = _described(params, bucket, version)
    except NotModified:
        return not_modified(version, bucket)
    return Answer(found, {"Content-Length": str(length)}, _status(found))


async def _found(call: Call, caller: Caller, params: dict[str, Any], method: str) -> tuple[Bucket, Version]:
    if SSE in call.request.headers:
        raise errors.invalid(f"{SSE} header is not supported for this operation.", SSE, call.request.headers[SSE])
    key, wanted = params["Key"], params.get("VersionId") or ""
    action = "s3:GetObjectVersion" if wanted else "s3:GetObject"
    bucket = readable(call, caller, params, action, key)
    try:
        version = await call.env.objects.get(bucket, key, wanted, method, data=method == "GET")
    except ObjectError as error:
        may_list = _may(call, caller, {**params, "Prefix": key}, "s3:ListBucket")
        raise error if may_list or error.code != "NoSuchKey" else errors.denied() from None
    if not _may_read(call, caller, params, action, version):
        raise errors.denied()
    return bucket, version


PUBLIC = ("public-read", "public-read-write")


def readable(call: Call, caller: Caller, params: dict[str, Any], action: str, key: str) -> Bucket:
    """The bucket; whether an object's own ACL lets the caller read is seen when it is found."""
    bucket = call.env.registry.get(params["Bucket"])
    blocked = (bucket.settings.get("PublicAccessBlock") or {}).get("IgnorePublicAcls")
    if blocked or bucket.settings.get("Ownership", "BucketOwnerEnforced") == "BucketOwnerEnforced":
        return call.bucket(caller, params, action, key)
    return bucket


def _may_read(call: Call, caller: Caller, params: dict[str, Any], action: str, version: Version) -> bool:
    try:
        call.bucket(caller, params, action, version.key)
    except errors.ExplicitDenial:
        return False
    except ObjectError:
        return version.document.get("acl") in PUBLIC or _is_own(caller, version)
    return True


def _is_own(caller: Caller, version: Version) -> bool:
    """Whether another account reads what it put, where ownership stays with who writes:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html."""
    return caller.access_key is not None and version.document.get("owner") == caller.scope.account


def _may(call: Call, caller: Caller, params: dict[str, Any], action: str, key: str | None = None) -> bool:
    try:
        call.bucket(caller, params, action, key)
    except ObjectError:
        return False
    return True


def _described(params: dict[str, Any], bucket: Bucket, version: Version) -> tuple[dict[str, Any], int, int]:
    """The answer's members, and the range. Raises ObjectError, NotModified."""
    row = version.row
    conditions.check_read(conditions.of(params), row.etag, row.modified)
    found = documents.told(version, checksums=params.get("ChecksumMode") == "ENABLED", bucket=bucket)
    found |= {name: params[asked] for asked, name in OVERRIDES.items() if params.get(asked)}
    if isinstance(found.get("Expires"), datetime):
        found["Expires"] = found["Expires"].strftime("%a, %d %b %Y %H:%M:%S GMT")
    start, length = 0, row.size
    if params.get("PartNumber"):
        start, length, count = part_of(version, int(params["PartNumber"]))
        found |= {"PartsCount": count} if count else {}
        asked: tuple[int, int] | None = (start, length) if length else None
    else:
        asked = ranges.read(params["Range"], row.size) if params.get("Range") else None
    if asked is not None:
        start, length = asked
        found["ContentRange"] = f"bytes {start}-{start + length - 1}/{row.size}"
        if (start, length) != (0, row.size):
            found = {name: value for name, value in found.items() if not name.startswith("Checksum")}
            found |= _sums_of_part(version, params)
    return found, start, length


def part_of(version: Version, number: int) -> tuple[int, int, int]:
    """Where a part of an object lies, its size, and how many there are. Raises ObjectError."""
    parts = version.document.get("parts") or []
    if not parts and number == 1:
        return 0, version.row.size, 0
    if number > len(parts):
        text = "The requested partnumber is not satisfiable"
        raise ObjectError(
            "InvalidPartNumber", text, 416, {"PartNumberRequested": number, "ActualPartCount": len(parts) or 1}
        )
    start = sum(part[1] for part in parts[: number - 1])
    return start, parts[number - 1][1], len(parts)


def _sums_of_part(version: Version, params: dict[str, Any]) -> dict[str, Any]:
    """The checksum that a part came with, where one asks for the part:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html."""
    name = next(iter(version.document.get("sums") or ()), "")
    number = params.get("PartNumber")
    if not name or not number or params.get("ChecksumMode") != "ENABLED":
        return {}
    return {
        f"Checksum{name}": version.document["parts"][int(number) - 1][2],
        "ChecksumType": version.document["sumtype"],
    }


def _status(found: dict[str, Any]) -> int:
    return 206 if "ContentRange" in found else 0


def not_modified(version: Version, bucket: Bucket) -> Response:
    """304, with what tells the version."""
    modified = datetime.fromtimestamp(version.row.modified, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = [("ETag", f'"{version.row.etag}"'), ("Last-Modified", modified)]
    if bucket.versioning:
        headers.append(("x-amz-version-id", version.row.version))
    return Response(304, headers)
