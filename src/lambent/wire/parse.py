"""A routed request into the params that a boto3 caller passed.

REST protocols spread the input over path labels, query string, headers and body; the others put all of it
into the body. Blobs come out as bytes, timestamps as datetimes in UTC.
"""

import base64
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import orjson
from botocore.model import OperationModel, Shape

from lambent.wire import cbor, parse_json, parse_query, parse_xml
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.query import form_of, values_of
from lambent.wire.scalars import leaf_from_text, mismatch, unreadable
from lambent.wire.service import CBOR, RPC_CBOR, Service

Params = dict[str, Any]
TEXT_TIMESTAMP = {"header": "rfc822", "querystring": "iso8601", "uri": "iso8601"}


def parse(service: Service, operation: str, request: Request) -> Params:
    """The params of `request`, which was routed to `operation`. Raises Fault (400) when they can't be
    read."""
    model = service.operation(operation)
    if model.input_shape is None:
        return {}
    try:
        return PARSERS[service.protocol](service, model, request)
    except RecursionError:
        raise unreadable("The request is nested too deeply.") from None


def _rest(service: Service, model: OperationModel, request: Request) -> Params:
    params = _rest_located(service, model, request)
    shape = model.input_shape
    payload = shape.serialization.get("payload")
    if payload is not None:
        value = _payload(service, shape.members[payload], request)
        if value is not None:
            params[payload] = value
        return params
    if all("location" in member.serialization for member in shape.members.values()):
        return params
    return {**_body(service, shape, request.body), **params}


_Member = tuple[str, Shape, str, str, str]
_Located = tuple[_Member, ...]


def _rest_located(service: Service, model: OperationModel, request: Request) -> Params:
    """The members that stand in path, query string and headers."""
    params: Params = {}
    labels: dict[str, str] | None = None
    query: dict[str, list[str]] | None = None
    for name, member, location, wire_name, header in _said(_located(model.input_shape), request):
        if location == "uri":
            labels = labels if labels is not None else service.routes.labels(model.name, request)
            value = _text_leaf(member, labels[wire_name], location) if wire_name in labels else None
        elif location == "querystring":
            query = query if query is not None else values_of(request.query)
            value = (
                _query_map(member, query) if member.type_name == "map" else _asked(service, member, wire_name, query)
            )
        elif location == "headers":
            value = _header_map(wire_name, request.headers)
        else:
            value = _from_header(member, request.headers.get(header))
        if value is not None:
            params[name] = value
    return params


def _said(located: tuple[_Located, _Located, Mapping[str, _Located]], request: Request) -> Iterator[_Member]:
    """The members that a request may say something of: nearly all of the many headers are in none."""
    always, in_query, by_header = located
    yield from always
    if request.query:
        yield from in_query
    for header in request.headers:
        yield from by_header.get(header, ())


@functools.cache
def _located(shape: Shape) -> tuple[_Located, _Located, Mapping[str, _Located]]:
    """Members that stand outside the body: those of the path and prefixes, of the query, and of each header."""
    members = _members(shape)
    headers = {one[4] for one in members if one[2] == "header"}
    return (
        tuple(one for one in members if one[2] in ("uri", "headers")),
        tuple(one for one in members if one[2] == "querystring"),
        {header: tuple(one for one in members if one[2] == "header" and one[4] == header) for header in headers},
    )


def _members(shape: Shape) -> _Located:
    """Members that stand outside the body: name, shape, location, name on the wire, and that in lower case."""
    return tuple(
        (name, member, location, wire_name, wire_name.lower())
        for name, member in shape.members.items()
        if (location := member.serialization.get("location")) is not None
        if (wire_name := member.serialization.get("name", name))
    )


def _asked(service: Service, member: Shape, name: str, query: dict[str, list[str]]) -> Any:
    """The member's value. Raises Fault, with the code that the service (patched) has for what is of another type."""
    try:
        return _from_query(member, name, query)
    except Fault as error:
        code = service.metadata.get("unreadableQueryCode")
        if code is None:
            raise
        number = member.type_name == "integer"
        text = f"Provided {name} not an integer or within integer range" if number else error.message
        members = {"ArgumentName": name, "ArgumentValue": query[name][0]}
        raise Fault(code, text, status=400, members=members) from None


def _from_query(member: Shape, name: str, query: dict[str, list[str]]) -> Any:
    values = query.get(name)
    if values is None:
        return None
    if member.type_name == "list":
        return [_text_leaf(member.member, value, "querystring") for value in values]
    return _text_leaf(member, values[0], "querystring")


def _query_map(member: Shape, query: dict[str, list[str]]) -> dict[str, Any] | None:
    """Every parameter, also those that other members name (Smithy, `httpQueryParams`)."""
    many = member.value.type_name == "list"
    return {key: values if many else values[0] for key, values in query.items()} or None


def _from_header(member: Shape, value: str | None) -> Any:
    if value is None:
        return None
    if member.serialization.get("jsonvalue"):
        return _json_header(value)
    if member.type_name == "list" and not value.strip():
        return []
    if member.type_name == "list":
        item = member.member
        dates = item.type_name == "timestamp" and _timestamp_form(item, "header") == "rfc822"
        return [_text_leaf(item, text, "header") for text in split_header(value, dates)]
    return _text_leaf(member, value, "header")


def _header_map(prefix: str, headers: dict[str, str]) -> dict[str, str] | None:
    """`x-amz-meta-*`: the rest of each name that starts with `prefix`."""
    start = prefix.lower()
    return {name[len(start) :]: value for name, value in headers.items() if name.startswith(start)} or None


def _json_header(value: str) -> Any:
    try:
        return orjson.loads(base64.b64decode(value))
    except ValueError:
        raise mismatch("STRING_VALUE", "blob") from None


def split_header(value: str, dates: bool = False) -> list[str]:
    """The items of a list header: separated by commas, perhaps quoted; HTTP dates hold a comma of their
    own."""
    if dates:
        parts = [part.strip() for part in value.split(",")]
        return [", ".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]
    items, text, quoted, escaped = [], "", False, False
    for character in value:
        if escaped:
            text, escaped = text + character, False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            items.append(text.strip())
            text = ""
        else:
            text += character
    return [*items, text.strip()]


def _text_leaf(member: Shape, text: str, location: str) -> Any:
    kind = member.type_name
    return text if kind == "string" else leaf_from_text(kind, text, _timestamp_form(member, location))


def _timestamp_form(member: Shape, location: str) -> str:
    return str(member.serialization.get("timestampFormat", TEXT_TIMESTAMP[location]))


def _payload(service: Service, member: Shape, request: Request) -> Any:
    """The member that is the body: raw bytes, text, or a document."""
    body = request.body
    if member.type_name == "blob":
        return body or None
    if member.type_name == "string":
        return body.decode("utf-8", "replace") if body else None
    if not body:
        return None
    if service.protocol == "rest-xml":
        return parse_xml.read(member, parse_xml.root_of(body))
    document = parse_json.loads(body)
    return None if document is None else parse_json.read(member, document)


def _body(service: Service, shape: Shape, body: bytes) -> Params:
    """The members without a location, from the body."""
    if not body:
        return {}
    if service.protocol == "rest-xml":
        return parse_xml.read_body(shape, parse_xml.root_of(body))
    document = parse_json.loads(body)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise unreadable(None)
    params: Params = {}
    for name, member in shape.members.items():
        serialization = member.serialization
        if "location" not in serialization:
            value = document.get(serialization.get("name", name))
            if value is not None:
                params[name] = parse_json.read(member, value)
    return params


def _json(service: Service, model: OperationModel, request: Request) -> Params:
    document = parse_json.loads(request.body)
    params: Params = {} if document is None else parse_json.read(model.input_shape, document)
    return params


def _cbor(service: Service, model: OperationModel, request: Request) -> Params:
    document = cbor.loads(request.body, rpc=service.protocol == RPC_CBOR)
    params: Params = {} if document is None else parse_json.read(model.input_shape, document)
    return params


def _query(service: Service, model: OperationModel, request: Request) -> Params:
    """A service's `pathMember` (of the patched metadata) may be the path of the request instead."""
    params = parse_query.read(model.input_shape, form_of(request))
    member = str(service.metadata.get("pathMember"))
    if member in model.input_shape.members and request.path != "/":
        params.setdefault(member, unquote(request.path))
    return params


PARSERS: dict[str, Callable[[Service, OperationModel, Request], Params]] = {
    "rest-json": _rest,
    "rest-xml": _rest,
    "json": _json,
    CBOR: _cbor,
    RPC_CBOR: _cbor,
    "query": _query,
}
