"""Whether params keep all constraints of the model: the quick answer to what `validate` explains in words.

What checks a shape is made once, and nothing is checked of a shape that has no constraints in it. A yes is certain; a
no may be too strict where a patch is laxer than the model, and is looked at by `validate` again.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import Shape

from lambent.wire.pattern import compiled
from lambent.wire.service import Service

Check = Callable[[Any], bool]
NUMBERS = frozenset({"integer", "long", "float", "double"})


def keeps(service: Service, shape: Shape, value: Any) -> bool:
    """Whether a value of a structure certainly keeps all that the model asks of it."""
    check = _check(service, shape)
    return check is None or check(value)


@functools.cache
def _check(service: Service, shape: Shape) -> Check | None:
    """What checks values of a shape; None where every value will do. A shape's own members are looked at when its first
    value comes: it may have itself among them."""
    inner = CONTAINERS.get(shape.type_name)
    within = inner(service, shape) if inner is not None else None
    own = _own(service, shape)
    if own is None or within is None:
        return own or within
    return lambda value: own(value) and within(value)


def _structure(service: Service, shape: Shape) -> Check | None:
    if getattr(shape, "is_document_type", False):
        return None
    required = tuple(shape.required_members)
    checks: dict[str, Check | None] = {}

    def keep(value: Mapping[str, Any]) -> bool:
        if not checks:
            checks.update((name, _check(service, member)) for name, member in shape.members.items())
        for name in required:
            if value.get(name) is None:
                return False
        for name, given in value.items():
            check = checks[name]
            if check is not None and given is not None and not check(given):
                return False
        return True

    return keep


def _list(service: Service, shape: Shape) -> Check:
    def keep(value: list[Any]) -> bool:
        return _all(_check(service, shape.member), value)

    return keep


def _map(service: Service, shape: Shape) -> Check:
    def keep(value: Mapping[str, Any]) -> bool:
        return _all(_check(service, shape.key), value) and _all(_check(service, shape.value), value.values())

    return keep


def _all(check: Check | None, items: Any) -> bool:
    if check is None:
        return None not in items
    return all(item is not None and check(item) for item in items)


def _own(service: Service, shape: Shape) -> Check | None:
    """The constraints of the shape itself."""
    metadata = shape.metadata
    checks = [
        *_pattern(metadata.get("pattern")),
        *_among(metadata.get("enum")),
        *_among(service.description["shapes"].get(shape.name, {}).get("knownValues")),
        *_size(shape, metadata.get("min"), metadata.get("max")),
    ]
    if len(checks) < 2:
        return checks[0] if checks else None
    return lambda value: all(check(value) for check in checks)


def _pattern(pattern: str | None) -> list[Check]:
    regexp = compiled(pattern) if pattern is not None else None
    if regexp is None:
        return []
    matches = regexp.fullmatch
    return [lambda value: not isinstance(value, str) or matches(value) is not None]


def _among(values: Any) -> list[Check]:
    return [frozenset(values).__contains__] if values is not None else []


def _size(shape: Shape, least: float | None, most: float | None) -> list[Check]:
    if least is None and most is None:
        return []
    low = float("-inf") if least is None else least
    high = float("inf") if most is None else most
    if shape.type_name in NUMBERS:
        return [lambda value: low <= value <= high]

    return [lambda value: low <= length(value) <= high]


def length(value: Any) -> int:
    """Bytes, items, or, for text, Java's UTF-16 units."""
    if isinstance(value, str) and not value.isascii():
        return len(value.encode("utf-16-le", "surrogatepass")) // 2
    return len(value)


CONTAINERS: Mapping[str, Callable[[Service, Shape], Check | None]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}
