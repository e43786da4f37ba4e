"""How fast requests and environments may come."""

import pytest

from lambent.engine.scaling import FORGET_AT, Bucket, Rate, Scaling
from lambent.model.limits import AWS_2022, AWS_2026
from lambent.model.scope import Scope

HERE = Scope("111111111111", "us-east-1")
FAR = Scope("111111111111", "sa-east-1")


def grown(scaling: Scaling, name: str, now: float, asked: int = 5_000, scope: Scope = HERE) -> int:
    """How many of so many environments are let at once."""
    return sum(scaling.grow(scope, name, now) for _ in range(asked))


def test_a_thousand_environments_every_ten_seconds_for_each_function() -> None:
    scaling = Scaling(AWS_2026)
    assert grown(scaling, "f", 0.0) == 1_000
    assert grown(scaling, "g", 0.0) == 1_000
    assert grown(scaling, "f", 10.0) == 1_000


def test_the_rate_is_refilled_all_the_time_and_not_saved_up() -> None:
    scaling = Scaling(AWS_2026)
    grown(scaling, "f", 0.0)
    assert grown(scaling, "f", 0.5) == 50
    assert scaling.wait(HERE, "f", 0.5) == pytest.approx(0.01)
    assert grown(scaling, "f", 60.0) == 1_000


@pytest.mark.parametrize(("region", "burst"), [("us-east-1", 3_000), ("us-east-2", 1_000), ("sa-east-1", 500)])
def test_in_2022_a_burst_by_region_then_five_hundred_a_minute(region: str, burst: int) -> None:
    """For all functions of the account together."""
    scaling, scope = Scaling(AWS_2022), Scope("111111111111", region)
    assert grown(scaling, "f", 0.0, scope=scope) == burst
    assert grown(scaling, "g", 0.0, scope=scope) == 0
    assert grown(scaling, "g", 60.0, scope=scope) == 500


@pytest.mark.parametrize(("minutes", "throttled"), [(1, 7_000), (2, 3_500), (3, 333)])
def test_the_operator_guide_s_ten_thousand_requests(minutes: int, throttled: int) -> None:
    """10,000 requests in bursts a minute apart, each handled within its minute: environments are used again."""
    scaling, there, refused = Scaling(AWS_2022), 0, 0
    for minute in range(minutes):
        asked = 10_000 // minutes
        new = grown(scaling, "f", minute * 60.0, max(asked - there, 0))
        there += new
        refused += max(asked - there, 0)
    assert refused == throttled


def test_a_bucket_tells_how_long_to_wait() -> None:
    bucket = Bucket(Rate(2, 0.5))
    assert [bucket.take(0.0) for _ in range(3)] == [True, True, False]
    assert bucket.wait(1.0) == 1.0
    assert bucket.take(2.0)
    assert Bucket(Rate(0, 0)).wait(5.0) == float("inf")


def test_a_bucket_with_another_rate_keeps_what_fits() -> None:
    bucket = Bucket(Rate(10, 10))
    bucket.refit(Rate(20, 20))
    assert bucket.level == 20
    bucket.take(0.0)
    bucket.refit(Rate(5, 5))
    assert bucket.level == 5


def test_full_buckets_are_forgotten() -> None:
    scaling = Scaling(AWS_2026)
    for number in range(FORGET_AT * 2 + 1):
        scaling.grow(HERE, f"f{number}", float(number))
    assert len(scaling._buckets) <= FORGET_AT + 1
