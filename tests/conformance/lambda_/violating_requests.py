"""Requests made from a service's model: a good one for each operation, and each way to break one of its constraints.

The values are found by hypothesis (patterns) or counted out (lengths); the texts expected are written down here once
more, from answers recorded from AWS, and not taken from the code under test.
"""

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.model import Shape
from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st

from lambent.wire.pattern import compiled

FIRST = {
    "string": "a",
    "integer": 1,
    "long": 1,
    "float": 0.5,
    "double": 0.5,
    "boolean": True,
    "blob": b"blob",
    "timestamp": 1_700_000_000,
}
NUMBERS = frozenset({"integer", "long", "float", "double"})
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:"
PLAIN = (
    *("f", "1", "*", "aaa", "123456789012", "o-a123456789", "sg-1", "subnet-1", "/mnt/f", "host:1", "YWFh"),
    *("lambda:GetLayerVersion", "lambda:InvokeFunction", "00000000-0000-4000-8000-000000000000"),
    *(f"{LAMBDA}function:f", f"{LAMBDA}layer:l:1", f"{LAMBDA}code-signing-config:csc-{'0' * 17}"),
    *(f"{LAMBDA}capacity-provider:p", f"{LAMBDA}function:f:1/durable-execution/a/b"),
    "arn:aws:iam::123456789012:role/r",
    f"arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-{'0' * 17}",
    "arn:aws:lambda:us-east-1::runtime:0123456789abcdef",
    "arn:aws:lambda:us-east-1:123456789012:runtime/python3.12",
)
"""Texts that suit most patterns; hypothesis finds one for the others, which takes it longer."""

LARGEST = 30_000
"""Longer texts than this are not made."""

Way = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A good request with one constraint broken at `way`, and how AWS says so."""

    what: str
    params: dict[str, Any]
    violation: str


def good(shape: Shape, everything: bool = False, above: tuple[str, ...] = ()) -> Any:
    """A value that breaks nothing: with the required members, or with all of them (each shape once on a way)."""
    if shape.type_name == "structure":
        if getattr(shape, "is_document_type", False):
            return {}
        wanted = shape.members if everything else {name: shape.members[name] for name in shape.required_members}
        inside = (*above, shape.name)
        return {
            name: good(member, everything, inside)
            for name, member in wanted.items()
            if member.name not in inside and not getattr(member, "is_streaming", False)
        }
    if shape.type_name == "list":
        return [good(shape.member, everything, above)] * max(1, shape.metadata.get("min", 1))
    if shape.type_name == "map":
        return {good(shape.key): good(shape.value, everything, above)}
    return scalar(shape)


def scalar(shape: Shape) -> Any:
    """A number, text or blob within its constraints."""
    data = shape.metadata
    values = data.get("enum") or shape._shape_model.get("knownValues")  # a patch's, which botocore doesn't know
    if values:
        return values[0]
    if shape.type_name in NUMBERS:
        number = data.get("min", min(1, data.get("max", 1)))
        return float(number) if shape.type_name in {"float", "double"} else number
    if shape.type_name != "string":
        return FIRST[shape.type_name]
    return _text(data.get("pattern"), data.get("min", 0), data.get("max", LARGEST))


@cache
def _text(pattern: str | None, shortest: int, longest: int) -> str:
    """Text of a pattern and a length; never empty, as a path must name something."""
    shortest = max(1, shortest)
    if pattern is None:
        return "a" * shortest
    regexp = compiled(pattern)
    assert regexp is not None, pattern
    for plain in (*PLAIN, "a" * shortest):
        if shortest <= len(plain) <= longest and regexp.fullmatch(plain):
            return plain
    quiet = settings(database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    texts = st.from_regex(regexp, fullmatch=True, alphabet=st.characters(codec="ascii", min_codepoint=32))
    return find(texts, lambda text: shortest <= len(text) <= longest, settings=quiet)


def broken(shape: Shape) -> Iterator[Broken]:
    """Every constraint below `shape`, broken by itself."""
    base = good(shape, everything=True)
    for way, member, path in _ways(shape, base, (), ""):
        for what, change, text in _breaks(member, _at(base, way), path, _empty_is_none(shape, way)):
            params = copy.deepcopy(base)
            change(_at(params, way[:-1]), way[-1]) if way else change({"": params}, "")
            yield Broken(f"{path or 'request'}: {what}", params, text)


def _empty_is_none(shape: Shape, way: Way) -> bool:
    """Whether an empty value is not sent: in the path of the URL it leads elsewhere, a list in the query is no part."""
    member = shape.members[way[0]]
    location = member.serialization.get("location")
    return len(way) == 1 and (location == "uri" or (location == "querystring" and member.type_name == "list"))


def _at(value: Any, way: Way) -> Any:
    for step in way:
        value = value[step]
    return value


def _ways(shape: Shape, value: Any, way: Way, path: str) -> Iterator[tuple[Way, Shape, str]]:
    """The members of a request: where each is found, and what AWS calls the place."""
    if shape.type_name == "structure":
        for name, inside in value.items():
            member, called = shape.members[name], f"{path}{name[:1].lower()}{name[1:]}"
            yield (*way, name), member, called
            yield from _ways(member, inside, (*way, name), f"{called}." if member.type_name == "structure" else called)
    elif shape.type_name in {"list", "map"}:
        member = shape.member if shape.type_name == "list" else shape.value
        step = 0 if shape.type_name == "list" else next(iter(value))
        if member.type_name in {"structure", "list", "map"}:
            place = 1 if shape.type_name == "list" else step
            called = f"{path}.{place}.member" + ("." if member.type_name == "structure" else "")
            yield from _ways(member, value[step], (*way, step), called)
            if member.type_name != "structure":
                yield (*way, step), member, called


Change = Callable[[Any, Any], None]
Break = tuple[str, Change, str]


def _breaks(shape: Shape, value: Any, path: str, full: bool) -> Iterator[Break]:
    """The ways to break the constraints of one member, each with AWS's text."""
    if shape.type_name == "structure":
        yield from _missing(shape, path)
    elif shape.type_name == "list":
        yield from _wrong_list(shape, value, path)
    elif shape.type_name == "map":
        yield from _wrong_map(shape, value, path)
    for what, wrong in _wrong(shape, value):
        if not (full and wrong in ("", [])):
            yield what, _setter(wrong), _violation(shape, wrong, path, _told(shape, wrong))


def missing(shape: Shape, base: dict[str, Any]) -> Iterator[Broken]:
    """The request without each of its required members that do not stand in the path."""
    for name in shape.required_members:
        if shape.members[name].serialization.get("location") != "uri":
            params = {key: value for key, value in base.items() if key != name}
            text = f"Value null at '{name[:1].lower()}{name[1:]}' failed to satisfy constraint: Member must not be null"
            yield Broken(f"{name}: missing", params, text)


def _missing(shape: Shape, path: str) -> Iterator[Break]:
    for name in shape.required_members:

        def remove(holder: Any, step: Any, name: str = name) -> None:
            del holder[step][name]

        place = f"{path}.{name[:1].lower()}{name[1:]}"
        yield (
            f"{name} missing",
            remove,
            f"Value null at '{place}' failed to satisfy constraint: Member must not be null",
        )


def _wrong(shape: Shape, value: Any) -> Iterator[tuple[str, Any]]:
    """Values that break one constraint of a shape itself."""
    data, kind = shape.metadata, shape.type_name
    if kind in NUMBERS:
        if "max" in data:
            yield "max", type(value)(data["max"] + 1)
        if "min" in data:
            yield "min", type(value)(data["min"] - 1)
        return
    if "enum" in data:
        yield "enum", "no-such-value"
    longest, shortest = data.get("max"), data.get("min", 0)
    if kind == "string" and "enum" not in data:
        regexp = compiled(data["pattern"]) if "pattern" in data else None
        if regexp is not None and (wrong := _unmatched(regexp, shortest, longest)) is not None:
            yield "pattern", wrong
        if longest is not None and longest <= LARGEST:
            yield "max", _longer(value, longest + 1, regexp)
        if shortest > 0:
            yield "min", value[: shortest - 1]
    elif kind == "blob" and longest is not None and longest <= LARGEST:
        yield "max", bytes(longest + 1)
    elif kind == "list":
        if longest is not None and longest <= LARGEST:
            yield "max", value * (longest + 1)
        if shortest > 0:
            yield "min", value[: shortest - 1]


def _unmatched(regexp: re.Pattern[str], shortest: int, longest: int | None) -> str | None:
    for character in ("!", " ", "\n", "é", "\x01", ".", "$", "/"):
        wrong = character * max(1, shortest)
        if regexp.fullmatch(wrong) is None and (longest is None or len(wrong) <= longest):
            return wrong
    return None


def _longer(text: str, size: int, regexp: re.Pattern[str] | None) -> str:
    """Text made longer, in a way that its pattern allows if there is one."""
    for place in range(len(text), 0, -1):
        longer = text[:place] + text[place - 1] * (size - len(text)) + text[place:]
        if regexp is None or regexp.fullmatch(longer):
            return longer
    return text + text[-1] * (size - len(text))


def _setter(wrong: Any) -> Change:
    def put(holder: Any, step: Any) -> None:
        holder[step] = wrong

    return put


def _wrong_list(shape: Shape, value: Any, path: str) -> Iterator[Break]:
    member = shape.member
    if member.type_name in {"structure", "list", "map"}:
        return
    for what, wrong in _wrong(member, value[0]):
        items = [wrong, *value[1:]]
        must = f"Member must satisfy constraint: [{', '.join([*_all_texts(member), *_not_null(shape)])}]"
        yield f"item {what}", _setter(items), _violation(shape, items, path, [must], member)


def _wrong_map(shape: Shape, value: Any, path: str) -> Iterator[Break]:
    (key, item), member = next(iter(value.items())), shape.value
    for what, wrong in _wrong(shape.key, key):
        changed = {wrong: item}
        must = f"Map keys must satisfy constraint: [{', '.join(_all_texts(shape.key))}]"
        yield f"key {what}", _setter(changed), _violation(shape, changed, path, [must], shape.key, member)
    if member.type_name in {"structure", "list", "map"}:
        return
    for what, wrong in _wrong(member, item):
        changed = {key: wrong}
        must = f"Map value must satisfy constraint: [{', '.join([*_all_texts(member), *_not_null(shape)])}]"
        yield f"value {what}", _setter(changed), _violation(shape, changed, path, [must], shape.key, member)


NULLABLE_ITEMS = {"SubnetIds", "SecurityGroupIds"}
"""Lists whose items may be null, by recorded answers."""


def _not_null(shape: Shape) -> list[str]:
    return [] if shape.name in NULLABLE_ITEMS else ["Member must not be null"]


def _told(shape: Shape, wrong: Any) -> list[str]:
    """The constraints that a value breaks: the pattern, the values, the upper bound, the lower."""
    data, told = shape.metadata, []
    size = wrong if shape.type_name in NUMBERS else len(wrong)
    if "pattern" in data and shape.type_name == "string":
        regexp = compiled(data["pattern"])
        assert regexp is not None
        if regexp.fullmatch(wrong) is None:
            told.append(f"Member must satisfy regular expression pattern: {data['pattern']}")
    if "enum" in data and wrong not in data["enum"]:
        told.append(f"Member must satisfy enum value set: [{', '.join(data['enum'])}]")
    if "max" in data and size > data["max"]:
        told.append(_bound_text(shape, "less", data["max"]))
    if "min" in data and size < data["min"]:
        told.append(_bound_text(shape, "greater", data["min"]))
    return told


def _all_texts(shape: Shape) -> list[str]:
    """Every constraint of an item, in the order of AWS's answers: upper bound, lower bound, pattern, values."""
    data, texts = shape.metadata, []
    if "max" in data:
        texts.append(_bound_text(shape, "less", data["max"]))
    if "min" in data:
        texts.append(_bound_text(shape, "greater", data["min"]))
    if "pattern" in data:
        texts.append(f"Member must satisfy regular expression pattern: {data['pattern']}")
    if "enum" in data:
        texts.append(f"Member must satisfy enum value set: [{', '.join(data['enum'])}]")
    return texts


def _bound_text(shape: Shape, way: str, bound: float) -> str:
    what = "value" if shape.type_name in NUMBERS else "length"
    shown = float(bound) if shape.type_name in {"float", "double"} else int(bound)
    return f"Member must have {what} {way} than or equal to {shown}"


def _violation(shape: Shape, wrong: Any, path: str, told: list[str], *others: Shape) -> str:
    secret = any(one.metadata.get("sensitive") for one in (shape, *others))
    value = "Value" if secret else f"Value '{_shown(wrong)}'"
    return "; ".join(f"{value} at '{path}' failed to satisfy constraint: {text}" for text in told)


def _shown(value: Any) -> str:
    """As Java shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)
