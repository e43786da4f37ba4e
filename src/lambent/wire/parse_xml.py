"""XML bodies into params, by shape. Namespaces are passed over; document types (entities) are refused."""

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from botocore.model import Shape

from lambent.wire.fault import Fault
from lambent.wire.scalars import leaf_from_text

Element = ET.Element
MOST_BYTES = 8 << 20
"""More than a list of 10,000 parts or 1,000 keys: a larger document would keep everybody waiting."""
MOST_TAGS = 200_000
"""Beginnings and ends of elements, and attributes: 10,000 parts with all that is said of one have 140,000."""
_LONG_TAG = re.compile("<[^<>]{512}")
"""The parser spells a namespace out in each name that is in it."""
MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"


def root_of(body: bytes) -> Element:
    """The body's root element. Raises Fault(MalformedXML), Fault(MaxMessageLengthExceeded)."""
    if len(body) > MOST_BYTES:
        raise Fault("MaxMessageLengthExceeded", "Your request was too big.", status=400)
    try:
        text = body.decode("utf-8-sig")  # in any other coding a document type would not be seen
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ValueError("document types are refused")
        if max(text.count("<"), text.count("=")) > MOST_TAGS or _LONG_TAG.search(text):
            raise ValueError("it takes too long to read")
        return ET.fromstring(text)  # noqa: S314 - they were looked for
    except (ET.ParseError, ValueError, LookupError, RecursionError):
        raise Fault("MalformedXML", MALFORMED, status=400) from None


def read_body(shape: Shape, root: Element) -> dict[str, Any]:
    """The members without a location, which stand in the root element."""
    members = {n: m for n, m in shape.members.items() if "location" not in m.serialization}
    return _members(members, root)


def read(shape: Shape, element: Element) -> Any:
    """`element` as boto3 would have it for `shape`."""
    return READERS.get(shape.type_name, _leaf)(shape, element)


def _structure(shape: Shape, element: Element) -> dict[str, Any]:
    return _members(shape.members, element)


def _members(members: dict[str, Shape], element: Element) -> dict[str, Any]:
    children: dict[str, list[Element]] = {}
    for child in element:
        children.setdefault(_local(child.tag), []).append(child)
    params = {}
    for name, member in members.items():
        wire_name = str(member.serialization.get("name", name))
        if member.serialization.get("xmlAttribute"):
            value = _attribute(element, wire_name)
            if value is not None:
                params[name] = value
        elif found := next(
            (children[given] for given in (wire_name, *_others(name, member)) if given in children), None
        ):
            params[name] = _member(member, found)
    return params


def _member(member: Shape, found: list[Element]) -> Any:
    if member.serialization.get("flattened"):
        if member.type_name == "list":
            return [read(member.member, child) for child in found]
        return _entries(member, found)
    return read(member, found[0])


def _others(name: str, member: Shape) -> tuple[str, ...]:
    """What an element may also be called.

    The items of a flattened list, where the list has no name of its own; and a member whose model name is its
    shape's, which clients disagree about.
    """
    if member.type_name == "list" and member.serialization.get("flattened"):
        return member.member.serialization.get("name", name), name
    return (name,)


def _attribute(element: Element, name: str) -> str | None:
    """An attribute by the local part of its name (`xsi:type` is `type` in whatever namespace)."""
    local = name.rpartition(":")[2]
    for key, value in element.attrib.items():
        if _local(key) == local:
            return value
    return None


def _list(shape: Shape, element: Element) -> list[Any]:
    name = shape.member.serialization.get("name", "member")
    return [read(shape.member, child) for child in element if _local(child.tag) == name]


def _map(shape: Shape, element: Element) -> dict[str, Any]:
    return _entries(shape, [child for child in element if _local(child.tag) == "entry"])


def _entries(shape: Shape, entries: list[Element]) -> dict[str, Any]:
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    values = {}
    for entry in entries:
        parts = {_local(child.tag): child for child in entry}
        if key_name in parts and value_name in parts:
            values[str(read(shape.key, parts[key_name]))] = read(shape.value, parts[value_name])
    return values


def _leaf(shape: Shape, element: Element) -> Any:
    form = shape.serialization.get("timestampFormat", "iso8601")
    return leaf_from_text(shape.type_name, element.text or "", form)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


READERS: dict[str, Callable[[Shape, Element], Any]] = {"structure": _structure, "list": _list, "map": _map}
