"""Tags of buckets and objects.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from lambent.objects import errors
from lambent.objects.errors import ObjectError

OBJECT_TAGS, BUCKET_TAGS = 10, 50


def from_header(said: str) -> dict[str, str]:
    """The tags of x-amz-tagging, a query string. Raises ObjectError."""
    pairs = parse_qsl(said, keep_blank_values=True)
    return checked([{"Key": key, "Value": value} for key, value in pairs], OBJECT_TAGS, header=True)


def checked(tag_set: Sequence[Mapping[str, Any]], most: int, *, header: bool = False) -> dict[str, str]:
    """Tags by key. Raises ObjectError."""
    found: dict[str, str] = {}
    if len(tag_set) > most:
        text = (
            "Object tags cannot be greater than 10"
            if most == OBJECT_TAGS
            else "Bucket tag count cannot be greater than 50"
        )
        raise ObjectError("BadRequest", text)
    for tag in tag_set:
        key, value = tag.get("Key") or "", tag.get("Value") or ""
        if not key or len(key) > 128:
            raise ObjectError("InvalidTag", "The TagKey you have provided is invalid", 400, {"TagKey": key})
        if len(value) > 256:
            raise ObjectError("InvalidTag", "The TagValue you have provided is invalid", 400, {"TagKey": key})
        if key.startswith("aws:"):
            text = "System tags cannot be added/updated by requester"
            text = "Your TagKey cannot be prefixed with aws:" if header else text
            raise ObjectError("InvalidTag", text, 400, {"TagKey": key})
        if key in found:
            if header:
                raise errors.invalid(
                    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without "
                    "tag name duplicates.",
                    "x-amz-tagging",
                )
            raise ObjectError("InvalidTag", "Cannot provide multiple Tags with the same key", 400, {"TagKey": key})
        found[key] = value
    return found


def shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as a TagSet."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
