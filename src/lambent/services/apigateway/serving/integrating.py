"""Integrations: what stands behind a method, asked and answered."""

import functools
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from lambent.http_events import rest_mapping, rest_proxy
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_mapping import BackendAnswer, BackendRequest
from lambent.http_events.rest_proxy import Malformed, Reply
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.finding import Finding
from lambent.model.invocation import Outcome, RestoreFailed, Throttled
from lambent.services import aws_backends
from lambent.services.apigateway.integrations import LAMBDA_PATH
from lambent.services.apigateway.serving import streaming, web
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.ports import Ports
from lambent.services.aws_backends import ARN
from lambent.services.door_findings import near, timed_out
from lambent.services.waiting import aside, within
from lambent.wire.fault import Fault

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")
MALFORMED = "api-gateway-malformed-answer"
NO_JSON = "InvalidRequestContentException"
"""What Lambda says of an event that is no JSON; a client of a function behind templates gets its text."""

T = TypeVar("T")
Document = Mapping[str, Any]

Integrate = Callable[[Ports, Exchange], Awaitable[Reply]]


async def integrate(ports: Ports, exchange: Exchange) -> Reply:
    """The method's answer. Raises Refusal."""
    kind = exchange.integration["type"]
    if kind == "AWS" and function_of(exchange) is None:
        kind = "SERVICE"
    return await INTEGRATIONS[kind](ports, exchange)


def filled(exchange: Exchange, text: str | None) -> str:
    """Text with the stage's variables in it."""
    if not text or "${" not in text:
        return text or ""
    variables = exchange.request.stage_variables
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), text)


def function_of(exchange: Exchange) -> str | None:
    """The ARN of the function that the integration's URI names, None when it names none."""
    return function_in(filled(exchange, exchange.integration.get("uri")))


@functools.lru_cache(maxsize=512)
def function_in(uri: str) -> str | None:
    """The ARN of the function that a URI of API Gateway's names."""
    found = ARN.fullmatch(uri)
    path = LAMBDA_PATH.fullmatch(found[4]) if found is not None and found[2] == "lambda" else None
    return path[1] if path is not None else None


def seconds_of(exchange: Exchange) -> float:
    """How long the integration may take."""
    return float(exchange.integration.get("timeoutInMillis") or 29_000) / 1000


# --- functions


async def _proxy(ports: Ports, exchange: Exchange) -> Reply:
    request = exchange.request
    payload = orjson.dumps(rest_proxy.event(request))
    try:
        reply = await _proxied(ports, exchange, payload)
    except Malformed as malformed:
        ports.report(_malformed(exchange, function_of(exchange) or "", str(malformed)))
        raise Refusal("DEFAULT_5XX", why=f"Malformed Lambda proxy response: {malformed}") from malformed
    exchange.answered = reply.status
    headers = rest_proxy.sent(reply.headers)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    headers.append(("X-Amzn-Trace-Id", request.trace_id))
    return replace(reply, headers=headers)


async def _proxied(ports: Ports, exchange: Exchange, payload: bytes) -> Reply:
    """What the function answers. Raises Refusal, Malformed."""
    if exchange.integration.get("responseTransferMode") == "STREAM":
        door, call = _calling(ports, exchange, payload)
        try:
            return await streaming.stream(ports, exchange, door, call, seconds_of(exchange))
        except TimeoutError:
            raise _cut(ports, exchange, door, call, seconds_of(exchange)) from None
    outcome = await _run(ports, exchange, payload)
    if outcome.error is not None:
        raise Refusal("DEFAULT_5XX", why=f"Lambda execution failed: {outcome.payload.decode('utf-8', 'replace')}")
    return rest_proxy.reply(outcome.payload, exchange.deployed.binary_types, exchange.request.header("accept"))


async def _function(ports: Ports, exchange: Exchange) -> Reply:
    """A function behind templates."""
    sent = await _to_backend(exchange)
    if (sent.header("x-amz-invocation-type") or "").lower() == "event":
        await _run(ports, exchange, sent.body or b"{}", event=True)
        answer = BackendAnswer(202, [], b"", "202")
    else:
        outcome = await _run(ports, exchange, sent.body or b"{}")
        answer = rest_mapping.function_answer(outcome.payload, outcome.error)
    return await _to_client(exchange, answer)


async def _run(ports: Ports, exchange: Exchange, payload: bytes, *, event: bool = False) -> Outcome:
    """The function's outcome. Raises Refusal."""
    door, call = _calling(ports, exchange, payload, event=event)
    exchange.say_sent(exchange.integration.get("uri") or "", {}, payload)
    began = ports.clock.wall()
    outcome = await called(ports, exchange, door, call, seconds_of(exchange), event)
    exchange.invoked = 202 if event else 200
    exchange.say_came(202 if event else 200, (), outcome.payload, ports.clock.wall() - began)
    return outcome


def _calling(ports: Ports, exchange: Exchange, payload: bytes, *, event: bool = False) -> tuple[Door, Call]:
    """Who calls, and the call. Raises Refusal for an event that no function may get (413, as in AWS's own test tool:
    https://github.com/aws/aws-lambda-dotnet/tree/dev/Tools/LambdaTestTool-v2)."""
    most = ports.limits.async_request_bytes if event else ports.limits.sync_request_bytes
    if len(payload) > most:
        raise Refusal("REQUEST_TOO_LARGE", why=f"the event is larger than {most} bytes")
    templated = exchange.integration["type"] == "AWS"
    call = Call(function_of(exchange) or "", payload, ports.new_id(), exchange.request.trace_id or None, templated)
    return _door(exchange), call


def _door(exchange: Exchange) -> Door:
    """The API, as it asks the method's backend."""
    return exchange.door(exchange.source_arn, filled(exchange, exchange.integration.get("credentials")))


async def called(
    ports: Ports, exchange: Exchange, door: Door, call: Call, seconds: float, event: bool = False
) -> Outcome:
    """A function's outcome within the seconds of an integration. Raises Refusal."""
    try:
        if event:
            await ports.functions.accept(door, call)
            return Outcome(b"")
        outcome = await within(ports.clock, seconds, ports.functions.call(door, call))
        _notice_sizes(ports, call, outcome)
        return outcome
    except TimeoutError:
        raise _cut(ports, exchange, door, call, seconds) from None
    except NotPermitted as error:
        why = f"Invalid permissions on Lambda function: {error}"
        raise Refusal("API_CONFIGURATION_ERROR", why=why) from error
    except (Throttled, RestoreFailed) as error:
        raise Refusal("API_CONFIGURATION_ERROR", why=f"the function was not run: {error}") from error
    except Fault as fault:
        if fault.code == NO_JSON:
            raise Refusal("DEFAULT_4XX", fault.message, status=400, error="BadRequestException") from fault
        raise Refusal("API_CONFIGURATION_ERROR", why=f"{fault.code}: {fault.message}") from fault


def _notice_sizes(ports: Ports, call: Call, outcome: Outcome) -> None:
    for what, size in (("An event from an API", len(call.payload)), ("An answer to an API", len(outcome.payload))):
        found = near(call.function, what, size, ports.limits.sync_request_bytes)
        if found is not None:
            ports.report(found)


def _cut(ports: Ports, exchange: Exchange, door: Door, call: Call, seconds: float) -> Refusal:
    own = ports.functions.timeout(door, call.function)
    ports.report(timed_out(call, exchange.source_arn, 504, seconds, own))
    return Refusal("INTEGRATION_TIMEOUT", why=f"the function took longer than {seconds:g} s, and runs on")


def _malformed(exchange: Exchange, arn: str, why: str) -> Finding:
    return Finding(
        MALFORMED,
        arn,
        f"What the function answers to {exchange.source_arn} is no answer of a proxy integration: {why}. A client "
        "gets 502.",
        'Answer {"statusCode": 200, "headers": {…}, "body": "text"}.',
    )


async def _to_backend(exchange: Exchange) -> BackendRequest:
    request = exchange.request
    is_long = rest_mapping.is_long(exchange.integration, request.body)
    return await aside(is_long, rest_mapping.to_backend, request, exchange.integration, exchange.known)


async def _to_client(exchange: Exchange, answer: BackendAnswer) -> Reply:
    arguments = (exchange.request, exchange.integration, answer, exchange.known, exchange.deployed.binary_types)
    is_long = rest_mapping.is_long(exchange.integration, answer.body)
    reply = await aside(is_long, rest_mapping.to_client, *arguments)
    if exchange.integration["type"] != "MOCK":
        reply.headers.append(("X-Amzn-Trace-Id", exchange.request.trace_id))
    return reply


async def _mock(ports: Ports, exchange: Exchange) -> Reply:
    sent = await _to_backend(exchange)
    answer = rest_mapping.mock_answer(sent.body)
    return await _to_client(exchange, answer)


# --- the web, and AWS's services


async def _web(ports: Ports, exchange: Exchange, *, proxy: bool) -> Reply:
    url = filled(exchange, exchange.integration.get("uri"))
    is_long = rest_mapping.is_long(exchange.integration, exchange.request.body)
    ask = await aside(is_long, web.proxied if proxy else web.mapped, exchange, url)
    exchange.say_sent(ask[1], dict(ask[2]), ask[3])
    answer = await _answer(ports, exchange, web.ask(ports, exchange, ask, seconds_of(exchange)))
    if proxy:
        return Reply(answer.status, rest_proxy.sent(answer.headers), answer.body)
    return await _to_client(exchange, answer)


async def _service(ports: Ports, exchange: Exchange) -> Reply:
    found = ARN.fullmatch(filled(exchange, exchange.integration.get("uri")))
    if found is None:
        raise Refusal("API_CONFIGURATION_ERROR", why="the URI of the integration is no ARN of API Gateway's")
    sent = await _to_backend(exchange)
    try:
        acting = await ports.acting(_door(exchange))
    except NotPermitted as error:
        raise Refusal("API_CONFIGURATION_ERROR", why=str(error)) from error
    request = aws_backends.request_of(
        found,
        sent,
        acting,
        method=str(exchange.integration.get("httpMethod") or "POST"),
        content_type=exchange.request.header("content-type"),
        trace_id=exchange.request.trace_id,
    )
    exchange.say_sent(exchange.integration.get("uri") or "", request.headers, sent.body)
    answer = await _answer(ports, exchange, aws_backends.ask(ports.ask, request, found[2].rpartition(".")[2]))
    return await _to_client(exchange, answer)


async def _answer(ports: Ports, exchange: Exchange, work: Any) -> BackendAnswer:
    seconds, began = seconds_of(exchange), ports.clock.wall()
    try:
        answer: BackendAnswer = await within(ports.clock, seconds, work)
    except TimeoutError:
        raise Refusal("INTEGRATION_TIMEOUT", why=f"the endpoint took longer than {seconds:g} s") from None
    except socket.gaierror as error:
        raise Refusal("API_CONFIGURATION_ERROR", why=f"Invalid endpoint address: {error}") from error
    except OSError as error:
        raise Refusal("INTEGRATION_FAILURE", why=str(error)) from error
    exchange.answered = answer.status
    exchange.say_came(answer.status, answer.headers, answer.body, ports.clock.wall() - began)
    return answer


INTEGRATIONS: dict[str, Integrate] = {
    "AWS_PROXY": _proxy,
    "AWS": _function,
    "MOCK": _mock,
    "HTTP": functools.partial(_web, proxy=False),
    "HTTP_PROXY": functools.partial(_web, proxy=True),
    "SERVICE": _service,
}
