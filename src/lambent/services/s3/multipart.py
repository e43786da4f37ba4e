"""CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload, ListParts."""

from datetime import UTC, datetime
from typing import Any

from lambent.model.scope import Caller
from lambent.objects import checksums, conditions, errors
from lambent.objects.buckets import Bucket
from lambent.objects.errors import ObjectError
from lambent.objects.objects import Made, Version
from lambent.objects.uploads import MOST_PARTS, Named, Upload
from lambent.services.s3 import bodies, documents
from lambent.services.s3.env import Call
from lambent.services.s3.listing import canonical_id
from lambent.store.objects import PartRow

LISTED = 1_000


async def create_multipart_upload(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """An upload id, for parts that become an object when all are there."""
    key = params["Key"]
    bucket = call.bucket(caller, params, "s3:PutObject", key)
    document = documents.read(bucket, params, caller.scope.account, call.env.clock.wall())
    algorithm, kind = _checksum(params)
    if algorithm:
        document |= {"algorithm": algorithm, "sumtype": kind}
    upload = await call.env.uploads.begin(bucket, key, document)
    return {
        "Bucket": bucket.name,
        "Key": key,
        "UploadId": upload,
        "ChecksumAlgorithm": algorithm or None,
        "ChecksumType": kind if algorithm else None,
        **documents.encryption(document),
    }


def _checksum(params: dict[str, Any]) -> tuple[str, str]:
    """Which checksum, and of what. Raises ObjectError."""
    algorithm, kind = params.get("ChecksumAlgorithm") or "", params.get("ChecksumType") or ""
    if not algorithm:
        if kind:
            raise errors.invalid_request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        return "", ""
    if algorithm not in checksums.ALGORITHMS:
        raise errors.unsupported_checksum()
    kind = kind or (checksums.FULL if algorithm == checksums.DEFAULT else checksums.COMPOSITE)
    fits = algorithm in checksums.CRCS if kind == checksums.FULL else algorithm != checksums.DEFAULT
    if not fits:
        text = f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        raise errors.invalid_request(text)
    return algorithm, kind


async def upload_part(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One part; on disk when this answers."""
    bucket, upload = await of(call, caller, params, "s3:PutObject")
    number = part_number(params)
    kept, named = await bodies.keep(call, default=False, algorithm=_default(call, upload))
    sums = {named: kept.checksums[named]}
    made = Made(kept.size, kept.md5, kept.pieces, {"sums": sums}, (kept,))
    part = await call.env.uploads.put_part(bucket, upload, number, made)
    return {
        "ETag": f'"{part.etag}"',
        **{f"Checksum{name}": value for name, value in sums.items()},
        **documents.encryption(upload.document),
    }


def _default(call: Call, upload: Upload) -> str:
    """The checksum of a part, if the upload says one. Raises ObjectError when another one comes."""
    given = bodies.named(call.request.headers)
    if upload.algorithm and given and given != upload.algorithm:
        names = f"expected checksum Type: {upload.algorithm.lower()}, actual checksum Type: {given.lower()}"
        raise errors.invalid_request(f"Checksum Type mismatch occurred, {names}")
    return upload.algorithm or given or checksums.DEFAULT


async def of(call: Call, caller: Caller, params: dict[str, Any], action: str) -> tuple[Bucket, Upload]:
    """The upload of a request. Raises ObjectError."""
    bucket = call.bucket(caller, params, action, params["Key"])
    return bucket, await call.env.uploads.get(bucket, params["Key"], params["UploadId"])


def part_number(params: dict[str, Any]) -> int:
    """From 1 to 10,000. Raises ObjectError."""
    number = int(params["PartNumber"])
    if not 1 <= number <= MOST_PARTS:
        text = f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive"
        raise errors.invalid(text, "partNumber", number)
    return number


async def complete_multipart_upload(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The parts that are named become the object."""
    bucket = call.bucket(caller, params, "s3:PutObject", params["Key"])
    said = (params.get("MultipartUpload") or {}).get("Parts")
    if not said or any(part.get("PartNumber") is None or not part.get("ETag") for part in said):
        raise errors.malformed()
    parts = [Named(int(part["PartNumber"]), part["ETag"].strip('"'), _sums(part)) for part in said]
    asker, asked = call.asker(caller), conditions.of(params)
    try:
        upload = await call.env.uploads.get(bucket, params["Key"], params["UploadId"])
        size = params.get("MpuObjectSize")
        version = await call.env.uploads.complete(bucket, upload, parts, _sums(params), asker, asked, size)
    except ObjectError as error:
        completed = await _completed(call, bucket, params, parts) if error.code == "NoSuchUpload" else None
        if completed is None:
            raise
        version = completed
    return {
        "Location": f"http://{call.request.headers.get('host', 'localhost')}/{bucket.name}/{version.key}",
        "Bucket": bucket.name,
        "Key": version.key,
        "ETag": f'"{version.row.etag}"',
        "VersionId": documents.new_version(bucket, version),
        **documents.sums(version.document),
        **documents.encryption(version.document),
    }


async def _completed(call: Call, bucket: Bucket, params: dict[str, Any], parts: list[Named]) -> Version | None:
    """The object that the upload became, when it is completed again by the same parts: a lost answer is asked for anew.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    """
    try:
        version = await call.env.objects.get(bucket, params["Key"])
    except ObjectError:
        return None
    same = version.row.etag == checksums.etag_of_parts([one.etag for one in parts])
    return version if same and version.document.get("upload") == params["UploadId"] else None


def _sums(said: dict[str, Any]) -> dict[str, str]:
    return {name: said[f"Checksum{name}"] for name in checksums.ALGORITHMS if said.get(f"Checksum{name}")}


async def abort_multipart_upload(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The upload and its parts go."""
    bucket = call.bucket(caller, params, "s3:AbortMultipartUpload", params["Key"])
    await call.env.uploads.abort(bucket, params["Key"], params["UploadId"])
    return {}


async def list_parts(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The parts that are there, by number."""
    bucket, upload = await of(call, caller, params, "s3:ListMultipartUploadParts")
    after, most = _whole(params, "PartNumberMarker", 0), min(_whole(params, "MaxParts", LISTED), LISTED)
    found = [part for part in await call.env.uploads.parts(upload) if part.part > after]
    page = found[:most]
    return {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": params["UploadId"],
        "PartNumberMarker": after,
        "NextPartNumberMarker": page[-1].part if page else 0,
        "MaxParts": most,
        "IsTruncated": len(found) > most,
        "Parts": [_shown(part) for part in page] or None,
        "Initiator": {"ID": canonical_id(upload.document["owner"])},
        "Owner": {"ID": canonical_id(bucket.scope.account)},
        "StorageClass": upload.document.get("class", "STANDARD"),
        "ChecksumAlgorithm": upload.algorithm or None,
        "ChecksumType": upload.sumtype or None,
    }


def _whole(params: dict[str, Any], name: str, default: int) -> int:
    said = params.get(name)
    if said in (None, ""):
        return default
    shown = {"MaxParts": "max-parts", "PartNumberMarker": "part-number-marker"}[name]
    try:
        number = int(said)
    except ValueError:
        raise errors.invalid(f"Provided {shown} not an integer or within integer range", shown, said) from None
    if not 0 <= number <= errors.MOST_INTEGER:
        raise errors.no_count(shown, said)
    return number


def _shown(part: PartRow) -> dict[str, Any]:
    return {
        "PartNumber": part.part,
        "LastModified": datetime.fromtimestamp(part.modified, UTC),
        "ETag": f'"{part.etag}"',
        "Size": part.size,
    }
