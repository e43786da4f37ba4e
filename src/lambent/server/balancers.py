"""Load balancers as the neighbour knows them: for the door that serves them, their ports and their health checks."""

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

from lambent.http_events.alb import Balancer, TargetGroup
from lambent.model.scope import Caller, Scope
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.query import form_of

log = logging.getLogger(__name__)

TELLING = frozenset({"elbv2", "cloudformation"})
"""Services whose requests may make or change a load balancer."""
KEPT_SECONDS = 2.0
"""For which load balancers are taken as they were read, unless a request that may change them came in between."""

Read = Callable[[Scope], Awaitable[Sequence[Balancer]]]
Told = Callable[[Scope, Sequence[Balancer]], Awaitable[None]]
Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Balancers:
    """`read` asks the neighbour; `told` hears every time what it said. `now` is a monotonic clock: what the neighbour
    says is read again after real seconds."""

    def __init__(self, read: Read, told: Told, spawn: Spawn, now: Callable[[], float] = time.monotonic) -> None:
        self._read_all = read
        self._told = told
        self._spawn = spawn
        self._now = now
        self._reading: defaultdict[Scope, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._changed: set[Scope] = set()
        self._scopes: dict[Scope, None] = {}
        self._changes: Counter[Scope] = Counter()
        self._read: dict[Scope, tuple[float, Sequence[Balancer]]] = {}
        self._last: dict[Scope, Sequence[Balancer]] = {}
        """What was read of a scope, however long ago."""

    def saw(self, name: str, request: Request, caller: Caller) -> None:
        """A request was answered by the neighbour."""
        if name not in TELLING:
            return
        self._scopes[caller.scope] = None
        self._changes[caller.scope] += 1
        self._read.pop(caller.scope, None)
        if _changes(request) and caller.scope not in self._changed:
            self._changed.add(caller.scope)
            self._spawn(self._follow(caller.scope))

    def resume(self, scopes: Iterable[Scope]) -> None:
        """What these had before the server's start is there again, as soon as the neighbour says so."""
        for scope in scopes:
            self._scopes[scope] = None
            self._spawn(self._follow(scope))

    async def find(self, label: str, region: str, listener: str = "") -> Balancer | None:
        """The balancer whose DNS name begins with a label, as the listener has it that is named, else the one for HTTP
        with the lowest port; None when no account that was seen here has it."""
        for scope in self._asked(label, region, listener):
            those = [one for one in await self.of(scope) if one.label == label and listener in ("", one.listener)]
            if those:
                return min(those, key=lambda one: (one.protocol != "HTTP", one.port))
        return None

    def _asked(self, label: str, region: str, listener: str) -> list[Scope]:
        """Where it may be, first where it was last: nobody waits for the many listeners of another account."""
        scopes = [one for one in self._scopes if region in ("", one.region)]
        if listener.count(":") > 4:
            of = tuple(listener.split(":")[3:5])
            return [one for one in scopes if (one.region, one.account) == of]
        return sorted(scopes, key=lambda scope: all(one.label != label for one in self._last.get(scope, ())))

    async def used(self, caller: Caller, group: str) -> TargetGroup | None:
        """A target group that a listener leads to."""
        return next((one.groups.get(group) for one in await self.of(caller.scope) if group in one.targets), None)

    async def of(self, scope: Scope) -> Sequence[Balancer]:
        """Every listener of a scope. What many ask for at once is read once."""
        read = self._fresh(scope)
        if read is None:
            async with self._reading[scope]:
                read = self._fresh(scope)
                if read is None:
                    read = await self._again(scope)
        return read

    def _fresh(self, scope: Scope) -> Sequence[Balancer] | None:
        read = self._read.get(scope)
        return read[1] if read is not None and self._now() - read[0] <= KEPT_SECONDS else None

    async def _again(self, scope: Scope) -> Sequence[Balancer]:
        changes, began = self._changes[scope], self._now()
        found = await self._read_all(scope)
        self._last[scope] = found
        await self._told(scope, found)
        if changes == self._changes[scope]:  # else it may be from before the change
            self._read[scope] = began, found
        return found

    async def _follow(self, scope: Scope) -> None:
        """Something may have changed: ports and checks follow it before anybody asks."""
        self._changed.discard(scope)
        try:
            await self.of(scope)
        except Fault as fault:  # the next who asks is told
            log.warning("load balancers of %s in %s: %s", scope.account, scope.region, fault.message)


def _changes(request: Request) -> bool:
    action = form_of(request).get("Action", "")
    return not action.startswith("Describe")
