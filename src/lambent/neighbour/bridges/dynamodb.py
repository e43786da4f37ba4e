"""What a table's stream says of items that have expired: that the service has deleted them.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
"""

from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

HEADER = "x-lambent-principal"
"""The header in which the gateway says in whose name it asks."""
PRINCIPAL = "dynamodb.amazonaws.com"
IDENTITY = {"Type": "Service", "PrincipalId": PRINCIPAL}


def add_record(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """In place of moto's: a change becomes a record of the stream."""

    def add(shard: Any, old: Any, new: Any) -> None:
        former(shard, old, new)
        if new is None and shard.items and _is_expiry():
            shard.items[-1].record["userIdentity"] = IDENTITY

    return add


def _is_expiry() -> bool:
    import flask

    return flask.has_request_context() and flask.request.headers.get(HEADER) == PRINCIPAL
