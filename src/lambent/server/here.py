"""What the endpoint is given of the services that are answered here."""

from collections.abc import Callable
from typing import Any

from lambent.gateway.exchange import Here
from lambent.model.scope import Caller
from lambent.services.answered import Answered
from lambent.settings import Settings
from lambent.wire import locate
from lambent.wire.http import Request

Receive = Callable[[Request, Caller], Request]

ALWAYS_HERE = frozenset({"lambda", "logs"})
"""Services that no other endpoint can have."""
UNBUILT = ("lambda-core", "lambda-microvms", "lambda-web", "s3control")
"""Services that clients call by models of their own and sign as `lambda` or `s3`: refused by their own names."""


def here(service: Answered, env: Any, receive: Receive | None = None) -> dict[str, Here]:
    """A service with what its operations work with; `receive` see `Here`."""
    return {
        service.name: Here(service.operations, env, service.refused, service.takes or _every, receive, service.bind)
    }


def unbuilt() -> dict[str, Here]:
    """What is refused as a whole."""
    return {name: Here({}, None) for name in UNBUILT if locate.knows(name)}


def chosen(settings: Settings, those: dict[str, Here]) -> dict[str, Here]:
    """Those that the settings send to no other endpoint."""
    return {name: one for name, one in those.items() if name in ALWAYS_HERE or name not in settings.endpoints}


def _every(_request: Request) -> bool:
    return True
