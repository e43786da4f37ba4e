"""What runs for something that happens on a WebSocket connection: the route's integration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.http_events import websocket
from lambent.http_events.http_authorizers import Refused
from lambent.http_events.websocket import BadAnswer, Connected, Happening
from lambent.model.door import Call, Door
from lambent.services.apigatewayv2.serving import functions, websocket_backends
from lambent.services.apigatewayv2.serving.exchange import PRINCIPAL
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Document, Served

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


async def run(
    ports: Ports, served: Served, route: Document, known: Connected, happening: Happening, event: Mapping[str, Any]
) -> Answer:
    """The integration's answer. Raises NotRun."""
    integration = served.integration_of(route)
    if integration is None:
        raise NotRun(f"the route {route['RouteKey']} has no target")
    try:
        door = _door(served, route, known, integration)
        seconds = float(integration.get("TimeoutInMillis") or SECONDS * 1000) / 1000
        if integration["IntegrationType"] == "AWS_PROXY":
            return await _function(ports, door, known, integration, event, seconds)
        said, body = await websocket_backends.answer(ports, door, integration, known, happening, event, seconds)
        return Answer(said.status, {}, body)
    except BadAnswer as error:
        raise NotRun(f"the integration's answer can't be used: {error}") from error
    except Refused as refused:
        raise NotRun(refused.why) from refused


def _door(served: Served, route: Document, known: Connected, integration: Document) -> Door:
    source = f"{served.arn}/{known.stage}/{route['RouteKey']}"
    role = str(integration.get("CredentialsArn") or "")
    return Door(PRINCIPAL, source, served.scope.account, served.scope.region, role, known.signer)


async def _function(
    ports: Ports, door: Door, known: Connected, integration: Document, event: Mapping[str, Any], seconds: float
) -> Answer:
    arn = functions.function_of(integration["IntegrationUri"], known.stage_variables)
    outcome = await functions.call(ports, door, Call(arn, orjson.dumps(event), ports.new_id()), seconds)
    if outcome.error is not None:
        raise NotRun(f"the function failed: {outcome.payload[:500].decode('utf-8', 'replace')}")
    return Answer(*websocket.proxy_answer(outcome.payload))
