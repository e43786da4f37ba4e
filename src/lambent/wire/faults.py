"""Faults on the wire: as the model shapes them, and without a shape as AWS's front ends do.

rest-json: `x-amzn-ErrorType`, and a body whose message goes by the name that the shape gives it. json:
`__type`. query and rest-xml: an `Error` element, wrapped in `ErrorResponse` unless the service says
otherwise; ec2: in `Response` and `Errors`.
"""

from collections.abc import Callable
from typing import Any

import orjson
from botocore.model import Shape

from lambent.wire import documents, serialize_xml
from lambent.wire.fault import Fault
from lambent.wire.http import Response
from lambent.wire.scalars import leaf_to_text
from lambent.wire.service import CBOR, RPC_CBOR, RPC_HEADER, Service

MESSAGE_NAMES = ("message", "Message")


def serialize_fault(service: Service, error: Fault, request_id: str) -> Response:
    """The response that tells the caller of `error`."""
    shape = service.error_shape(error.code)
    response = SERIALIZERS[service.protocol](service, shape, error, request_id)
    response.headers.extend(error.headers)
    return response


def status_of(service: Service, shape: Shape | None, error: Fault) -> int:
    """The fault's own status, else the model's, else 400 (500 for a modelled fault of the service)."""
    if error.status is not None:
        return error.status
    if shape is None:
        return 400
    modelled = shape.metadata.get("error", {}).get("httpStatusCode")
    fault = service.description["shapes"].get(shape.name, {}).get("fault")
    return int(modelled or (500 if fault else 400))


def code_of(shape: Shape | None, error: Fault) -> str:
    """The code on the wire, which the model may spell otherwise than the shape's name."""
    return str(shape.metadata.get("error", {}).get("code", shape.name)) if shape is not None else error.code


def is_sender(service: Service, shape: Shape | None, error: Fault) -> bool:
    """Whether the caller is to blame."""
    if shape is not None and "senderFault" in shape.metadata.get("error", {}):
        return bool(shape.metadata["error"]["senderFault"])
    return status_of(service, shape, error) < 500


def _rest_json(service: Service, shape: Shape | None, error: Fault, request_id: str) -> Response:
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", request_id),
        ("x-amzn-ErrorType", code_of(shape, error)),
    ]
    members = _members(service, shape, error)
    headers.extend(_header_members(shape, members))
    return Response(status_of(service, shape, error), headers, orjson.dumps(_document(service, shape, members)))


def _json(service: Service, shape: Shape | None, error: Fault, request_id: str) -> Response:
    headers = [("Content-Type", documents.content_type(service)), ("x-amzn-RequestId", request_id)]
    if service.protocol == RPC_CBOR:
        headers.append(("smithy-protocol", RPC_HEADER))
    name = shape.name if shape is not None else error.code
    if "awsQueryCompatible" in service.metadata:
        who = "Sender" if is_sender(service, shape, error) else "Receiver"
        headers.append(("x-amzn-query-error", f"{code_of(shape, error)};{who}"))
    document = {"__type": name, **_document(service, shape, _members(service, shape, error))}
    return Response(status_of(service, shape, error), headers, documents.dumps(service)(document))


def _query(service: Service, shape: Shape | None, error: Fault, request_id: str) -> Response:
    headers = [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)]
    who = "Sender" if is_sender(service, shape, error) else "Receiver"
    detail = serialize_xml.error_members(shape, _extra(shape, error))
    namespace = service.metadata.get("xmlNamespace")
    head = [("Type", who), ("Code", code_of(shape, error)), ("Message", error.message or None)]
    body = serialize_xml.error_response(head, detail, request_id, namespace)
    return Response(status_of(service, shape, error), headers, body)


def _ec2(service: Service, shape: Shape | None, error: Fault, request_id: str) -> Response:
    headers = [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)]
    head = [("Code", code_of(shape, error)), ("Message", error.message or None)]
    return Response(status_of(service, shape, error), headers, serialize_xml.ec2_error(head, request_id))


def _rest_xml(service: Service, shape: Shape | None, error: Fault, request_id: str) -> Response:
    code = code_of(shape, error)
    detail = serialize_xml.error_members(shape, _extra(shape, error))
    if service.metadata.get("noErrorWrapping"):
        headers = [("Content-Type", "application/xml"), ("x-amz-request-id", request_id)]
        head = [("Code", code), ("Message", error.message or None)]
        body = serialize_xml.bare_error(head, detail, request_id)
    else:
        headers = [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)]
        who = "Sender" if is_sender(service, shape, error) else "Receiver"
        head = [("Type", who), ("Code", code), ("Message", error.message or None)]
        body = serialize_xml.error_response(head, detail, request_id, service.metadata.get("xmlNamespace"))
    headers.extend(_header_members(shape, _members(service, shape, error)))
    return Response(status_of(service, shape, error), headers, body)


def _members(service: Service, shape: Shape | None, error: Fault) -> dict[str, Any]:
    """The shape's members with the message among them, by the name that the shape has for it, if it has one.

    A `Type` that nobody gave says whose fault it is; AWS sends it with nearly every error that has the
    member.
    """
    members = dict(error.members)
    if shape is None:
        return {_unmodelled_message(error.code): error.message, **members}
    name = next((name for name in shape.members if name.lower() == "message"), "message")
    members.setdefault(name, error.message)
    if "Type" in shape.members and "Type" not in members:
        members = {"Type": "User" if is_sender(service, shape, error) else "Service", **members}
    return members


def _unmodelled_message(code: str) -> str:
    """The name of an unmodelled error's message; the front end that can't read a request writes it large."""
    return "Message" if code in {"SerializationException", "AccessDeniedException"} else "message"


def _extra(shape: Shape | None, error: Fault) -> dict[str, Any]:
    """The members beside code and message, which XML errors spell out themselves."""
    return {
        name: value
        for name, value in error.members.items()
        if name.lower() not in {"code", "message", "type"} and value is not None
    }


def _document(service: Service, shape: Shape | None, members: dict[str, Any]) -> dict[str, Any]:
    """The JSON body. A message that is None is null, as AWS sends it; other members that are None are
    left out."""
    if shape is None:
        return {name: value for name, value in members.items() if value is not None or name in MESSAGE_NAMES}
    document = {}
    for name, value in members.items():
        member = shape.members.get(name)
        if member is None:
            document[name] = value
        elif "location" not in member.serialization and (value is not None or name in MESSAGE_NAMES):
            wire_name = member.serialization.get("name", name)
            document[wire_name] = None if value is None else documents.write(service, member, value)
    return document


def _header_members(shape: Shape | None, members: dict[str, Any]) -> list[tuple[str, str]]:
    headers = []
    for name, value in members.items():
        member = shape.members.get(name) if shape is not None else None
        if member is not None and value is not None and member.serialization.get("location") == "header":
            form = member.serialization.get("timestampFormat", "rfc822")
            headers.append((member.serialization.get("name", name), leaf_to_text(member.type_name, value, form)))
    return headers


SERIALIZERS: dict[str, Callable[[Service, Shape | None, Fault, str], Response]] = {
    "rest-json": _rest_json,
    "rest-xml": _rest_xml,
    "json": _json,
    CBOR: _json,
    RPC_CBOR: _json,
    "query": _query,
    "ec2": _ec2,
}
