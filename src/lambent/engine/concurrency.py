"""Who may run one more invocation: the account's limit, what functions have reserved or provisioned of it, and how
many requests come in a second.

Every invocation takes a place in one of these, the first that has one:

    Tank of what is allocated of a version's provisioned concurrency    in an environment that was started ahead
        └── Tank of what is still being allocated of it                 on demand
                └── Tank of the function                                on demand

The places of a tank count in pools, none of which may have more than its limit: what of the version's is allocated or
is not, what the version has provisioned, what the function has reserved, what the account has left.

A place is good for ten synchronous requests a second: beyond that provisioned concurrency spills over, and everything
else is throttled.

Nothing here waits or reads a clock: `now` is seconds of a clock that never goes back.
Sources: developer guide, "Understanding reserved concurrency and provisioned concurrency" and "Understanding
concurrency and requests per second" (lambda-concurrency); the ThrottleReason of the API reference.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lambent.engine.scaling import REASON, Bucket, Rate
from lambent.model.invocation import Throttled
from lambent.model.limits import AWS_2026
from lambent.model.scope import Scope

UNRESERVED = REASON
RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
UNRESERVED_RATE = "FunctionInvocationRateLimitExceeded"
RESERVED_RATE = "ReservedFunctionInvocationRateLimitExceeded"
CALLER_RATE = "CallerRateLimitExceeded"
NO_LIMIT = 1 << 62


@dataclass(slots=True, eq=False)
class Pool:
    """Places that count together; `peak` is the most that were taken at once since `Concurrency.read`."""

    limit: int
    running: int = 0
    peak: int = 0


@dataclass(slots=True, eq=False)
class Tank:
    """Places of one kind: there is one while every one of `pools` has one. `spill` is asked when there is none.

    `ahead`: the places are environments that were started ahead. `requests` bounds the synchronous ones of a second.
    `started` counts the invocations that got a place here, `spilled` those that got one elsewhere instead.
    """

    account: "_Account"
    pools: tuple[Pool, ...]
    requests: Bucket
    spill: "Tank | None" = None
    ahead: bool = False
    reason: str = UNRESERVED
    rate_reason: str = UNRESERVED_RATE
    running: int = 0
    started: int = 0
    spilled: int = 0


@dataclass(slots=True, eq=False)
class _Account:
    """One account in one region: what nobody has reserved, and the requests of a second."""

    limit: int
    unreserved: Pool
    requests: Bucket


@dataclass(slots=True, eq=False)
class _Provisioned:
    """A version's provisioned concurrency: `asked` bounds both tanks together, `there` and `coming` each its own."""

    asked: Pool
    there: Pool
    coming: Pool
    allocated: Tank
    pending: Tank

    @property
    def tanks(self) -> tuple[Tank, Tank]:
        return (self.allocated, self.pending)


@dataclass(slots=True, eq=False)
class _Function:
    """One function. `total` counts all that runs of it, up to what it has reserved; `own` is the tank of everything
    that has no other, `rest` what is reserved and not provisioned. `leaving` are tanks that are no more and in which
    something still runs; `seen` the versions that have been looked up."""

    account: _Account
    total: Pool
    rest: Pool
    own: Tank
    reserved: int | None = None
    provisioned: dict[str, _Provisioned] = field(default_factory=dict)
    leaving: list[Tank] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    throttled: int = 0

    @property
    def taken(self) -> int:
        """How many places nobody else can have."""
        if self.reserved is not None:
            return self.reserved
        return sum(one.asked.limit for one in self.provisioned.values())


@dataclass(frozen=True, slots=True)
class Usage:
    """What happened to one function (or with `version` to its provisioned concurrency) since the last reading.

    `peak` is the most at once, `places` what is allocated; the rest are counts of invocations.
    """

    scope: Scope
    name: str
    version: str
    peak: int
    places: int = 0
    started: int = 0
    spilled: int = 0
    throttled: int = 0


class Concurrency:
    """The places of all accounts. `limit` is an account's, per region; `per_place` how many synchronous requests each
    place is good for in a second."""

    def __init__(self, limit: int, per_place: float = AWS_2026.requests_per_place) -> None:
        self._limit = limit
        self._per_place = per_place
        self._accounts: dict[Scope, _Account] = {}
        self._functions: dict[tuple[Scope, str], _Function] = {}
        self._tanks: dict[tuple[Scope, str, str], Tank] = {}

    # --- invocations

    def take(self, scope: Scope, name: str, version: str, now: float, sync: bool = True) -> Tank:
        """A place for one invocation, to be handed to `give` when it is over. Raises Throttled."""
        tank = self._tanks.get((scope, name, version)) or self._tank(scope, name, version)
        return self._descend(tank, scope, name, now, sync)

    def pass_on(self, tank: Tank, scope: Scope, name: str, now: float) -> Tank:
        """A place on demand for one in `tank`, whose environment started ahead is not to be had. Raises Throttled."""
        self.give(tank)
        tank.started -= 1
        assert tank.spill is not None
        other = self._descend(tank.spill, scope, name, now, sync=False)
        tank.spilled += 1
        return other

    def _descend(self, first: Tank, scope: Scope, name: str, now: float, sync: bool) -> Tank:
        tank, account = first, first.account.requests
        while True:
            refusal, bucket = tank.reason, None
            if _fits(tank.pools):
                bucket = tank.requests
                if not sync or (bucket.ready(now) and (bucket is account or account.ready(now))):
                    break
                refusal = tank.rate_reason
                if bucket.level >= 1.0:
                    refusal, bucket = CALLER_RATE, account
            if tank.spill is None:
                raise self._refuse(scope, name, refusal, bucket.wait(now) if bucket is not None else 0.0)
            tank = tank.spill
        if sync:
            bucket.level -= 1.0
            if bucket is not account:
                account.level -= 1.0
        if first.ahead and not tank.ahead:
            first.spilled += 1
        return _enter(tank)

    def give(self, tank: Tank) -> None:
        """The invocation that took a place in `tank` is over."""
        tank.running -= 1
        for pool in tank.pools:
            pool.running -= 1

    def refused(self, scope: Scope, name: str) -> None:
        """An invocation that had a place was throttled all the same: new environments can't be started that fast."""
        self._function(scope, name).throttled += 1

    def _refuse(self, scope: Scope, name: str, reason: str, wait: float) -> Throttled:
        self.refused(scope, name)
        return Throttled(reason, wait if wait < NO_LIMIT else 0.0)

    # --- settings

    def plan(self, scope: Scope, name: str, reserved: int | None, provisioned: Mapping[str, int]) -> None:
        """Set what a function has reserved (None: nothing) and what its versions shall have provisioned.

        What runs in the function counts against its new limit at once. Of what is provisioned nothing is allocated
        before `allocate` says so; until then its places serve its version on demand.
        """
        function = self._function(scope, name)
        unreserved = function.account.unreserved
        unreserved.limit += function.taken
        for version in function.provisioned.keys() - provisioned.keys():
            self._unprovision(function, version)
        for version, places in provisioned.items():
            one = function.provisioned.get(version)
            if one is None:
                one = function.provisioned[version] = self._provision(function)
            one.asked.limit = places
            self._fill(one, min(one.there.limit, places))
        function.reserved = reserved
        unreserved.limit -= function.taken
        function.total.limit = NO_LIMIT if reserved is None else reserved
        function.rest.limit = max((reserved or 0) - sum(provisioned.values()), 0)
        self._say(function)
        self._forget(scope, name)

    def allocate(self, scope: Scope, name: str, version: str, places: int) -> None:
        """That many of a version's provisioned environments stand ready or are in use."""
        function = self._functions.get((scope, name))
        one = function.provisioned.get(version) if function is not None else None
        if one is not None:
            self._fill(one, min(places, one.asked.limit))

    def _fill(self, one: _Provisioned, places: int) -> None:
        one.there.limit = places
        one.coming.limit = one.asked.limit - places
        one.allocated.requests.refit(self._rate(places))

    def _provision(self, function: _Function) -> _Provisioned:
        account, nobody = function.account, function.account.requests
        pending = Tank(account, (), nobody, spill=function.own)
        allocated = Tank(account, (), Bucket(self._rate(0)), spill=pending, ahead=True)
        return _Provisioned(Pool(0), Pool(0), Pool(0), allocated, pending)

    def _unprovision(self, function: _Function, version: str) -> None:
        """What still runs in those places runs on demand from now on."""
        for tank in function.provisioned.pop(version).tanks:
            if tank.running:
                function.leaving.append(tank)

    def _say(self, function: _Function) -> None:
        """Make every tank of a function what its settings are now: which pools count it, which reasons it gives."""
        total, account, reserved = function.total, function.account, function.reserved
        function.leaving = [tank for tank in function.leaving if tank.running]
        requests = account.requests
        if reserved is not None:
            requests = function.own.requests if function.own.requests is not requests else Bucket(self._rate(reserved))
            requests.refit(self._rate(reserved))
        for tank in (function.own, *function.leaving):
            _move(tank, (total, account.unreserved) if reserved is None else (function.rest, total))
            _rename(tank, requests, reserved is not None)
        for one in function.provisioned.values():
            _move(one.allocated, (one.there, one.asked, total))
            _move(one.pending, (one.coming, one.asked, total))
            _rename(one.allocated, one.allocated.requests, reserved is not None)
            _rename(one.pending, requests, reserved is not None)

    def _rate(self, places: int) -> Rate:
        per_second = max(places, 0) * self._per_place
        return Rate(per_second, per_second)

    # --- what is there

    def _tank(self, scope: Scope, name: str, version: str) -> Tank:
        function = self._function(scope, name)
        one = function.provisioned.get(version)
        tank = function.own if one is None else one.allocated
        function.seen.add(version)
        self._tanks[(scope, name, version)] = tank
        return tank

    def _function(self, scope: Scope, name: str) -> _Function:
        function = self._functions.get((scope, name))
        if function is None:
            account, total = self._account(scope), Pool(NO_LIMIT)
            own = Tank(account, (total, account.unreserved), account.requests)
            function = self._functions[(scope, name)] = _Function(account, total, Pool(0), own)
        return function

    def _account(self, scope: Scope) -> _Account:
        account = self._accounts.get(scope)
        if account is None:
            requests = Bucket(self._rate(self._limit))
            account = self._accounts[scope] = _Account(self._limit, Pool(self._limit), requests)
        return account

    def _forget(self, scope: Scope, name: str) -> None:
        """Look tanks up anew; keep nothing of a function for which nothing was said and that doesn't run."""
        function = self._functions[(scope, name)]
        for version in function.seen:
            del self._tanks[(scope, name, version)]
        function.seen.clear()
        if function.reserved is None and not function.provisioned and not function.total.running:
            del self._functions[(scope, name)]

    # --- readings

    def read(self) -> tuple[list[Usage], dict[Scope, tuple[int, int, int]]]:
        """What has happened since the last reading: of every function and provisioned version, and of every account the
        most that ran unreserved at once, what is reserved or allocated, and its limit."""
        usages = [usage for key, function in self._functions.items() for usage in _usages(*key, function)]
        accounts = {
            scope: (_peak(account.unreserved), account.limit - account.unreserved.limit, account.limit)
            for scope, account in self._accounts.items()
        }
        return usages, accounts


def _fits(pools: tuple[Pool, ...]) -> bool:
    for pool in pools:  # noqa: SIM110  `all` of a generator costs three times as much
        if pool.running >= pool.limit:
            return False
    return True


def _enter(tank: Tank) -> Tank:
    tank.started += 1
    tank.running += 1
    for pool in tank.pools:
        pool.running += 1
        if pool.running > pool.peak:  # noqa: PLR1730  a call of `max` costs more
            pool.peak = pool.running
    return tank


def _move(tank: Tank, pools: tuple[Pool, ...]) -> None:
    """Count the tank in `pools`, and no more where it was counted."""
    for pool in tank.pools:
        pool.running -= tank.running
    tank.pools = pools
    for pool in pools:
        pool.running += tank.running
        pool.peak = max(pool.peak, pool.running)


def _rename(tank: Tank, requests: Bucket, reserved: bool) -> None:
    tank.requests = requests
    tank.reason, tank.rate_reason = (RESERVED, RESERVED_RATE) if reserved else (UNRESERVED, UNRESERVED_RATE)


def _peak(pool: Pool) -> int:
    peak, pool.peak = pool.peak, pool.running
    return peak


def _usages(scope: Scope, name: str, function: _Function) -> Iterator[Usage]:
    throttled, function.throttled = function.throttled, 0
    yield Usage(scope, name, "", _peak(function.total), throttled=throttled)
    for version, one in function.provisioned.items():
        tank = one.allocated
        counts = tank.started, tank.spilled
        tank.started = tank.spilled = 0
        yield Usage(scope, name, version, _peak(one.there), one.there.limit, *counts)
