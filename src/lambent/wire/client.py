"""A request as a client makes it, and what its answer says, by botocore's model: to ask a service as its users do."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from botocore import parsers, serialize
from botocore.awsrequest import HeadersDict

from lambent.wire.http import Request, Response
from lambent.wire.service import Service

KNOWN = ("json", "query", "rest-json", "rest-xml")


def request_of(service: Service, operation: str, params: Mapping[str, Any], authorization: str) -> Request:
    """The request for an operation, addressed by path. Raises ValueError for a protocol that is not spoken here."""
    if service.protocol not in KNOWN:
        raise ValueError(service.protocol)
    made = _serializer(service.protocol).serialize_to_request(params, service.operation(operation))
    path, _, inherent = made["url_path"].partition("?")
    query = made["query_string"]
    pairs = urlencode(query if isinstance(query, Mapping) else list(query), doseq=True)
    body = made["body"]
    body = urlencode(body) if isinstance(body, Mapping) else body
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    headers |= {"host": "127.0.0.1", "authorization": authorization}
    whole = "&".join(part for part in (inherent, pairs) if part)
    return Request(made["method"], path, whole, headers, body.encode() if isinstance(body, str) else body)


def answer_of(service: Service, operation: str, response: Response) -> dict[str, Any]:
    """What the answer to such a request says: its members, and `Error` (with `Code`) when it is one."""
    assert isinstance(response.body, bytes)
    headers = HeadersDict(response.headers)
    said = {"status_code": response.status, "headers": headers, "body": response.body}
    answer: dict[str, Any] = parser(service.protocol).parse(said, service.operation(operation).output_shape)
    return answer


@cache
def _serializer(protocol: str) -> Any:
    return serialize.create_serializer(protocol)


@cache
def parser(protocol: str) -> Any:
    """Botocore's reader of a protocol's answers."""
    return parsers.create_parser(protocol)
