"""One request on its way through the chain: what is known of it so far."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.model.answer import Answer
from lambent.model.scope import Caller
from lambent.wire.http import Request, Response
from lambent.wire.service import Service

Params = dict[str, Any]
Operation = Callable[[Any, Caller, Params], Awaitable[dict[str, Any] | Answer | Response]]


@dataclass(frozen=True, slots=True)
class Here:
    """A service that is answered here: its operations by name, and what they work with.

    `refused` gives the reasons for operations that are refused for good cause rather than not built yet. `takes` tells
    whether a request is answered here at all; what is not goes to the neighbour.

    A service with `receive` reads bodies itself: that makes its requests those of the model, and a large body stays a
    file. With `bind` operations work with what that makes of `env` and the request.
    """

    operations: Mapping[str, Operation]
    env: Any
    refused: Mapping[str, str] = field(default_factory=dict)
    takes: Callable[[Request], bool] = lambda request: True
    receive: Callable[[Request, Caller], Request] | None = None
    bind: Callable[[Any, Request], Any] | None = None


@dataclass(slots=True)
class Exchange:
    """A request and what the steps found out about it. `told` are headers for the browser of the page that asks."""

    request: Request
    request_id: str
    caller: Caller | None = None
    service: Service | None = None
    operation: str | None = None
    params: Params | None = None
    told: list[tuple[str, str]] = field(default_factory=list)
