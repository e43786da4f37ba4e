"""Events that a rule sends to another bus: the event as it is, through as many buses as one likes, but no third account
or region.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html (THIRD_ACCOUNT_HOP_DETECTED,
THIRD_REGION_HOP_DETECTED)
"""

import json
from collections.abc import Callable

from lambent.buses import errors
from lambent.buses.buses import Buses
from lambent.buses.events import Arrived, Event
from lambent.buses.names import bus_named
from lambent.buses.registry import Registry
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Caller, Scope
from lambent.store.errors import StoreError

Admit = Callable[[Caller, str, Scope, str], None]
"""Raises BusError when the bus (the last two) does not let the caller do something."""


class Forwarding:
    """Takes what is for a bus. `admit` asks the bus."""

    def __init__(self, registry: Registry, buses: Buses, admit: Admit) -> None:
        self._registry = registry
        self._buses = buses
        self._admit = admit

    async def __call__(self, delivery: Delivery) -> None:
        """Put the event on its bus. Raises DeliveryFailed."""
        scope, name = bus_named(delivery.scope, delivery.target)
        event = json.loads(delivery.body)
        _check_hops(event, delivery.scope, scope)
        try:
            self._admit(Caller(delivery.scope, delivery.unique), "PutEvents", scope, name)
        except errors.BusError as error:
            raise DeliveryFailed(error.message, passing=False, code="AccessDenied") from error
        if not self._registry.has_bus(scope, name):
            raise DeliveryFailed(errors.no_bus(name).message, passing=False, code="NotFound")
        try:
            await self._buses.put([Arrived(scope, name, event, delivery.trace_id)])
        except StoreError as error:
            raise DeliveryFailed(f"it can't be written: {error}", passing=True, code="InternalError") from error


def _check_hops(event: Event, here: Scope, there: Scope) -> None:
    for place, called in (("account", "THIRD_ACCOUNT_HOP_DETECTED"), ("region", "THIRD_REGION_HOP_DETECTED")):
        if len({event[place], getattr(here, place), getattr(there, place)}) > 2:
            text = f"the event of {event[place]} came to {getattr(here, place)}, and goes to no third {place}"
            raise DeliveryFailed(text, passing=False, code=called)
