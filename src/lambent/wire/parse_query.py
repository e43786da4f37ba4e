"""Forms of the query protocol into params, by shape.

A name is a dotted path: `Tags.member.1.Key`, `Attributes.entry.2.value`; flattened lists and maps leave out
the middle. The fields are first folded into a tree of dicts, so that each is looked at once.
"""

import functools
from collections.abc import Mapping
from typing import Any

from botocore.model import Shape

from lambent.wire.scalars import leaf_from_text, unreadable

Tree = dict[str | None, Any]
HERE = None
"""The key under which a tree holds the value of the name that ends there; no part of a name can be it."""
MAX_PARTS = 200


def read(shape: Shape, fields: Mapping[str, str]) -> dict[str, Any]:
    """The params of a form's fields."""
    params: dict[str, Any] = _structure(shape, _tree(fields))
    return params


def _tree(fields: Mapping[str, str]) -> Tree:
    root: Tree = {}
    for name, value in fields.items():
        parts = name.split(".")
        if len(parts) > MAX_PARTS:
            raise unreadable("The request is nested too deeply.")
        node = root
        for part in parts:
            node = node.setdefault(part, {})
        node[HERE] = value
    return root


def _value(shape: Shape, node: Tree) -> Any:
    if shape.type_name == "structure":
        return _structure(shape, node)
    if shape.type_name == "list":
        return _list(shape, node)
    if shape.type_name == "map":
        return _map(shape, node)
    text = node.get(HERE)
    if not isinstance(text, str):
        return None
    return leaf_from_text(shape.type_name, text, shape.serialization.get("timestampFormat", "iso8601"))


def _structure(shape: Shape, node: Tree) -> dict[str, Any]:
    params = {}
    for name, member, names in _members(shape):
        if node.keys().isdisjoint(names):
            continue
        child = next(node[given] for given in names if given in node)
        if isinstance(child, dict):
            value = _value(member, child)
            if value is not None:
                params[name] = value
    return params


@functools.cache
def _members(shape: Shape) -> tuple[tuple[str, Shape, tuple[str, ...]], ...]:
    """Each member of a structure, and what it may be called in a form."""
    return tuple((name, member, _names_of(name, member)) for name, member in shape.members.items())


def _names_of(name: str, member: Shape) -> tuple[str, ...]:
    """The wire names: a flattened list goes by the name of its items with botocore, by its own with
    others."""
    own = str(member.serialization.get("name", name))
    if member.type_name == "list" and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name", own)), own
    return (own,)


def _list(shape: Shape, node: Tree) -> list[Any]:
    if not shape.serialization.get("flattened"):
        node = node.get(shape.member.serialization.get("name", "member"), {})
    return [_value(shape.member, child) for child in _numbered(node)]


def _map(shape: Shape, node: Tree) -> dict[str, Any]:
    if not shape.serialization.get("flattened"):
        node = node.get("entry", {})
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    return {
        str(_value(shape.key, entry.get(key_name, {}))): _value(shape.value, entry.get(value_name, {}))
        for entry in _numbered(node)
    }


def _numbered(node: Tree) -> list[Tree]:
    """The children that are numbers, in their order; gaps close."""
    numbers = sorted((key for key in node if key and key.isascii() and key.isdigit() and len(key) < 10), key=int)
    return [node[key] for key in numbers]
