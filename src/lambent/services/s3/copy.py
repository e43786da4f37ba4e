"""CopyObject and UploadPartCopy: the copy is of the same contents, which are used once more."""

import json
from datetime import UTC, datetime
from typing import Any

from lambent.model.scope import Caller
from lambent.objects import checksums, conditions, errors, ranges
from lambent.objects.buckets import Bucket
from lambent.objects.checksums import FULL
from lambent.objects.contents import cut
from lambent.objects.objects import Made, Version
from lambent.services.s3 import documents, multipart, tags
from lambent.services.s3.env import Call
from lambent.store.objects import Change, View

LARGEST = 5 << 30
DESCRIBING = ("type", "meta", "headers")


async def copy_object(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new version of the same bytes, with the source's metadata and tags or with new ones."""
    key = params["Key"]
    bucket = call.bucket(caller, params, "s3:PutObject", key)
    there, source = await _source(call, caller, params)
    if source.row.size > LARGEST:
        text = "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"
        raise errors.invalid_request(text)
    document = _document(call, caller, bucket, params, source)
    if there.name == bucket.name and source.key == key:
        _check_changes(params)
    sums = await _sums(call, source, params.get("ChecksumAlgorithm") or "")
    made = Made(source.row.size, await _etag(call, source), source.pieces, document | sums)
    asker, asked = call.asker(caller), conditions.of(params)
    copied = await call.env.objects.put(bucket, key, made, "ObjectCreated:Copy", asker, asked, _still_there(source))
    modified = datetime.fromtimestamp(copied.row.modified, UTC)
    return {
        "CopyObjectResult": {
            "ETag": f'"{copied.row.etag}"',
            "LastModified": modified,
            **documents.sums(copied.document),
        },
        "CopySourceVersionId": source.id if there.versioning else None,
        "VersionId": documents.new_version(bucket, copied),
        **documents.encryption(document),
    }


def _still_there(source: Version) -> Any:
    """Raises ObjectError when the source went meanwhile: its contents may be gone."""

    def more(view: View) -> Change:
        if source.row not in view.versions(source.row.bucket, source.row.key):
            raise errors.no_key(source.key)
        return Change()

    return more


async def upload_part_copy(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A part of an upload from the bytes, or a range of them, of an object."""
    bucket, upload = await multipart.of(call, caller, params, "s3:PutObject")
    number = multipart.part_number(params)
    there, source = await _source(call, caller, params)
    start, length = _range(params.get("CopySourceRange"), source.row.size)
    name = upload.algorithm or checksums.DEFAULT
    digests = await _digests(call, source, name, start, length)
    made = Made(length, digests.md5, cut(source.pieces, start, length), {"sums": digests.values()})
    part = await call.env.uploads.put_part(bucket, upload, number, made, _still_there(source))
    return {
        "CopyPartResult": {
            "ETag": f'"{part.etag}"',
            "LastModified": datetime.fromtimestamp(part.modified, UTC),
            **{f"Checksum{name}": value for name, value in json.loads(part.document)["sums"].items()},
        },
        "CopySourceVersionId": source.id if there.versioning else None,
        **documents.encryption(upload.document),
    }


async def _source(call: Call, caller: Caller, params: dict[str, Any]) -> tuple[Bucket, Version]:
    name, key, version = documents.copy_source(params["CopySource"])
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    about = {"Bucket": name, "ExpectedBucketOwner": params.get("ExpectedSourceBucketOwner")}
    bucket = call.bucket(caller, about, action, key)
    found = await call.env.objects.get(bucket, key, version, data=True)
    conditions.check_copy(conditions.of(params, "CopySource"), found.row.etag, found.row.modified)
    return bucket, found


def _document(call: Call, caller: Caller, bucket: Bucket, params: dict[str, Any], source: Version) -> dict[str, Any]:
    document = documents.read(bucket, params, caller.scope.account, call.env.clock.wall())
    if (params.get("MetadataDirective") or "COPY") == "COPY":
        for name in DESCRIBING:
            document.pop(name, None)
            if name in source.document:
                document[name] = source.document[name]
        if params.get("WebsiteRedirectLocation"):
            headers = {**document.get("headers", {}), "WebsiteRedirectLocation": params["WebsiteRedirectLocation"]}
            document["headers"] = headers
    document.pop("tags", None)
    if (params.get("TaggingDirective") or "COPY") == "COPY":
        document |= {"tags": source.document["tags"]} if source.document.get("tags") else {}
    elif params.get("Tagging"):
        document["tags"] = tags.from_header(params["Tagging"])
    return document


def _check_changes(params: dict[str, Any]) -> None:
    """A copy onto itself that changes nothing is refused, unless it is of an earlier version."""
    changes = (
        params.get("MetadataDirective") == "REPLACE" or params.get("StorageClass") or params.get("ServerSideEncryption")
    )
    earlier = "versionId=" in params["CopySource"]
    if not (changes or earlier or params.get("WebsiteRedirectLocation") or params.get("TaggingDirective") == "REPLACE"):
        text = (
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )
        raise errors.invalid_request(text)


async def _sums(call: Call, source: Version, asked: str) -> dict[str, Any]:
    """The checksum of the copy: the source's, if it is one of the full object and no other one is asked for."""
    there = source.document.get("sums") or {}
    if there and source.document.get("sumtype") == FULL and asked in ("", *there):
        return {"sums": there, "sumtype": FULL}
    name = asked or next(iter(there), checksums.DEFAULT)
    return {"sums": (await _digests(call, source, name)).values(), "sumtype": FULL}


async def _etag(call: Call, source: Version) -> str:
    """A copy is one whole, whatever its source was made of: its ETag is the MD5."""
    if "-" not in source.row.etag:
        return source.row.etag
    return (await _digests(call, source, "")).md5


async def _digests(
    call: Call, source: Version, name: str, start: int = 0, length: int | None = None
) -> checksums.Digests:
    opened = await call.env.objects.open(source, start, length)
    return await call.env.contents.digest(opened, (name,) if name else ())


def _range(said: str | None, size: int) -> tuple[int, int]:
    if not said:
        return 0, size
    found = ranges.read(said, size) if said.startswith("bytes=") and said[-1:].isdigit() else None
    last = said.rpartition("-")[2]
    if found is None or not last.isdecimal() or int(last) >= size:
        text = (
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy"
        )
        raise errors.invalid(text, "x-amz-copy-source-range", said)
    return found
