"""Integrations of WebSocket APIs that are no function's proxy: templates around functions, AWS's services, the web.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html
"""

from collections.abc import Awaitable
from urllib.parse import quote, urlencode, urlsplit

from lambent.http_events import rest_mapping, websocket_mapping
from lambent.http_events.rest_mapping import BackendAnswer, BackendRequest
from lambent.http_events.websocket import BadAnswer, Connected
from lambent.model import api_kinds
from lambent.model.backend_tls import BackendTls
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.scope import Scope
from lambent.services import aws_backends
from lambent.services.apigatewayv2.serving import functions
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Document
from lambent.services.apigatewayv2.serving.turns import Turn
from lambent.services.client_certificates import tls_of
from lambent.services.waiting import aside, within

EVENT = "x-amz-invocation-type"


async def answer(
    ports: Ports, turn: Turn, door: Door, integration: Document, event: Document, seconds: float
) -> tuple[BackendAnswer, str | None]:
    """The integration's answer, and what a client is sent of it. Raises BadAnswer, Refused."""
    known, happening = turn.known, turn.happening
    is_long = websocket_mapping.is_long(integration, len(happening.body or ""))
    sent = await aside(is_long, websocket_mapping.to_backend, integration, known, happening, event)
    turn.say_data("Endpoint request body after transformations: ", sent.body)
    said = await _asked(ports, door, integration, known, sent, seconds)
    turn.say_data("Endpoint response body before transformations: ", said.body)
    if integration["IntegrationType"] == "HTTP_PROXY":
        return said, said.body.decode("utf-8", "replace")
    is_long = websocket_mapping.is_long(integration, len(said.body))
    return said, await aside(is_long, websocket_mapping.to_client, integration, said, known, happening)


async def _asked(
    ports: Ports, door: Door, integration: Document, known: Connected, sent: BackendRequest, seconds: float
) -> BackendAnswer:
    kind = integration["IntegrationType"]
    if kind == "MOCK":
        return websocket_mapping.mock_answer(sent)
    uri = functions.filled(str(integration["IntegrationUri"]), known.stage_variables)
    if kind in ("HTTP", "HTTP_PROXY"):
        return await _within(ports, seconds, _web(ports, integration, uri, sent, seconds, _tls(ports, door, known)))
    arn = functions.function_of(uri, known.stage_variables)
    if arn != uri:
        return await _function(ports, door, arn, sent, seconds)
    return await _within(ports, seconds, _service(ports, door, integration, uri, sent))


async def _within(ports: Ports, seconds: float, work: Awaitable[BackendAnswer]) -> BackendAnswer:
    try:
        found: BackendAnswer = await within(ports.clock, seconds, work)
    except TimeoutError as error:
        raise BadAnswer(f"the backend took longer than {seconds:g} s") from error
    except OSError as error:
        raise BadAnswer(f"the backend was not reached: {error}") from error
    return found


async def _function(ports: Ports, door: Door, arn: str, sent: BackendRequest, seconds: float) -> BackendAnswer:
    call = Call(arn, sent.body or b"{}", ports.new_id(), templated=True)
    if (sent.header(EVENT) or "").lower() == "event":
        await functions.accept(ports, door, call)
        return BackendAnswer(202, [], b"", "202")
    outcome = await functions.call(ports, door, call, seconds)
    return rest_mapping.function_answer(outcome.payload, outcome.error)


async def _service(ports: Ports, door: Door, integration: Document, uri: str, sent: BackendRequest) -> BackendAnswer:
    found = aws_backends.ARN.fullmatch(uri)
    if found is None:
        raise BadAnswer("its URI is no ARN of API Gateway's")
    try:
        acting = await ports.acting(door)
    except NotPermitted as error:
        raise BadAnswer(str(error)) from error
    method, trace_id = _method(integration), functions.trace_root(ports.new_id())
    request = aws_backends.request_of(found, sent, acting, method=method, content_type=None, trace_id=trace_id)
    return await aws_backends.ask(ports.ask, request, found[2].rpartition(".")[2])


def _tls(ports: Ports, door: Door, known: Connected) -> BackendTls:
    """With the client certificate of the stage, as that is by now."""
    scope = Scope(door.account, door.region)
    stage = ports.resources.get(api_kinds.STAGE, scope, known.api_id, known.stage)
    return tls_of(ports.resources, scope, stage and stage.document.get("ClientCertificateId"), None)


async def _web(
    ports: Ports, integration: Document, url: str, sent: BackendRequest, seconds: float, tls: BackendTls
) -> BackendAnswer:
    for name, value in sent.path.items():
        url = url.replace("{" + name + "}", quote(value, safe="/"))
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise BadAnswer(f"its URI {url} is no URL")
    if sent.query:
        url += ("&" if "?" in url else "?") + urlencode(sent.query, doseq=True)
    headers = [(name, value) for name, values in sent.headers.items() for value in values]
    if sent.header("content-type") is None:
        headers.append(("Content-Type", rest_mapping.JSON))
    status, answered, body = await ports.fetch(_method(integration), url, headers, sent.body, seconds, tls)
    return BackendAnswer(status, answered, body, str(status))


def _method(integration: Document) -> str:
    said = str(integration.get("IntegrationMethod") or "POST")
    return "POST" if said == "ANY" else said
