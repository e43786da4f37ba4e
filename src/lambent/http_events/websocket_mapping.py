"""What integrations of WebSocket APIs that are no proxies make of a message and of an answer: templates, parameters.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-data-transformations.html (templates
and which is chosen), .../websocket-api-data-mapping.html (parameters),
.../apigateway-websocket-api-integration-responses.html, .../apigateway-websocket-api-mapping-template-reference.html.
"""

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from lambent import patterns
from lambent.http_events import common, json_path, rest_mapping, rest_vtl, websocket
from lambent.http_events.rest_context import text_of, value_at
from lambent.http_events.rest_mapping import BackendAnswer, BackendRequest
from lambent.http_events.websocket import DEFAULT, BadAnswer, Connected, Happening

Document = Mapping[str, Any]


def to_backend(integration: Document, known: Connected, happening: Happening, event: Document) -> BackendRequest:
    """The request to the integration. `event` is what a proxy would get. Raises BadAnswer."""
    said = happening.body or ""
    sent = BackendRequest(said.encode())
    for target, source in (integration.get("RequestParameters") or {}).items():
        rest_mapping.put(sent, target, value_of(str(source), known, happening, event))
    template = _request_template(integration, said)
    if template is not None:
        sent.body = _rendered(template, _names(known, happening, said)).encode()
    elif integration.get("ContentHandlingStrategy") == "CONVERT_TO_BINARY":
        sent.body = _binary(said)
    return sent


def _binary(text: str) -> bytes:
    """What base64 stands for: .../websocket-api-develop-binary-media-types.html. Raises BadAnswer."""
    try:
        return common.from_base64(text)
    except ValueError as error:
        raise BadAnswer(f"CONVERT_TO_BINARY: {error}") from error


def value_of(source: str, known: Connected, happening: Happening, event: Document) -> str | None:
    """`route.request.body.a`, `route.request.header.b`, `context.c`, `stageVariables.d`, or text in quotes."""
    if len(source) > 1 and source[0] == source[-1] == "'":
        return source[1:-1]
    named = source.removeprefix("route.request.")
    path = json_path.of_body(named)
    if path is not None:
        return text_of(json_path.Body((happening.body or "").encode()).at(path))
    place, _, name = named.partition(".")
    if place == "context":
        return text_of(value_at(websocket.context(known, happening), name))
    if place == "stageVariables":
        return known.stage_variables.get(name)
    if place == "header":
        headers = {key.lower(): value for key, value in (event.get("headers") or {}).items()}
        return headers.get(name.lower())
    return (event.get("queryStringParameters") or {}).get(name) if place == "querystring" else None


def _request_template(integration: Document, text: str) -> str | None:
    """The template of a message; None where it is passed through. Raises BadAnswer."""
    templates = integration.get("RequestTemplates") or {}
    found = _chosen(templates, integration.get("TemplateSelectionExpression"), text)
    if found is None and (
        (behaviour := integration.get("PassthroughBehavior")) == "NEVER"
        or (behaviour == "WHEN_NO_TEMPLATES" and templates)
    ):
        raise BadAnswer(f"it has no request template for the message, and {behaviour}")
    return found


def _chosen(templates: Mapping[str, str], expression: Any, text: str) -> str | None:
    """The template that a selection expression names, else the `$default` one; without an expression any one."""
    said = str(expression or "")
    key = websocket.selected(said, text)
    found = templates.get(key) if key else None
    if found is not None:
        return found
    return templates.get(DEFAULT, None if said else next(iter(templates.values()), None))


def mock_answer(sent: BackendRequest) -> BackendAnswer:
    """What a MOCK integration answers: its template's JSON says the status. Raises BadAnswer."""
    try:
        status = int(orjson.loads(sent.body)["statusCode"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"its request template makes no JSON with a statusCode: {error}") from error
    return BackendAnswer(status, [], sent.body, str(status))


def to_client(integration: Document, answer: BackendAnswer, known: Connected, happening: Happening) -> str | None:
    """What the client is sent of an integration's answer, if its route answers at all; None without an integration
    response. Raises BadAnswer."""
    response = response_of(integration, answer.said)
    if response is None:
        return None
    converts = response.get("ContentHandlingStrategy")
    text = answer.body.decode("utf-8", "replace")
    if converts == "CONVERT_TO_TEXT":
        text = base64.b64encode(answer.body).decode()
    elif converts == "CONVERT_TO_BINARY":
        text = _binary(text).decode("utf-8", "replace")
    templates = response.get("ResponseTemplates") or {}
    expression = str(response.get("TemplateSelectionExpression") or "")
    expression = expression.replace("${integration.response.statuscode}", str(answer.status))
    template = _chosen(templates, expression, happening.body or "")
    if template is None:
        return text
    seen = happening.body or "" if integration["IntegrationType"] == "MOCK" else text
    return _rendered(template, _names(known, happening, seen))


def response_of(integration: Document, said: str) -> Document | None:
    """The integration response for what was said (a status, or a function's error): `/2\\d\\d/` is a pattern,
    `$default` for all others."""
    responses = integration.get("IntegrationResponses") or ()
    for one in responses:
        key = str(one["IntegrationResponseKey"])
        if said and len(key) > 2 and key[0] == key[-1] == "/" and _fits(key[1:-1], said):
            return dict(one)
    return next((dict(one) for one in responses if one["IntegrationResponseKey"] == DEFAULT), None)


def is_long(integration: Document, size: int) -> bool:
    """Whether its templates and mappings may take a while with so much."""
    if size > json_path.LARGE:
        return True
    responses = [one.get("ResponseTemplates") for one in integration.get("IntegrationResponses") or ()]
    return rest_vtl.are_long(
        text or "" for one in (integration.get("RequestTemplates"), *responses) for text in (one or {}).values()
    )


def _names(known: Connected, happening: Happening, body: str) -> dict[str, Any]:
    return {
        "input": rest_vtl.Input(body),
        "context": websocket.context(known, happening),
        "stageVariables": dict(known.stage_variables),
    }


def _rendered(template: str, names: Mapping[str, Any]) -> str:
    try:
        return rest_vtl.render(template, names)
    except rest_vtl.TemplateFailed as error:
        raise BadAnswer(f"its template fails: {error}") from error


def _fits(pattern: str, text: str) -> bool:
    try:
        return patterns.matches(pattern, text)
    except patterns.Unmatchable:
        return False
