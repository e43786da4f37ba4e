"""What an authorizer has said, for as long as it counts. Keys are what the authorizer's identity sources had in a
request: a policy that is kept counts for every path of the API that is asked with the same."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
BOUND = 10_000
"""Answers that are kept; the oldest make room."""


class AuthorizerCache(Generic[T]):
    """By owner (an API's stage, say) and key."""

    def __init__(self, bound: int = BOUND) -> None:
        self._bound = bound
        self._kept: OrderedDict[tuple[Hashable, Hashable], tuple[float, T]] = OrderedDict()

    def get(self, owner: Hashable, key: Hashable, now: float) -> T | None:
        """What was said, None when it counts no more. `now` is in seconds, as `ttl` below."""
        kept = self._kept.get((owner, key))
        if kept is None:
            return None
        if now >= kept[0]:
            del self._kept[owner, key]
            return None
        return kept[1]

    def put(self, owner: Hashable, key: Hashable, said: T, now: float, ttl: float) -> None:
        """Keep it for `ttl` seconds; 0 keeps nothing."""
        if ttl <= 0:
            return
        self._kept[owner, key] = (now + ttl, said)
        self._kept.move_to_end((owner, key))
        if len(self._kept) > self._bound:
            self._kept.popitem(last=False)

    def flush(self, owner: Hashable) -> None:
        """Nothing of an owner counts any more."""
        for key in [key for key in self._kept if key[0] == owner]:
            del self._kept[key]
