"""What the operations need from the rest of the server."""

import math
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from lambent.model.scope import Scope
from lambent.store.resources import Resource, Resources


class Timetable(Protocol):
    """Who fires schedules."""

    def expecting(self, schedule: Resource) -> AbstractContextManager[None]:
        """Held while a schedule is written and taken."""
        ...

    def take(self, schedule: Resource) -> None:
        """A schedule is new or has changed."""
        ...

    def drop(self, schedule: Resource) -> None:
        """One is gone."""
        ...


@dataclass(frozen=True, slots=True)
class SchedulerEnv:
    """The ports of these operations. `clock` answers seconds since 1970, `new_id` a UUID; `missing` answers why an
    operation of a service ("sqs", "sendMessage") with such an input can't be a target, "" when it can; it raises
    LookupError("service") or LookupError("operation") for one that there is none of.
    `unassumable` answers why Scheduler may not assume a role for a group (ARN), "" if it may."""

    resources: Resources
    clock: Callable[[], float]
    new_id: Callable[[], str]
    missing: Callable[[str, str, str], Awaitable[str]]
    timetable: Timetable
    unassumable: Callable[[str, Scope, str], Awaitable[str]]

    def stamp(self) -> float:
        """Now, in whole milliseconds and not in the future: nothing is due later for it than it would be."""
        return math.floor(self.clock() * 1000) / 1000
