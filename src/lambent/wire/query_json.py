"""Answers of services that speak the query protocol, as JSON: what they send who accepts JSON, as API Gateway does.

Every member of the result is there, null where it has no value. Sources: public reports of API Gateway's integrations
with such services (`{"SendMessageResponse": {"SendMessageResult": {…}, "ResponseMetadata": {"RequestId": "…"}}}`,
`{"Error": {"Code": "…", "Message": "…", "Type": "Sender"}, "RequestId": "…"}`).
"""

from datetime import datetime
from typing import Any

import orjson
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError, Shape
from botocore.parsers import ResponseParserError

from lambent.wire import client, service


def translated(name: str, action: str, status: int, body: bytes) -> bytes | None:
    """The answer to an action as JSON; None for what is no XML of a query service that is known here."""
    if not body.lstrip().startswith(b"<"):
        return None
    try:
        return orjson.dumps(_read(name, action, status, body), default=_plain)
    except (UnknownServiceError, OperationNotFoundError, ResponseParserError, KeyError):
        return None


def _read(name: str, action: str, status: int, body: bytes) -> dict[str, Any]:
    spoken = service.load(name, "query")
    shape = spoken.model.operation_model(action).output_shape
    read = client.parser("query").parse({"status_code": status, "headers": {}, "body": body}, shape)
    request_id = read.pop("ResponseMetadata", {}).get("RequestId")
    if status >= 300:
        error = read["Error"]
        said = {one: error.get(one) for one in ("Code", "Message", "Type")}
        return {"Error": said, "RequestId": request_id}
    result = {f"{action}Result": _whole(spoken, shape, read)} if shape is not None and shape.members else {}
    return {f"{action}Response": {**result, "ResponseMetadata": {"RequestId": request_id}}}


def _whole(spoken: service.Service, shape: Shape, value: Any) -> Any:
    """A value with every member of its structures, by the name that a patch (`jsonName`) or the model gives it."""
    if value is None:
        return None
    if shape.type_name == "structure":
        raw = spoken.description["shapes"][shape.name]["members"]
        return {
            raw[name].get("jsonName", name): _whole(spoken, member, value.get(name))
            for name, member in shape.members.items()
        }
    if shape.type_name == "list":
        return [_whole(spoken, shape.member, one) for one in value]
    if shape.type_name == "map":
        return {name: _whole(spoken, shape.value, one) for name, one in value.items()}
    return value


def _plain(value: Any) -> Any:
    """Moments as seconds since the epoch, bytes as text."""
    return value.timestamp() if isinstance(value, datetime) else value.decode("utf-8", "replace")
