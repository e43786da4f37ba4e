import random

import pytest

from lambent.engine.concurrency import RESERVED, UNRESERVED, Concurrency, Tank
from lambent.model.invocation import Throttled
from lambent.model.scope import Scope

HERE = Scope("111111111111", "us-east-1")
THERE = Scope("111111111111", "eu-west-1")


def throttled(places: Concurrency, name: str, version: str = "$LATEST", scope: Scope = HERE) -> str:
    with pytest.raises(Throttled) as caught:
        places.take(scope, name, version)
    return caught.value.reason


def take(places: Concurrency, name: str, count: int, version: str = "$LATEST") -> list[Tank]:
    return [places.take(HERE, name, version) for _ in range(count)]


def test_the_account_has_a_limit_for_each_region() -> None:
    places = Concurrency(2)
    taken = take(places, "f", 1) + take(places, "g", 1, "7")
    assert throttled(places, "h") == UNRESERVED
    places.take(THERE, "h", "$LATEST")
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
    places.plan(HERE, "f", 2, {"1": 2})
    assert throttled(places, "f") == RESERVED
    running = take(places, "f", 2, "1")
    assert throttled(places, "f", "1") == RESERVED
    places.give(running[0])
    take(places, "f", 1, "1")


def test_a_provisioned_version_spills_over_into_the_account() -> None:
    places = Concurrency(3)
    places.plan(HERE, "f", None, {"1": 1})
    take(places, "g", 1)
    take(places, "f", 2, "1")
    assert throttled(places, "f", "1") == UNRESERVED
    assert throttled(places, "g") == UNRESERVED


def test_nothing_is_kept_of_functions_that_are_gone() -> None:
    places = Concurrency(3)
    for number in range(20):
        name = f"f{number}"
        places.plan(HERE, name, 1, {"1": 1})
        places.give(places.take(HERE, name, "1"))
        places.plan(HERE, name, None, {})
    assert not places._functions
    assert not places._tanks


def test_every_place_that_is_taken_comes_back() -> None:
    """Random plans, starts and ends: never more than the account has, and all of it free at last."""
    chance = random.Random(4)
    limit = 20
    places = Concurrency(limit)
    running: list[Tank] = []
    for _ in range(3000):
        name = chance.choice("abc")
        match chance.randrange(8):
            case 0:
                reserved = chance.choice([None, 0, 2, 5])
                places.plan(HERE, name, reserved, {"1": 2} if reserved in (None, 5) and chance.random() < 0.5 else {})
            case 1 | 2 | 3:
                if running:
                    places.give(running.pop(chance.randrange(len(running))))
            case _:
                try:
                    running.append(places.take(HERE, name, chance.choice(["1", "$LATEST"])))
                except Throttled:
                    assert running or places._functions[HERE, name].reserved == 0
    for tank in running:
        places.give(tank)
    for name in "abc":
        places.plan(HERE, name, None, {})
    assert len(take(places, "d", limit)) == limit
    assert throttled(places, "d") == UNRESERVED
