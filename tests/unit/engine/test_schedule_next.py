"""The next time of a schedule: against a walk minute by minute, and through both changes of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambent.engine.schedule import Cron, Invalid, next_after, parse

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]

field = st.one_of(st.just("*"), st.builds("*/{}".format, st.integers(1, 7)))


def values(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    some = st.lists(number, min_size=1, max_size=3).map(lambda numbers: ",".join(map(str, numbers)))
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    return st.one_of(field, some, span)


DAYS = st.one_of(
    st.tuples(
        st.one_of(values(1, 31), st.just("L"), st.just("LW"), st.builds("{}W".format, st.integers(1, 31))), st.just("?")
    ),
    st.tuples(
        st.just("?"),
        st.one_of(
            values(1, 7),
            st.builds("{}#{}".format, st.integers(1, 7), st.integers(1, 5)),
            st.builds("{}L".format, st.integers(1, 7)),
        ),
    ),
)
CRONS = st.builds(
    lambda minutes, hours, days, months: f"cron({minutes} {hours} {days[0]} {months} {days[1]} *)",
    values(0, 59),
    values(0, 23),
    DAYS,
    values(1, 12),
)


def walked(cron: Cron, after: datetime, zone: ZoneInfo, hours: int) -> datetime | None:
    """The slow way: every minute that passes, once for each time on the wall."""
    seen = set()
    now = (after - timedelta(hours=3)).replace(second=0, microsecond=0)
    while now < after + timedelta(hours=hours):
        now += MINUTE
        wall = now.astimezone(zone).replace(tzinfo=None, fold=0)
        if wall not in seen and now > after and cron.matches(wall):
            return now
        seen.add(wall)
    return None


@settings(max_examples=40, deadline=None)
@given(
    CRONS,
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda when: when.replace(tzinfo=UTC)),
    st.sampled_from(ZONES).map(ZoneInfo),
)
def test_cron_as_by_walking(expression: str, after: datetime, zone: ZoneInfo) -> None:
    schedule = parse(expression)
    assert schedule.cron is not None
    slow, fast = walked(schedule.cron, after, zone, 40), next_after(schedule, after, zone=zone)
    if slow is None:
        assert fast is None or fast > after + timedelta(hours=40) - MINUTE
    else:
        assert fast == slow


@settings(max_examples=40, deadline=None)
@given(CRONS, st.sampled_from([datetime(2026, 3, 29, 0, 20), datetime(2026, 10, 25, 0, 20)]), st.integers(0, 120))
def test_cron_as_by_walking_where_the_clocks_change(expression: str, near: datetime, later: int) -> None:
    schedule, after = parse(expression), near.replace(tzinfo=UTC) + later * MINUTE
    assert schedule.cron is not None
    slow, fast = walked(schedule.cron, after, BERLIN, 6), next_after(schedule, after, zone=BERLIN)
    assert fast == slow or (slow is None and (fast is None or fast > after + timedelta(hours=6) - MINUTE))


def at_wall(expression: str, year: int, month: int, day: int, zone: ZoneInfo = BERLIN) -> list[str]:
    """When it is due on a day of the wall, as instants."""
    schedule, now, found = parse(expression), datetime(year, month, day, tzinfo=zone).astimezone(UTC) - MINUTE, []
    end = datetime(year, month, day, tzinfo=zone) + timedelta(days=1)
    while (due := next_after(schedule, now, START, zone)) is not None and due < end.astimezone(UTC):
        found.append(due.strftime("%H:%M"))
        now = due
    return found


def test_what_summer_time_leaves_out_is_left_out() -> None:
    assert at_wall("cron(30 2 * * ? *)", 2026, 3, 29) == []
    assert at_wall("cron(30 1-3 * * ? *)", 2026, 3, 29) == ["00:30", "01:30"]
    assert at_wall("cron(30 2 * * ? *)", 2026, 3, 30) == ["00:30"]


def test_what_comes_twice_in_autumn_is_meant_once() -> None:
    assert at_wall("cron(30 2 * * ? *)", 2026, 10, 25) == ["00:30"]
    assert at_wall("cron(30 1-3 * * ? *)", 2026, 10, 25) == ["23:30", "00:30", "02:30"]
    second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)  # 02:15 on the wall, for the second time
    assert next_after(parse("cron(0/15 * * * ? *)"), second, zone=BERLIN) == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


def test_a_rate_of_days_counts_24_hours_whatever_the_clocks_do() -> None:
    start = datetime(2026, 3, 28, 12, tzinfo=BERLIN)
    due = next_after(parse("rate(1 day)"), start, start, BERLIN)
    assert due == datetime(2026, 3, 29, 13, tzinfo=BERLIN)
    assert due.utcoffset() == timedelta(0)


def test_a_rate_begins_with_its_start_and_keeps_its_beat() -> None:
    rate = parse("rate(5 minutes)")
    assert next_after(rate, START - 9 * MINUTE, START) == START
    assert next_after(rate, START, START) == START + 5 * MINUTE
    assert next_after(rate, START + 12 * MINUTE, START) == START + 15 * MINUTE
    assert next_after(rate, START) == START + 5 * MINUTE


def test_once_in_a_zone() -> None:
    at = parse("at(2026-07-01T08:00:05)")
    assert next_after(at, START, zone=BERLIN) == datetime(2026, 7, 1, 6, 0, 5, tzinfo=UTC)
    assert next_after(at, datetime(2026, 7, 1, 6, 0, 5, tzinfo=UTC), zone=BERLIN) is None
    gap = next_after(parse("at(2026-03-29T02:30:00)"), START, zone=BERLIN)
    assert gap == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("expression", ["cron(0 0 31 2 ? *)", "cron(0 0 1 1 ? 2025)", "cron(0 0 30W 2 ? 1999)"])
def test_never_again(expression: str) -> None:
    assert next_after(parse(expression), START) is None


def test_far_away_without_a_walk() -> None:
    assert next_after(parse("cron(59 23 29 2 ? 2196)"), START) == datetime(2196, 2, 29, 23, 59, tzinfo=UTC)
    assert next_after(parse("rate(999999999 days)"), START, START) is None


@pytest.mark.parametrize("expression", ["rate(1 minutes)", "rate(5 minute)", "rate(1 hours)", "rate(2 day)"])
def test_scheduler_takes_any_plural(expression: str) -> None:
    assert parse(expression, any_plural=True).seconds
    with pytest.raises(Invalid):
        parse(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(*/60 * * * ? *)",
        "cron(5/ * * * ? *)",
        "cron(5- * * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 8 * * 0 *)",
        "cron(7 20 * * 1-7 *)",
        "cron(0 8 ? * MON#2,TUE#1 *)",
        "cron(0 8 ? * MON#6 *)",
        "cron(0 8 32W * ? *)",
        "cron(0/5, 9-18, ?, *, MON-FRI, *)",
        "cron(0 8 1 1 ? 2200)",
        "rate(٣ minutes)",
        "rate(1.5 hours)",
        "at(2026-1-1T8:0:0)",
        "at(2026-02-30T08:00:00)",
        "at(2026-02-03T08:00:00Z)",
        "cron()",
        "rate()",
    ],
)
def test_what_aws_refuses(expression: str) -> None:
    with pytest.raises(Invalid):
        parse(expression, any_plural=True)
