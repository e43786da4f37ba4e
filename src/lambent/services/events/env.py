"""What the operations need from the rest of the server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from lambent.buses import errors
from lambent.buses.buses import Buses
from lambent.buses.names import bus_arn, bus_named
from lambent.buses.registry import Registry
from lambent.buses.replaying import Replays
from lambent.buses.timetable import Timetable
from lambent.engine.authorisation import resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.model.finding import Finding
from lambent.model.scope import Caller, Scope
from lambent.store.archives import Archives


class Withdraw(Protocol):
    """Take back what was reported of a resource: one code, or all of it."""

    def __call__(self, resource: str, code: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class EventsEnv:
    """The ports of the EventBridge operations; `now` answers seconds since 1970."""

    registry: Registry
    buses: Buses
    archives: Archives
    replays: Replays
    timetable: Timetable
    now: Callable[[], float]
    new_id: Callable[[], str]
    report: Callable[[Finding], None]
    withdraw: Withdraw

    def bus(
        self, caller: Caller, params: Mapping[str, Any], action: str, member: str = "EventBusName"
    ) -> tuple[Scope, str]:
        """Where the bus is that a request means, and its name, if the caller may do `action` with it and it is there.

        Raises BusError.
        """
        scope, name = bus_named(caller.scope, params.get(member))
        self.admit(caller, action, scope, name)
        self.registry.bus(scope, name)
        return scope, name

    def admit(
        self, caller: Caller, action: str, scope: Scope, name: str, keys: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Whether another account's bus lets the caller in: its policy decides, with the request's own condition `keys`
        in lower case. Raises BusError."""
        if scope.account == caller.scope.account:
            return
        arn = bus_arn(scope, name)
        policy = self.registry.bus(scope, name).get("policy") if self.registry.has_bus(scope, name) else None
        asking = resource.asking(caller)
        ask = Ask(asking, f"events:{action}", arn, keys={**of_any(self.now()), **keys})
        if not policy or not resource.lets_in(policy, ask):
            raise errors.denied(asking.arn, f"events:{action}", arn)
