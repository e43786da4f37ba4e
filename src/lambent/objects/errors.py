"""What S3 refuses. Codes, texts and statuses are AWS's.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, where not marked "our wording".
"""

import re
from collections.abc import Mapping

MOST_INTEGER = 2_147_483_647
_VERSION = re.compile(r"[A-Za-z0-9._-]{32}")


class ObjectError(Exception):
    """`code` as S3 calls it, `members` are further elements of the error document."""

    def __init__(self, code: str, message: str, status: int = 400, members: Mapping[str, object] | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})


class ExplicitDenial(ObjectError):
    """A policy says Deny: no ACL lets in then."""


def no_bucket(name: str) -> ObjectError:
    """There is no such bucket."""
    return ObjectError("NoSuchBucket", "The specified bucket does not exist", 404, {"BucketName": name})


def bucket_exists(name: str) -> ObjectError:
    """Another account has a bucket of that name."""
    text = (
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )
    return ObjectError("BucketAlreadyExists", text, 409, {"BucketName": name})


def bucket_is_yours(name: str) -> ObjectError:
    """The account has a bucket of that name."""
    text = "Your previous request to create the named bucket succeeded and you already own it."
    return ObjectError("BucketAlreadyOwnedByYou", text, 409, {"BucketName": name})


def bucket_not_empty(name: str) -> ObjectError:
    """DeleteBucket while there are objects, versions or markers."""
    text = "The bucket you tried to delete is not empty"
    return ObjectError("BucketNotEmpty", text, 409, {"BucketName": name})


def bad_bucket_name(name: str) -> ObjectError:
    """A name that no bucket can have."""
    return ObjectError("InvalidBucketName", "The specified bucket is not valid.", 400, {"BucketName": name})


def no_key(key: str) -> ObjectError:
    """There is no such object."""
    return ObjectError("NoSuchKey", "The specified key does not exist.", 404, {"Key": key})


def no_version(key: str, version: str) -> ObjectError:
    """There is no such version, or there can be none: ids are 32 characters, or "null"."""
    if version != "null" and not _VERSION.fullmatch(version):
        return invalid("Invalid version id specified", "versionId", version)
    text = "The specified version does not exist."
    return ObjectError("NoSuchVersion", text, 404, {"Key": key, "VersionId": version})


def is_marker(method: str) -> ObjectError:
    """A delete marker was asked for by its version id."""
    text = "The specified method is not allowed against this resource."
    members = {"Method": method, "ResourceType": "DeleteMarker"}
    return ObjectError("MethodNotAllowed", text, 405, members)


def no_upload(upload: str) -> ObjectError:
    """There is no such multipart upload."""
    text = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed."
    )
    return ObjectError("NoSuchUpload", text, 404, {"UploadId": upload})


def key_too_long(size: int) -> ObjectError:
    """A key has at most 1,024 bytes."""
    return ObjectError("KeyTooLongError", "Your key is too long", 400, {"Size": size, "MaxSizeAllowed": 1024})


def invalid(text: str, name: str = "", value: object = "") -> ObjectError:
    """An argument whose value is wrong."""
    members = {"ArgumentName": name, "ArgumentValue": value} if name else {}
    return ObjectError("InvalidArgument", text, 400, members)


def no_count(name: str, value: object) -> ObjectError:
    """A number that counts nothing."""
    return invalid(f"Argument {name} must be an integer between 0 and {MOST_INTEGER}", name, value)


def invalid_request(text: str) -> ObjectError:
    """Arguments that do not go together."""
    return ObjectError("InvalidRequest", text)


def failed(condition: str) -> ObjectError:
    """A condition is not met."""
    text = "At least one of the pre-conditions you specified did not hold"
    return ObjectError("PreconditionFailed", text, 412, {"Condition": condition})


def bad_range(asked: str, size: int) -> ObjectError:
    """No byte of a range is there."""
    members = {"RangeRequested": asked, "ActualObjectSize": size}
    return ObjectError("InvalidRange", "The requested range is not satisfiable", 416, members)


def bad_digest(name: str) -> ObjectError:
    """A body is not the one whose checksum came with it."""
    if name == "MD5":
        return ObjectError("BadDigest", "The Content-MD5 you specified did not match what we received.")
    return ObjectError("BadDigest", f"The {name} you specified did not match the calculated checksum.")


def denied(text: str = "Access Denied") -> ObjectError:
    """403."""
    return ObjectError("AccessDenied", text, 403)


def malformed() -> ObjectError:
    """A document that lacks what it needs."""
    text = "The XML you provided was not well-formed or did not validate against our published schema"
    return ObjectError("MalformedXML", text)


def no_configuration(code: str, text: str, bucket: str) -> ObjectError:
    """A bucket has no such configuration."""
    return ObjectError(code, text, 404, {"BucketName": bucket})


def unbuilt(what: str) -> ObjectError:
    """What is not built yet is refused by name. Our wording."""
    return ObjectError("NotImplemented", f"Lambent does not support {what} of S3 yet.", 501)


def unsupported_checksum() -> ObjectError:
    """A checksum by another algorithm."""
    return invalid_request(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
    )
