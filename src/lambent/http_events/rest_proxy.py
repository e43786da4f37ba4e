"""The Lambda proxy integration of a REST API: request to event (payload 1.0), a function's answer to HTTP.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html (what is malformed
is a 502); remapped headers:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.http_events import common
from lambent.http_events.rest_request import RestRequest, request_context

REMAPPED_IN_ANSWERS = frozenset(
    {"authorization", "connection", "content-length", "content-md5", "date", "expect", "host", "max-forwards",
     "server", "upgrade", "user-agent", "via", "warn", "www-authenticate"}
)  # fmt: skip
"""What an integration answers of these is sent as `x-amzn-Remapped-NAME`."""
MEMBERS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})


class Malformed(Exception):
    """An answer of a function that is none for this integration; the text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client gets."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    parts: AsyncIterator[bytes] | None = None
    """A body that is sent while it is written."""

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for key, value in self.headers if key.lower() == name), None)


def event(request: RestRequest) -> dict[str, Any]:
    """The event of payload version 1.0. What is empty is null."""
    names = _cased(request)
    return {
        "resource": request.resource_path,
        "path": _path_shown(request),
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in names.items()} or None,
        "multiValueHeaders": names or None,
        "queryStringParameters": {name: values[-1] for name, values in request.queries.items()} or None,
        "multiValueQueryStringParameters": request.queries or None,
        "pathParameters": dict(request.sent_variables) or None,
        "stageVariables": dict(request.stage_variables) or None,
        "requestContext": request_context(request),
        "body": request.text if request.body else None,
        "isBase64Encoded": request.binary and bool(request.body),
    }


def _path_shown(request: RestRequest) -> str:
    """Behind a custom domain name with the base path, else without the stage."""
    return f"{request.prefix}{request.path}" if request.custom else request.path


def _cased(request: RestRequest) -> dict[str, list[str]]:
    """All values of each header by the name as it was sent first, and what AWS adds."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name, value in request.headers:
        key = name.lower()
        if key not in HOP_BY_HOP:
            found.setdefault(key, (name, []))[1].append(value)
    names = dict(found.values())
    if "x-forwarded-for" in found:
        name, values = found["x-forwarded-for"]
        names[name] = [f"{', '.join(values)}, {request.peer}"]
    else:
        names["X-Forwarded-For"] = [request.peer]
    port = request.host.rpartition(":")[2] if ":" in request.host else "443" if request.scheme == "https" else "80"
    names.setdefault("X-Forwarded-Port", [port])
    names.setdefault("X-Forwarded-Proto", [request.scheme])
    if request.trace_id and "x-amzn-trace-id" not in found:
        names["X-Amzn-Trace-Id"] = [request.trace_id]
    return dict(sorted(names.items(), key=lambda one: one[0].lower())) if not request.test else names


HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length",
                        "proxy-authenticate", "expect"})  # fmt: skip


def is_binary(types: list[str], content_type: str | None) -> bool:
    """Whether a media type is one of the API's binary ones (`image/*` and `*/*` are patterns)."""
    if not types:
        return False
    said = (content_type or "application/json").partition(";")[0].strip().lower()
    return any(_covers(pattern.lower(), said) for pattern in types)


def _covers(pattern: str, said: str) -> bool:
    if pattern == "*/*":
        return True
    return said.startswith(pattern[:-1]) if pattern.endswith("/*") else pattern == said


def reply(payload: bytes, binary_types: list[str], accept: str | None) -> Reply:
    """What a function answered, as HTTP. Raises Malformed.

    A body that says it is base64 is decoded when the API has binary types and the first type that the client accepts
    is one of them; otherwise it goes out as it is.
    """
    answer = _read(payload)
    headers = _headers(answer)
    status = _status(answer.get("statusCode"))
    body = _body(answer.get("body"))
    if answer.get("isBase64Encoded") is True and is_binary(binary_types, _first(accept)):
        try:
            return Reply(status, headers, base64.b64decode(body, validate=False))
        except binascii.Error as error:
            raise Malformed("the body is not the base64 that isBase64Encoded says") from error
    return Reply(status, headers, body.encode("utf-8", "surrogatepass"))


def prelude(head: bytes) -> tuple[int, list[tuple[str, str]]]:
    """Status and headers of an answer that is streamed. Raises Malformed."""
    try:
        answer = orjson.loads(head)
    except orjson.JSONDecodeError as error:
        raise Malformed("the stream's prelude is no JSON") from error
    if not isinstance(answer, dict):
        raise Malformed("the stream's prelude is no object")
    cookies = answer.get("cookies") or ()
    if not isinstance(cookies, list | tuple):
        raise Malformed("the cookies are no list")
    headers = [*_headers(answer), *(("Set-Cookie", header_text(cookie)) for cookie in cookies)]
    return _status(answer.get("statusCode")), headers


def _first(accept: str | None) -> str | None:
    """The first type of an Accept header; AWS looks at no other."""
    return accept.partition(",")[0].strip() if accept else None


def _read(payload: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Malformed("it is no JSON") from error
    if not isinstance(answer, dict):
        raise Malformed(f"it is no object with a statusCode, but {type(answer).__name__}")
    unknown = answer.keys() - MEMBERS
    if unknown:
        raise Malformed(f"it has members that this integration does not know: {', '.join(sorted(unknown))}")
    return answer


def _status(said: Any) -> int:
    """A number, or text that is one, of an answer that ends a request (RFC 9110, section 15.2: 1xx does not). Without
    it 200 (recorded in public reports of an answer `{}`)."""
    if said is None:
        return 200
    if isinstance(said, bool):
        raise Malformed("the statusCode is no number")
    try:
        status = int(said)
    except (TypeError, ValueError):
        raise Malformed("the statusCode is no number") from None
    if not 200 <= status <= 599 or status != float(said):
        raise Malformed(f"the statusCode {said} is none of HTTP")
    return status


def _body(said: Any) -> str:
    if said is None:
        return ""
    if not isinstance(said, str):
        raise Malformed(f"the body is no string, but {type(said).__name__}")
    return said


def _headers(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        single, many = common.merging(answer, header_text)
    except ValueError as error:
        raise Malformed(str(error)) from error
    return many + single


def header_text(value: object) -> str:
    """A header's value: a number or boolean becomes text. Raises Malformed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if value is None:
        return ""
    raise Malformed("the value of a header is neither text nor a number")


def sent(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of an integration's answer as a client sees them: remapped, dropped, or as they are."""
    return common.answered(headers, REMAPPED_IN_ANSWERS)
