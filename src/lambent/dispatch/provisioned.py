"""Environments that are started ahead of their invocations: provisioned concurrency, carried out.

`engine.allocation` decides how many; an environment that ends is replaced. They wait as those on demand do, but for as
long as they are wanted.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from lambent.dispatch.pools import Pools
from lambent.engine import allocation
from lambent.engine.allocation import Event, State
from lambent.engine.environment import Phase
from lambent.engine.scaling import Scaling
from lambent.environments.environment import Environment, Home
from lambent.environments.revisions import key_of
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope

INITIALIZATION = "provisioned-concurrency"
AT_ONCE = 4
"""Environments of this machine that are started ahead at the same time."""

Key = tuple[Scope, str, str]


@dataclass(slots=True, eq=False)
class _Fleet:
    """The environments of one version: `starting` have not initialised yet, `there` have."""

    function: FunctionVersion
    state: State = field(default_factory=State)
    starting: set[Environment] = field(default_factory=set)
    there: set[Environment] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None
    said: int = 0


class Provisioned:
    """The environments that were started ahead, of all versions.

    `create` makes an environment, whose home this is; `pools` has them all; `now` is monotonic seconds.
    `scaling` bounds how fast they are started. `allocate` is told how many of a version stand ready or are in use
    whenever that has changed.
    """

    def __init__(
        self,
        create: Callable[[FunctionVersion, Home], Environment],
        now: Callable[[], float],
        scaling: Scaling,
        allocate: Callable[[Scope, str, str, int], None],
    ) -> None:
        self.pools = Pools(create, now, lambda: math.inf)
        self._create = create
        self._now = now
        self._scaling = scaling
        self._allocate = allocate
        self._fleets: dict[Key, _Fleet] = {}
        self._pumping = self._closed = False

    # --- what is asked for

    def plan(self, scope: Scope, name: str, wanted: Sequence[tuple[FunctionVersion, int]]) -> None:
        """Set how many environments of each version of a function shall stand ready; none of any other."""
        asked = {(scope, name, function.version): (function, places) for function, places in wanted}
        for key, fleet in self._fleets.items():
            if key[:2] == (scope, name) and key not in asked:
                fleet.state = allocation.want(fleet.state, 0)
        for key, (function, places) in asked.items():
            there = self._fleets.get(key)
            if there is None:
                there = self._fleets[key] = _Fleet(function)
            elif key_of(there.function) != key_of(function):
                self.retire(*key)
                there.function = function
            if (there.state.wanted, there.state.failed) != (places, False):
                there.state = allocation.want(there.state, places)
        self._pump_soon()

    def state(self, scope: Scope, name: str, version: str) -> State:
        """How far the provisioned concurrency of a version is."""
        fleet = self._fleets.get((scope, name, version))
        return State() if fleet is None else fleet.state

    def take(self, function: FunctionVersion) -> Environment | None:
        """An environment that stands ready, or does so in a moment; None if there is none."""
        return self.pools.free(function)

    # --- what environments say

    def offer(self, environment: Environment) -> None:
        """`environment` is free: it has initialised, or failed to, or has run an invocation."""
        fleet = self._fleet(environment)
        # Nothing runs in an environment that was reset: what is started ahead again is a new one.
        reset = environment.phase is Phase.RESET
        if fleet is not None and environment in fleet.starting:
            self._started(fleet, environment, Event.NOT_THERE if reset else Event.THERE)
        elif fleet is not None and reset:
            self._drop(fleet, environment)
        if reset:
            environment.retire()
        else:
            self.pools.offer(environment)

    def soon(self, environment: Environment) -> None:
        """`environment` has answered, and is free in a moment."""
        self.pools.soon(environment)

    def gone(self, environment: Environment) -> None:
        """`environment` takes no further invocation."""
        self.pools.gone(environment)
        fleet = self._fleet(environment)
        if fleet is not None and environment in fleet.starting:
            self._started(fleet, environment, Event.NOT_MADE if environment.lost else Event.NOT_THERE)
        elif fleet is not None:
            self._drop(fleet, environment)

    def ended(self, environment: Environment) -> None:
        """Nothing is left of `environment`."""
        self.pools.ended(environment)

    # --- draining

    def retire(self, scope: Scope, name: str, version: str | None = None) -> None:
        """Drain the environments of a function, or of one version; those that are still wanted are replaced."""
        for key, fleet in self._fleets.items():
            if key[:2] == (scope, name) and version in (None, key[2]):
                self._drop_all(fleet)
        self.pools.retire(scope, name, version)

    async def recycle_now(self, scope: Scope | None = None, name: str = "") -> int:
        """End all environments, or those of one function, as `Pools` does; those that are wanted are replaced."""
        for key, fleet in self._fleets.items():
            if scope is None or key[:2] == (scope, name):
                self._drop_all(fleet)
        return await self.pools.recycle_now(scope, name)

    async def close(self) -> None:
        """End all environments, and start no more."""
        self._closed = True
        for fleet in self._fleets.values():
            if fleet.timer is not None:
                fleet.timer.cancel()
        await self.pools.close()

    def _fleet(self, environment: Environment) -> _Fleet | None:
        function = environment.function
        return self._fleets.get((function.scope, function.name, function.version))

    def _drop_all(self, fleet: _Fleet) -> None:
        for environment in (*fleet.starting, *fleet.there):
            self._drop(fleet, environment)

    # --- one by one

    def _started(self, fleet: _Fleet, environment: Environment, how: Event) -> None:
        fleet.starting.remove(environment)
        if how is Event.THERE:
            fleet.there.add(environment)
        self._apply(fleet, how)

    def _drop(self, fleet: _Fleet, environment: Environment) -> None:
        """Count on `environment` no more."""
        if environment in fleet.starting:
            fleet.starting.remove(environment)
            self._apply(fleet, Event.WITHDRAWN)
        elif environment in fleet.there:
            fleet.there.remove(environment)
            self._apply(fleet, Event.LOST)

    def _apply(self, fleet: _Fleet, event: Event) -> None:
        fleet.state = allocation.apply(fleet.state, event)
        self._pump_soon()

    # --- what is to be done

    def _pump_soon(self) -> None:
        """In the next turn of the event loop, when everything that belongs to what happens now has been said."""
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        for key, fleet in list(self._fleets.items()):
            self._dismiss(fleet)
            if fleet.said != fleet.state.there:
                fleet.said = fleet.state.there
                self._allocate(*key, fleet.said)
            if not self._closed:
                self._start(fleet)
            if not fleet.state.wanted and not fleet.starting and not fleet.there:
                self._fleets.pop(key)

    def _dismiss(self, fleet: _Fleet) -> None:
        """End those that are too many: first what isn't there yet, then what is idle, then what is busy."""
        for environment in _first(fleet.state.surplus, fleet.starting, sorted(fleet.there, key=_busy)):
            self._drop(fleet, environment)
            environment.retire()

    def _start(self, fleet: _Fleet) -> None:
        state, function = fleet.state, fleet.function
        if not state.missing or fleet.timer is not None or self._starting() >= AT_ONCE:
            return
        if state.wait:
            self._start_later(fleet, state.wait)
            return
        while fleet.state.missing and self._starting() < AT_ONCE:
            now = self._now()
            if not self._scaling.grow(function.scope, function.name, now):
                self._start_later(fleet, self._scaling.wait(function.scope, function.name, now))
                return
            self._start_one(fleet)

    def _start_later(self, fleet: _Fleet, seconds: float) -> None:
        def start() -> None:
            fleet.timer = None
            if fleet.state.missing and not self._closed and self._starting() < AT_ONCE:
                self._start_one(fleet)
            self._pump_soon()

        fleet.timer = asyncio.get_running_loop().call_later(seconds, start)

    def _start_one(self, fleet: _Fleet) -> None:
        environment = self._create(fleet.function, self)
        self.pools.add(environment, math.inf)
        fleet.starting.add(environment)
        fleet.state = allocation.apply(fleet.state, Event.STARTED)

    def _starting(self) -> int:
        return sum(len(fleet.starting) for fleet in self._fleets.values())


def _busy(environment: Environment) -> bool:
    return environment.phase not in (Phase.IDLE, Phase.FROZEN)


def _first(count: int, *those: Iterable[Environment]) -> list[Environment]:
    return [environment for some in those for environment in some][:count]
