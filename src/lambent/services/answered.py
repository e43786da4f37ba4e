"""What a service says of itself: everything that the endpoint has to know besides what its operations work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.wire.http import Request

Operation = Callable[..., Any]
"""`(env, caller, params)`: the answer as the model has it, or an awaitable of it. Raises Fault."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A service that is answered here, by its botocore name; each has one in its folder's `service.py`.

    `refused` gives the reasons for operations that are refused for good cause rather than not built yet. `takes` tells
    whether a request is answered here at all (None: every one); what is not goes to the neighbour.
    With `bind` operations work with what that makes of the environment and the request.
    """

    name: str
    operations: Mapping[str, Operation]
    refused: Mapping[str, str] = field(default_factory=dict)
    takes: Callable[[Request], bool] | None = None
    bind: Callable[[Any, Request], Any] | None = None
