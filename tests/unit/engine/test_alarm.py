"""When an alarm changes its state: the tables of AWS's page on missing data, and the texts."""

import pytest

from lambent.engine.alarm import ALARM, INSUFFICIENT_DATA, OK, Point, Rule, evaluate

RETAIN = None
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def points(text: str) -> list[Point | None]:
    """`0` is within the threshold, `X` breaks it, `-` is missing."""
    values = {"0": 0.0, "X": 9.0}
    return [Point(at * 60, values[one]) if one in values else None for at, one in enumerate(text.split())]


@pytest.mark.parametrize(
    ("seen", "states"),
    [
        ("0 - X - X", (OK, OK, OK, OK)),
        ("- - - - 0", (OK, OK, OK, OK)),
        ("- - - - -", (INSUFFICIENT_DATA, RETAIN, ALARM, OK)),
        ("0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
        ("- - X - -", (ALARM, RETAIN, ALARM, OK)),
    ],
)
def test_three_out_of_three(seen: str, states: tuple[str | None, ...]) -> None:
    found = [evaluate(Rule(1, "GreaterThanThreshold", 3, 3, how), OK, points(seen)) for how in TREATMENTS]
    assert tuple(one and one.state for one in found) == states


@pytest.mark.parametrize(
    ("seen", "states"),
    [
        ("0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
        ("0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
        ("0 - X - -", (OK, OK, ALARM, OK)),
        ("- - - - 0", (OK, OK, ALARM, OK)),
        ("- - - X -", (ALARM, RETAIN, ALARM, OK)),
    ],
)
def test_two_out_of_three(seen: str, states: tuple[str | None, ...]) -> None:
    found = [evaluate(Rule(1, "GreaterThanThreshold", 3, 2, how), OK, points(seen)) for how in TREATMENTS]
    assert tuple(one and one.state for one in found) == states


def test_the_reason_of_an_alarm() -> None:
    found = evaluate(Rule(1, "GreaterThanOrEqualToThreshold", 1, 1), OK, [None, None, Point(1_580_000_040, 5.0)])
    assert found is not None and found.points == (Point(1_580_000_040, 5.0),)
    assert found.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (26/01/20 00:54:00)] was greater than or equal to the "
        "threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )


def test_the_reason_of_all_being_well_again() -> None:
    found = evaluate(Rule(1, "LessThanThreshold", 2, 2), ALARM, [None, Point(60, 5.0), Point(120, 0.5)])
    assert found is not None and found.state == OK
    assert found.reason == (
        "Threshold Crossed: 1 out of the last 2 datapoints [5.0 (01/01/70 00:01:00)] was not less than the threshold "
        "(1.0) (minimum 1 datapoint for ALARM -> OK transition)."
    )


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("missing", "Insufficient Data: 2 datapoints were unknown."),
        (
            "notBreaching",
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
            "[NonBreaching].",
        ),
        (
            "breaching",
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
            "[Breaching].",
        ),
    ],
)
def test_the_reason_of_no_data(how: str, reason: str) -> None:
    found = evaluate(Rule(1, "GreaterThanThreshold", 2, 2, how), OK, [None] * 4)
    assert found is not None and found.reason == reason
