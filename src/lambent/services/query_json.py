"""Answers of services that speak the query protocol, as JSON: what they send who accepts JSON, as API Gateway does.

Every member of the result is there, null where it has no value. Sources: public reports of API Gateway's integrations
with SQS and SNS (`{"SendMessageResponse": {"SendMessageResult": {…}, "ResponseMetadata": {"RequestId": "…"}}}`,
`{"Error": {"Code": "…", "Message": "…", "Type": "Sender"}, "RequestId": "…"}`).
"""

from datetime import datetime
from typing import Any

import orjson
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError, Shape
from botocore.parsers import ResponseParserError, create_parser

from lambent.http_events.rest_mapping import BackendAnswer
from lambent.wire import service

_PARSER = create_parser("query")


def translated(name: str, action: str, answer: BackendAnswer) -> BackendAnswer:
    """The answer to an action as JSON; as it is where it is no XML of a query service that is known here."""
    if not answer.body.lstrip().startswith(b"<"):
        return answer
    try:
        document = _read(name, action, answer)
    except (UnknownServiceError, OperationNotFoundError, ResponseParserError, KeyError):
        return answer
    headers = [one for one in answer.headers if one[0].lower() not in ("content-type", "content-length")]
    body = orjson.dumps(document, default=_plain)
    return BackendAnswer(answer.status, [*headers, ("Content-Type", "application/json")], body, answer.said)


def _read(name: str, action: str, answer: BackendAnswer) -> dict[str, Any]:
    shape = service.load(name, "query").model.operation_model(action).output_shape
    came = {"status_code": answer.status, "headers": {}, "body": answer.body}
    read = _PARSER.parse(came, shape)
    request_id = read.pop("ResponseMetadata", {}).get("RequestId")
    if answer.status >= 300:
        error = read["Error"]
        said = {one: error.get(one) for one in ("Code", "Message", "Type")}
        return {"Error": said, "RequestId": request_id}
    result = {f"{action}Result": _whole(shape, read)} if shape is not None and shape.members else {}
    return {f"{action}Response": {**result, "ResponseMetadata": {"RequestId": request_id}}}


def _whole(shape: Shape, value: Any) -> Any:
    """A value with every member of its structures."""
    if value is None:
        return None
    if shape.type_name == "structure":
        return {name: _whole(member, value.get(name)) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [_whole(shape.member, one) for one in value]
    if shape.type_name == "map":
        return {name: _whole(shape.value, one) for name, one in value.items()}
    return value


def _plain(value: Any) -> Any:
    """Moments as seconds since the epoch, bytes as text."""
    return value.timestamp() if isinstance(value, datetime) else value.decode("utf-8", "replace")
