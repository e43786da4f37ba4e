"""Answers that are kept for a while, within a bound of bytes: the oldest make room."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
BOUND = 256 << 20
"""Bytes of all answers. AWS's clusters have 0.5 to 237 GB."""


class ResponseCache(Generic[T]):
    """By owner (an API's stage) and key."""

    def __init__(self, bound: int = BOUND) -> None:
        self._bound = bound
        self._size = 0
        self._kept: OrderedDict[tuple[Hashable, Hashable], tuple[float, int, T]] = OrderedDict()

    def get(self, owner: Hashable, key: Hashable, now: float) -> T | None:
        """What was answered, None when it counts no more. `now` is in seconds, as `ttl` below."""
        kept = self._kept.get((owner, key))
        if kept is None:
            return None
        if now >= kept[0]:
            self._drop((owner, key))
            return None
        return kept[2]

    def put(self, owner: Hashable, key: Hashable, answer: T, size: int, now: float, ttl: float) -> None:
        """Keep it for `ttl` seconds."""
        self._drop((owner, key))
        self._kept[owner, key] = (now + ttl, size, answer)
        self._size += size
        while self._size > self._bound:
            self._drop(next(iter(self._kept)))

    def flush(self, owner: Hashable) -> None:
        """Nothing of an owner counts any more."""
        for key in [key for key in self._kept if key[0] == owner]:
            self._drop(key)

    def _drop(self, key: tuple[Hashable, Hashable]) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._size -= found[1]
