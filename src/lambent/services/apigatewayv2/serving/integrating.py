"""Integrations of HTTP APIs: what stands behind a route, asked and answered."""

from urllib.parse import quote, urlsplit, urlunsplit

import orjson

from lambent.http_events import common, http_api, http_mapping
from lambent.http_events.http_api import HttpCall
from lambent.http_events.http_authorizers import Refused
from lambent.http_events.json_path import LARGE
from lambent.http_events.payload_v2 import Malformed, Reply
from lambent.model.door import Call
from lambent.model.finding import Finding
from lambent.services.apigatewayv2.serving import aws_services, functions
from lambent.services.apigatewayv2.serving.exchange import Exchange
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Document
from lambent.services.waiting import aside, within

MALFORMED = "api-gateway-malformed-answer"
_NOT_PASSED = common.HOP_BY_HOP | {"host", "content-length", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"}


async def integrate(ports: Ports, exchange: Exchange, integration: Document) -> Reply:
    """The route's answer. Raises Refused."""
    parameters = integration.get("RequestParameters")
    service = integration.get("IntegrationSubtype")
    call = exchange.call
    if parameters and not service:
        call = await aside(len(call.body) > LARGE, http_mapping.request, call, parameters)
    if service:
        reply = await _within(ports, integration, aws_services.ask(ports, exchange, integration))
    elif integration["IntegrationType"] == "AWS_PROXY":
        reply = await _function(ports, exchange, call, integration)
    else:
        reply = await _web(ports, call, integration)
    exchange.answered = reply.status
    mapped = integration.get("ResponseParameters")
    if not mapped:
        return reply
    size = max(len(reply.body), len(exchange.call.body))
    return await aside(size > LARGE, http_mapping.response, exchange.call, reply, mapped)


def _seconds(integration: Document) -> float:
    return float(integration.get("TimeoutInMillis") or 30_000) / 1000


async def _function(ports: Ports, exchange: Exchange, call: HttpCall, integration: Document) -> Reply:
    second = integration.get("PayloadFormatVersion") == "2.0"
    event = http_api.event_v2(call) if second else http_api.event_v1(call)
    arn = functions.function_of(integration["IntegrationUri"], call.stage_variables)
    door = exchange.door(exchange.route_arn, str(integration.get("CredentialsArn") or ""))
    asked = Call(arn, orjson.dumps(event), ports.new_id(), call.trace_id)
    outcome = await functions.call(ports, door, asked, _seconds(integration))
    exchange.invoked = 200
    if outcome.error is not None:
        raise functions.broken(f"the function failed: {outcome.payload[:500].decode('utf-8', 'replace')}")
    try:
        return http_api.reply_v2(outcome.payload) if second else http_api.reply_v1(outcome.payload)
    except Malformed as malformed:
        ports.report(_malformed(exchange, arn, str(malformed)))
        raise functions.broken(f"the function's answer is malformed: {malformed}") from malformed


def _malformed(exchange: Exchange, arn: str, why: str) -> Finding:
    return Finding(
        MALFORMED,
        arn,
        f"What the function answers to {exchange.route_arn} is no answer of a proxy integration: {why}. A client "
        "gets 500.",
        'Answer {"statusCode": 200, "headers": {…}, "body": "text"}.',
    )


async def _within(ports: Ports, integration: Document, work: "object") -> Reply:
    seconds = _seconds(integration)
    try:
        reply: Reply = await within(ports.clock, seconds, work)  # type: ignore[arg-type]
    except TimeoutError:
        raise Refused(504, "Gateway Timeout", f"the backend took longer than {seconds:g} s") from None
    except OSError as error:
        raise functions.unavailable(str(error)) from error
    return reply


async def _web(ports: Ports, call: HttpCall, integration: Document) -> Reply:
    """A server on the web: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html"""
    url = _url(call, functions.function_of(integration["IntegrationUri"], call.stage_variables))
    method = str(integration.get("IntegrationMethod") or "ANY")
    headers = [one for one in call.headers if one[0].lower() not in _NOT_PASSED]
    by = f"by={call.peer};for={call.peer};host={call.host};proto={call.scheme}"
    headers.append(("Forwarded", by))
    asked = ports.fetch(call.method if method == "ANY" else method, url, headers, call.body, _seconds(integration))
    status, answered, body = await _answer(ports, integration, asked)
    return Reply(status, common.answered(answered), body)


async def _answer(ports: Ports, integration: Document, asked: "object") -> tuple[int, list[tuple[str, str]], bytes]:
    seconds = _seconds(integration)
    try:
        found: tuple[int, list[tuple[str, str]], bytes] = await within(ports.clock, seconds, asked)  # type: ignore[arg-type]
    except TimeoutError:
        raise Refused(504, "Gateway Timeout", f"the backend took longer than {seconds:g} s") from None
    except OSError as error:
        raise functions.unavailable(str(error)) from error
    return found


def _url(call: HttpCall, url: str) -> str:
    """The URL with the route's variables, its query and the request's. Raises Refused."""
    for name, value in call.variables.items():
        url = url.replace("{" + name + "}", quote(value, safe="/")).replace("{" + name + "+}", quote(value, safe="/"))
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise functions.broken(f"{url} is no URL of a backend")
    query = "&".join(part for part in (parts.query, call.query) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
