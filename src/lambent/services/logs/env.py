"""What the operations need from the rest of the server."""

from collections.abc import Callable
from dataclasses import dataclass

from lambent.observe.logstore import LogStore


@dataclass(frozen=True, slots=True)
class LogsEnv:
    """The ports of the CloudWatch Logs operations. `clock` answers seconds since 1970."""

    store: LogStore
    clock: Callable[[], float]
