"""Tags, ACL, retention, legal hold and attributes of objects."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lambent.model.answer import Answer
from lambent.model.scope import Caller
from lambent.objects import errors
from lambent.objects.buckets import Bucket
from lambent.objects.errors import ObjectError
from lambent.objects.objects import Version
from lambent.services.s3 import acls, bodies, documents, tags
from lambent.services.s3.env import Call

BODILESS = ("s3:PutObjectAcl", "s3:DeleteObjectTagging")
"""Actions whose requests need no document; an ACL may come as a header."""


async def _change(
    call: Call,
    caller: Caller,
    params: dict[str, Any],
    action: str,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    event: str = "",
) -> Version:
    bucket = call.bucket(caller, params, action, params["Key"])
    bodies.check_document(call, needed=action not in BODILESS)
    asker, version = call.asker(caller), params.get("VersionId") or ""
    return await call.env.objects.change(bucket, params["Key"], version, change, event, asker)


async def _get(call: Call, caller: Caller, params: dict[str, Any], action: str) -> tuple[Bucket, Version]:
    bucket = call.bucket(caller, params, action, params["Key"])
    return bucket, await call.env.objects.get(bucket, params["Key"], params.get("VersionId") or "")


async def put_tagging(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All tags of a version."""
    said = tags.checked((params.get("Tagging") or {}).get("TagSet") or [], tags.OBJECT_TAGS)
    version = await _change(
        call, caller, params, "s3:PutObjectTagging", lambda document: {**document, "tags": said}, "ObjectTagging:Put"
    )
    return _version(call, params, version)


async def get_tagging(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of a version."""
    _, version = await _get(call, caller, params, "s3:GetObjectTagging")
    return {"TagSet": tags.shown(version.document.get("tags") or {}), **_version(call, params, version)}


async def delete_tagging(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take them away."""

    def change(document: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in document.items() if name != "tags"}

    version = await _change(call, caller, params, "s3:DeleteObjectTagging", change, "ObjectTagging:Delete")
    return _version(call, params, version)


def _version(call: Call, params: dict[str, Any], version: Version) -> dict[str, Any]:
    versioned = call.env.registry.get(params["Bucket"]).versioning
    return {"VersionId": version.id if versioned else None}


async def put_acl(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A canned ACL of a version, where ACLs count at all."""
    bucket = call.env.registry.get(params["Bucket"])
    acl = acls.canned(bucket, params)
    await _change(call, caller, params, "s3:PutObjectAcl", lambda document: {**document, "acl": acl}, "ObjectAcl:Put")
    return {}


async def get_acl(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Who may what, as the ACL says."""
    bucket, version = await _get(call, caller, params, "s3:GetObjectAcl")
    return acls.grants(bucket, str(version.document.get("acl", "private")))


async def put_bucket_acl(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A canned ACL of a bucket, where ACLs count at all."""
    bucket = call.bucket(caller, params, "s3:PutBucketAcl")
    acl = acls.canned(bucket, params)
    await call.env.registry.put(bucket, "Acl", None if acl == "private" else acl)
    return {}


async def get_bucket_acl(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Who may what, as the ACL says."""
    bucket = call.bucket(caller, params, "s3:GetBucketAcl")
    return acls.grants(bucket, str(bucket.settings.get("Acl", "private")))


async def put_retention(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Until when a version may not go; it can be made longer, and shorter only by who may bypass it."""
    said = params.get("Retention") or {}
    mode, until = said.get("Mode"), said.get("RetainUntilDate")
    now, bypass = call.env.clock.wall(), bool(params.get("BypassGovernanceRetention"))
    _must_lock(call, params)
    if bool(mode) != bool(until) or (mode and mode not in ("GOVERNANCE", "COMPLIANCE")):
        raise errors.malformed()
    if until and until.timestamp() <= now:
        raise errors.invalid("The retain until date must be in the future!")

    def change(document: dict[str, Any]) -> dict[str, Any]:
        there = document.get("retention") or {"Until": 0.0, "Mode": mode}
        later = until and until.timestamp() >= there["Until"] and mode == there["Mode"]
        if there["Until"] > now and not later and not (there["Mode"] == "GOVERNANCE" and bypass):
            raise errors.denied("Access Denied because object protected by object lock.")
        kept = {"Mode": mode, "Until": until.timestamp()} if until else None
        return {**document, "retention": kept}

    await _change(call, caller, params, "s3:PutObjectRetention", change)
    return {}


def _must_lock(call: Call, params: dict[str, Any]) -> None:
    if not call.env.registry.get(params["Bucket"]).locks:
        raise errors.invalid_request("Bucket is missing Object Lock Configuration")


async def get_retention(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Until when a version may not go."""
    _, version = await _get(call, caller, params, "s3:GetObjectRetention")
    _must_lock(call, params)
    said = version.document.get("retention")
    if not said:
        raise _no_lock()
    return {"Retention": {"Mode": said["Mode"], "RetainUntilDate": datetime.fromtimestamp(said["Until"], UTC)}}


async def put_hold(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A version may not go while this is ON."""
    _must_lock(call, params)
    bodies.check_document(call)
    status = (params.get("LegalHold") or {}).get("Status")
    if status not in ("ON", "OFF"):
        raise errors.malformed()
    await _change(call, caller, params, "s3:PutObjectLegalHold", lambda document: {**document, "hold": status})
    return {}


async def get_hold(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Whether it is ON."""
    _, version = await _get(call, caller, params, "s3:GetObjectLegalHold")
    _must_lock(call, params)
    said = version.document.get("hold")
    if not said:
        raise _no_lock()
    return {"LegalHold": {"Status": said}}


def _no_lock() -> ObjectError:
    text = "The specified object does not have a ObjectLock configuration"
    return ObjectError("NoSuchObjectLockConfiguration", text, 404)


async def put_lock(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What new versions are locked by; versions must be kept."""
    bucket = call.bucket(caller, params, "s3:PutBucketObjectLockConfiguration")
    bodies.check_document(call)
    said = params.get("ObjectLockConfiguration") or {}
    if bucket.versioning != "Enabled":
        text = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise ObjectError("InvalidBucketState", text, 409)
    retention = (said.get("Rule") or {}).get("DefaultRetention")
    if said.get("ObjectLockEnabled") != "Enabled":
        raise errors.malformed()
    if retention is not None:
        _check_default(retention)
    await call.env.registry.put(bucket, "ObjectLock", said)
    return {}


def _check_default(retention: dict[str, Any]) -> None:
    periods = [retention[name] for name in ("Days", "Years") if retention.get(name) is not None]
    if len(periods) != 1 or retention.get("Mode") not in ("GOVERNANCE", "COMPLIANCE"):
        raise errors.malformed()
    if periods[0] <= 0:
        raise errors.invalid("Default retention period must be a positive integer value.")


async def get_lock(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What new versions are locked by."""
    bucket = call.bucket(caller, params, "s3:GetBucketObjectLockConfiguration")
    if not bucket.locks:
        text = "Object Lock configuration does not exist for this bucket"
        raise errors.no_configuration("ObjectLockConfigurationNotFoundError", text, bucket.name)
    return {"ObjectLockConfiguration": bucket.settings["ObjectLock"]}


async def get_attributes(call: Call, caller: Caller, params: dict[str, Any]) -> Answer:
    """Those that are asked for."""
    wanted = set(params.get("ObjectAttributes") or ())
    bucket, version = await _get(call, caller, params, "s3:GetObjectAttributes")
    row, document = version.row, version.document
    parts = document.get("parts") or []
    after, most = int(params.get("PartNumberMarker") or 0), int(params.get("MaxParts") or 1_000)
    page = [part for part in parts if part[0] > after]
    name = next(iter(document.get("sums") or ()), "")
    shown = [
        {"PartNumber": part[0], "Size": part[1], **({f"Checksum{name}": part[2]} if name else {})}
        for part in page[:most]
    ]
    all_parts = {
        "TotalPartsCount": len(parts),
        "PartNumberMarker": after,
        "NextPartNumberMarker": page[:most][-1][0] if page else 0,
        "MaxParts": most,
        "IsTruncated": len(page) > most,
        "Parts": shown,
    }
    found = {
        "LastModified": datetime.fromtimestamp(int(row.modified), UTC),
        "VersionId": row.version if bucket.versioning else None,
        "ETag": row.etag if "ETag" in wanted else None,
        "Checksum": _bare(documents.sums(document)) if "Checksum" in wanted else None,
        "ObjectParts": all_parts if "ObjectParts" in wanted and parts else None,
        "StorageClass": document.get("class", "STANDARD") if "StorageClass" in wanted else None,
        "ObjectSize": row.size if "ObjectSize" in wanted else None,
    }
    return Answer(found, {})


def _bare(sums: dict[str, Any]) -> dict[str, Any]:
    """Checksums without the number of parts: ObjectParts tells it. (Base64 has no hyphen.)"""
    return {name: value if name == "ChecksumType" else value.partition("-")[0] for name, value in sums.items()}


OBJECT_SETTINGS = {
    "PutObjectTagging": put_tagging,
    "GetObjectTagging": get_tagging,
    "DeleteObjectTagging": delete_tagging,
    "PutObjectAcl": put_acl,
    "GetObjectAcl": get_acl,
    "PutBucketAcl": put_bucket_acl,
    "GetBucketAcl": get_bucket_acl,
    "PutObjectRetention": put_retention,
    "GetObjectRetention": get_retention,
    "PutObjectLegalHold": put_hold,
    "GetObjectLegalHold": get_hold,
    "PutObjectLockConfiguration": put_lock,
    "GetObjectLockConfiguration": get_lock,
    "GetObjectAttributes": get_attributes,
}
