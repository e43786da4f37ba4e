"""Results to JSON values, by shape. None inside a structure is left out; inside lists and maps it is null."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import Shape

from lambent.wire.scalars import text_of_blob, text_of_float, wire_moment

Leaf = Callable[[Shape, Any], Any]


def write(shape: Shape, value: Any, leaves: Mapping[str, Leaf] | None = None) -> Any:
    """`value` as JSON has it, or as another notation that has other `leaves`. Raises KeyError for a member that `shape`
    doesn't have."""
    return _write(shape, value, LEAVES if leaves is None else leaves)


def _write(shape: Shape, value: Any, leaves: Mapping[str, Leaf]) -> Any:
    leaf = leaves.get(shape.type_name)
    return leaf(shape, value) if leaf is not None else CONTAINERS[shape.type_name](shape, value, leaves)


def _structure(shape: Shape, value: Any, leaves: Mapping[str, Leaf]) -> Any:
    if getattr(shape, "is_document_type", False):
        return value
    members = shape.members
    document = {}
    for name, given in value.items():
        if given is not None:
            member = members[name]
            document[member.serialization.get("name", name)] = _write(member, given, leaves)
    return document


def _list(shape: Shape, value: Any, leaves: Mapping[str, Leaf]) -> list[Any]:
    member = shape.member
    return [None if item is None else _write(member, item, leaves) for item in value]


def _map(shape: Shape, value: Any, leaves: Mapping[str, Leaf]) -> dict[str, Any]:
    member = shape.value
    return {key: None if item is None else _write(member, item, leaves) for key, item in value.items()}


def _plain(shape: Shape, value: Any) -> Any:
    return value


def _float(shape: Shape, value: Any) -> float | str:
    """JSON has no word for NaN and the infinities: they are strings."""
    return float(value) if math.isfinite(value) else text_of_float(float(value))


def _timestamp(shape: Shape, value: Any) -> Any:
    return wire_moment(value, shape.serialization.get("timestampFormat", "unixTimestamp"))


def _blob(shape: Shape, value: Any) -> str:
    return text_of_blob(value)


CONTAINERS: dict[str, Callable[[Shape, Any, Mapping[str, Leaf]], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}
LEAVES: dict[str, Leaf] = {
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
