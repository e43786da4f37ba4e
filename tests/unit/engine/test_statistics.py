"""Statistics of values."""

import pytest

from lambent.engine.statistics import EXACT, Bucket, statistic, statistic_set, unpacked


def hundred() -> Bucket:
    bucket = Bucket()
    for value in range(1, 101):
        bucket.add(float(value))
    return bucket


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SampleCount", 100),
        ("Sum", 5050),
        ("Average", 50.5),
        ("Minimum", 1),
        ("Maximum", 100),
        ("p0", 1),
        ("p50", 50.5),
        ("p99", 99.01),
        ("p100", 100),
        ("tm99", 50),
        ("TM(10%:90%)", 50.5),
        ("TM(:10)", 5.5),
        ("tc90", 90),
        ("TC(10:20)", 10),
        ("TS(:10)", 55),
        ("ts10", 55),
        ("wm90", 49.95),
        ("PR(:30)", 30),
        ("PR(90:)", 10),
        ("IQM", 50.5),
    ],
)
def test_a_statistic_of_the_numbers_from_1_to_100(name: str, value: float) -> None:
    found = statistic(name)
    assert found is not None
    assert found.compute(hundred()) == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("name", ["p101", "p", "avg", "TM(90%:10%)", "TM(:)", "PR(10%:)", "TM(1:20%)", "x99", "p99.9%"])
def test_what_is_no_statistic(name: str) -> None:
    assert statistic(name) is None


def test_a_statistic_set_tells_no_percentiles_unless_its_values_are_the_same() -> None:
    p99 = statistic("p99")
    assert p99 is not None
    assert p99.compute(statistic_set(3, 30, 5, 20)) is None
    assert p99.compute(statistic_set(3, 30, 10, 10)) == 10
    mixed = hundred()
    mixed.merge(statistic_set(1, 5, 5, 5))
    assert (mixed.count, p99.compute(mixed)) == (101, pytest.approx(99.0, rel=0.01))
    mixed.merge(statistic_set(2, 5, 1, 4))
    assert (mixed.count, mixed.total, p99.compute(mixed)) == (103, 5060, None)


def test_negative_values_have_no_percentiles() -> None:
    bucket = Bucket()
    bucket.add(-1.0)
    p50 = statistic("p50")
    assert p50 is not None and p50.compute(bucket) is None


def test_many_values_are_kept_within_half_a_percent_in_little_room() -> None:
    bucket = Bucket()
    for value in range(20_000):
        bucket.add(value / 7)
    assert bucket.values is not None and len(bucket.values) < 10 * EXACT
    for percent in (1, 50, 90, 99, 99.9):
        found = statistic(f"p{percent}")
        assert found is not None
        assert found.compute(bucket) == pytest.approx(19_999 / 7 * percent / 100, rel=0.011)
    assert unpacked(bucket.pack()) == bucket.values


def test_counts_weigh() -> None:
    bucket = Bucket()
    bucket.add(1.0, 99)
    bucket.add(100.0, 1)
    p50, average = statistic("p50"), statistic("Average")
    assert p50 is not None and average is not None
    assert (p50.compute(bucket), average.compute(bucket)) == (1, 1.99)
