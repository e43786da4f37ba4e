"""A request's body, taken in and compared with what was said of it.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

import base64
import binascii
import hashlib
from typing import Any

from lambent.objects import errors
from lambent.objects.checksums import ALGORITHMS, DEFAULT, is_one
from lambent.objects.contents import Kept
from lambent.objects.errors import ObjectError
from lambent.services.s3.env import Call

LARGEST = 5 << 30
HEADERS = tuple((name, f"x-amz-checksum-{name.lower()}") for name in ALGORITHMS)


async def keep(call: Call, algorithm: str = "", *, default: bool = True) -> tuple[Kept, str]:
    """The body on disk, and which checksum it is kept with. Raises ObjectError for one that is not what was said."""
    request = call.request
    headers = request.headers
    _check_length(call)
    name = algorithm or named(headers) or (DEFAULT if default else "")
    signed = headers.get("x-amz-content-sha256", "").lower()
    wanted = {name} if name else set()
    hashed = len(signed) == 64
    if hashed:
        wanted.add("SHA256")
    source: Any = request.file if request.file is not None else request.body
    try:
        kept = await call.env.contents.keep(source, tuple(wanted))
    except ValueError as error:
        raise ObjectError("IncompleteBody", f"The body is not in the coding that it says: {error}") from error
    try:
        said = {**headers, **getattr(source, "trailers", {})}
        _check(kept, said, name, signed if hashed else "")
    except ObjectError:
        call.env.contents.forget(kept)
        raise
    return kept, name


def check_document(call: Call, *, needed: bool = True) -> None:
    """The same of a document that was read already. Raises ObjectError, also for none that is `needed`:
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""
    headers, body = call.request.headers, call.request.body
    if needed and not body and call.request.file is None:
        raise ObjectError("MissingRequestBodyError", "Request Body is empty")
    md5 = headers.get("content-md5")
    if md5 is not None and _md5(md5) != hashlib.md5(body, usedforsecurity=False).hexdigest():
        raise errors.bad_digest("MD5")


def _check_length(call: Call) -> None:
    headers = call.request.headers
    decoded = headers.get("x-amz-decoded-content-length")
    puts = call.request.method == "PUT" and call.request.form is None
    if puts and decoded is None and "transfer-encoding" in headers:
        text = "A header you provided implies functionality that is not implemented"
        raise ObjectError("NotImplemented", text, 501, {"Header": "Transfer-Encoding"})
    if decoded is not None and not decoded.isdecimal():
        raise errors.invalid("The length is no number", "x-amz-decoded-content-length", decoded)
    said = decoded or headers.get("content-length")
    if said is None and puts:
        text = "You must provide the Content-Length HTTP header."
        raise ObjectError("MissingContentLength", text, 411)
    if said and said.isdecimal() and int(said) > LARGEST:
        members = {"ProposedSize": said, "MaxSizeAllowed": LARGEST}
        text = "Your proposed upload exceeds the maximum allowed size"
        raise ObjectError("EntityTooLarge", text, 400, members)


def named(headers: dict[str, str]) -> str:
    """The checksum that comes with the body, or is asked for. Raises ObjectError for more than one."""
    given = [name for name, header in HEADERS if header in headers]
    if trailer := headers.get("x-amz-trailer", "").lower():
        given += [name for name, header in HEADERS if header in trailer and name not in given]
    if len(given) > 1:
        raise errors.invalid_request(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    asked = headers.get("x-amz-sdk-checksum-algorithm", "").upper()
    if asked and asked not in ALGORITHMS:
        raise errors.unsupported_checksum()
    if given:
        value = headers.get(f"x-amz-checksum-{given[0].lower()}")
        if value is not None and not is_one(given[0], value):
            raise errors.invalid_request(f"Value for x-amz-checksum-{given[0].lower()} header is invalid.")
        return given[0]
    return asked


def _check(kept: Kept, said: dict[str, str], named: str, signed: str) -> None:
    length = said.get("x-amz-decoded-content-length")
    if length is not None and length.isdecimal() and int(length) != kept.size:
        raise ObjectError(
            "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"
        )
    if "content-md5" in said and _md5(said["content-md5"]) != kept.md5:
        raise errors.bad_digest("MD5")
    value = said.get(f"x-amz-checksum-{named.lower()}") if named else None
    if value is not None and value != kept.checksums[named]:
        raise errors.bad_digest(named)
    if signed and base64.b64decode(kept.checksums["SHA256"]).hex() != signed:
        members = {
            "ClientComputedContentSHA256": signed,
            "S3ComputedContentSHA256": base64.b64decode(kept.checksums["SHA256"]).hex(),
        }
        text = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise ObjectError("XAmzContentSHA256Mismatch", text, 400, members)


def _md5(said: str) -> str:
    try:
        raw = base64.b64decode(said, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != 16:
        raise ObjectError("InvalidDigest", "The Content-MD5 you specified was invalid.", 400, {"Content-MD5": said})
    return raw.hex()
