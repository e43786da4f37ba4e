"""What a route of a WebSocket API asks of a message before its integration is asked: a key, parameters, a model.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-request-validation.html: "if there is no
matching model and $default isn't defined, the validation fails".
"""

import asyncio
import functools
import re
from collections.abc import Mapping
from typing import Any

from lambent.http_events import rest_validation, websocket, websocket_mapping
from lambent.http_events.http_authorizers import Refused
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.websocket import CONNECT, DEFAULT
from lambent.services import usage_plans
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Document
from lambent.services.apigatewayv2.serving.turns import Turn
from lambent.services.usage_plans import NotAllowed, Place

INVALID = "Invalid request body"
_FROM_AUTHORIZER = "$context.authorizer.usageIdentifierKey"
_HEADER = re.compile(r"\$request\.header\.(.+)")
_REFUSALS = {
    "INVALID_API_KEY": (403, "Forbidden"),
    "THROTTLED": (429, "Too Many Requests"),
    "QUOTA_EXCEEDED": (429, "Limit Exceeded"),
}


async def admit(ports: Ports, turn: Turn, route: Document, event: Mapping[str, Any]) -> None:
    """Raises Refused."""
    if turn.happening.route_key == CONNECT and route.get("ApiKeyRequired"):
        await _by_key(ports, turn, event)
    _check_parameters(turn, route, event)
    if route.get("ModelSelectionExpression"):
        await _check_message(turn, route)


async def _by_key(ports: Ports, turn: Turn, event: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-apikey-selection-expressions.html"""
    said = str(turn.served.api.get("ApiKeySelectionExpression") or "")
    header = _HEADER.fullmatch(said)
    value = turn.known.usage_key if said == _FROM_AUTHORIZER else None
    if header is not None:
        value = {name.lower(): one for name, one in event["headers"].items()}.get(header[1].lower())
    place = Place(turn.served.scope, turn.known.api_id, turn.known.stage)
    try:
        key = await usage_plans.take(ports, place, value)
    except NotAllowed as why:
        status, text = _REFUSALS[str(why)]
        raise Refused(status, text, f"the API key: {why}") from why
    turn.known.identity |= {"apiKey": key.document["value"], "apiKeyId": key.name}


def _check_parameters(turn: Turn, route: Document, event: Mapping[str, Any]) -> None:
    given = (route.get("RequestParameters") or {}).items()
    wanted = [name for name, said in sorted(given) if said.get("Required")]
    missing = [
        name.rpartition(".")[2]
        for name in wanted
        if not websocket_mapping.value_of(name, turn.known, turn.happening, event)
    ]
    if missing:
        text = f"Missing required request parameters: [{', '.join(missing)}]"
        raise Refused(400, text, text)


async def _check_message(turn: Turn, route: Document) -> None:
    text = turn.happening.body or ""
    named: Mapping[str, str] = route.get("RequestModels") or {}
    key = websocket.selected(str(route["ModelSelectionExpression"]), text)
    name = named.get(key or "") or named.get(DEFAULT)
    models = {one["Name"]: {"schema": one.get("Schema")} for one in turn.served.models.values()}
    schema = (models.get(name or "") or {}).get("schema")
    if not schema:
        raise Refused(400, INVALID, f"no model is for {key}")
    check = functools.partial(rest_validation.validate_message, text.encode(), schema, turn.known.api_id, models)
    try:
        await _run(check)
    except (Refusal, rest_validation.TakesLong) as error:
        why = error.validation or error.why if isinstance(error, Refusal) else "the model makes too much of it"
        raise Refused(400, INVALID, f"{INVALID}: {why}") from error


async def _run(check: "functools.partial[None]") -> None:
    """Nobody else waits for what takes a while."""
    try:
        check()
    except rest_validation.TakesLong:
        await asyncio.to_thread(check, steps=rest_validation.STEPS)
