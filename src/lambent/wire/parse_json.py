"""JSON bodies into params, by shape. Members that the model doesn't know are passed over, as AWS does."""

import functools
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from botocore.model import Shape

from lambent.wire.scalars import KINDS, SPECIAL_FLOATS, blob_of, mismatch, moment_of, unreadable

DEEPEST = 500
"""Levels of a document that is passed on. AWS takes fewer: DynamoDB's items have 32
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html)."""

Reader = Callable[[Any], Any]


def loads(body: bytes) -> Any:
    """The JSON value of a body; an empty body is None. Raises Fault(SerializationException)."""
    if not body or body.isspace():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise unreadable(None) from None


def check_depth(body: bytes) -> None:
    """Raises Fault(SerializationException) for a document that is deeper than what others read who recurse."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    level, depth = [loads(body)], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise unreadable(None)
        within = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [inner for one in within for inner in one]


def read(shape: Shape, value: Any) -> Any:
    """`value` as boto3 would have it for `shape`. Raises Fault(SerializationException) for another type."""
    return reader(shape)(value)


@functools.cache
def reader(shape: Shape) -> Reader:
    """What reads values of a shape. A shape's own members are looked at when its first value comes: it may have itself
    among them."""
    return READERS[shape.type_name](shape)


def _structure(shape: Shape) -> Reader:
    if getattr(shape, "is_document_type", False):
        return lambda value: value
    members: list[tuple[str, str, Reader]] = []

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise unreadable(_unexpected(value, "structure"))
        if not members:
            members.extend(
                (name, member.serialization.get("name", name), reader(member)) for name, member in shape.members.items()
            )
        params = {}
        for name, key, read_member in members:
            given = value.get(key)
            if given is not None:
                params[name] = read_member(given)
        return params

    return read


def _list(shape: Shape) -> Reader:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise unreadable(_unexpected(value, "list"))
        read_item = reader(shape.member)
        return [None if item is None else read_item(item) for item in value]

    return read


def _map(shape: Shape) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise unreadable(_unexpected(value, "map"))
        read_item = reader(shape.value)
        return {key: None if item is None else read_item(item) for key, item in value.items()}

    return read


def _scalar(read: Callable[[Shape, Any], Any]) -> Callable[[Shape], Reader]:
    return lambda shape: functools.partial(read, shape)


def _string(shape: Shape, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(value, shape)
    return value


def _integer(shape: Shape, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, shape)
    if isinstance(value, float) and not math.isfinite(value):
        raise _wrong(value, shape)
    return int(value)


def _float(shape: Shape, value: Any) -> float:
    if isinstance(value, str) and value in SPECIAL_FLOATS:
        return SPECIAL_FLOATS[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, shape)
    return float(value)


def _boolean(shape: Shape, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, shape)
    return value


def _timestamp(shape: Shape, value: Any) -> Any:
    if isinstance(value, datetime):  # of a notation that has such a thing
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(value, shape)
    fallback = "iso8601" if isinstance(value, str) else "unixTimestamp"
    return moment_of(value, shape.serialization.get("timestampFormat", fallback))


def _blob(shape: Shape, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise _wrong(value, shape)
    return blob_of(value)


def _wrong(value: Any, shape: Shape) -> Exception:
    if isinstance(value, dict | list):
        return unreadable(_unexpected(value, "scalar"))
    return mismatch(_token(value), shape.type_name)


def _unexpected(value: Any, wanted: str) -> str:
    """Worded as AWS's JSON reader words it, where that is known."""
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    if isinstance(value, list):
        return "Start of list found where not expected"
    return f"{_token(value)} can not be converted to a {wanted.capitalize()}"


def _token(value: Any) -> str:
    """The name of the JSON token, as Jackson calls it."""
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"


READERS: dict[str, Callable[[Shape], Reader]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _scalar(_string),
    "character": _scalar(_string),
    "integer": _scalar(_integer),
    "long": _scalar(_integer),
    "float": _scalar(_float),
    "double": _scalar(_float),
    "boolean": _scalar(_boolean),
    "timestamp": _scalar(_timestamp),
    "blob": _scalar(_blob),
}
assert KINDS.keys() <= READERS.keys()
