"""How figures of the bench are compared and written."""

import pytest

from bench.figures import Figure, Goal, percentile, shown


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_percentile(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


@pytest.mark.parametrize(
    ("goal", "ours", "ratio", "met"),
    [
        (Goal(10.0), 9.9, None, True),
        (Goal(10.0), 10.1, None, False),
        (Goal(150.0, at_least=True), 149.0, 3.0, False),
        (Goal(0.6, at_least=True, of_ratio=True), 5000.0, 0.61, True),
        (Goal(2.0, of_ratio=True), 100.0, 2.5, False),
        (Goal(2.0, of_ratio=True), 100.0, None, None),
    ],
)
def test_goal(goal: Goal, ours: float, ratio: float | None, met: bool | None) -> None:
    assert goal.met(ours, ratio) is met


def test_ratio_needs_a_reference() -> None:
    assert Figure("f", "/s", 3.0, 4.0).ratio == 0.75
    assert Figure("f", "/s", 3.0).ratio is None


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (8321.4, "8,321 ms"), (12.345, "12.3 ms"), (1.234, "1.23 ms"), (0, "0 ms")]
)
def test_shown(value: float | None, text: str) -> None:
    assert shown(value, "ms") == text
