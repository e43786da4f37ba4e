"""Environments by function version: which are idle, which exist.

The newest idle environment is used first, so that the oldest ones reach their keep-alive and end.
"""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from lambent.clock import Handle
from lambent.environments.environment import Environment, Home
from lambent.environments.life import Life
from lambent.environments.revisions import Key, key_of
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope

LATE_SECONDS = 0.0001
"""How much later than it falls due an environment may be recycled, for each that is idle."""
ENDED_LIVES = 200
"""Lives of environments that have ended which are kept for people who look."""
END_SECONDS = 4.0
"""How long the end of environments is waited for: their Shutdown phase takes up to two."""


@dataclass(slots=True)
class Pool:
    """The environments of one revision; there is at least one.

    `idle` is in the order in which they fell idle, with the time; `soon` have answered and not asked for more yet.
    """

    idle: list[tuple[Environment, float]] = field(default_factory=list)
    soon: list[Environment] = field(default_factory=list)
    all: dict[Environment, float] = field(default_factory=dict)
    """With the seconds of idleness after which each is recycled."""


class Pools:
    """All environments of the machine.

    `create` makes an environment; `now` is monotonic seconds; `keep` tells for each new environment after how many
    seconds of idleness it is recycled. 0: it runs one invocation. `call_at` sets a timer on the clock of `now`; without
    it the owner calls `recycle` from time to time. `grow` is asked before a new environment is made, and may raise.
    """

    def __init__(
        self,
        create: Callable[[FunctionVersion, Home], Environment],
        now: Callable[[], float],
        keep: Callable[[], float],
        call_at: Callable[[float, Callable[[], None]], Handle] | None = None,
        grow: Callable[[FunctionVersion], None] = lambda function: None,
    ) -> None:
        self._create = create
        self._now = now
        self._keep = keep
        self._call_at = call_at
        self._grow = grow
        self._timer: Handle | None = None
        self._due = math.inf
        self._pools: dict[Key, Pool] = {}
        self._leaving: set[Environment] = set()
        self._left: asyncio.Future[None] | None = None
        self._lives: deque[Life] = deque(maxlen=ENDED_LIVES)

    def acquire(self, function: FunctionVersion) -> Environment:
        """The newest idle environment of this revision, else one that is about to be idle, else a new one.

        Raises what `grow` raises when there may be no new one.
        """
        environment = self.free(function)
        if environment is None:
            self._grow(function)
            environment = self._create(function, self)
            self.add(environment, self._keep())
        return environment

    def add(self, environment: Environment, keep: float) -> None:
        """One more, which is recycled after `keep` seconds of idleness."""
        self._pools.setdefault(key_of(environment.function), Pool()).all[environment] = keep

    def free(self, function: FunctionVersion) -> Environment | None:
        """The newest idle environment of this revision, else one that is about to be idle, if there is one."""
        pool = self._pools.get(key_of(function))
        if pool is not None and pool.idle:
            return pool.idle.pop()[0]
        if pool is not None and pool.soon:
            return pool.soon.pop(0)
        return None

    def soon(self, environment: Environment) -> None:
        """`environment` has answered; an invocation that it gets now waits until its runtime asks."""
        pool = self._pools.get(key_of(environment.function))
        if pool is not None and pool.all.get(environment, 0) > 0:
            pool.soon.append(environment)

    def offer(self, environment: Environment) -> None:
        """`environment` is free for the next invocation."""
        pool = self._pools.get(key_of(environment.function))
        keep = 0.0 if pool is None else pool.all.get(environment, 0.0)
        if pool is None or keep <= 0:
            environment.retire()
            return
        if environment in pool.soon:
            pool.soon.remove(environment)
        now = self._now()
        pool.idle.append((environment, now))
        if now + keep < self._due:
            self._arm(now + keep)

    def gone(self, environment: Environment) -> None:
        """`environment` takes no further invocation. May be said more than once."""
        self._leaving.add(environment)
        key = key_of(environment.function)
        pool = self._pools.get(key)
        if pool is None:
            return
        pool.all.pop(environment, None)
        pool.idle = [entry for entry in pool.idle if entry[0] is not environment]
        pool.soon = [one for one in pool.soon if one is not environment]
        if not pool.all:
            del self._pools[key]

    def ended(self, environment: Environment) -> None:
        """Nothing is left of `environment`."""
        self._leaving.discard(environment)
        self._lives.append(environment.life)
        if self._left is not None and not self._left.done():
            self._left.set_result(None)

    def retire(self, scope: Scope, name: str, version: str | None = None) -> None:
        """Drain every environment of a function, or of one version: idle ones end now, busy ones after their
        invocation."""
        for key, pool in tuple(self._pools.items()):
            of = next(iter(pool.all)).function
            if (of.scope, of.name) == (scope, name) and version in (None, of.version):
                del self._pools[key]
                for environment in tuple(pool.all):
                    environment.retire()

    def recycle(self) -> None:
        """End the environments that have been idle for long."""
        now, following, looked_at = self._now(), math.inf, 0
        for pool in tuple(self._pools.values()):
            looked_at += len(pool.idle)
            for environment, since in tuple(pool.idle):
                due = since + pool.all[environment]
                if due <= now:
                    environment.retire()
                else:
                    following = min(following, due)
        # Thousands fall due one by one: the more there are to look at, the less exactly.
        self._arm(max(following, now + looked_at * LATE_SECONDS))

    def _arm(self, due: float) -> None:
        """The timer is left where it is when environments are used again: it then looks for the next one due."""
        if self._call_at is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = None if due == math.inf else self._call_at(due, self.recycle)

    async def recycle_now(self, scope: Scope | None = None, name: str = "") -> int:
        """End all environments, or those of one function, busy ones after their invocation. Answers how many, when
        nothing is left of the idle ones."""
        meant = [one.function for one in self.environments()]
        if scope is not None:
            meant = [of for of in meant if (of.scope, of.name) == (scope, name)]
        for of_scope, of_name in {(of.scope, of.name) for of in meant}:
            self.retire(of_scope, of_name)
        await self._until_left(END_SECONDS)
        return len(meant)

    async def close(self) -> None:
        """End all environments, with their Shutdown phase; those that are busy are left to their sandboxes' end."""
        await self.recycle_now()

    async def _until_left(self, seconds: float) -> None:
        """Until nothing is left of those that are ending now; `seconds` at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                waited = set(self._leaving)
                while waited & self._leaving:
                    self._left = self._left or asyncio.get_running_loop().create_future()
                    await asyncio.shield(self._left)
                    if self._left is not None and self._left.done():
                        self._left = None

    def environments(self) -> list[Environment]:
        """All that exist, idle or not."""
        return [environment for pool in self._pools.values() for environment in pool.all]

    def lives(self) -> list[Life]:
        """Of all that exist or are ending, and of the latest that have ended."""
        there = {*self.environments(), *self._leaving}
        return [*self._lives, *(one.life for one in there)]
