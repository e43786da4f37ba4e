"""What is said to a response URL: by functions of custom resources, and by whoever a wait condition waits for.

An URL holds a token that nobody guesses, which is expected until its resource is over. What was said is on disk before
it is answered.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from lambent.clock import Clock
from lambent.deploy.records import SIGNAL
from lambent.model.scope import Scope
from lambent.store.resources import Resource, Resources

EXPECTED = "expected"
MOST = 1_000
"""Signals of one token: each is kept, in memory as well, for as long as its resource."""


class Signals:
    """All signals; `url` is where answers are sent to, `inside` the same for functions: an address without a port, at
    which http and https are answered, as much code speaks https to what an address names, whatever else it says."""

    def __init__(self, resources: Resources, clock: Clock, new_id: Callable[[], str], url: str, inside: str) -> None:
        self._resources = resources
        self._clock = clock
        self._new_id = new_id
        self._url = url
        self._inside = inside
        self._heard: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._last: dict[str, int] = {}
        """The number of a token's last signal, which may not be on disk yet."""

    def url(self, scope: Scope, token: str, *, inside: bool = False) -> str:
        """Where the answer to a token is put, by a function if `inside`."""
        return f"{self._inside if inside else self._url}/_lambent/stacks/{scope.account}/{scope.region}/{token}"

    async def expect(self, scope: Scope, token: str) -> None:
        """From now on something may be said."""
        await self._resources.put(Resource(SIGNAL, scope, token, EXPECTED, self._new_id(), {}))

    async def say(self, scope: Scope, token: str, said: dict[str, Any]) -> bool:
        """Something is said; False when nobody expects it, or not so much."""
        if self._resources.get(SIGNAL, scope, token, EXPECTED) is None:
            return False
        number = max(len(self._resources.children(SIGNAL, scope, token)), self._last.get(token, 0) + 1)
        if number > MOST:
            return False
        self._last[token] = number
        await self._resources.put(Resource(SIGNAL, scope, token, f"{number:06}", self._new_id(), said))
        self._heard[token].set()
        return True

    def said(self, scope: Scope, token: str) -> list[dict[str, Any]]:
        """What was said so far."""
        kept = self._resources.children(SIGNAL, scope, token)
        return [one.document for one in kept if one.name != EXPECTED]

    async def wait(self, token: str, until: float, stopped: asyncio.Event) -> bool:
        """Until something more is said; False when the clock's `until` (monotonic) or `stopped` came first."""
        heard = self._heard[token]
        late = asyncio.Event()
        timer = self._clock.call_at(until, late.set)
        waiting = [asyncio.ensure_future(one.wait()) for one in (heard, late, stopped)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            for one in waiting:
                one.cancel()
        if not heard.is_set():
            return False
        heard.clear()
        return True

    async def forget(self, scope: Scope, token: str) -> None:
        """Nobody waits for it any more."""
        self._heard.pop(token, None)
        self._last.pop(token, None)
        for one in self._resources.children(SIGNAL, scope, token):
            await self._resources.discard(one)
