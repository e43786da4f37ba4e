"""What the operations need from the rest of the server."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from lambent.model.delivery import Delivery
from lambent.model.scope import Scope
from lambent.observe.series import SeriesStore
from lambent.store.resources import Resources

Deliver = Callable[[str, Delivery], Awaitable[str | None]]
"""Sends a message in the name of a service ("cloudwatch"); answers None, or why it did not arrive."""


@dataclass(frozen=True, slots=True)
class CloudWatchEnv:
    """The ports of these operations.

    `clock` answers seconds since 1970, `new_id` a UUID, `region_name` what a region is called, such as "US East (N.
    Virginia)".
    `spawn` owns work that the platform's clock waits for; after `settle` what was logged is in the series.
    Those in `put` are told that an alarm was made or changed.
    """

    series: SeriesStore
    resources: Resources
    clock: Callable[[], float]
    new_id: Callable[[], str]
    region_name: Callable[[str], str]
    deliver: Deliver
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    settle: Callable[[], Awaitable[None]]
    put: list[Callable[[], None]] = field(default_factory=list)

    def arn(self, scope: Scope, resource: str) -> str:
        """An ARN of CloudWatch's: `resource` such as "alarm:name"."""
        return f"arn:aws:cloudwatch:{scope.region}:{scope.account}:{resource}"
