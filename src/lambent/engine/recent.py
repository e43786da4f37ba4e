"""What was said lately: values that are forgotten after a fixed time."""

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping whose entries go `seconds` after they were put; `now` never runs backwards by much."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._values: dict[K, tuple[float, V]] = {}
        self._order: deque[tuple[float, K]] = deque()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K, now: float) -> V | None:
        """The value, if it is recent enough."""
        self._forget(now)
        found = self._values.get(key)
        return found[1] if found is not None and found[0] > now else None

    def put(self, key: K, value: V, now: float) -> None:
        """Keep a value from now on, in the place of an earlier one."""
        until = now + self._seconds
        self._values[key] = (until, value)
        self._order.append((until, key))

    def drop(self, key: K) -> None:
        """Forget a value."""
        self._values.pop(key, None)

    def _forget(self, now: float) -> None:
        while self._order and self._order[0][0] <= now:
            until, key = self._order.popleft()
            found = self._values.get(key)
            if found is not None and found[0] == until:
                del self._values[key]
