"""What the operations need from the rest of the server."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from lambent.clock import Clock
from lambent.model.finding import Finding
from lambent.model.limits import Limits
from lambent.model.scope import Caller, Scope
from lambent.queues import errors
from lambent.queues.config import Config
from lambent.queues.messages import Messages
from lambent.queues.moves import Moves
from lambent.queues.names import from_url
from lambent.queues.queues import Queues
from lambent.queues.registry import Registry
from lambent.services.sqs import findings
from lambent.services.sqs.findings import Withdraw
from lambent.store.queues import QueueStore
from lambent.store.resources import Resources


@dataclass(frozen=True, slots=True)
class SqsEnv:
    """The ports of the SQS operations. `url` is the endpoint that queue URLs begin with.

    `deleted` and `purged` hold when that last happened (seconds, monotonic) to a queue name and a queue.
    """

    queues: Queues
    moves: Moves
    registry: Registry
    messages: Messages
    clock: Clock
    limits: Limits
    url: str
    report: Callable[[Finding], None]
    withdraw: Withdraw
    deleted: dict[tuple[Scope, str], float] = field(default_factory=dict)
    purged: dict[int, float] = field(default_factory=dict)

    def queue(self, caller: Caller, params: dict[str, Any]) -> Config:
        """The queue of a request's QueueUrl. Raises QueueError."""
        url = params.get("QueueUrl")
        if not url:
            raise errors.missing("QueueUrl")
        return self.registry.get(*from_url(url, caller.scope))

    async def resume(self) -> None:
        """At the start: say again what has no effect, go on with move tasks, drop what deleted queues left behind."""
        for queue in self.registry:
            findings.tell(self.report, self.withdraw, queue)
        self.moves.resume()
        await self.messages.store.keep({queue.uid for queue in self.registry})


async def open_env(
    resources: Resources,
    store: QueueStore,
    clock: Clock,
    limits: Limits,
    url: str,
    new_id: Callable[[], str],
    spawn: Callable[[Coroutine[Any, Any, None]], object],
    report: Callable[[Finding], None],
    withdraw: Withdraw,
) -> SqsEnv:
    """Everything that SQS is made of. Raises StoreError."""
    registry = Registry(resources, new_id)
    messages = Messages(store, clock, registry.by_arn, new_id)
    await messages.open()
    queues = Queues(registry, messages, limits)
    moves = Moves(resources, registry, messages, spawn)
    return SqsEnv(queues, moves, registry, messages, clock, limits, url, report, withdraw)
