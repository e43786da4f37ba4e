"""When a schedule is due."""

from datetime import datetime, timedelta

import pytest

from lambent.engine.schedule import Invalid, parse

START = datetime(2026, 1, 1)
DAY = timedelta(days=1)


def times(expression: str, first: datetime, last: datetime, step: timedelta = timedelta(minutes=1)) -> list[datetime]:
    """When it is due, looked at every `step`."""
    schedule, found, now = parse(expression), [], first
    while now < last:
        if schedule.due(now, now + step, START):
            found.append(now + step)
        now += step
    return found


def days(expression: str, year: int, month: int) -> list[int]:
    first = datetime(year, month, 1) - DAY / 24
    return [when.day for when in times(expression, first, first + 31 * DAY, DAY / 24)]


def test_at_is_once() -> None:
    assert times("at(2026-01-01T08:00:30)", START, START + DAY) == [datetime(2026, 1, 1, 8, 1)]


def test_a_rate_counts_from_its_start() -> None:
    assert times("rate(6 hours)", START, START + DAY / 2) == [datetime(2026, 1, 1, 6), datetime(2026, 1, 1, 12)]
    assert times("rate(1 minute)", START, START + timedelta(minutes=3)) == [
        START + timedelta(minutes=minute) for minute in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 8 * * ? *)", [datetime(2026, 1, 1, 8)]),
        ("cron(0/20 9 1,2 1 ? 2026)", [datetime(2026, 1, 1, 9, minute) for minute in (0, 20, 40)]),
        ("cron(15 10-11 ? * THU *)", [datetime(2026, 1, 1, 10, 15), datetime(2026, 1, 1, 11, 15)]),
        ("cron(0 8 ? * MON-WED *)", []),
        ("cron(0 8 * * ? 2027)", []),
    ],
)
def test_cron_on_a_thursday(expression: str, expected: list[datetime]) -> None:
    assert times(expression, START, START + DAY) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 8 L * ? *)", [28]),
        ("cron(0 8 15W * ? *)", [16]),  # the 15th is a Sunday
        ("cron(0 8 1W * ? *)", [2]),
        ("cron(0 8 28W * ? *)", [27]),
        ("cron(0 8 ? * 6L *)", [27]),
        ("cron(0 8 ? * MON#2 *)", [9]),
        ("cron(0 8 ? * 3#2 *)", [10]),
        ("cron(0 8 ? * L *)", [7, 14, 21, 28]),
        ("cron(0 8 ? FEB SUN *)", [1, 8, 15, 22]),
    ],
)
def test_days_of_february_2026(expression: str, expected: list[int]) -> None:
    assert [day for day in days(expression, 2026, 2) if day in range(1, 29)][: len(expected)] == expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "0 8 * * ? *",
        "cron(0 8 * * * *)",
        "cron(0 8 ? * ? *)",
        "cron(60 8 * * ? *)",
        "cron(0 8 * * ?)",
        "cron(0 8 5-1 * ? *)",
        "cron(0 8 ? * FOO *)",
        "cron(0/0 8 * * ? *)",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 weeks)",
        "at(tomorrow)",
    ],
)
def test_what_is_no_schedule(expression: str) -> None:
    with pytest.raises(Invalid):
        parse(expression)


def test_a_long_gap_is_not_looked_through() -> None:
    assert not parse("cron(0 8 1 1 ? *)").due(START, START + 30 * DAY, START)
