"""Results to JSON values, by shape. None inside a structure is left out; inside lists and maps it is null."""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import Shape

from lambent.wire.scalars import text_of_blob, text_of_float, wire_moment

Leaf = Callable[[Shape, Any], Any]
Writer = Callable[[Any], Any]


def write(shape: Shape, value: Any, leaves: "Leaves | None" = None) -> Any:
    """`value` as JSON has it, or as another notation that has other `leaves`. Raises KeyError for a member that `shape`
    doesn't have."""
    return writer(shape, JSON if leaves is None else leaves)(value)


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """How a notation writes scalars, by their type; one that is not named is as in Python."""

    by_type: Mapping[str, Leaf]


@functools.cache
def writer(shape: Shape, leaves: Leaves) -> Writer:
    """What writes values of a shape. A shape's own members are looked at when its first value comes: it may have itself
    among them."""
    container = CONTAINERS.get(shape.type_name)
    if container is not None:
        return container(shape, leaves)
    leaf = leaves.by_type.get(shape.type_name)
    return as_is if leaf is None else functools.partial(leaf, shape)


def as_is(value: Any) -> Any:
    """The value itself."""
    return value


def _structure(shape: Shape, leaves: Leaves) -> Writer:
    if getattr(shape, "is_document_type", False):
        return as_is
    members: dict[str, tuple[str, Writer]] = {}

    def write(value: Any) -> dict[str, Any]:
        if not members:
            for name, member in shape.members.items():
                members[name] = member.serialization.get("name", name), writer(member, leaves)
        document = {}
        for name, given in value.items():
            if given is not None:
                key, write_member = members[name]
                document[key] = given if write_member is as_is else write_member(given)
        return document

    return write


def _list(shape: Shape, leaves: Leaves) -> Writer:
    def write(value: Any) -> list[Any]:
        write_item = writer(shape.member, leaves)
        return [None if item is None else write_item(item) for item in value]

    return write


def _map(shape: Shape, leaves: Leaves) -> Writer:
    def write(value: Any) -> dict[str, Any]:
        write_item = writer(shape.value, leaves)
        return {key: None if item is None else write_item(item) for key, item in value.items()}

    return write


def _float(shape: Shape, value: Any) -> float | str:
    """JSON has no word for NaN and the infinities: they are strings."""
    return float(value) if math.isfinite(value) else text_of_float(float(value))


def _timestamp(shape: Shape, value: Any) -> Any:
    return wire_moment(value, shape.serialization.get("timestampFormat", "unixTimestamp"))


def _blob(shape: Shape, value: Any) -> str:
    return text_of_blob(value)


CONTAINERS: dict[str, Callable[[Shape, Leaves], Writer]] = {"structure": _structure, "list": _list, "map": _map}
JSON = Leaves({"float": _float, "double": _float, "timestamp": _timestamp, "blob": _blob})
