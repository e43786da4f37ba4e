"""What the operations need from the rest of the server."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from lambent.model.finding import Finding
from lambent.model.push import Push
from lambent.store.resources import Resources


@dataclass(frozen=True, slots=True)
class IotEnv:
    """`clock` answers seconds since 1970, `new_id` a UUID. `add` takes what is sent: it is on disk then."""

    resources: Resources
    clock: Callable[[], float]
    new_id: Callable[[], str]
    add: Callable[[Sequence[Push]], Awaitable[None]]
    report: Callable[[Finding], None]
