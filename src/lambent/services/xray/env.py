"""What the operations need from the rest of the server."""

from collections.abc import Callable
from dataclasses import dataclass

from lambent.observe.traces import TraceStore
from lambent.store.resources import Resources


@dataclass(frozen=True, slots=True)
class XRayEnv:
    """The ports of these operations. `clock` answers seconds since 1970."""

    traces: TraceStore
    resources: Resources
    clock: Callable[[], float]
