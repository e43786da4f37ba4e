"""An account under load in virtual time: 5,000 requests a second, 10,000 environments, and no process.

Ledger, placement and scaling are the server's own; environments and time are made up. What has to hold whatever happens
is checked at every step: nothing runs over a limit, what is reserved can be had when it is asked for, an environment
runs one invocation at a time, and every place comes back.
"""

import asyncio
import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lambent.dispatch.invoker import Invoker
from lambent.dispatch.pools import Pools
from lambent.dispatch.provisioned import Provisioned
from lambent.engine.concurrency import RESERVED, RESERVED_RATE, UNRESERVED, Concurrency
from lambent.engine.environment import Phase
from lambent.engine.scaling import Scaling
from lambent.environments.life import Life
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled
from lambent.model.limits import AWS_2026, Limits
from lambent.model.scope import Scope

HERE = Scope("111111111111", "us-east-1")
LIMIT = 12_000
REQUESTS = 5_000
"""A second."""
READY_SECONDS, LOAD_SECONDS, END_SECONDS = 15.0, 55.0, 100.0
KEEP_SECONDS = 15.0
INIT_SECONDS = 0.3
EVENT = Invocation("r", b"{}", "arn", "t")
OUTCOME = Outcome(b"")


@dataclass(frozen=True)
class Load:
    """What is asked of one function: its share of all requests, mean seconds of each, what it has of its own."""

    name: str
    share: float
    seconds: float = 2.0
    reserved: int | None = None
    provisioned: int = 0
    function: FunctionVersion = field(init=False)

    def __post_init__(self) -> None:
        version = "1" if self.provisioned else "$LATEST"
        function = FunctionVersion(HERE, self.name, version, "python3.13", "a.b", "00", "role", self.name)
        object.__setattr__(self, "function", function)


LOADS = (
    Load("hot", 0.3, 2.5),  # needs 3,750 environments; may have 1,000 at once, then 100 a second
    *(Load(f"plain{number}", 0.03, 2.0) for number in range(10)),
    *(Load(f"kept{number}", 0.06, 2.0, reserved=1_000) for number in range(4)),
    Load("small", 0.05, 2.0, reserved=200),  # is asked for more than it has
    Load("quick", 0.06, 0.005, reserved=10),  # 300 requests a second, good for 100
    Load("off", 0.001, 1.0, reserved=0),
    Load("ahead", 0.04, 2.0, provisioned=150),  # spills over
)


class Env:
    """An execution environment that is nothing but a state and a timer."""

    def __init__(self, world: "World", function: FunctionVersion, home: Pools) -> None:
        self.world, self.function, self.home = world, function, home
        self.life = Life(function, "stream", "on-demand")
        self.phase, self.waits = Phase.INIT, False
        self.over: Callable[[], None] = lambda: None
        self.answer: Callable[[Outcome], None] = lambda outcome: None
        world.environments += 1
        world.most = max(world.most, world.environments)
        world.after(INIT_SECONDS, self.initialised)

    def invoke(self, invocation: Invocation, answer: Any, over: Callable[[], None], sink: Any = None) -> None:
        assert not self.waits and self.phase in (Phase.INIT, Phase.IDLE), "one invocation at a time"
        self.over, self.answer, self.waits = over, answer, True
        if self.phase is Phase.IDLE:
            self.run()

    def run(self) -> None:
        self.phase = Phase.BUSY
        self.world.after(self.world.seconds(self.function.name), self.finish)

    def initialised(self) -> None:
        self.phase = Phase.IDLE
        if self.waits:
            self.run()
        else:
            self.home.offer(self)  # type: ignore[arg-type]

    def finish(self) -> None:
        self.phase, self.waits = Phase.IDLE, False
        self.over()
        self.answer(OUTCOME)
        self.home.offer(self)  # type: ignore[arg-type]

    def retire(self) -> None:
        assert not self.waits
        self.world.environments -= 1
        self.home.gone(self)  # type: ignore[arg-type]
        self.home.ended(self)  # type: ignore[arg-type]


class World:
    """The server's decisions on one side, time and environments on the other."""

    def __init__(self, limits: Limits, loads: tuple[Load, ...], seed: int = 7) -> None:
        self.now = 0.0
        self.chance = random.Random(seed)
        self.loads = {load.name: load for load in loads}
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self.environments = self.most = self.asked = self.all = self.shared = 0
        self.started: Counter[str] = Counter()
        self.running: Counter[str] = Counter()
        self.admitted: Counter[str] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()
        self.ledger = Concurrency(limits.concurrency, limits.requests_per_place)
        self.scaling = Scaling(limits)
        clock = lambda: self.now  # noqa: E731
        self.pools = Pools(self._make, clock, lambda: KEEP_SECONDS, self._call_at, self._grow)  # type: ignore[arg-type]
        self.ahead = Provisioned(self._make, clock, Scaling(limits), self.ledger.allocate)  # type: ignore[arg-type]
        self.invoker = Invoker(self.pools, self.ledger, self.ahead, clock)
        self.unreserved = limits.concurrency
        for load in loads:
            provisioned = {"1": load.provisioned} if load.provisioned else {}
            self.ledger.plan(HERE, load.name, load.reserved, provisioned)
            self.unreserved -= load.provisioned if load.reserved is None else load.reserved
            if provisioned:
                self.ahead.plan(HERE, load.name, [(load.function, load.provisioned)])

    # --- time

    def after(self, seconds: float, callback: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self.now + seconds, next(self._numbers), callback))

    def _call_at(self, when: float, callback: Callable[[], None]) -> Any:
        cancelled: list[bool] = []
        self.after(when - self.now, lambda: None if cancelled else callback())

        class Timer:
            cancel = staticmethod(lambda: cancelled.append(True))

        return Timer

    async def until(self, end: float) -> None:
        """Everything that happens before `end`."""
        await asyncio.sleep(0)
        while self._timers and self._timers[0][0] <= end:
            self.now, _, callback = heapq.heappop(self._timers)
            callback()
            if self.ahead._pumping:
                await asyncio.sleep(0)
        self.now = end

    def seconds(self, name: str) -> float:
        return self.chance.expovariate(1 / self.loads[name].seconds)

    # --- what the server does

    def _make(self, function: FunctionVersion, home: Pools) -> Env:
        return Env(self, function, home)

    def _grow(self, function: FunctionVersion) -> None:
        self.scaling.require(HERE, function.name, self.now)
        self.started[function.name] += 1
        assert self.started[function.name] <= 1_000 + 100 * (self.now - READY_SECONDS) + 1, "faster than AWS scales"

    def request(self, load: Load) -> None:
        """One synchronous request, and what has to hold after it."""
        name = load.name
        self.asked += 1

        def answer(outcome: Outcome | Exception) -> None:
            assert outcome is OUTCOME
            self.running[name] -= 1
            self.all -= 1
            if load.reserved is None and not load.provisioned:
                self.shared -= 1

        try:
            self.invoker.submit(load.function, EVENT, answer)
        except Throttled as throttled:
            self.refused[name, throttled.reason] += 1
            if load.reserved is not None and throttled.reason == RESERVED:
                assert self.running[name] == load.reserved, "what is reserved could not be had"
            return
        self.admitted[name] += 1
        self.running[name] += 1
        if load.reserved is not None:
            assert self.running[name] <= load.reserved, "more than is reserved"
        elif not load.provisioned:
            self.shared += 1
            assert self.shared <= self.unreserved, "more than the account has left"
        self.all += 1
        assert self.all <= LIMIT, "more than the account has"

    async def load(self, seconds: float) -> None:
        """REQUESTS a second until then, each to a function by its share."""
        loads = list(self.loads.values())
        weights = list(itertools.accumulate(load.share for load in loads))
        step = 1 / REQUESTS

        def arrive() -> None:
            self.request(self.chance.choices(loads, cum_weights=weights)[0])
            if self.now + step < seconds:
                self.after(step, arrive)

        self.after(0.0, arrive)
        await self.until(seconds)


def test_a_busy_account_keeps_its_limits() -> None:
    async def main() -> World:
        world = World(AWS_2026.with_concurrency(LIMIT), LOADS)
        await world.until(READY_SECONDS)  # what is provisioned stands ready
        assert world.ahead.state(HERE, "ahead", "1").ready
        await world.load(LOAD_SECONDS)
        assert world.most >= 10_000
        await world.until(END_SECONDS)
        await world.ahead.close()
        return world

    world = asyncio.run(main())
    assert world.asked >= REQUESTS * (LOAD_SECONDS - READY_SECONDS)
    assert world.all == 0
    assert world.environments == 0  # recycled, and those that were started ahead ended with their machine
    usages, accounts = world.ledger.read()
    assert accounts[HERE][0] <= world.unreserved
    usage = {(one.name, one.version): one for one in usages}
    ahead = usage["ahead", "1"]
    assert ahead.peak == 150
    assert ahead.spilled > 0
    assert ahead.started + ahead.spilled == world.admitted["ahead"]
    for (name, _), count in world.refused.items():
        assert usage[name, ""].throttled >= count
    reasons = {name: {reason for one, reason in world.refused if one == name} for name in world.loads}
    assert reasons["hot"] <= {UNRESERVED}
    assert reasons["small"] == {RESERVED}
    assert reasons["off"] == {RESERVED}
    assert reasons["quick"] <= {RESERVED, RESERVED_RATE}
    assert RESERVED_RATE in reasons["quick"]
    assert all(not reasons[f"kept{number}"] for number in range(4))
    assert world.admitted["off"] == 0
    assert world.admitted.total() + world.refused.total() == world.asked
