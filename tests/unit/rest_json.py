"""Operations as boto3 sees them: its request through our wire, our answer through its parser. No sockets."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

import botocore.session
from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from lambent.model.scope import Caller, Scope
from lambent.wire import parse, serialize, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


@cache
def model_of(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


async def call(
    name: str, operations: Mapping[str, Any], env: Any, operation: str, params: dict[str, Any], scope: Scope
) -> dict[str, Any]:
    """What boto3 makes of our answer. Raises Refused."""
    model = model_of(name).operation_model(operation)
    sent = create_serializer("rest-json").serialize_to_request(params, model)
    headers = {name.lower(): value for name, value in sent["headers"].items()}
    path, _, query = sent["url_path"].partition("?")
    query = "&".join(part for part in (query, urlencode(sent["query_string"], doseq=True)) if part)
    body = sent["body"].encode() if isinstance(sent["body"], str) else sent["body"]
    answered = await answer(name, operations, env, Request(sent["method"], path, query, headers, body), scope)
    assert isinstance(answered.body, bytes)
    raw = {"status_code": answered.status, "headers": HeadersDict(answered.headers), "body": answered.body}
    result = dict(create_parser("rest-json").parse(raw, model.output_shape))
    result.pop("ResponseMetadata", None)
    if "Error" in result:
        raise Refused(result["Error"]["Code"], result["Error"]["Message"])
    return result


async def answer(name: str, operations: Mapping[str, Any], env: Any, request: Request, scope: Scope) -> Response:
    """Our answer to a request."""
    spoken = service.load(name)
    operation = None
    try:
        operation = spoken.route(request)
        params = parse.parse(spoken, operation, request)
        validate.validate(spoken, operation, params)
        result = await operations[operation](env, Caller(scope, "r"), params)
        return serialize.output(spoken, operation, result, "r")
    except Fault as fault:
        return serialize.fault(spoken, operation, fault, "r")
