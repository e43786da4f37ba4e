"""Results to JSON values, by shape. None inside a structure is left out; inside lists and maps it is null."""

import math
from collections.abc import Callable
from typing import Any

from botocore.model import Shape

from lambent.wire.scalars import text_of_blob, text_of_float, wire_moment


def write(shape: Shape, value: Any) -> Any:
    """`value` as JSON has it. Raises KeyError for a member that `shape` doesn't have."""
    return WRITERS[shape.type_name](shape, value)


def _structure(shape: Shape, value: Any) -> Any:
    if getattr(shape, "is_document_type", False):
        return value
    members = shape.members
    document = {}
    for name, given in value.items():
        if given is not None:
            member = members[name]
            document[member.serialization.get("name", name)] = WRITERS[member.type_name](member, given)
    return document


def _list(shape: Shape, value: Any) -> list[Any]:
    member = shape.member
    writer = WRITERS[member.type_name]
    return [None if item is None else writer(member, item) for item in value]


def _map(shape: Shape, value: Any) -> dict[str, Any]:
    member = shape.value
    writer = WRITERS[member.type_name]
    return {key: None if item is None else writer(member, item) for key, item in value.items()}


def _plain(shape: Shape, value: Any) -> Any:
    return value


def _float(shape: Shape, value: Any) -> float | str:
    """JSON has no word for NaN and the infinities: they are strings."""
    return float(value) if math.isfinite(value) else text_of_float(float(value))


def _timestamp(shape: Shape, value: Any) -> Any:
    return wire_moment(value, shape.serialization.get("timestampFormat", "unixTimestamp"))


def _blob(shape: Shape, value: Any) -> str:
    return text_of_blob(value)


WRITERS: dict[str, Callable[[Shape, Any], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _plain,
    "character": _plain,
    "integer": _plain,
    "long": _plain,
    "boolean": _plain,
    "float": _float,
    "double": _float,
    "timestamp": _timestamp,
    "blob": _blob,
}
