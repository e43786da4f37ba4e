"""Environments that are started ahead: how many there are, whatever becomes of them."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from lambent.dispatch.invoker import Invoker
from lambent.dispatch.pools import Pools
from lambent.dispatch.provisioned import AT_ONCE, Provisioned
from lambent.engine.allocation import Status
from lambent.engine.concurrency import RESERVED, Concurrency
from lambent.engine.environment import Phase
from lambent.engine.scaling import Scaling
from lambent.environments.life import Life
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Throttled
from lambent.model.limits import AWS_2026
from lambent.model.scope import Scope

SCOPE = Scope("111111111111", "eu-west-1")
FUNCTION = FunctionVersion(SCOPE, "f", "1", "python3.13", "a.b", "00", "role", "r1")
EVENT = Invocation("r", b"{}", "arn", "t")


class FakeEnvironment:
    """Does nothing until it is told to."""

    def __init__(self, function: FunctionVersion, home: Pools) -> None:
        self.function, self.home, self.phase = function, home, Phase.INIT
        self.retired = self.lost = False
        self.over: Callable[[], None] = lambda: None
        self.life = Life(function, "stream", "on-demand")

    def initialise(self) -> None:
        self.phase = Phase.IDLE
        self.home.offer(self)  # type: ignore[arg-type]

    def fail(self) -> None:
        self.phase = Phase.RESET
        self.home.offer(self)  # type: ignore[arg-type]

    def invoke(self, invocation: Invocation, answer: Any, over: Callable[[], None], sink: Any = None) -> None:
        self.phase, self.over = Phase.BUSY, over

    def finish(self, reset: bool = False) -> None:
        self.over()
        self.phase = Phase.RESET if reset else Phase.IDLE
        if self.retired:
            self.retire()
        else:
            self.home.offer(self)  # type: ignore[arg-type]

    def retire(self) -> None:
        self.retired = True
        if self.phase is not Phase.BUSY:
            self.home.gone(self)  # type: ignore[arg-type]
            self.home.ended(self)  # type: ignore[arg-type]


class Stage:
    """One machine without processes."""

    def __init__(self) -> None:
        self.made: list[FakeEnvironment] = []
        self.now = 0.0
        self.ledger = Concurrency(10)
        self.ahead = Provisioned(self.make, lambda: self.now, Scaling(AWS_2026), self.ledger.allocate)  # type: ignore[arg-type]
        self.pools = Pools(self.make, lambda: self.now, lambda: 60.0)  # type: ignore[arg-type]
        self.invoker = Invoker(self.pools, self.ledger, self.ahead, lambda: self.now)

    def make(self, function: FunctionVersion, home: Pools) -> FakeEnvironment:
        self.made.append(FakeEnvironment(function, home))
        return self.made[-1]

    async def plan(self, places: int, function: FunctionVersion = FUNCTION, reserved: int | None = None) -> None:
        self.ledger.plan(SCOPE, "f", reserved, {function.version: places} if places else {})
        self.ahead.plan(SCOPE, "f", [(function, places)] if places else [])
        await turn()

    async def ready(self, places: int) -> None:
        await self.plan(places)
        while (there := self.ahead.state(SCOPE, "f", "1").there) < places:
            for one in self.made[there:]:
                if one.phase is Phase.INIT:
                    one.initialise()
            await turn()

    def invoke(self) -> FakeEnvironment:
        before = {one for one in self.made if one.phase is Phase.BUSY}
        self.invoker.submit(FUNCTION, EVENT, lambda outcome: None)
        return next(one for one in self.made if one.phase is Phase.BUSY and one not in before)

    @property
    def there(self) -> int:
        return len(self.ahead.pools.environments())


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.fixture
def play() -> Callable[[Callable[[Stage], Coroutine[Any, Any, None]]], None]:
    async def main(scene: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
        stage = Stage()
        await scene(stage)
        for one in stage.made:
            if one.phase is Phase.BUSY:
                one.finish()
        await stage.ahead.close()

    return lambda scene: asyncio.run(main(scene))


def test_a_few_are_started_at_a_time(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.plan(10)
        assert len(stage.made) == AT_ONCE
        stage.made[0].initialise()
        await turn()
        assert len(stage.made) == AT_ONCE + 1
        await stage.ready(10)
        assert (len(stage.made), stage.ahead.state(SCOPE, "f", "1").status) == (10, Status.READY)

    play(scene)


def test_invocations_prefer_them_and_spill_over(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.ready(2)
        first, second, third = stage.invoke(), stage.invoke(), stage.invoke()
        assert [one.home for one in (first, second, third)] == [stage.ahead, stage.ahead, stage.pools]
        first.finish()
        assert stage.invoke() is first

    play(scene)


def test_while_they_are_being_started_invocations_run_on_demand(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.plan(2, reserved=2)
        assert stage.invoke().home is stage.pools
        await stage.ahead.close()

    play(scene)


def test_one_whose_init_fails_fails_the_allocation(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.plan(3)
        stage.made[0].initialise()
        stage.made[1].fail()
        await turn()
        assert stage.ahead.state(SCOPE, "f", "1").status is Status.FAILED
        assert (stage.there, [one.retired for one in stage.made]) == (0, [True, True, True])
        await stage.plan(1)  # asked for once more
        assert (stage.ahead.state(SCOPE, "f", "1").status, stage.there) == (Status.IN_PROGRESS, 1)

    play(scene)


def test_one_that_ends_while_it_initialises_fails_the_allocation(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.plan(1)
        stage.ahead.gone(stage.made[0])  # type: ignore[arg-type]
        stage.ahead.gone(stage.made[0])  # type: ignore[arg-type]
        await turn()
        assert stage.ahead.state(SCOPE, "f", "1").status is Status.FAILED

    play(scene)


def test_one_that_could_not_be_made_is_tried_again(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.plan(1)
        stage.made[0].lost = True
        stage.ahead.gone(stage.made[0])  # type: ignore[arg-type]
        await turn()
        state = stage.ahead.state(SCOPE, "f", "1")
        assert (state.status, state.wait, len(stage.made)) == (Status.IN_PROGRESS, 1.0, 1)

    play(scene)


def test_one_that_is_lost_or_reset_is_replaced(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.ready(1)
        one = stage.invoke()
        one.finish(reset=True)
        await turn()
        assert (one.retired, len(stage.made), stage.ahead.state(SCOPE, "f", "1").there) == (True, 2, 0)
        assert stage.invoke().home is stage.pools  # nothing stands ready at the moment
        stage.made[1].initialise()
        await turn()
        stage.made[1].retire()
        await turn()
        assert stage.ahead.state(SCOPE, "f", "1") == (1, 1, 0, True, False, 0)

    play(scene)


def test_a_replacement_that_fails_is_tried_again_later(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.ready(1)
        stage.made[0].retire()
        await turn()
        stage.made[1].fail()
        await turn()
        state = stage.ahead.state(SCOPE, "f", "1")
        assert (state.status, state.wait, len(stage.made)) == (Status.READY, 1.0, 2)

    play(scene)


def test_fewer_leave_the_busy_ones_to_the_end(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.ready(3)
        busy = stage.invoke()
        await stage.plan(1)
        assert (stage.there, busy.retired) == (1, False)
        await stage.plan(0)
        assert busy.retired
        busy.finish()
        await turn()
        assert (stage.there, stage.ahead._fleets) == (0, {})
        assert stage.invoke().home is stage.pools

    play(scene)


def test_another_revision_replaces_them(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.ready(1)
        await stage.plan(1, replace(FUNCTION, revision_id="r2"))
        assert [one.retired for one in stage.made] == [True, False]
        stage.made[1].initialise()
        assert stage.ahead.take(FUNCTION) is None

    play(scene)


def test_those_that_are_recycled_are_replaced(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.ready(2)
        assert await stage.ahead.pools.recycle_now(SCOPE, "f") == 2
        await turn()
        assert [one.retired for one in stage.made] == [True, True, False, False]

    play(scene)


def test_none_is_started_after_the_end(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.ready(2)
        await stage.ahead.close()
        await turn()
        assert (stage.there, len(stage.made)) == (0, 2)

    play(scene)


def test_the_ledger_knows_what_stands_ready(play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.plan(1, reserved=1)
        latest = replace(FUNCTION, version="$LATEST")
        with pytest.raises(Throttled) as caught:
            stage.invoker.submit(latest, EVENT, lambda outcome: None)
        assert caught.value.reason == RESERVED
        stage.made[0].initialise()
        await turn()
        assert stage.invoke().home is stage.ahead
        with pytest.raises(Throttled):
            stage.invoke()

    play(scene)
