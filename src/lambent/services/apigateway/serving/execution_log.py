"""Execution logs: how each answer of a stage came about, for methods whose settings have a `loggingLevel`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html (groups and levels) and
https://repost.aws/knowledge-center/api-gateway-logs (what the lines say). With `dataTraceEnabled` they tell what was
sent as well. At the level ERROR there is nothing of a request that went well.
"""

import hashlib

from lambent.http_events.rest_proxy import Reply
from lambent.services.apigateway.serving.exchange import Exchange, hidden
from lambent.services.apigateway.serving.metering import settings_of
from lambent.services.apigateway.serving.ports import Ports

GROUP = "API-Gateway-Execution-Logs_{}/{}"


def begin(exchange: Exchange) -> None:
    """From here on it is told, if the method's settings ask for that."""
    level, data = _level(exchange)
    if level == "OFF":
        return
    exchange.logged, exchange.traced_data = True, data
    exchange.say(f"Extended Request Id: {exchange.request.extended_id}")


def _level(exchange: Exchange) -> tuple[str, bool]:
    """The level, and whether data are told."""
    for _, settings in settings_of(exchange):
        if "loggingLevel" in settings:
            return settings["loggingLevel"], bool(settings.get("dataTraceEnabled"))
    return "OFF", False


def admitted(exchange: Exchange) -> None:
    """The usage plan let it in."""
    request, method = exchange.request, exchange.method
    key, stage = hidden(request.identity.get("apiKey") or ""), f"{request.api_id}/{request.stage}"
    exchange.say(f"Verifying Usage Plan for request: {request.request_id}. API Key: {key} API Stage: {stage}")
    if not method.get("apiKeyRequired"):
        exchange.say(
            f"API Key {key} authorized because method '{method['httpMethod']} {request.resource_path}' does not "
            "require API Key. Request will not contribute to throttle or quota limits"
        )
    exchange.say(f"Usage Plan check succeeded for API Key {key} and API Stage {stage}")
    exchange.say(f"Starting execution for request: {request.request_id}")
    exchange.say_request()


def end(ports: Ports, exchange: Exchange, reply: Reply) -> None:
    """Write it."""
    error = exchange.known.get("error")
    if error is None:
        exchange.say_answered(reply.headers, reply.body)
    if _level(exchange)[0] == "ERROR":
        exchange.lines = [exchange.lines[0], exchange.lines[-1]] if error is not None else []
    elif error is not None:
        exchange.say(f"Gateway response type: {error['responseType']} with status code: {reply.status}")
        exchange.say_data("Gateway response body: ", reply.body)
        exchange.say_data("Gateway response headers: ", dict(reply.headers))
    if exchange.lines:
        exchange.say(f"Method completed with status: {reply.status}")
        _write(ports, exchange)


def _write(ports: Ports, exchange: Exchange) -> None:
    """Into the stage's group; what one deployment of it writes is one stream."""
    request = exchange.request
    group = GROUP.format(request.api_id, request.stage)
    stream = hashlib.md5(f"{group}/{exchange.deployed.id}".encode(), usedforsecurity=False).hexdigest()
    for line in exchange.lines:
        ports.log(exchange.scope, group, stream, f"({request.request_id}) {line}")
