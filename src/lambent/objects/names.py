"""Names of buckets and keys.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

import re

from lambent.objects import errors

KEY_BYTES = 1024
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_STARTS = ("xn--", "sthree-")
_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def check_bucket(name: str) -> None:
    """Raises ObjectError InvalidBucketName."""
    wrong = (
        not _BUCKET.fullmatch(name)
        or ".." in name
        or _ADDRESS.fullmatch(name)
        or name.startswith(_STARTS)
        or name.endswith(_ENDS)
    )
    if wrong:
        raise errors.bad_bucket_name(name)


def key_bytes(key: str) -> bytes:
    """A key as it is stored. Raises ObjectError KeyTooLongError."""
    raw = key.encode("utf-8", "surrogatepass")
    if len(raw) > KEY_BYTES:
        raise errors.key_too_long(len(raw))
    return raw


def key_text(raw: bytes) -> str:
    """A key as it is told."""
    return raw.decode("utf-8", "surrogatepass")


def bucket_arn(name: str) -> str:
    """The ARN of a bucket."""
    return f"arn:aws:s3:::{name}"
