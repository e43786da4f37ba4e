"""Leaf values: text and JSON tokens to Python and back, with the errors that AWS gives for the wrong type."""

import base64
import binascii
import math
import re
from calendar import timegm
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from lambent.wire.fault import Fault

INTEGER = re.compile(r"[+-]?\d{1,40}")
SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
KINDS = {
    "string": "a String",
    "character": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "boolean": "a Boolean",
    "timestamp": "a Date",
    "blob": "a Blob",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def unreadable(message: str | None) -> Fault:
    """What AWS answers to a body that isn't what the model says."""
    return Fault("SerializationException", message, status=400)


def mismatch(token: str, type_name: str) -> Fault:
    """A token of another type than the model's, as AWS words it ("STRING_VALUE can not be converted to an
    Integer")."""
    return unreadable(f"{token} can not be converted to {KINDS[type_name]}")


def integer_of(text: str, type_name: str = "integer") -> int:
    """An integer from header, query, form or XML text."""
    if not INTEGER.fullmatch(text):
        raise mismatch("STRING_VALUE", type_name)
    return int(text)


def float_of(text: str, type_name: str = "double") -> float:
    """A float from text, `NaN` and the infinities by their names."""
    if text in SPECIAL_FLOATS:
        return SPECIAL_FLOATS[text]
    try:
        value = float(text)
    except ValueError:
        raise mismatch("STRING_VALUE", type_name) from None
    if not math.isfinite(value):
        raise mismatch("STRING_VALUE", type_name)
    return value


def boolean_of(text: str, type_name: str = "boolean") -> bool:
    """A boolean from text."""
    lowered = text.lower()
    if lowered not in {"true", "false"}:
        raise mismatch("STRING_VALUE", type_name)
    return lowered == "true"


def blob_of(text: str) -> bytes:
    """The bytes that base64 text stands for; padding may be missing, as AWS's decoders allow."""
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        raise mismatch("STRING_VALUE", "blob") from None


def text_of_blob(value: bytes | bytearray | memoryview | str) -> str:
    """Base64 of bytes (or of a string's UTF-8)."""
    data = value.encode() if isinstance(value, str) else value
    return base64.b64encode(data).decode("ascii")


def text_of_float(value: float) -> str:
    """A float as AWS writes it in headers and XML."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value) if isinstance(value, float) else str(value)


def moment_of(value: Any, form: str) -> datetime:
    """A timestamp from its wire form (`unixTimestamp`, `iso8601`, `rfc822`; each may come where another
    is due)."""
    try:
        return _moment(value, form)
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        raise mismatch("STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE", "timestamp") from None


def _moment(value: Any, form: str) -> datetime:
    if isinstance(value, int | float):
        return _from_epoch(value)
    if form == "unixTimestamp":
        return _from_epoch(float(value))
    parsed = parsedate_to_datetime(value) if form == "rfc822" else datetime.fromisoformat(value)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _from_epoch(seconds: float) -> datetime:
    return EPOCH + timedelta(microseconds=round(seconds * 1_000_000))


def wire_moment(value: datetime | float | str, form: str) -> int | float | str:
    """A timestamp in wire form. A naive datetime is UTC; a number is seconds since 1970; text goes as it
    is."""
    if isinstance(value, str):
        return value
    if not isinstance(value, datetime):
        value = _from_epoch(value)
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return FORMS[form](value)


def _epoch(value: datetime) -> int | float:
    seconds = timegm(value.timetuple())
    return seconds + round(value.microsecond / 1e6, 6) if value.microsecond else seconds


def _iso8601(value: datetime) -> str:
    text = value.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{value.microsecond // 1000:03d}Z" if value.microsecond else f"{text}Z"


def _rfc822(value: datetime) -> str:
    """Not by strftime, which would follow the locale."""
    day, month = DAYS[value.weekday()], MONTHS[value.month - 1]
    return f"{day}, {value.day:02d} {month} {value.year:04d} {value:%H:%M:%S} GMT"


FORMS: dict[str, Callable[[datetime], int | float | str]] = {
    "unixTimestamp": _epoch,
    "unixtimestamp": _epoch,
    "iso8601": _iso8601,
    "rfc822": _rfc822,
}

FROM_TEXT: dict[str, Callable[[str, str], Any]] = {
    "integer": integer_of,
    "long": integer_of,
    "float": float_of,
    "double": float_of,
    "boolean": boolean_of,
}


def leaf_from_text(type_name: str, text: str, timestamp_form: str) -> Any:
    """A scalar of a form, header, query string or XML element."""
    reader = FROM_TEXT.get(type_name)
    if reader is not None:
        return reader(text.strip(), type_name)
    if type_name == "timestamp":
        return moment_of(text.strip(), timestamp_form)
    return blob_of(text) if type_name == "blob" else text


def leaf_to_text(type_name: str, value: Any, timestamp_form: str) -> str:
    """A scalar as header or XML text."""
    if type_name == "boolean":
        return "true" if value else "false"
    if type_name == "timestamp":
        return str(wire_moment(value, timestamp_form))
    if type_name in {"float", "double"}:
        return text_of_float(value)
    return text_of_blob(value) if type_name == "blob" else str(value)
