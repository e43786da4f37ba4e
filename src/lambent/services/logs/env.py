"""What the operations need from the rest of the server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from lambent.model.finding import Finding
from lambent.model.scope import Caller, Scope
from lambent.observe.live_tail import LiveTails
from lambent.observe.logstore import LogStore
from lambent.observe.queries import Queries
from lambent.store.resources import Resource, Resources


class Filters(Protocol):
    """The metric filters that count."""

    def refresh(self, scope: Scope, group: str) -> None:
        """Those of a log group have changed."""
        ...


class Subscriptions(Protocol):
    """Who sends new events to what is subscribed."""

    def take(self, resource: Resource) -> None:
        """A filter is new or has changed."""
        ...

    def drop(self, resource: Resource) -> None:
        """One is gone."""
        ...

    async def check(self, resource: Resource) -> None:
        """Send a control message. Raises StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class LogsEnv:
    """The ports of the CloudWatch Logs operations. `clock` answers seconds since 1970.

    `unreachable` answers why nothing of a group (its ARN) can be sent to a destination, "" when it can; `log_group`
    where a function logs, "" for one that is not there.
    """

    store: LogStore
    clock: Callable[[], float]
    resources: Resources
    new_id: Callable[[], str]
    filters: Filters
    subscriptions: Subscriptions
    unreachable: Callable[[Caller, str, str], Awaitable[str]]
    log_group: Callable[[Scope, str], str]
    queries: Queries
    tails: LiveTails
    report: Callable[[Finding], None]
    withdraw: Callable[[str, str], None]
