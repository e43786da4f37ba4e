"""Who may connect to a WebSocket API: a REQUEST authorizer's function, or a signature.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html. The answer is
for the connection; nothing is kept for the next one.
"""

import re
from typing import Any

import orjson

from lambent.engine.authorisation import resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.http_events import http_authorizers
from lambent.http_events.http_authorizers import Refused
from lambent.http_events.websocket import Connected
from lambent.model.door import Call
from lambent.services.apigatewayv2.serving import functions
from lambent.services.apigatewayv2.serving.authorizing import INVOKE, SECONDS
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Document
from lambent.services.apigatewayv2.serving.turns import Turn
from lambent.wire.site import SiteRequest

_SOURCE = re.compile(r"(?:route\.request|\$?context|\$?stageVariables|\$?request)\.(?:(header|querystring)\.)?(.+)")


async def authorize(ports: Ports, site: SiteRequest, turn: Turn, route: Document, event: dict[str, Any]) -> None:
    """What is known of the client stands in the turn's `known` then. Raises Refused: 401, 403, 500."""
    kind = route.get("AuthorizationType") or "NONE"
    if kind == "AWS_IAM":
        await _signed(ports, site, turn)
    elif kind == "CUSTOM":
        await _asked(ports, turn, route, event)


async def _signed(ports: Ports, site: SiteRequest, turn: Turn) -> None:
    signer = ports.signer(site)
    if signer is None or signer.account != turn.served.scope.account:
        raise http_authorizers.forbidden("the request is not signed as it must be, or by another account")
    if not await ports.may(signer, INVOKE, turn.route_arn, None, of_any(ports.clock.wall(), turn.known.peer)):
        raise http_authorizers.forbidden("the caller's policies do not allow it")
    turn.known.signer = signer
    turn.known.identity = {"accountId": signer.account, "accessKey": signer.access_key, "userArn": signer.arn}


async def _asked(ports: Ports, turn: Turn, route: Document, event: dict[str, Any]) -> None:
    served, known = turn.served, turn.known
    authorizer = served.authorizers.get(str(route.get("AuthorizerId")))
    if authorizer is None:
        raise http_authorizers.failed("the route's authorizer is not there")
    _check_sources(authorizer, known, event)
    question = {"type": "REQUEST", "methodArn": turn.route_arn} | event
    door = turn.door(
        f"{served.arn}/authorizers/{authorizer['AuthorizerId']}", authorizer.get("AuthorizerCredentialsArn")
    )
    function = functions.function_of(authorizer["AuthorizerUri"], known.stage_variables)
    outcome = await functions.call(ports, door, Call(function, orjson.dumps(question), ports.new_id()), SECONDS)
    if outcome.error is not None and b'"Unauthorized"' in outcome.payload:
        raise http_authorizers.unauthorized("the authorizer's function says so")
    said = http_authorizers.read(authorizer, outcome.payload, outcome.error)
    keys = of_any(ports.clock.wall(), known.peer)
    ask = Ask(resource.caller(served.scope.account), INVOKE, turn.route_arn, keys=keys)
    if said.policy is None or not resource.lets_in(said.policy, ask):
        raise http_authorizers.forbidden("the authorizer's policy does not let the client in")
    known.authorizer, known.usage_key = {"principalId": said.principal or "", **said.context}, said.usage_key


def _check_sources(authorizer: Document, known: Connected, event: dict[str, Any]) -> None:
    """`route.request.header.Auth`, `route.request.querystring.q`, …: all must be there. Raises Refused (401)."""
    for source in authorizer.get("IdentitySource") or ():
        found = _SOURCE.fullmatch(source)
        if found is None or not _value(found[1], found[2], source, known, event):
            raise Refused(401, "Unauthorized", f"{source} is missing")


def _value(place: str | None, name: str, source: str, known: Connected, event: dict[str, Any]) -> Any:
    if place == "header":
        return {key.lower(): value for key, value in event["headers"].items()}.get(name.lower())
    if place == "querystring":
        return event.get("queryStringParameters", {}).get(name)
    if "stageVariables" in source:
        return known.stage_variables.get(name)
    return event["requestContext"].get(name)
