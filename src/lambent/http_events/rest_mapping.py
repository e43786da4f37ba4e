"""What integrations that are no proxies make of a request and of an answer: templates, parameters, patterns.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html (parameters),
.../integration-passthrough-behaviors.html, .../api-gateway-integration-settings-integration-response.html (patterns),
.../apigateway-override-request-response-parameters.html, .../api-gateway-payload-encodings-workflow.html.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from lambent import patterns
from lambent.http_events import json_path, rest_proxy, rest_vtl
from lambent.http_events.json_path import LARGE, Body
from lambent.http_events.rest_context import context, raw_parameter, text_of
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_proxy import Reply, header_text, is_binary
from lambent.http_events.rest_request import RestRequest
from lambent.http_events.rest_vtl import Input, TemplateFailed

Document = Mapping[str, Any]
OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id"})
OWN_OF_SERVICES = OWN_HEADERS | {"authorization", "connection", "expect", "proxy-authenticate", "te"}
"""Headers that no parameter may be mapped to:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html"""
_STATUS_CODE = re.compile(r"""^\s*\{(?:[^{}]*,)?\s*["']?statusCode["']?\s*:\s*["']?(\d{3})["']?\s*(?:,[^{}]*)?\}\s*$""")
"""AWS reads what is not quite JSON: `{ statusCode: 204 }` is what the CDK and Serverless write for CORS."""
JSON = "application/json"


@dataclass(slots=True)
class BackendRequest:
    """What is sent to an integration: the parts that parameters may set, and the body."""

    body: bytes
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, list[str]] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        """A header's value, whatever its case."""
        return next((values[-1] for key, values in self.headers.items() if key.lower() == name), None)


@dataclass(slots=True)
class BackendAnswer:
    """What an integration answered. `said` is what patterns are matched with: the error of a function, the status of
    anything else."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    said: str


def is_long(integration: Document, body: bytes) -> bool:
    """Whether what is made of a body takes so long that nobody else should wait for it."""
    responses = (integration.get("integrationResponses") or {}).values()
    places = (integration.get("requestTemplates"), *(one.get("responseTemplates") for one in responses))
    texts = [text or "" for templates in places for text in (templates or {}).values()]
    if rest_vtl.are_long(texts):
        return True
    mapped = [integration.get("requestParameters"), *(one.get("responseParameters") for one in responses)]
    return len(body) > LARGE and bool(texts or any(mapped))


def media_type(content_type: str | None) -> str:
    """The type alone, in lower case; JSON where nothing is said."""
    return (content_type or JSON).partition(";")[0].strip().lower()


def template_for(integration: Document, content_type: str | None) -> str | None:
    """The request template of a media type; None where the body is passed through. Raises Refusal (415)."""
    templates: Document = integration.get("requestTemplates") or {}
    kind = media_type(content_type)
    found = next((text for name, text in templates.items() if name.lower() == kind), templates.get("$default"))
    if found is not None:
        return str(found)
    behaviour = integration.get("passthroughBehavior", "WHEN_NO_MATCH")
    if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", why=f"no request template for {kind}, and {behaviour}")
    return None


def request_names(request: RestRequest, known: dict[str, Any]) -> dict[str, Any]:
    """What a request template sees."""
    params = {
        "path": dict(request.variables),
        "querystring": {name: values[-1] for name, values in request.queries.items()},
        "header": dict(request.headers),
    }
    return {
        "input": Input(request.text, params),
        "context": known,
        "stageVariables": dict(request.stage_variables),
    }


def to_backend(request: RestRequest, integration: Document, more: Document) -> BackendRequest:
    """The request as the integration gets it. Raises Refusal."""
    body = _converted(request.body, integration.get("contentHandling"), request.binary)
    sent = mapped(request, integration, more, body)
    template = template_for(integration, request.header("content-type"))
    if template is not None:
        known = context(request, more) | {"requestOverride": {"header": {}, "querystring": {}, "path": {}}}
        sent.body = _rendered(template, request_names(request, known)).encode()
        _override(sent, known["requestOverride"])
    return sent


def mapped(request: RestRequest, integration: Document, more: Document, body: bytes) -> BackendRequest:
    """What the parameters of an integration make of a request. Raises Refusal for a header that API Gateway sets
    itself."""
    sent = BackendRequest(body)
    for target, source in (integration.get("requestParameters") or {}).items():
        put(sent, target, source_value(request, more, source))
    own = OWN_OF_SERVICES if str(integration.get("type")).startswith("AWS") else OWN_HEADERS
    if taken := [name for name in sent.headers if name.lower() in own]:
        raise Refusal("DEFAULT_5XX", status=500, why=f"{taken[0]} header already present")
    return sent


def source_value(request: RestRequest, more: Document, source: str) -> Any:
    """The value of a mapping: text in quotes stands for itself. Raises Refusal (400) for a body that looks like JSON
    and is none."""
    if len(source) > 1 and source.startswith("'") and source.endswith("'"):
        return source[1:-1]
    looks = source.startswith("method.request.body") and request.body.lstrip()[:1] in (b"{", b"[", b'"', b"'")
    if looks and not request.content.is_json:
        raise Refusal("DEFAULT_4XX", "Invalid JSON in request body", status=400)
    return raw_parameter(request, more, source)


def put(sent: BackendRequest, target: str, value: Any) -> None:
    """Set the part of the request that a mapping is for; a value that is not there sets nothing."""
    if value is None:
        return
    place, _, name = target.removeprefix("integration.request.").partition(".")
    values = [text_of(one) or "" for one in value] if isinstance(value, list) else [text_of(value) or ""]
    if place == "path":
        sent.path[name] = values[0]
    elif place == "querystring":
        sent.query[name] = values
    elif place == "header":
        sent.headers[name] = values


def _override(sent: BackendRequest, said: Mapping[str, Any]) -> None:
    for place, there in (("header", sent.headers), ("querystring", sent.query)):
        for name, value in (said.get(place) or {}).items():
            there[name] = [rest_vtl.text(value)]
    sent.path |= {name: rest_vtl.text(value) for name, value in (said.get("path") or {}).items()}


def _rendered(template: str, names: Mapping[str, Any]) -> str:
    try:
        return rest_vtl.render(template, names)
    except TemplateFailed as failed:
        raise Refusal("DEFAULT_5XX", status=500, why=f"Unable to transform: {failed}") from failed


def _converted(body: bytes, handling: str | None, binary: bool) -> bytes:
    """The body as `contentHandling` says. Raises Refusal."""
    if handling == "CONVERT_TO_TEXT" and binary:
        return base64.b64encode(body)
    if handling == "CONVERT_TO_BINARY" and not binary:
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise Refusal("API_CONFIGURATION_ERROR", why="the body is no base64, and is to be made binary") from error
    return body


def mock_answer(body: bytes) -> BackendAnswer:
    """What a MOCK integration answers: the status that its request template writes. Raises Refusal."""
    try:
        status = int(orjson.loads(body)["statusCode"])
    except (ValueError, KeyError, TypeError) as error:
        found = _STATUS_CODE.search(body.decode("utf-8", "replace"))
        if found is None:
            why = "Unable to parse statusCode. It should be an integer defined in request template."
            raise Refusal("DEFAULT_5XX", status=500, why=why) from error
        status = int(found[1])
    return BackendAnswer(status, [], b"", str(status))


def function_answer(payload: bytes, error: str | None) -> BackendAnswer:
    """What a function answered that is no proxy's: an error's message is matched with the patterns."""
    said = ""
    if error is not None:
        try:
            document = orjson.loads(payload)
        except orjson.JSONDecodeError:
            document = {}
        said = str(document.get("errorMessage") or "") if isinstance(document, dict) else ""
    return BackendAnswer(200, [("Content-Type", JSON)], payload, said)


def choose(responses: Mapping[str, Document], said: str) -> Document:
    """The integration response whose pattern is the whole of what was said, else the one without a pattern.
    Raises Refusal where there is none."""
    default = None
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if not pattern:
            default = default or response
            continue
        try:
            if said and patterns.matches(pattern, said):
                return response
        except patterns.Unmatchable as error:
            raise Refusal("API_CONFIGURATION_ERROR", why=str(error)) from error
    if default is None:
        raise Refusal(
            "API_CONFIGURATION_ERROR",
            why=f"No match for output mapping and no default output mapping configured: {said}",
        )
    return default


def _answered_body(request: RestRequest, answer: BackendAnswer, handling: str | None, types: list[str]) -> bytes:
    """The body of an answer as text or as binary data: by `contentHandling`, else by what the client accepts.
    Raises Refusal."""
    came = next((value for name, value in answer.headers if name.lower() == "content-type"), None)
    accepted = request.header("accept")
    wanted = handling == "CONVERT_TO_BINARY" or (not handling and accepted and is_binary(types, accepted))
    if is_binary(types, came):
        return answer.body if wanted else base64.b64encode(answer.body)
    if not wanted:
        return answer.body
    try:
        return base64.b64decode(answer.body)
    except binascii.Error as error:
        raise Refusal("API_CONFIGURATION_ERROR", why="the answer is no base64, and is to be made binary") from error


def to_client(
    request: RestRequest, integration: Document, answer: BackendAnswer, more: Document, binary_types: list[str]
) -> Reply:
    """What the client gets of an integration's answer. Raises Refusal."""
    response = choose(integration.get("integrationResponses") or {}, answer.said)
    known = context(request, more) | {"responseOverride": {"header": {}}}
    headers = _response_headers(request, response, answer, more)
    kind, template = _response_template(response, request, answer)
    body = _answered_body(request, answer, response.get("contentHandling"), binary_types)
    if template is not None:
        names = {
            "input": Input(body.decode("utf-8", "replace"), request_names(request, known)["input"].params()),
            "context": known,
            "stageVariables": dict(request.stage_variables),
        }
        body = _rendered(template, names).encode()
    override = known["responseOverride"]
    status = _overridden(override.get("status")) or int(response["statusCode"])
    for name, value in (override.get("header") or {}).items():
        headers = [one for one in headers if one[0].lower() != str(name).lower()]
        headers.append((str(name), rest_vtl.text(value)))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", kind))
    return Reply(status, rest_proxy.sent(headers), body)


def _overridden(said: Any) -> int | None:
    """The status that a template sets; what is none of HTTP's is not looked at, as on AWS."""
    return said if isinstance(said, int) and not isinstance(said, bool) and 100 <= said < 600 else None


def _response_template(response: Document, request: RestRequest, answer: BackendAnswer) -> tuple[str, str | None]:
    """The template of the answer's type, else of the one that the client accepts, else the first; and its type."""
    templates: Mapping[str, str] = response.get("responseTemplates") or {}
    came = next((value for name, value in answer.headers if name.lower() == "content-type"), None)
    for said in (request.header("accept"), came, JSON):
        kind = media_type((said or "").partition(",")[0] or None)
        if said and kind in templates:
            return kind, templates[kind] or None
    for kind, text in templates.items():
        return kind, text or None
    return came or JSON, None


def _response_headers(
    request: RestRequest, response: Document, answer: BackendAnswer, more: Document
) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    body = Body(answer.body)
    for target, source in (response.get("responseParameters") or {}).items():
        value = _response_source(request, answer, body, more, source)
        name = target.removeprefix("method.response.header.")
        if value is not None and name != target:
            values = value if isinstance(value, list) else [value]
            headers += [(name, one if isinstance(one, str) else header_text(text_of(one))) for one in values]
    return headers


def _response_source(request: RestRequest, answer: BackendAnswer, body: Body, more: Document, source: str) -> Any:
    if not source.startswith("integration.response."):
        return source_value(request, more, source)
    named = source.removeprefix("integration.response.")
    path = json_path.of_body(named)
    if path is not None:
        return text_of(body.at(path))
    place, _, name = named.partition(".")
    if place in ("header", "multivalueheader"):
        values = [value for key, value in answer.headers if key.lower() == name.lower()]
        return (values if place == "multivalueheader" else values[0]) if values else None
    return None
