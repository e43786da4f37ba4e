"""Payload version 2.0, which function URLs and HTTP APIs speak: a request's part of the event, a function's answer.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html; what is recorded
from AWS is so marked in `tests/unit/http_events/answers.json`. That a body which is no string is malformed:
https://github.com/aws/aws-lambda-go/pull/373.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from lambent.http_events import common

DEFAULT_TYPE = ("Content-Type", "application/json")
PRELUDE_END = b"\0" * 8
"""Between the prelude of a streamed answer (status, headers, cookies in JSON) and its body."""
COOKIE = common.HOP_BY_HOP | {"cookie"}


class Malformed(ValueError):
    """An answer that is none; the text says why."""


class NotJson(Malformed):
    """An answer that is not JSON at all."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client gets."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def headers_of(lines: common.Lines) -> tuple[dict[str, str], list[str]]:
    """The event's `headers`, without the cookies, and `cookies`."""
    return common.combined(lines, COOKIE), common.cookies(lines)


def query_of(raw: str) -> dict[str, str]:
    """The event's `queryStringParameters`."""
    return {name: ",".join(values) for name, values in common.queries(raw).items()}


def reply(payload: bytes, untyped: str = DEFAULT_TYPE[1]) -> Reply:
    """The HTTP answer of what a function returned: as it says, or inferred. `untyped` is the Content-Type of an answer
    with a statusCode and none of its own. Raises Malformed."""
    end = payload.find(PRELUDE_END) if payload[:1] == b"{" else -1
    if end >= 0:  # a function that streams, whose answer was gathered
        status, headers = prelude(payload[:end])
        return Reply(status, headers, payload[end + len(PRELUDE_END) :])
    try:
        said = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError as error:
        raise NotJson("the function's answer is not JSON") from error
    if isinstance(said, str):  # recorded: without its quotes
        return Reply(200, [DEFAULT_TYPE], said.encode())
    if not isinstance(said, Mapping) or "statusCode" not in said:
        return Reply(200, [DEFAULT_TYPE], payload or b"null")
    try:
        return Reply(common.status_of(said["statusCode"]), _headers(said, untyped), _body(said))
    except ValueError as error:
        raise Malformed(str(error)) from error


def prelude(text: bytes) -> tuple[int, list[tuple[str, str]]]:
    """Status and headers in the prelude of a streamed answer. Raises Malformed."""
    try:
        said = orjson.loads(text)
        if not isinstance(said, Mapping):
            raise ValueError("the prelude is not an object")
        return common.status_of(said.get("statusCode", 200)), _headers(said, "application/octet-stream")
    except ValueError as error:
        raise Malformed(str(error)) from error


def _headers(said: Mapping[str, Any], default: str) -> list[tuple[str, str]]:
    given = [common.header(name, value) for name, value in common.mapping(said.get("headers"), "headers").items()]
    sent = common.answered(given)
    if not any(name.lower() == "content-type" for name, _ in sent):
        sent.append((DEFAULT_TYPE[0], default))
    cookies = said.get("cookies")
    if cookies is None:
        return sent
    if not isinstance(cookies, list) or not all(isinstance(one, str) for one in cookies):
        raise ValueError("cookies is not a list of strings")
    return sent + [("Set-Cookie", cookie) for cookie in cookies]


def _body(said: Mapping[str, Any]) -> bytes:
    body = said.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise ValueError(f"body is {common.kind(body)}, not a string")
    encoded = said.get("isBase64Encoded")
    if encoded not in (None, True, False):
        raise ValueError("isBase64Encoded is neither true nor false")
    return common.from_base64(body) if encoded else body.encode("utf-8", "surrogatepass")
