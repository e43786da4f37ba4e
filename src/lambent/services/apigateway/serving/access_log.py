"""Access logs: a line per request, in the stage's format, into its log group.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

import re
from collections.abc import Mapping
from typing import Any

from lambent.http_events.rest_context import context, text_of, value_at
from lambent.http_events.rest_proxy import Reply
from lambent.services import door_logs
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.ports import Ports

_VARIABLE = re.compile(r"\$context((?:\.\w+)+)")


def write(ports: Ports, exchange: Exchange, reply: Reply, millis: int) -> None:
    """The line of one answered request."""
    settings = exchange.stage.get("accessLogSettings") or {}
    if not settings:
        return
    more = {"status": reply.status, "responseLength": len(reply.body), "responseLatency": millis}
    known = context(exchange.request, exchange.known | more | _integration(exchange) | _way(exchange))
    text = line(str(settings.get("format") or ""), known)
    door_logs.write(ports.log, exchange.scope, str(settings.get("destinationArn") or ""), _stream(exchange), text)


def _integration(exchange: Exchange) -> dict[str, Any]:
    if exchange.integrated is None:
        return {}
    return door_logs.integrated(exchange.integrated, exchange.answered, exchange.invoked, exchange.broken)


def _way(exchange: Exchange) -> dict[str, Any]:
    """How it came in, and how authorization went."""
    authorizer = exchange.phases.get("authorizer", {}) | (exchange.known.get("authorizer") or {})
    base = exchange.request.prefix.strip("/") if exchange.request.custom else ""
    return exchange.phases | {"authorizer": authorizer, "customDomain": {"basePathMatched": base}}


def line(form: str, known: Mapping[str, Any]) -> str:
    """The format with every variable by its value; what is not known is `-`."""

    def value(found: re.Match[str]) -> str:
        said = text_of(value_at(known, found[1][1:]))
        return "-" if said in (None, "") else str(said)

    return _VARIABLE.sub(value, form)


def _stream(exchange: Exchange) -> str:
    """One stream for each stage of an API."""
    return f"{exchange.request.api_id}/{exchange.request.stage}"
