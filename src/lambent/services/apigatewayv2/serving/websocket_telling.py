"""Logs and metrics of WebSocket APIs.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html and
.../apigateway-websocket-api-logging.html. Execution logs have the words of REST APIs'.
"""

from lambent.http_events import http_context, websocket
from lambent.http_events.websocket import CONNECT, DISCONNECT, Connected
from lambent.model.metric import Metric, dimensions_of
from lambent.model.scope import Scope
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.turns import Turn, known_of
from lambent.services.door_logs import write
from lambent.services.door_metrics import NAMESPACE

GROUP = "/aws/apigateway/{}/{}"


def begin(turn: Turn) -> None:
    """From here on it is told, if the route's settings ask for that."""
    turn.logged = turn.setting("LoggingLevel") in ("INFO", "ERROR")
    turn.traced = bool(turn.setting("DataTraceEnabled"))
    turn.say(f"Extended Request Id: {turn.happening.request_id}")
    turn.say(f"Starting execution for request: {turn.happening.request_id}")
    turn.say(f"Route: {turn.happening.route_key}, Connection Id: {turn.known.connection_id}")


def end(ports: Ports, turn: Turn) -> None:
    """Write it all down."""
    _measure(ports, turn)
    settings = turn.stage.get("AccessLogSettings")
    if settings:
        context = websocket.context(turn.known, turn.happening) | dict(known_of(turn))
        stream = f"{turn.known.api_id}/{turn.known.stage}"
        line = http_context.line(str(settings.get("Format") or ""), context)
        write(ports.log, turn.served.scope, str(settings.get("DestinationArn") or ""), stream, line)
    if turn.logged:
        _execution(ports, turn)


def _execution(ports: Ports, turn: Turn) -> None:
    if turn.why:
        turn.say(f"Execution failed: {turn.why}")
    else:
        turn.say("Successfully completed execution")
    if turn.setting("LoggingLevel") == "ERROR":
        if not turn.why:
            return
        turn.lines = [turn.lines[0], turn.lines[-1]]
    turn.say(f"Method completed with status: {turn.status}")
    group = GROUP.format(turn.known.api_id, turn.known.stage)
    for line in turn.lines:
        ports.log(turn.served.scope, group, turn.served.deployment, f"({turn.happening.request_id}) {line}")


def _measure(ports: Ports, turn: Turn) -> None:
    key = turn.happening.route_key
    refused = turn.answered is None and not turn.failed and 400 <= turn.status < 500
    counts = {
        "ConnectCount": key == CONNECT and turn.integrated is not None,
        "MessageCount": key not in (CONNECT, DISCONNECT),
        "IntegrationError": (turn.answered or 0) >= 400,
        "ClientError": refused,
        "ExecutionError": turn.failed,
    }
    for name, one in counts.items():
        if one or name.endswith("Error"):
            _count(ports, turn.served.scope, turn.known, name, 1.0 if one else 0.0)
    if turn.integrated is not None:
        _count(ports, turn.served.scope, turn.known, "IntegrationLatency", turn.integrated * 1000, "Milliseconds")


def sent(ports: Ports, scope: Scope, known: Connected) -> None:
    """A message went to a client."""
    _count(ports, scope, known, "MessageCount", 1.0)


def _count(ports: Ports, scope: Scope, known: Connected, name: str, value: float, unit: str = "Count") -> None:
    """One value, by API and by its stage."""
    api = {"ApiId": known.api_id}
    sets = (api, api | {"Stage": known.stage})
    metrics = tuple(Metric(scope, NAMESPACE, name, dimensions_of(dimensions)) for dimensions in sets)
    ports.measure(((metrics, unit),), (value,))
