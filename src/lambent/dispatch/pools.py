"""Environments by function version: which are idle, which exist.

The newest idle environment is used first, so that the oldest ones reach their keep-alive and end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from lambent.dispatch.environment import Environment
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope

Key = tuple[str, str]


def key_of(function: FunctionVersion) -> Key:
    """Environments are shared by nothing but the same revision (a UUID) of the same version."""
    return (function.revision_id, function.version)


@dataclass(slots=True)
class Pool:
    """The environments of one revision; there is at least one.

    `idle` is in the order in which they fell idle, with the time; `soon` have answered and not asked for more yet.
    """

    idle: list[tuple[Environment, float]] = field(default_factory=list)
    soon: list[Environment] = field(default_factory=list)
    all: set[Environment] = field(default_factory=set)


class Pools:
    """All environments of the machine.

    `create` makes an environment; `now` is monotonic seconds; an environment that was idle for `idle_seconds` is
    recycled by `recycle`, which the owner calls from time to time. 0 keeps none: every invocation starts cold.
    """

    def __init__(
        self,
        create: Callable[[FunctionVersion, "Pools"], Environment],
        now: Callable[[], float],
        idle_seconds: float,
    ) -> None:
        self._create = create
        self._now = now
        self._idle_seconds = idle_seconds
        self._pools: dict[Key, Pool] = {}

    def acquire(self, function: FunctionVersion) -> Environment:
        """The newest idle environment of this revision, else one that is about to be idle, else a new one."""
        key = key_of(function)
        pool = self._pools.get(key)
        if pool is not None and pool.idle:
            return pool.idle.pop()[0]
        if pool is not None and pool.soon:
            return pool.soon.pop(0)
        environment = self._create(function, self)
        self._pools.setdefault(key, Pool()).all.add(environment)
        return environment

    def soon(self, environment: Environment) -> None:
        """`environment` has answered; an invocation that it gets now waits until its runtime asks."""
        pool = self._pools.get(key_of(environment.function))
        if pool is not None and environment in pool.all and self._idle_seconds > 0:
            pool.soon.append(environment)

    def offer(self, environment: Environment) -> None:
        """`environment` is free for the next invocation."""
        pool = self._pools.get(key_of(environment.function))
        if pool is None or environment not in pool.all or self._idle_seconds <= 0:
            environment.retire()
            return
        if environment in pool.soon:
            pool.soon.remove(environment)
        pool.idle.append((environment, self._now()))

    def gone(self, environment: Environment) -> None:
        """`environment` takes no further invocation."""
        key = key_of(environment.function)
        pool = self._pools.get(key)
        if pool is None:
            return
        pool.all.discard(environment)
        pool.idle = [entry for entry in pool.idle if entry[0] is not environment]
        pool.soon = [one for one in pool.soon if one is not environment]
        if not pool.all:
            del self._pools[key]

    def retire(self, scope: Scope, name: str) -> None:
        """Drain every environment of a function: idle ones end now, busy ones after their invocation."""
        for key, pool in tuple(self._pools.items()):
            of = next(iter(pool.all)).function
            if (of.scope, of.name) == (scope, name):
                del self._pools[key]
                for environment in tuple(pool.all):
                    environment.retire()

    def recycle(self) -> None:
        """End the environments that have been idle for long."""
        limit = self._now() - self._idle_seconds
        for pool in tuple(self._pools.values()):
            for environment, since in tuple(pool.idle):
                if since > limit:
                    break
                environment.retire()

    def environments(self) -> list[Environment]:
        """All that exist, idle or not."""
        return [environment for pool in self._pools.values() for environment in pool.all]
