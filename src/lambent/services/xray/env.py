"""What the operations need from the rest of the server."""

from collections.abc import Callable
from dataclasses import dataclass

from lambent.engine.traces.quota import Quotas
from lambent.observe.traces import TraceStore
from lambent.store.resources import Resources


@dataclass(frozen=True, slots=True)
class XRayEnv:
    """The ports of these operations. `clock` answers seconds since 1970, `new_id` a UUID."""

    traces: TraceStore
    resources: Resources
    clock: Callable[[], float]
    new_id: Callable[[], str]
    quotas: Quotas
