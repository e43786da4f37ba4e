"""What the operations need from the rest of the server."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lambent.model.scope import Scope
from lambent.store.resources import Resources


@dataclass(frozen=True, slots=True)
class AutoscalingEnv:
    """The ports of these operations.

    `clock` answers seconds since 1970, `new_id` a UUID. `capacity` answers what a function's version or alias has
    provisioned, 0 for nothing, and None when it is not there; `provision` sets it (0: nothing any more) and raises
    Fault. `activities` are the latest scaling activities of an account, the newest first.
    """

    resources: Resources
    clock: Callable[[], float]
    new_id: Callable[[], str]
    capacity: Callable[[Scope, str], int | None]
    provision: Callable[[Scope, str, int], Awaitable[None]]
    activities: Callable[[Scope], Iterable[dict[str, Any]]]
