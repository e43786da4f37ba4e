"""Who may run one more invocation: the account's limit, and what functions have reserved or provisioned of it.

Every invocation takes a place in one of these, the first that has one:

    Tank of a version with provisioned concurrency    its own places
        └── Tank of the function                      reserved: so many places; else as many as the account has
                └── Pool of the account and region    what nobody has reserved (only for unreserved functions)

Source: developer guide, "Understanding reserved concurrency and provisioned concurrency" (lambda-concurrency).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambent.model.invocation import Throttled
from lambent.model.scope import Scope

UNRESERVED = "ConcurrentInvocationLimitExceeded"
RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
NO_LIMIT = 1 << 62


@dataclass(slots=True, eq=False)
class Pool:
    """What an account has left in a region once reservations are taken off."""

    limit: int
    running: int = 0


@dataclass(slots=True, eq=False)
class Tank:
    """Places of one function or version. `spill` is asked when they are taken; `pool` counts them a second time."""

    limit: int
    pool: Pool | None = None
    spill: "Tank | None" = None
    running: int = 0


@dataclass(slots=True, eq=False)
class _Function:
    """One function's share: `own` is the tank of the versions that have none of their own, `seen` those that ran."""

    own: Tank
    reserved: int | None = None
    provisioned: dict[str, Tank] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    @property
    def taken(self) -> int:
        """How many places nobody else can have."""
        if self.reserved is not None:
            return self.reserved
        return sum(tank.limit for tank in self.provisioned.values())


class Concurrency:
    """The places of all accounts. `limit` is an account's, per region."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pools: dict[Scope, Pool] = {}
        self._functions: dict[tuple[Scope, str], _Function] = {}
        self._tanks: dict[tuple[Scope, str, str], Tank] = {}

    def take(self, scope: Scope, name: str, version: str) -> Tank:
        """A place for one invocation, to be handed to `give` when it is over. Raises Throttled."""
        tank = self._tanks.get((scope, name, version)) or self._tank(scope, name, version)
        while True:
            pool = tank.pool
            if tank.running < tank.limit and (pool is None or pool.running < pool.limit):
                tank.running += 1
                if pool is not None:
                    pool.running += 1
                return tank
            if tank.spill is None:
                raise Throttled(RESERVED if pool is None else UNRESERVED)
            tank = tank.spill

    def give(self, tank: Tank) -> None:
        """The invocation that took a place in `tank` is over."""
        tank.running -= 1
        if tank.pool is not None:
            tank.pool.running -= 1

    def plan(self, scope: Scope, name: str, reserved: int | None, provisioned: Mapping[str, int]) -> None:
        """Set what a function has reserved (None: nothing) and what its versions have provisioned.

        What runs in the function counts against its new limit at once.
        """
        function = self._function(scope, name)
        pool = self._pool(scope)
        pool.limit += function.taken
        for version in function.provisioned.keys() - provisioned.keys():
            del function.provisioned[version]  # what runs in those places gives them back in vain
        for version, places in provisioned.items():
            tank = function.provisioned.setdefault(version, Tank(0, spill=function.own))
            tank.limit = places
        function.reserved = reserved
        pool.limit -= function.taken
        self._move(function.own, pool if reserved is None else None)
        total = sum(provisioned.values())
        function.own.limit = NO_LIMIT if reserved is None else max(reserved - total, 0)
        self._forget(scope, name)

    def _tank(self, scope: Scope, name: str, version: str) -> Tank:
        function = self._function(scope, name)
        tank = function.provisioned.get(version, function.own)
        function.seen.add(version)
        self._tanks[(scope, name, version)] = tank
        return tank

    def _function(self, scope: Scope, name: str) -> _Function:
        function = self._functions.get((scope, name))
        if function is None:
            function = _Function(Tank(NO_LIMIT, self._pool(scope)))
            self._functions[(scope, name)] = function
        return function

    def _pool(self, scope: Scope) -> Pool:
        return self._pools.setdefault(scope, Pool(self._limit))

    def _move(self, tank: Tank, pool: Pool | None) -> None:
        """Count the tank in `pool`, and no more where it was counted."""
        if tank.pool is not None:
            tank.pool.running -= tank.running
        tank.pool = pool
        if pool is not None:
            pool.running += tank.running

    def _forget(self, scope: Scope, name: str) -> None:
        """Look tanks up anew; keep nothing of a function for which nothing was said and that doesn't run."""
        function = self._functions[(scope, name)]
        for version in function.seen:
            del self._tanks[(scope, name, version)]
        function.seen.clear()
        if function.reserved is None and not function.provisioned and not function.own.running:
            del self._functions[(scope, name)]
