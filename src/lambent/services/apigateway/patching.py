"""Patch operations: a path of the document, walked by botocore's shape of it.

Source: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html. A path is a JSON pointer (RFC 6901); a
segment of a list is the element itself (`/binaryMediaTypes/image~1png`) or its number.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from botocore.model import Shape

from lambent.services.apigateway import faults
from lambent.services.apigateway.kinds import Patches

Document = dict[str, Any]
Operation = dict[str, Any]
OPS = ("add", "remove", "replace", "copy")


def patched(shape: Shape, document: Document, operations: Sequence[Operation], allowed: Patches) -> Document:
    """A copy of the document, changed in the order of the operations. Raises 400: then nothing is changed."""
    new = copy.deepcopy(document)
    for operation in operations:
        apply(shape, new, operation, allowed)
    return new


def apply(shape: Shape, document: Document, operation: Operation, allowed: Patches) -> None:
    """One operation, in place. Raises 400."""
    op, path = operation.get("op"), str(operation.get("path") or "")
    if op not in OPS:
        raise faults.bad_request(f"Invalid patch operation specified. Must be one of: [{', '.join(OPS)}]")
    segments = pointer(path)
    _check(shape, segments, path, op, allowed)
    value = operation.get("value")
    if op == "copy":
        value, op = _at(document, pointer(str(operation.get("from") or ""))), "replace"
    try:
        _walk(shape, document, segments, op, value)
    except _NoSuchPath:
        raise no_path(path, op, allowed) from None


def _check(shape: Shape, segments: list[str], path: str, op: str, allowed: Patches) -> None:
    """Raises 400 for a path that can't be changed, or not by this operation."""
    if not segments or segments[0] not in allowed.members or segments[0] not in shape.members:
        raise no_path(path, op, allowed)
    if segments[0] not in allowed.of(op):
        raise _no_operation(segments[0], op, allowed) if allowed.plain else no_path(path, op, allowed)


def pointer(path: str) -> list[str]:
    """The segments of a JSON pointer, which examples of AWS's write without its first slash, too."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.removeprefix("/").split("/") if path]


class _NoSuchPath(Exception):
    pass


def no_path(path: str, op: str, allowed: Patches) -> Exception:
    """The refusal of a path that an operation can't name."""
    if allowed.plain:
        return faults.bad_request(f"Invalid patch path {path}")
    known = ", ".join(f"/{name}" for name in allowed.of(op))
    choice = f"Must be one of: [{known}]" if known else "Please choose supported operations"
    return faults.bad_request(f"Invalid patch path  '{path}' specified for op '{op}'. {choice}")


def _no_operation(member: str, op: str, allowed: Patches) -> Exception:
    others = ", ".join(one for one in ("add", "replace", "remove") if one != op and member in allowed.of(one))
    return faults.bad_request(f"Invalid patch operation specified. Must be one of: [{others}]")


def _at(document: Any, segments: list[str]) -> Any:
    """What stands at a path, as the text that a patch would have."""
    for segment in segments:
        document = document.get(segment) if isinstance(document, dict) else None
    return document


def _walk(shape: Shape, node: Any, segments: list[str], op: str, value: Any) -> None:
    WALKS[shape.type_name](shape, node, segments, op, value)


def _structure(shape: Shape, node: Document, segments: list[str], op: str, value: Any) -> None:
    member = shape.members.get(segments[0])
    if member is None:
        raise _NoSuchPath
    _into(member, node, segments, op, value)


def _map(shape: Shape, node: Document, segments: list[str], op: str, value: Any) -> None:
    _into(shape.value, node, segments, op, value)


def _into(member: Shape, node: Document, segments: list[str], op: str, value: Any) -> None:
    name, rest = segments[0], segments[1:]
    if rest and member.type_name in WALKS:
        if op != "remove":
            node.setdefault(name, [] if member.type_name == "list" else {})
        if name in node:
            _walk(member, node[name], rest, op, value)
            if op == "remove" and not node[name] and member.type_name != "list":
                del node[name]
    elif rest:
        raise _NoSuchPath
    elif op == "remove" and not (member.type_name == "list" and value is not None):
        node.pop(name, None)
    elif member.type_name == "list":
        _list(member, node.setdefault(name, []), [], op, value)
    elif member.type_name in WALKS:
        raise _NoSuchPath
    else:
        node[name] = read(member, value)


def _list(shape: Shape, node: list[Any], segments: list[str], op: str, value: Any) -> None:
    if not segments:  # the element is the value
        if op == "replace":
            node[:] = [part.strip() for part in str(value or "").strip("[]").split(",") if part.strip()]
        elif op == "remove":
            node[:] = [one for one in node if one != value]
        elif value not in node:
            node.append(value)
        return
    segment = segments[0]
    at = node.index(segment) if segment in node else int(segment) if segment.isdigit() else None
    if op == "remove":
        if at is not None and at < len(node):
            del node[at]
    elif op == "add" or at is None or at >= len(node):
        fresh = value if value not in (None, "") else segment
        if fresh not in node:
            node.append(fresh)
    else:  # what takes a place in the middle goes to the end, as on AWS
        del node[at]
        node.append(value if value not in (None, "") else segment)


def read(shape: Shape, value: Any) -> Any:
    """The text of a patch as the shape has it. Raises 400."""
    if value is None or not isinstance(value, str):
        return value
    reader = READERS.get(shape.type_name)
    try:
        found = reader(value) if reader else value
    except ValueError:
        raise faults.bad_request(f"Invalid value specified for patch: {value}") from None
    enum = getattr(shape, "enum", None)
    if enum and found and found not in enum:
        raise faults.bad_request(f"Invalid value specified: {found}. Must be one of: [{', '.join(enum)}]")
    return found


def _boolean(text: str) -> bool:
    """What is not true is false, as AWS reads it."""
    return text.lower() == "true"


WALKS: dict[str, Callable[[Shape, Any, list[str], str, Any], None]] = {
    "structure": _structure,
    "map": _map,
    "list": _list,
}
READERS: dict[str, Callable[[str], Any]] = {"boolean": _boolean, "integer": int, "long": int, "double": float}
