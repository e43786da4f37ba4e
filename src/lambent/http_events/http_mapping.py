"""Parameter mapping of HTTP APIs: what an integration sees of a request, and a client of the answer.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlencode

from lambent.http_events import common, http_context, json_path
from lambent.http_events.http_api import HttpCall
from lambent.http_events.json_path import Body
from lambent.http_events.payload_v2 import Reply

_EXPRESSION = re.compile(r"\$\{([^{}]+)\}|\$((?:request|response|context|stageVariables)(?:\.[\w\-\[\]$@.'\"*]+)?)")
Look = Callable[[str], str | None]


def filled(text: str, look: Look) -> str | None:
    """Text with its expressions by their values; None when an expression that is all of it has none."""
    whole = _EXPRESSION.fullmatch(text)
    if whole is not None:
        return look(whole[1] or whole[2])
    return _EXPRESSION.sub(lambda found: look(found[1] or found[2]) or "", text)


def looker(call: HttpCall) -> Look:
    """What the expressions of a request mean."""
    body = Body(call.body)

    def look(expression: str) -> str | None:
        source, _, name = expression.partition(".")
        if source == "context":
            return http_context.value_at(http_context.context(call), name)
        if source == "stageVariables":
            return call.stage_variables.get(name)
        if source != "request":
            return None
        path = json_path.of_body(name)
        if path is not None:
            return http_context.text_of(body.at(path))
        place, _, name = name.partition(".")
        return _of_request(call, place, name)

    return look


def _of_request(call: HttpCall, place: str, name: str) -> str | None:
    if place == "header":
        return call.named.get(name.lower())
    if place == "querystring":
        values = common.queries(call.query).get(name)
        return ",".join(values) if values else None
    if place == "path":
        return call.variables.get(name) if name else call.path
    return None


def request(call: HttpCall, parameters: Mapping[str, str]) -> HttpCall:
    """The request as the integration is to see it."""
    look = looker(call)
    headers, queries, path = list(call.headers), common.queries(call.query), call.path
    for target, source in parameters.items():
        action, _, place = target.partition(":")
        kind, _, name = place.partition(".")
        value = filled(source, look) if action != "remove" else None
        if kind == "header":
            headers = changed(headers, action, name, value)
        elif kind == "querystring":
            queries = _query(queries, action, name, value)
        elif kind == "path" and value is not None:
            path = value if value.startswith("/") else f"/{value}"
    query = call.query
    if queries != common.queries(call.query):
        query = urlencode([(name, one) for name, values in queries.items() for one in values])
    named = {name.lower(): value for name, value in common.combined(headers, frozenset()).items()}
    return replace(call, headers=headers, query=query, path=path, named=named)


def changed(headers: list[tuple[str, str]], action: str, name: str, value: str | None) -> list[tuple[str, str]]:
    """Headers, one appended, put in the place of those that are there, or removed."""
    kept = headers if action == "append" else [one for one in headers if one[0].lower() != name.lower()]
    if action == "remove":
        return kept
    if value is None:
        return headers
    return [*kept, (name, value)]


def _query(queries: dict[str, list[str]], action: str, name: str, value: str | None) -> dict[str, list[str]]:
    if action == "remove":
        return {key: values for key, values in queries.items() if key != name}
    if value is None:
        return queries
    return queries | {name: [*queries.get(name, []), value] if action == "append" else [value]}


def response(call: HttpCall, reply: Reply, parameters: Mapping[str, Mapping[str, str]]) -> Reply:
    """The answer as the client is to see it: what is mapped for its status, or for a class of them (`5XX`)."""
    mapped = parameters.get(str(reply.status)) or parameters.get(f"{reply.status // 100}XX") or {}
    if not mapped:
        return reply
    outer, body = looker(call), Body(reply.body)

    def look(expression: str) -> str | None:
        if not expression.startswith("response."):
            return outer(expression)
        named = expression.removeprefix("response.")
        path = json_path.of_body(named)
        if path is not None:
            return http_context.text_of(body.at(path))
        place, _, name = named.partition(".")
        values = [value for key, value in reply.headers if place == "header" and key.lower() == name.lower()]
        return ",".join(values) if values else None

    headers, status = list(reply.headers), reply.status
    for target, source in mapped.items():
        action, _, place = target.partition(":")
        value = filled(source, look) if action != "remove" else None
        if place.startswith("header."):
            headers = changed(headers, action, place.removeprefix("header."), value)
        elif place == "statuscode" and value is not None and value.isdigit() and 100 <= int(value) <= 599:
            status = int(value)
    return Reply(status, headers, reply.body)


def values(call: HttpCall, parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an AWS service's operation: those that have a value."""
    look = looker(call)
    found = {name: filled(source, look) for name, source in parameters.items()}
    return {name: value for name, value in found.items() if value is not None}
