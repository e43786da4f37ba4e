"""What runs for something that happens on a WebSocket connection: the route's integration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.http_events import websocket
from lambent.http_events.http_authorizers import Refused
from lambent.http_events.websocket import BadAnswer
from lambent.model.door import Call, Door
from lambent.services.apigatewayv2.serving import functions, websocket_backends
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Document
from lambent.services.apigatewayv2.serving.turns import Turn

SECONDS = 29.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an integration answered: `headers` by lower-case name, `body` None for none."""

    status: int
    headers: Mapping[str, str]
    body: str | None


FINE = Answer(200, {}, None)


class NotRun(Exception):
    """The integration failed; the text says why."""


async def run(ports: Ports, turn: Turn, route: Document, event: Mapping[str, Any]) -> Answer:
    """The integration's answer. Raises NotRun."""
    integration = turn.served.integration_of(route)
    if integration is None:
        raise NotRun(f"the route {route['RouteKey']} has no target")
    door, began = turn.door(turn.route_arn, integration.get("CredentialsArn")), ports.clock.monotonic()
    try:
        answer = await _asked(ports, turn, door, integration, event)
    except BadAnswer as error:
        raise NotRun(f"the integration's answer can't be used: {error}") from error
    except Refused as refused:
        raise NotRun(refused.why) from refused
    if integration["IntegrationType"] != "MOCK":
        turn.answered, turn.integrated = answer.status, ports.clock.monotonic() - began
    return answer


async def _asked(ports: Ports, turn: Turn, door: Door, integration: Document, event: Mapping[str, Any]) -> Answer:
    seconds = float(integration.get("TimeoutInMillis") or SECONDS * 1000) / 1000
    if integration["IntegrationType"] == "AWS_PROXY":
        return await _function(ports, turn, door, integration, event, seconds)
    said, body = await websocket_backends.answer(ports, turn, door, integration, event, seconds)
    return Answer(said.status, {}, body)


async def _function(
    ports: Ports, turn: Turn, door: Door, integration: Document, event: Mapping[str, Any], seconds: float
) -> Answer:
    arn, payload = functions.function_of(integration["IntegrationUri"], turn.known.stage_variables), orjson.dumps(event)
    turn.say_data("Endpoint request body after transformations: ", payload)
    outcome = await functions.call(ports, door, Call(arn, payload, ports.new_id()), seconds)
    turn.say_data("Endpoint response body before transformations: ", outcome.payload)
    if outcome.error is not None:
        raise NotRun(f"the function failed: {outcome.payload[:500].decode('utf-8', 'replace')}")
    return Answer(*websocket.proxy_answer(outcome.payload))
