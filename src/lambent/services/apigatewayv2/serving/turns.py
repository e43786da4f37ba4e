"""One thing that happens on a WebSocket connection, on its way through a stage: a client that connects, a message, an
end. What comes of it is gathered here, for logs and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from lambent.http_events.websocket import Connected, Happening
from lambent.model.door import Door
from lambent.services.apigatewayv2.serving.exchange import PRINCIPAL
from lambent.services.apigatewayv2.serving.served import Document, Served

SAID_CHARACTERS = 1_000
INTERNAL = "Internal server error"


@dataclass(slots=True)
class Turn:
    """`stage` is the stage's document. What comes of it: the `status` that the client has, or would have; `message` of
    a refusal and `why`; `answered`, the integration's own status, and `integrated`, the seconds that it took (None for
    one that was not asked); `lines` of an execution log, if it is `logged`, with data if it is `traced`."""

    served: Served
    stage: Document
    known: Connected
    happening: Happening
    route: Document | None
    status: int = 200
    message: str = ""
    why: str = ""
    failed: bool = False
    answered: int | None = None
    integrated: float | None = None
    logged: bool = False
    traced: bool = False
    lines: list[str] = field(default_factory=list)

    @property
    def route_arn(self) -> str:
        """The route as policies name it."""
        return f"{self.served.arn}/{self.known.stage}/{self.happening.route_key}"

    def door(self, source: str, role: object) -> Door:
        """This API, as it calls a function."""
        scope = self.served.scope
        return Door(PRINCIPAL, source, scope.account, scope.region, str(role or ""), self.known.signer)

    def setting(self, name: str) -> Any:
        """A setting of the route's, or of all routes."""
        own = (self.stage.get("RouteSettings") or {}).get(self.happening.route_key) or {}
        return own.get(name, (self.stage.get("DefaultRouteSettings") or {}).get(name))

    def end(self, status: int, message: str, why: str) -> None:
        """The API itself says what the client is told."""
        self.status, self.message, self.why = status, message, why

    def say(self, text: str) -> None:
        """A line for the execution log."""
        if self.logged:
            self.lines.append(text[:SAID_CHARACTERS])

    def say_data(self, text: str, said: bytes) -> None:
        """A line with what was sent, of which it has the beginning."""
        if self.traced:
            self.say(f"{text}{said.decode('utf-8', 'replace')}")


def known_of(turn: Turn) -> Mapping[str, Any]:
    """What `$context` has of an answer, beside what it has of the message."""
    return {
        "status": turn.status,
        "error": {
            "message": turn.message or None,
            "messageString": orjson.dumps(turn.message).decode() if turn.message else None,
        },
        "integration": {
            "error": turn.why if turn.failed else None,
            "integrationStatus": turn.answered,
            "status": turn.answered,
            "latency": _millis(turn.integrated),
        },
        "integrationErrorMessage": turn.why if turn.failed else None,
        "integrationLatency": _millis(turn.integrated),
        "integrationStatus": turn.answered,
    }


def _millis(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
