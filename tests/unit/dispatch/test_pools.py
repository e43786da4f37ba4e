"""Which environment gets the next invocation."""

import asyncio
import math
import random
from dataclasses import replace
from typing import Any

import pytest

from lambent.dispatch.invoker import Invoker
from lambent.dispatch.keep_alive import AWS_SECONDS, keep_alive
from lambent.dispatch.pools import Pools
from lambent.engine.concurrency import Concurrency
from lambent.environments.life import Life
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.model.scope import Scope
from lambent.observe.metrics import Metrics
from lambent.server.environments import count_streamed

SCOPE = Scope("111111111111", "eu-west-1")
FUNCTION = FunctionVersion(SCOPE, "f", "$LATEST", "python3.13", "a.b", "00", "role", "r1")


class FakeEnvironment:
    """Remembers that it was retired; leaves its pool like the real one does when it is idle."""

    def __init__(self, function: FunctionVersion, home: Pools) -> None:
        self.function = function
        self.home = home
        self.retired = False
        self.life = Life(function, "stream", "on-demand")

    def retire(self) -> None:
        self.retired = True
        self.home.gone(self)  # type: ignore[arg-type]
        self.home.ended(self)  # type: ignore[arg-type]


class Now:
    def __init__(self) -> None:
        self.value = 0.0

    def __call__(self) -> float:
        return self.value


def pools(idle_seconds: float = 60.0) -> tuple[Pools, Now]:
    now = Now()
    return Pools(FakeEnvironment, now, lambda: idle_seconds), now  # type: ignore[arg-type]


def test_the_newest_idle_environment_is_used_first() -> None:
    made, _ = pools()
    first, second = made.acquire(FUNCTION), made.acquire(FUNCTION)
    made.offer(first)
    made.offer(second)
    assert made.acquire(FUNCTION) is second
    assert made.acquire(FUNCTION) is first
    assert made.acquire(FUNCTION) not in (first, second)


def test_one_that_has_just_answered_is_better_than_a_new_one() -> None:
    made, _ = pools()
    first = made.acquire(FUNCTION)
    made.soon(first)
    assert made.acquire(FUNCTION) is first
    assert made.acquire(FUNCTION) is not first
    made.soon(first)
    made.offer(first)
    assert made.acquire(FUNCTION) is first
    assert made.acquire(FUNCTION) is not first


def test_another_revision_gets_environments_of_its_own() -> None:
    made, _ = pools()
    first = made.acquire(FUNCTION)
    made.offer(first)
    assert made.acquire(replace(FUNCTION, revision_id="r2")) is not first


def test_retiring_a_function_drains_all_its_revisions_and_no_other() -> None:
    made, _ = pools()
    one = made.acquire(FUNCTION)
    two = made.acquire(replace(FUNCTION, revision_id="r2"))
    other = made.acquire(replace(FUNCTION, name="g", revision_id="r3"))
    made.retire(SCOPE, "f")
    assert (one.retired, two.retired, other.retired) == (True, True, False)  # type: ignore[attr-defined]
    made.offer(one)
    assert made.acquire(FUNCTION) is not one


def test_environments_that_idle_for_long_are_recycled_oldest_first() -> None:
    made, now = pools(60.0)
    first, second = made.acquire(FUNCTION), made.acquire(FUNCTION)
    made.offer(first)
    now.value = 30.0
    made.offer(second)
    now.value = 61.0
    made.recycle()
    assert (first.retired, second.retired) == (True, False)  # type: ignore[attr-defined]
    assert made.environments() == [second]


def test_an_environment_that_can_not_be_made_leaves_no_pool_and_no_count() -> None:
    def broken(function: FunctionVersion, home: Pools) -> FakeEnvironment:
        raise OSError(24, "Too many open files")

    made = Pools(broken, Now(), lambda: 60.0)  # type: ignore[arg-type]
    invoker = Invoker(made, Concurrency(1))
    for _ in range(3):
        with pytest.raises(OSError, match="Too many"):
            invoker.submit(FUNCTION, Invocation("id", b"1", "arn", "trace"), lambda outcome: None)
    made.retire(SCOPE, "f")
    assert made.environments() == []


def test_no_idle_time_means_always_cold() -> None:
    made, _ = pools(0)
    first = made.acquire(FUNCTION)
    made.offer(first)
    assert first.retired  # type: ignore[attr-defined]


def test_one_version_is_retired_alone() -> None:
    made, _ = pools()
    latest, version = made.acquire(FUNCTION), made.acquire(replace(FUNCTION, version="1", revision_id="v1"))
    made.retire(SCOPE, "f", FUNCTION.version)
    assert (latest in made.environments(), version in made.environments()) == (False, True)
    made.retire(SCOPE, "f")
    assert made.environments() == []


def test_each_environment_has_a_keep_alive_of_its_own() -> None:
    now, kept = Now(), iter((10.0, math.inf, 5.0))
    made = Pools(FakeEnvironment, now, lambda: next(kept))  # type: ignore[arg-type]
    environments = [made.acquire(FUNCTION) for _ in range(3)]
    for one in environments:
        made.offer(one)
    retired = []
    for seconds in (4.9, 5.0, 9.9, 10.0, 1e9):
        now.value = seconds
        made.recycle()
        retired.append([one.retired for one in environments])  # type: ignore[attr-defined]
    assert retired == [
        [False, False, False],
        [False, False, True],
        [False, False, True],
        [True, False, True],
        [True, False, True],
    ]


def test_what_is_kept_is_random_as_on_aws_or_as_it_is_set() -> None:
    def drawn(setting: str | int, seed: int = 7) -> list[float]:
        keep = keep_alive(setting, random.Random(seed))
        return [keep() for _ in range(200)]

    low, high = AWS_SECONDS
    assert all(low <= seconds <= high for seconds in drawn("random"))
    assert max(drawn("random")) - min(drawn("random")) > 500
    assert drawn("random") == drawn("random")
    assert drawn("random") != drawn("random", 8)
    assert set(drawn("never")) == {math.inf}
    assert (set(drawn(0)), set(drawn(60))) == ({0.0}, {60.0})


def test_recycling_now_ends_all_or_one_function_s() -> None:
    async def run() -> None:
        made, _ = pools()
        one, two = made.acquire(FUNCTION), made.acquire(replace(FUNCTION, name="g", revision_id="r2"))
        older = made.acquire(replace(FUNCTION, name="g", revision_id="r3"))
        for each in (one, two, older):
            made.offer(each)
        assert await made.recycle_now(SCOPE, "g") == 2
        assert (one.retired, two.retired) == (False, True)  # type: ignore[attr-defined]
        assert await made.recycle_now() == 1
        assert made.environments() == []

    asyncio.run(run())


def test_recycling_now_waits_for_what_is_ending() -> None:
    class Slow(FakeEnvironment):
        def retire(self) -> None:
            self.home.gone(self)  # type: ignore[arg-type]
            asyncio.get_running_loop().call_later(0.01, self.end)

        def end(self) -> None:
            self.retired = True
            self.home.ended(self)  # type: ignore[arg-type]

    async def run() -> None:
        made = Pools(Slow, Now(), lambda: 1.0)  # type: ignore[arg-type]
        environments = [made.acquire(FUNCTION) for _ in range(3)]
        for one in environments:
            made.offer(one)
        await asyncio.gather(made.recycle_now(), made.close())
        assert all(one.retired for one in environments)  # type: ignore[attr-defined]

    asyncio.run(run())


def test_what_has_ended_is_known_for_a_while() -> None:
    made, _ = pools()
    first, second = (made.acquire(FUNCTION) for _ in range(2))
    first.retire()
    assert made.lives() == [first.life, second.life]
    assert first.life.is_of(SCOPE, "f") and first.life.is_of(SCOPE, "") and not first.life.is_of(SCOPE, "g")


def test_what_was_streamed_is_told_and_what_is_answered_at_once_is_not() -> None:
    told: list[int] = []

    class Answering(FakeEnvironment):
        parts: tuple[bytes, ...] = (b"one", b"two")

        def invoke(self, _invocation: Invocation, answer: Any, over: Any, sink: Any) -> None:
            for part in self.parts:
                sink.write(part)
            over()
            answer(Outcome(b"" if self.parts else b"whole", None, []))

    async def run() -> None:
        made = Pools(Answering, Now(), lambda: 60.0)  # type: ignore[arg-type]
        invoker = Invoker(made, Concurrency(1), streamed=lambda _function, size: told.append(size))
        for Answering.parts in ((b"one", b"two"), ()):
            stream = invoker.stream(FUNCTION, Invocation("id", b"1", "arn", "trace"))
            assert b"".join([part async for part in stream]) == (b"onetwo" if Answering.parts else b"whole")

    asyncio.run(run())
    assert told == [6, 0]


def test_what_is_streamed_beyond_six_megabytes_is_billed() -> None:
    metrics = Metrics(lambda: 60.0)
    for size in (6 << 20, (6 << 20) + 1, (6 << 20) + 10):
        count_streamed(metrics, FUNCTION, size)
    metrics.drain()
    assert metrics.total("StreamedBytes", SCOPE, "f") == 11
