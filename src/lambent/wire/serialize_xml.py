"""Results and errors to XML, by shape, for the query and rest-xml protocols.

Text is built as a list of strings: the documents are small trees whose order the shapes give.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import OperationModel, Shape

from lambent.wire.scalars import leaf_to_text
from lambent.wire.service import Service

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
HEADER_LOCATIONS = frozenset({"header", "headers", "statusCode"})
Parts = list[str]


def rest_output(service: Service, model: OperationModel, result: Mapping[str, Any]) -> bytes:
    """The body of a rest-xml response whose members stand in a root element.

    The root is named after the shape, or after the shape's own `locationName`.
    """
    shape = model.output_shape
    name = shape.serialization.get("name") or shape.name
    namespace = _namespace(shape) or _quoted_namespace(service.metadata.get("xmlNamespace"))
    parts: Parts = [HEAD, f"<{name}{namespace}{_attributes(shape, result)}>"]
    _members(parts, shape, result)
    return _bytes([*parts, f"</{name}>"])


def payload(shape: Shape, value: Any) -> bytes:
    """The body of a rest-xml response that is one member."""
    parts: Parts = [HEAD]
    _element(parts, shape.serialization.get("name") or shape.name, shape, value)
    return _bytes(parts)


def query_output(service: Service, model: OperationModel, result: Mapping[str, Any], request_id: str) -> bytes:
    """The body of a query-protocol response."""
    namespace = _quoted_namespace(service.metadata.get("xmlNamespace"))
    parts: Parts = [HEAD, f"<{model.name}Response{namespace}>"]
    shape = model.output_shape
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper")
        parts.append(f"<{wrapper}>" if wrapper else "")
        _members(parts, shape, result)
        parts.append(f"</{wrapper}>" if wrapper else "")
    parts.append(f"<ResponseMetadata><RequestId>{_text(request_id)}</RequestId></ResponseMetadata>")
    return _bytes([*parts, f"</{model.name}Response>"])


def error_response(
    head: Iterable[tuple[str, str | None]], detail: str, request_id: str, namespace: str | None
) -> bytes:
    """`ErrorResponse` with an `Error` in it."""
    parts = [HEAD, f"<ErrorResponse{_quoted_namespace(namespace)}><Error>", *_head(head), detail]
    return _bytes([*parts, f"</Error><RequestId>{_text(request_id)}</RequestId></ErrorResponse>"])


def bare_error(head: Iterable[tuple[str, str | None]], detail: str, request_id: str) -> bytes:
    """An `Error` that is the root, as S3 answers."""
    return _bytes([HEAD, "<Error>", *_head(head), detail, f"<RequestId>{_text(request_id)}</RequestId></Error>"])


def ec2_error(head: Iterable[tuple[str, str | None]], request_id: str) -> bytes:
    """`Response` with `Errors` in it, as EC2 answers."""
    parts = [HEAD, "<Response><Errors><Error>", *_head(head), "</Error></Errors>"]
    return _bytes([*parts, f"<RequestID>{_text(request_id)}</RequestID></Response>"])


def error_members(shape: Shape | None, members: Mapping[str, Any]) -> str:
    """An error's further members as elements; those that the shape doesn't know go as text."""
    parts: Parts = []
    for name, value in members.items():
        member = shape.members.get(name) if shape is not None else None
        if member is None:
            parts.append(f"<{name}>{_text(str(value))}</{name}>")
        elif "location" not in member.serialization:
            _member(parts, name, member, value)
    return "".join(parts)


def _head(head: Iterable[tuple[str, str | None]]) -> Parts:
    return [f"<{name}>{_text(value)}</{name}>" for name, value in head if value is not None]


def _element(parts: Parts, name: str, shape: Shape, value: Any) -> None:
    """One element with all that belongs into it."""
    namespace = _namespace(shape)
    if shape.type_name == "structure":
        parts.append(f"<{name}{namespace}{_attributes(shape, value)}>")
    else:
        parts.append(f"<{name}{namespace}>")
    WRITERS.get(shape.type_name, _leaf)(parts, shape, value)
    parts.append(f"</{name}>")


def _members(parts: Parts, shape: Shape, value: Mapping[str, Any]) -> None:
    for name, given in value.items():
        member = shape.members[name]
        serialization = member.serialization
        in_body = serialization.get("location") not in HEADER_LOCATIONS
        if given is not None and in_body and not serialization.get("xmlAttribute"):
            _member(parts, name, member, given)


def _member(parts: Parts, name: str, member: Shape, value: Any) -> None:
    wire_name = member.serialization.get("name", name)
    if not member.serialization.get("flattened"):
        _element(parts, wire_name, member, value)
    elif member.type_name == "list":
        item_name = member.serialization.get("name") or member.member.serialization.get("name", name)
        for item in value:
            _element(parts, item_name, member.member, item)
    else:
        _entries(parts, wire_name, member, value)


def _list(parts: Parts, shape: Shape, value: Iterable[Any]) -> None:
    name = shape.member.serialization.get("name", "member")
    for item in value:
        _element(parts, name, shape.member, item)


def _map(parts: Parts, shape: Shape, value: Mapping[str, Any]) -> None:
    _entries(parts, "entry", shape, value)


def _entries(parts: Parts, name: str, shape: Shape, value: Mapping[str, Any]) -> None:
    for key, item in value.items():
        parts.append(f"<{name}>")
        _element(parts, shape.key.serialization.get("name", "key"), shape.key, key)
        _element(parts, shape.value.serialization.get("name", "value"), shape.value, item)
        parts.append(f"</{name}>")


def _leaf(parts: Parts, shape: Shape, value: Any) -> None:
    form = shape.serialization.get("timestampFormat", "iso8601")
    parts.append(_text(leaf_to_text(shape.type_name, value, form)))


def _attributes(shape: Shape, value: Mapping[str, Any]) -> str:
    """The members that are attributes of the structure's own element."""
    texts = []
    for name, member in shape.members.items():
        if member.serialization.get("xmlAttribute") and value.get(name) is not None:
            wire_name = member.serialization.get("name", name)
            texts.append(f' {wire_name}="{_quoted(str(value[name]))}"')
    return "".join(texts)


def _namespace(shape: Shape) -> str:
    """The shape's namespace declaration (`xmlNamespace` of the model), with the space before it."""
    declared = shape.serialization.get("xmlNamespace") or shape.metadata.get("xmlNamespace")
    if not declared:
        return ""
    if isinstance(declared, str):
        return _quoted_namespace(declared)
    prefix = declared.get("prefix")
    return f' xmlns{":" + prefix if prefix else ""}="{_quoted(declared["uri"])}"'


def _quoted_namespace(uri: str | None) -> str:
    return f' xmlns="{_quoted(uri)}"' if uri else ""


def _quoted(text: str) -> str:
    return _text(text).replace('"', "&quot;")


def _text(text: str) -> str:
    """Character data. What XML can't hold at all becomes a question mark's Unicode sister, U+FFFD."""
    return ILLEGAL.sub("\ufffd", escape(text, {"\r": "&#xD;"}))


def _bytes(parts: Parts) -> bytes:
    return "".join(parts).encode()


WRITERS: dict[str, Callable[[Parts, Shape, Any], None]] = {"structure": _members, "list": _list, "map": _map}
