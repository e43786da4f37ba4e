import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.engine.concurrency import (
    CALLER_RATE,
    RESERVED,
    RESERVED_RATE,
    UNRESERVED,
    UNRESERVED_RATE,
    Concurrency,
    Tank,
)
from lambent.model.invocation import Throttled
from lambent.model.scope import Scope

HERE = Scope("111111111111", "us-east-1")
THERE = Scope("111111111111", "eu-west-1")


def throttled(places: Concurrency, name: str, version: str = "$LATEST", now: float = 0.0, scope: Scope = HERE) -> str:
    with pytest.raises(Throttled) as caught:
        places.take(scope, name, version, now)
    return caught.value.reason


def take(places: Concurrency, name: str, count: int, version: str = "$LATEST", sync: bool = False) -> list[Tank]:
    return [places.take(HERE, name, version, 0.0, sync) for _ in range(count)]


def provide(places: Concurrency, name: str, reserved: int | None, provisioned: dict[str, int]) -> None:
    """Provisioned concurrency that has been allocated at once."""
    places.plan(HERE, name, reserved, provisioned)
    for version, count in provisioned.items():
        places.allocate(HERE, name, version, count)


def test_the_account_has_a_limit_for_each_region() -> None:
    places = Concurrency(2)
    taken = take(places, "f", 1) + take(places, "g", 1, "7")
    assert throttled(places, "h") == UNRESERVED
    places.take(THERE, "h", "$LATEST", 0.0)
    places.give(taken[0])
    take(places, "h", 1)


def test_what_is_reserved_is_the_functions_alone() -> None:
    places = Concurrency(3)
    places.plan(HERE, "f", 2, {})
    take(places, "g", 1)
    assert throttled(places, "g") == UNRESERVED
    taken = take(places, "f", 1, "1") + take(places, "f", 1, "2")
    assert throttled(places, "f") == RESERVED
    places.give(taken[0])
    take(places, "f", 1)


def test_a_reservation_of_nothing_stops_a_function() -> None:
    places = Concurrency(3)
    places.plan(HERE, "f", 0, {})
    assert throttled(places, "f") == RESERVED
    places.plan(HERE, "f", None, {})
    take(places, "f", 3)


def test_what_runs_already_counts_against_a_new_reservation() -> None:
    places = Concurrency(4)
    running = take(places, "f", 2)
    places.plan(HERE, "f", 2, {})
    assert throttled(places, "f") == RESERVED
    take(places, "g", 2)
    assert throttled(places, "g") == UNRESERVED
    places.give(running[0])
    take(places, "f", 1)
    places.plan(HERE, "f", None, {})
    assert throttled(places, "g") == UNRESERVED


def test_a_reservation_that_is_given_back_counts_in_the_account_again() -> None:
    places = Concurrency(2)
    places.plan(HERE, "f", 1, {})
    running = take(places, "f", 1)
    places.plan(HERE, "f", None, {})
    take(places, "g", 1)
    assert throttled(places, "f") == UNRESERVED
    places.give(running[0])
    take(places, "f", 1)


def test_provisioned_versions_run_when_the_rest_of_the_function_may_not() -> None:
    places = Concurrency(10)
    provide(places, "f", 2, {"1": 2})
    assert throttled(places, "f") == RESERVED
    running = take(places, "f", 2, "1")
    assert throttled(places, "f", "1") == RESERVED
    places.give(running[0])
    take(places, "f", 1, "1")


def test_a_provisioned_version_spills_over_into_the_account() -> None:
    places = Concurrency(3)
    provide(places, "f", None, {"1": 1})
    take(places, "g", 1)
    assert [tank.ahead for tank in take(places, "f", 2, "1")] == [True, False]
    assert throttled(places, "f", "1") == UNRESERVED
    assert throttled(places, "g") == UNRESERVED
    usage = {(one.name, one.version): one for one in places.read()[0]}
    assert (usage["f", "1"].started, usage["f", "1"].spilled, usage["f", "1"].peak) == (1, 1, 1)
    assert (usage["f", ""].peak, usage["f", ""].throttled, usage["g", ""].throttled) == (2, 1, 1)


def test_what_is_still_being_allocated_serves_its_version_on_demand() -> None:
    places = Concurrency(10)
    places.plan(HERE, "f", 3, {"1": 3})
    assert throttled(places, "f") == RESERVED
    assert [tank.ahead for tank in take(places, "f", 1, "1")] == [False]
    places.allocate(HERE, "f", "1", 2)
    running = take(places, "f", 2, "1")
    assert [tank.ahead for tank in running] == [True, True]
    assert throttled(places, "f", "1") == RESERVED
    places.allocate(HERE, "f", "1", 3)
    assert throttled(places, "f", "1") == RESERVED  # the first one, on demand, has its place still
    places.give(running[0])
    take(places, "f", 1, "1")


def test_an_environment_that_is_not_to_be_had_makes_an_invocation_spill_over() -> None:
    places = Concurrency(2)
    provide(places, "f", None, {"1": 1})
    ahead = take(places, "f", 1, "1")[0]
    tank = places.pass_on(ahead, HERE, "f", 0.0)
    assert (tank.ahead, ahead.running, ahead.spilled, ahead.started) == (False, 0, 1, 0)
    take(places, "f", 1, "1")
    assert throttled(places, "f", "1") == UNRESERVED


def test_what_runs_in_places_that_are_taken_away_counts_where_it_would_have() -> None:
    places = Concurrency(3)
    provide(places, "f", None, {"1": 2})
    running = take(places, "f", 2, "1")
    places.plan(HERE, "f", None, {})
    take(places, "g", 1)
    assert throttled(places, "g") == UNRESERVED
    places.plan(HERE, "f", 2, {})
    assert throttled(places, "f") == RESERVED
    for tank in running:
        places.give(tank)
    assert len(take(places, "f", 2)) == 2


# --- the developer guide's examples (lambda-concurrency)


def test_four_hundred_for_each_of_two_functions_leave_two_hundred() -> None:
    """An account of 1,000; function-orange and function-blue reserve 400 each."""
    places = Concurrency(1_000)
    places.plan(HERE, "orange", 400, {})
    places.plan(HERE, "blue", 400, {})
    blue = take(places, "blue", 300)
    others = take(places, "green", 120) + take(places, "red", 80)
    assert throttled(places, "green") == throttled(places, "red") == UNRESERVED  # although blue has 100 to spare
    take(places, "orange", 400)
    assert throttled(places, "orange") == RESERVED
    take(places, "blue", 100)
    assert throttled(places, "blue") == RESERVED
    for tank in blue + others:
        places.give(tank)
    assert len(take(places, "green", 200)) == 200
    assert throttled(places, "red") == UNRESERVED


def test_provisioned_counts_towards_what_is_reserved() -> None:
    """Of the 400 that function-orange reserves, 200 are provisioned: then 200 more on demand, then throttles."""
    places = Concurrency(1_000)
    provide(places, "orange", 400, {"7": 200})
    kinds = [tank.ahead for tank in take(places, "orange", 400, "7")]
    assert (kinds[:200], kinds[200:]) == ([True] * 200, [False] * 200)
    assert throttled(places, "orange", "7") == RESERVED
    assert len(take(places, "green", 600)) == 600
    assert throttled(places, "green") == UNRESERVED


def test_provisioned_without_a_reservation_spills_over_into_what_the_account_has() -> None:
    """400 provisioned leave 600, which the function shares with all others."""
    places = Concurrency(1_000)
    provide(places, "orange", None, {"7": 400})
    take(places, "green", 500)
    assert sum(tank.ahead for tank in take(places, "orange", 500, "7")) == 400
    assert throttled(places, "orange", "7") == throttled(places, "green") == UNRESERVED


def test_ten_provisioned_spill_over_after_ten_at_once_or_a_hundred_requests_in_a_second() -> None:
    places = Concurrency(1_000)
    provide(places, "f", None, {"1": 10})
    kinds = []
    for number in range(110):
        tank = places.take(HERE, "f", "1", number / 5_000)  # each over before the next
        kinds.append(tank.ahead)
        places.give(tank)
    assert kinds.index(False) in range(100, 111)
    assert [places.take(HERE, "f", "1", 2.0).ahead for _ in range(11)] == [True] * 10 + [False]


def test_an_account_of_a_thousand_takes_ten_thousand_requests_a_second() -> None:
    places = Concurrency(1_000)
    for _ in range(10_000):
        places.give(places.take(HERE, "f", "$LATEST", 5.0))
    assert throttled(places, "f", now=5.0) == UNRESERVED_RATE
    places.give(places.take(HERE, "f", "$LATEST", 5.0, sync=False))  # events are bound by concurrency alone
    places.give(places.take(HERE, "f", "$LATEST", 5.001))
    with pytest.raises(Throttled) as caught:
        for _ in range(11):
            places.give(places.take(HERE, "f", "$LATEST", 5.001))
    assert 0 < caught.value.wait <= 0.0001


def test_a_reserved_function_takes_ten_requests_a_second_for_each_place() -> None:
    places = Concurrency(10)
    places.plan(HERE, "f", 1, {})
    for _ in range(10):
        places.give(places.take(HERE, "f", "$LATEST", 1.0))
    assert throttled(places, "f", now=1.0) == RESERVED_RATE
    places.plan(HERE, "f", 1, {})
    assert throttled(places, "f", now=1.0) == RESERVED_RATE
    for _ in range(90):
        places.give(places.take(HERE, "g", "$LATEST", 1.0))
    places.plan(HERE, "f", 2, {})
    assert throttled(places, "f", now=1.04) == RESERVED_RATE


def test_the_account_s_requests_bound_reserved_functions_too() -> None:
    places = Concurrency(2)
    places.plan(HERE, "f", 1, {})
    for _ in range(20):
        places.give(places.take(HERE, "g", "$LATEST", 1.0))
    assert throttled(places, "f", now=1.0) == CALLER_RATE
    assert throttled(places, "g", now=1.0) == UNRESERVED_RATE


# --- what holds whatever happens


def test_nothing_is_kept_of_functions_that_are_gone() -> None:
    places = Concurrency(3)
    for number in range(20):
        name = f"f{number}"
        provide(places, name, 1, {"1": 1})
        places.give(places.take(HERE, name, "1", 0.0))
        places.plan(HERE, name, None, {})
    assert not places._functions
    assert not places._tanks


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from("abc"), st.sampled_from(["1", "2", "$LATEST"])),
        st.tuples(st.just("give"), st.integers(0, 50), st.just("")),
        st.tuples(st.just("pass on"), st.integers(0, 50), st.just("")),
        st.tuples(st.just("allocate"), st.sampled_from("abc"), st.integers(0, 4)),
        st.tuples(
            st.just("plan"),
            st.sampled_from("abc"),
            st.sampled_from(
                [(None, {}), (0, {}), (3, {}), (5, {"1": 2}), (4, {"1": 2, "2": 2}), (None, {"1": 3}), (None, {"2": 1})]
            ),
        ),
    ),
    max_size=120,
)


@given(STEPS)
def test_every_place_that_is_taken_comes_back_and_no_limit_is_passed(steps: list[tuple[str, object, object]]) -> None:
    """Nothing starts over a limit, what is reserved can be had, and at last everything is free."""
    limit = 20
    places = Concurrency(limit)
    running: list[tuple[str, Tank]] = []
    plans: dict[str, tuple[int | None, dict[str, int]]] = {name: (None, {}) for name in "abc"}
    for what, first, second in steps:
        match what:
            case "plan":
                plans[str(first)] = second  # type: ignore[assignment]
                places.plan(HERE, str(first), *plans[str(first)])
            case "allocate":
                places.allocate(HERE, str(first), "1", int(second))  # type: ignore[call-overload]
            case "give" if running:
                places.give(running.pop(int(first) % len(running))[1])  # type: ignore[call-overload]
            case "pass on" if running:
                at = int(first) % len(running)  # type: ignore[call-overload]
                name, tank = running[at]
                if tank.ahead and tank.spill is not None:
                    del running[at]
                    _try(running, name, lambda tank=tank, name=name: places.pass_on(tank, HERE, name, 0.0))
            case "take":
                _take(places, running, plans, str(first), str(second))
    for _, tank in running:
        places.give(tank)
    for name in plans:
        places.plan(HERE, name, None, {})
    assert len(take(places, "d", limit)) == limit
    assert throttled(places, "d") == UNRESERVED


def _try(running: list[tuple[str, Tank]], name: str, take: object) -> bool:
    try:
        running.append((name, take()))  # type: ignore[operator]
    except Throttled:
        return False
    return True


def _take(
    places: Concurrency,
    running: list[tuple[str, Tank]],
    plans: dict[str, tuple[int | None, dict[str, int]]],
    name: str,
    version: str,
) -> None:
    reserved, provisioned = plans[name]
    before = sum(one == name for one, _ in running)
    began = _try(running, name, lambda: places.take(HERE, name, version, 0.0, sync=False))
    if began and reserved is not None:
        assert before < reserved
    if not began and reserved is not None and not provisioned:
        assert before >= reserved
    unreserved = places._accounts[HERE].unreserved
    if began and unreserved in running[-1][1].pools:
        assert unreserved.running <= unreserved.limit


def test_random_plans_starts_and_ends_leave_nothing_behind() -> None:
    chance = random.Random(4)
    places = Concurrency(20)
    running: list[Tank] = []
    for _ in range(3000):
        name = chance.choice("abc")
        match chance.randrange(8):
            case 0:
                reserved = chance.choice([None, 0, 2, 5])
                planned = {"1": 2} if reserved in (None, 5) and chance.random() < 0.5 else {}
                provide(places, name, reserved, planned)
            case 1 | 2 | 3:
                if running:
                    places.give(running.pop(chance.randrange(len(running))))
            case _:
                try:
                    running.append(places.take(HERE, name, chance.choice(["1", "$LATEST"]), 0.0, sync=False))
                except Throttled:
                    assert running or places._functions[HERE, name].reserved == 0
    for tank in running:
        places.give(tank)
    for name in "abc":
        places.plan(HERE, name, None, {})
    assert len(take(places, "d", 20)) == 20
