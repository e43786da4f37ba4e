"""Params against the constraints of the model, in the words of AWS's own validator.

A scalar breaks each constraint by itself; a list or map of scalars breaks one, whose text lists all that its
items must satisfy; structures inside lists and maps are named by their place (`tags.1.member.key`). The texts
and their order are those of recorded answers; where AWS's constraints are not the model's, patches.json says
so.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.model import Shape

from lambent.model import constraints
from lambent.model.constraints import NOT_NULL
from lambent.wire.conformity import NUMBERS, keeps, length
from lambent.wire.fault import Fault
from lambent.wire.pattern import compiled
from lambent.wire.scalars import unreadable
from lambent.wire.service import Service

DEFAULT_CODES = {"query": "ValidationError"}
MAX_VIOLATIONS = 100
"""More aren't told: the message would grow with the request."""


def validate(service: Service, operation: str, params: Mapping[str, Any]) -> None:
    """Raises Fault(400) with every violation in one message.

    The code is ValidationException, or what the service's (patched) metadata calls it under `validationCode`;
    an empty code there means that the service doesn't validate by its model.
    """
    code = service.metadata.get("validationCode", DEFAULT_CODES.get(service.protocol, "ValidationException"))
    shape = service.operation(operation).input_shape
    if shape is None or not code:
        return
    try:
        if keeps(service, shape, params):
            return
        violations = list(_limited(_request(service, shape, params, _prefix(service, operation))))
    except RecursionError:
        raise unreadable("The request is nested too deeply.") from None
    if violations:
        raise Fault(code, constraints.message_of(violations), status=400)


def violation(value: Any, path: str, constraint: str, *, sensitive: bool = False) -> str:
    """One violation. A sensitive value is not shown."""
    shown = constraints.NULL if value is None else "Value" if sensitive else f"Value '{shown_value(value)}'"
    return constraints.violation(shown, path, constraint)


def shown_value(value: Any) -> str:
    """A value as Java's toString shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={shown_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(shown_value, value)) + "]"
    return str(value)


def _limited(violations: Iterator[str]) -> Iterator[str]:
    for _, text in zip(range(MAX_VIOLATIONS), violations, strict=False):
        yield text


def _prefix(service: Service, operation: str) -> str:
    """What stands before the places in a request's body: nothing, or what a patch's `inputSuffix` makes of the
    operation's name."""
    suffix = service.metadata.get("inputSuffix")
    return f"{_lower_first(operation)}{suffix}." if suffix else ""


def _request(service: Service, shape: Shape, params: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """The members in the body, then those in the path, query and headers, which have no prefix."""
    located = [name for name, member in shape.members.items() if prefix and member.serialization.get("location")]
    inside = {name: value for name, value in params.items() if name not in located}
    for at, members in ((prefix, [one for one in shape.required_members if one not in located]), ("", located)):
        for name in members:
            if name in shape.required_members and params.get(name) is None:
                yield violation(None, at + _lower_first(name), NOT_NULL)
    for at, given in ((prefix, inside), ("", {name: params[name] for name in located if name in params})):
        yield from _members(service, shape, given, at)


def _members(service: Service, shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, given in value.items():
        if given is not None:
            yield from _value(service, shape.members[name], given, path + _lower_first(name))


def _structure(service: Service, shape: Shape, value: Any, path: str) -> Iterator[str]:
    if getattr(shape, "is_document_type", False):
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield violation(None, path + _lower_first(name), NOT_NULL)
    yield from _members(service, shape, value, path)


def _value(service: Service, shape: Shape, value: Any, path: str) -> Iterator[str]:
    yield from CHECKS.get(shape.type_name, _scalar)(service, shape, value, path)


def _scalar(service: Service, shape: Shape, value: Any, path: str) -> Iterator[str]:
    for constraint in _broken(shape, value):
        yield violation(value, path, constraint, sensitive=_is_sensitive(shape))
    if _is_unknown(service, shape, [value]):
        yield violation(value, path, _told(service, shape))


def _list(service: Service, shape: Shape, value: list[Any], path: str) -> Iterator[str]:
    yield from _scalar(service, shape, value, path)
    member = shape.member
    if member.type_name in CHECKS:
        for at, item in enumerate(value, 1):
            if item is not None:
                yield from _value(service, member, item, f"{path}.{at}.member{_dot(member)}")
        return
    if _is_unknown(service, member, value):
        yield violation(value, path, _told(service, member))
        return
    must = [*_texts(member), *_not_null(service, shape)]
    if any(_breaks(member, item, must) for item in value):
        sensitive = _is_sensitive(shape) or _is_sensitive(member)
        yield violation(value, path, f"Member must satisfy constraint: {_joined(must)}", sensitive=sensitive)


def _map(service: Service, shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    yield from _scalar(service, shape, value, path)
    member = shape.value
    sensitive = any(map(_is_sensitive, (shape, shape.key, member)))
    if any(_breaks(shape.key, key, []) for key in value):
        constraint = f"Map keys must satisfy constraint: {_joined(_texts(shape.key))}"
        yield violation(value, path, constraint, sensitive=sensitive)
    if member.type_name in CHECKS:
        for key, item in value.items():
            if item is not None:
                yield from _value(service, member, item, f"{path}.{key}.member{_dot(member)}")
        return
    must = [*_texts(member), *_not_null(service, shape)]
    if any(_breaks(member, item, must) for item in value.values()):
        yield violation(value, path, f"Map value must satisfy constraint: {_joined(must)}", sensitive=sensitive)


def _nested(service: Service, shape: Shape, value: Any, path: str) -> Iterator[str]:
    yield from _structure(service, shape, value, path if path.endswith(".") else f"{path}.")


def _is_unknown(service: Service, shape: Shape, values: list[Any]) -> bool:
    """Whether one is none of a patch's `knownValues`, which are more than the `toldValues` that a refusal lists."""
    known = service.description["shapes"].get(shape.name, {}).get("knownValues")
    return known is not None and not all(value in known for value in values)


def _told(service: Service, shape: Shape) -> str:
    return _enum_text(service.description["shapes"][shape.name]["toldValues"])


def _dot(shape: Shape) -> str:
    return "." if shape.type_name == "structure" else ""


def _joined(texts: list[str]) -> str:
    return f"[{', '.join(texts)}]"


def _breaks(shape: Shape, value: Any, must: list[str]) -> bool:
    if value is None:
        return NOT_NULL in must
    return next(_broken(shape, value), None) is not None


def _not_null(service: Service, shape: Shape) -> list[str]:
    """Whether items may be null is not in botocore's models: they may not unless a patch says
    `nullableItems`."""
    return [] if service.description["shapes"].get(shape.name, {}).get("nullableItems") else [NOT_NULL]


def _is_sensitive(shape: Shape) -> bool:
    return bool(shape.metadata.get("sensitive"))


def _lower_first(name: str) -> str:
    """`KMSKeyArn` is `kMSKeyArn` in AWS's messages."""
    return name[:1].lower() + name[1:]


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints that a value breaks; AWS names the pattern before the length."""
    metadata = shape.metadata
    if not metadata:
        return
    if (pattern := metadata.get("pattern")) is not None and isinstance(value, str):
        regexp = compiled(pattern)
        if regexp is not None and regexp.fullmatch(value) is None:
            yield _pattern_text(pattern)
    if "enum" in metadata and value not in metadata["enum"]:
        yield _enum_text(metadata["enum"])
    if "min" in metadata or "max" in metadata:
        size = value if shape.type_name in NUMBERS else length(value)
        if "max" in metadata and size > metadata["max"]:
            yield _range_texts(shape)[0]
        if "min" in metadata and size < metadata["min"]:
            yield _range_texts(shape)[-1]


def _texts(shape: Shape) -> list[str]:
    """Every constraint of a shape, in the order in which AWS lists them: range, pattern or enum."""
    texts = _range_texts(shape)
    if "pattern" in shape.metadata:
        texts.append(_pattern_text(shape.metadata["pattern"]))
    if "enum" in shape.metadata:
        texts.append(_enum_text(shape.metadata["enum"]))
    return texts


def _range_texts(shape: Shape) -> list[str]:
    """The upper bound's text, then the lower's."""
    what = "value" if shape.type_name in NUMBERS else "length"
    bounds = (("less", shape.metadata.get("max")), ("greater", shape.metadata.get("min")))
    return [
        f"Member must have {what} {way} than or equal to {_bound(shape, bound)}"
        for way, bound in bounds
        if bound is not None
    ]


def _bound(shape: Shape, bound: float) -> str:
    return str(float(bound)) if shape.type_name in {"float", "double"} else str(int(bound))


def _pattern_text(pattern: str) -> str:
    return f"Member must satisfy regular expression pattern: {pattern}"


def _enum_text(values: list[str]) -> str:
    return f"Member must satisfy enum value set: [{', '.join(values)}]"


CHECKS: dict[str, Callable[[Service, Shape, Any, str], Iterator[str]]] = {
    "structure": _nested,
    "list": _list,
    "map": _map,
}
