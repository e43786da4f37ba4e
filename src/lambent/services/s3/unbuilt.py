"""What operations that are answered here may be asked for as well and do not do: refused by name, never passed over.

Source of the members: S3's model; what each means: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html,
API_AbortMultipartUpload.html (for directory buckets alone), API_CreateBucket.html.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lambent.objects import errors

_EVENT_HOLDS = "event holds of object lock"
SSE_C = "encryption with keys of the customer (SSE-C)"
CHECKSUMS = ("SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128")
MEMBERS: Mapping[str, str] = {
    "ObjectLockEventHold": _EVENT_HOLDS,
    "ObjectLockEventHoldDurationDays": _EVENT_HOLDS,
    "ObjectLockEventHoldDurationYears": _EVENT_HOLDS,
    "IfMatchInitiatedTime": "IfMatchInitiatedTime with buckets that are no directory buckets",
    "IfMatchLastModifiedTime": "IfMatchLastModifiedTime with buckets that are no directory buckets",
    "IfMatchSize": "IfMatchSize with buckets that are no directory buckets",
    "WriteOffsetBytes": "appending to objects",
    **{f"{whose}SSECustomer{what}": SSE_C for whose in ("", "CopySource") for what in ("Algorithm", "Key")},
    **{f"Checksum{name}": f"checksums by {name}" for name in CHECKSUMS},
}
BENEATH: Mapping[str, str] = {
    "EventHold": _EVENT_HOLDS,
    "EventHoldDuration": _EVENT_HOLDS,
    "DefaultEventHold": _EVENT_HOLDS,
    "LastModifiedTime": MEMBERS["IfMatchLastModifiedTime"],
    "Size": MEMBERS["IfMatchSize"],
}
"""Of what `_beneath` finds."""
GLOBAL = "global"
"""The namespace of all buckets' names here."""


def check(params: Mapping[str, Any]) -> None:
    """Raises ObjectError (501)."""
    _refuse(MEMBERS, params)
    if params.get("BucketNamespace", GLOBAL) != GLOBAL:
        raise errors.unbuilt("namespaces of an account's own buckets")
    for part in (params.get("MultipartUpload") or {}).get("Parts") or ():
        _refuse(MEMBERS, part)
    for one in _beneath(params):
        _refuse(BENEATH, one)


def _refuse(members: Mapping[str, str], said: Mapping[str, Any]) -> None:
    for name in members.keys() & said.keys():
        if said[name] is not None:
            raise errors.unbuilt(members[name])


def _beneath(params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a document says of a retention, and of objects that are to be deleted."""
    if lock := params.get("ObjectLockConfiguration"):
        yield (lock.get("Rule") or {}).get("DefaultRetention") or {}
    yield params.get("Retention") or {}
    yield from (params.get("Delete") or {}).get("Objects") or ()
