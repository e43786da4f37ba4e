"""What the operations need from the rest of the server."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambent.model.scope import Caller
from lambent.store.resources import Resource, Resources


class Rotations(Protocol):
    """Who rotates secrets."""

    def take(self, rotation: Resource) -> None:
        """One is new or has changed."""
        ...


@dataclass(frozen=True, slots=True)
class SecretsEnv:
    """`clock` answers seconds since 1970. `ask` asks whoever keeps secrets, and raises Fault as that does;
    `may_call` answers whether the service may call a function for a secret (ARNs)."""

    resources: Resources
    clock: Callable[[], float]
    new_id: Callable[[], str]
    ask: Callable[[Caller, str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
    may_call: Callable[[Caller, str, str], Awaitable[bool]]
    rotations: Rotations
