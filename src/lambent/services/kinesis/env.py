"""What the operations need from the rest of the server."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambent.clock import Clock
from lambent.model.finding import Finding
from lambent.model.scope import Caller
from lambent.streams import errors
from lambent.streams.config import Config
from lambent.streams.records import Records
from lambent.streams.registry import Registry
from lambent.streams.subscriptions import Subscriptions

SETTLE_SECONDS = 0.5
"""Real seconds that a stream is CREATING, UPDATING or DELETING."""


class Withdraw(Protocol):
    """Take back what was reported of a resource: one code, or all of it."""

    def __call__(self, resource: str, code: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class KinesisEnv:
    """The ports of the Kinesis operations; `wait` waits, up to real seconds, until the stream of a number has had more
    than so many `beats`."""

    registry: Registry
    records: Records
    clock: Clock
    new_id: Callable[[], str]
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    pause: Callable[[float], Awaitable[None]]
    beats: Callable[[int], int]
    wait: Callable[[int, int, float], Awaitable[None]]
    report: Callable[[Finding], None]
    withdraw: Withdraw
    subscriptions: Subscriptions
    lasting: bool = True
    """Whether a stream is CREATING, UPDATING or DELETING for a moment (the setting `state_delay`)."""

    def stream(self, caller: Caller, params: Mapping[str, Any]) -> Config:
        """The stream that StreamARN or StreamName means. Raises StreamError."""
        arn, name = params.get("StreamARN"), params.get("StreamName")
        if arn:
            found = self.by_arn(caller, arn)
            if found is None:
                raise errors.no_stream(arn.rpartition("/")[2], caller.scope.account)
            return found
        if not name:
            raise errors.invalid("Either StreamName or StreamARN should be provided.")  # our wording
        return self.registry.get(caller.scope, name)

    def by_arn(self, caller: Caller, arn: str) -> Config | None:
        """The caller's stream of that ARN. Raises StreamError for another account's: no stream has a policy yet."""
        if arn.split(":")[4:5] not in ([], [caller.scope.account]):
            raise errors.denied(arn, caller.role or f"arn:aws:iam::{caller.scope.account}:root")
        return self.registry.by_arn(arn)

    def active(self, caller: Caller, params: Mapping[str, Any]) -> Config:
        """The same, and nothing is under way. Raises StreamError."""
        return require_active(self.stream(caller, params))


def require_active(stream: Config) -> Config:
    """The stream, if nothing is under way. Raises StreamError."""
    if stream.status != "ACTIVE":
        raise errors.not_active(stream.name, stream.scope.account, stream.status)
    return stream
