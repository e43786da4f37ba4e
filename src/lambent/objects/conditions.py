"""Conditional requests.

Sources: RFC 9110, section 13; https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lambent.objects import errors
from lambent.objects.errors import ObjectError


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request asks of an object; times are seconds since 1970."""

    match: str = ""
    none_match: str = ""
    modified_since: float | None = None
    unmodified_since: float | None = None


NONE = Conditions()
MEMBERS = ("IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince")


class NotModified(Exception):
    """304: the one who asks has it."""


def of(params: Mapping[str, object], prefix: str = "") -> Conditions:
    """The conditions in a request's params; `prefix` is CopySource for those about a copy's source."""

    if not prefix and params.keys().isdisjoint(MEMBERS):
        return NONE

    def time(name: str) -> float | None:
        said = params.get(f"{prefix}{name}")
        return said.timestamp() if hasattr(said, "timestamp") else None

    def text(name: str) -> str:
        return str(params.get(f"{prefix}{name}") or "")

    return Conditions(text("IfMatch"), text("IfNoneMatch"), time("IfModifiedSince"), time("IfUnmodifiedSince"))


def check_read(asked: Conditions, etag: str, modified: float) -> None:
    """Raises ObjectError PreconditionFailed, NotModified. An ETag wins over a date (RFC 9110, section 13.2.2)."""
    modified = int(modified)
    if asked.match:
        if not _names(asked.match, etag):
            raise errors.failed("If-Match")
    elif asked.unmodified_since is not None and modified > asked.unmodified_since:
        raise errors.failed("If-Unmodified-Since")
    if asked.none_match:
        if _names(asked.none_match, etag):
            raise NotModified
    elif asked.modified_since is not None and modified <= asked.modified_since:
        raise NotModified


def check_copy(asked: Conditions, etag: str, modified: float) -> None:
    """The same of the source of a copy, where nothing is "not modified". Raises ObjectError."""
    try:
        check_read(asked, etag, modified)
    except NotModified:
        raise errors.failed("x-amz-copy-source-If-None-Match" if asked.none_match else "If-Modified-Since") from None
    except ObjectError as error:
        raise errors.failed(f"x-amz-copy-source-{error.members['Condition']}") from None


def check_write(asked: Conditions, etag: str | None, key: str) -> None:
    """What is there before a write has `etag`, or is not there (None). Raises ObjectError."""
    if asked.none_match and etag is not None and _names(asked.none_match, etag):
        raise errors.failed("If-None-Match")
    if asked.match:
        if etag is None:
            raise errors.no_key(key)
        if not _names(asked.match, etag):
            raise errors.failed("If-Match")


def _names(said: str, etag: str) -> bool:
    return any(one.strip().removeprefix("W/").strip('"') in {"*", etag} for one in said.split(","))
