"""What a request says of an object beside its bytes, as its version's document keeps it, and how it is told again."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from lambent.objects import errors
from lambent.objects.buckets import ENABLED, Bucket
from lambent.objects.errors import ObjectError
from lambent.objects.objects import Version
from lambent.services.s3 import acls, tags, unbuilt

HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "Expires",
    "WebsiteRedirectLocation",
)
"""Members that are kept as they came."""
SSE = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "SSECustomerAlgorithm", "SSECustomerKeyMD5")
CLASSES = frozenset(
    {
        *("STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"),
        *("GLACIER", "DEEP_ARCHIVE"),
    }
)
UNBUILT = {"GLACIER": "archived storage classes", "DEEP_ARCHIVE": "archived storage classes"}
METADATA_BYTES = 2_048
DEFAULT_TYPE = "binary/octet-stream"


def read(bucket: Bucket, params: Mapping[str, Any], account: str, now: float) -> dict[str, Any]:
    """The document of a new version. Raises ObjectError."""
    document: dict[str, Any] = {"type": params.get("ContentType") or DEFAULT_TYPE, "owner": account}
    metadata = {name.lower(): value for name, value in (params.get("Metadata") or {}).items()}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > METADATA_BYTES:
        text = "Your metadata headers exceed the maximum allowed metadata size"
        raise ObjectError("MetadataTooLarge", text, 400, {"Size": size, "MaxSizeAllowed": METADATA_BYTES})
    if metadata:
        document["meta"] = metadata
    headers = {name: _told(params[name]) for name in HEADERS if params.get(name)}
    if headers:
        document["headers"] = headers
    if params.get("Tagging"):
        document["tags"] = tags.from_header(params["Tagging"])
    document |= _class(params) | _encryption(bucket, params) | _lock(bucket, params, now)
    acl = acls.canned(bucket, params) if acls.are_said(params) else "private"
    if acl != "private":
        document["acl"] = acl
    return document


def _class(params: Mapping[str, Any]) -> dict[str, Any]:
    asked = params.get("StorageClass") or "STANDARD"
    if asked in UNBUILT:
        raise errors.unbuilt(UNBUILT[asked])
    if asked not in CLASSES:
        raise ObjectError("InvalidStorageClass", "The storage class you specified is not valid")
    return {} if asked == "STANDARD" else {"class": asked}


def _encryption(bucket: Bucket, params: Mapping[str, Any]) -> dict[str, Any]:
    if params.get("SSECustomerAlgorithm") or params.get("SSECustomerKey"):  # of a form
        raise errors.unbuilt(unbuilt.SSE_C)
    said = {name: params[name] for name in SSE if params.get(name) is not None}
    if not said.get("ServerSideEncryption"):
        rules = (bucket.settings.get("Encryption") or {}).get("Rules") or [{}]
        default = rules[0].get("ApplyServerSideEncryptionByDefault") or {}
        said["ServerSideEncryption"] = default.get("SSEAlgorithm", "AES256")
        if default.get("KMSMasterKeyID"):
            said["SSEKMSKeyId"] = default["KMSMasterKeyID"]
        if rules[0].get("BucketKeyEnabled") and said["ServerSideEncryption"].startswith("aws:kms"):
            said["BucketKeyEnabled"] = True
    if said["ServerSideEncryption"] not in ("AES256", "aws:kms", "aws:kms:dsse"):
        raise errors.invalid("The encryption method specified is not supported", "x-amz-server-side-encryption")
    if said["ServerSideEncryption"] == "AES256" and said.get("SSEKMSKeyId"):
        text = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : "
        raise errors.invalid(f"{text}aws:kms", "x-amz-server-side-encryption", "AES256")
    return {} if said == {"ServerSideEncryption": "AES256"} else {"sse": said}


def _lock(bucket: Bucket, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    mode, until, hold = (params.get(f"ObjectLock{name}") for name in ("Mode", "RetainUntilDate", "LegalHoldStatus"))
    if not bucket.locks:
        if mode or until or hold:
            raise errors.invalid_request("Bucket is missing Object Lock Configuration")
        return {}
    if bool(mode) != bool(until):
        text = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
        raise errors.invalid(text)
    found: dict[str, Any] = {}
    if mode and until:
        if mode not in ("GOVERNANCE", "COMPLIANCE"):
            raise errors.invalid("Unknown wormMode directive.", "x-amz-object-lock-mode", mode)
        if until.timestamp() <= now:
            raise errors.invalid("The retain until date must be in the future!")
        found["retention"] = {"Mode": mode, "Until": until.timestamp()}
    else:
        default = ((bucket.settings["ObjectLock"].get("Rule") or {}).get("DefaultRetention")) or {}
        if default:
            days = default.get("Days") or default.get("Years", 0) * 365
            found["retention"] = {"Mode": default["Mode"], "Until": now + days * 86_400}
    if hold:
        found["hold"] = hold
    return found


def encoded(value: str) -> str:
    """A value of metadata as a header has it: by RFC 2047 where it is not ASCII alone.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
    """
    return value if value.isascii() else f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="


def told(version: Version, *, checksums: bool, bucket: Bucket) -> dict[str, Any]:
    """The members of GetObject's and HeadObject's answers."""
    document, row = version.document, version.row
    found: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": datetime.fromtimestamp(int(row.modified), UTC),
        "ETag": f'"{row.etag}"',
        "ContentType": document.get("type", DEFAULT_TYPE),
        "Metadata": {name: encoded(value) for name, value in (document.get("meta") or {}).items()},
        **(document.get("headers") or {}),
        **encryption(document),
    }
    if bucket.versioning:
        found["VersionId"] = row.version
    if "class" in document:
        found["StorageClass"] = document["class"]
    if document.get("tags"):
        found["TagCount"] = len(document["tags"])
    if checksums:
        found |= sums(document)
    retention = document.get("retention")
    if retention:
        found["ObjectLockMode"] = retention["Mode"]
        found["ObjectLockRetainUntilDate"] = datetime.fromtimestamp(retention["Until"], UTC)
    if document.get("hold"):
        found["ObjectLockLegalHoldStatus"] = document["hold"]
    return found


def new_version(bucket: Bucket, version: Version) -> str | None:
    """The id that a write tells: none while versioning is suspended (then it is `null`).

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/postVersions.html
    """
    return version.id if bucket.versioning == ENABLED else None


def sums(document: Mapping[str, Any]) -> dict[str, Any]:
    """A version's checksums as members."""
    found = {f"Checksum{name}": value for name, value in (document.get("sums") or {}).items()}
    if found and document.get("sumtype"):
        found["ChecksumType"] = document["sumtype"]
    return found


def encryption(document: Mapping[str, Any]) -> dict[str, Any]:
    """How a version is said to be encrypted."""
    return dict(document.get("sse") or {"ServerSideEncryption": "AES256"})


def _told(value: Any) -> Any:
    return value.strftime("%a, %d %b %Y %H:%M:%S GMT") if isinstance(value, datetime) else value


def pairs(text: str) -> list[tuple[str, str]]:
    """A query string's pairs, decoded."""
    return parse_qsl(text, keep_blank_values=True)


def copy_source(said: str) -> tuple[str, str, str]:
    """Bucket, key and version id of x-amz-copy-source. Raises ObjectError."""
    path, _, query = said.partition("?versionId=")
    if said.startswith("arn:"):
        raise errors.unbuilt("access points")
    bucket, slash, key = unquote(path).removeprefix("/").partition("/")
    if not bucket or not slash or not key:
        text = "Invalid copy source object key" if bucket else "Invalid copy source bucket name"
        raise errors.invalid(text, "x-amz-copy-source", said)
    return bucket, key, query
