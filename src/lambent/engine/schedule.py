"""Schedule expressions: at(...), rate(...) and cron(...), as Application Auto Scaling and EventBridge write them.

    at(2026-11-21T08:00:00)     once
    rate(5 minutes)             again and again, counted from a start
    cron(0 8 ? * MON-FRI *)     minutes hours day-of-month month day-of-week year; L, W and # as in Quartz

What an expression says are local times, without a zone; `next_after` is told the zone, and answers an instant.
Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MINUTE = timedelta(minutes=1)
MOST_MINUTES = 24 * 60
"""A longer gap between two looks is not looked through minute by minute: what fell into it before is missed."""

_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}
_RANGES = {
    "minutes": (0, 59, ()),
    "hours": (0, 23, ()),
    "day-of-month": (1, 31, ()),
    "month": (1, 12, MONTHS),
    "day-of-week": (1, 7, DAYS),
    "year": (1970, 2199, ()),
}


class Invalid(ValueError):
    """The expression is none."""


class Cron(NamedTuple):
    """What the parts of a time may be. `last_day` and `nearest` are L and W of the day of the month, `last_of` and
    `nth` 6L and 6#3 of the day of the week; an empty set of days says nothing."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    last_day: bool = False
    nearest: int = 0
    last_of: int = 0
    nth: tuple[int, int] = (0, 0)

    def matches(self, when: datetime) -> bool:
        """Whether the minute of `when` is one."""
        if when.minute not in self.minutes or when.hour not in self.hours:
            return False
        return when.month in self.months and when.year in self.years and self._day(when.date())

    def following(self, after: datetime) -> Iterator[datetime]:
        """The minutes of it after a local time, in order."""
        for day in self._days_from(after.date()):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    when = datetime(day.year, day.month, day.day, hour, minute)
                    if when > after:
                        yield when

    def _days_from(self, first: date) -> Iterator[date]:
        for year in sorted(year for year in self.years if year >= first.year):
            for month in sorted(self.months):
                if (year, month) < (first.year, first.month):
                    continue
                for number in range(1, calendar.monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self._day(day):
                        yield day

    def _day(self, day: date) -> bool:
        length = calendar.monthrange(day.year, day.month)[1]
        weekday = day.isoweekday() % 7 + 1  # 1 is Sunday
        if self.last_day:
            return day.day == length
        if self.nearest:
            return day.day == _nearest_weekday(day.replace(day=min(self.nearest, length)), length)
        if self.last_of:
            return weekday == self.last_of and day.day + 7 > length
        if self.nth[0]:
            return weekday == self.nth[0] and (day.day - 1) // 7 + 1 == self.nth[1]
        return day.day in self.days if self.days else weekday in self.weekdays


class Schedule(NamedTuple):
    """One of `at`, `seconds` (a rate) and `cron`."""

    at: datetime | None = None
    seconds: int = 0
    cron: Cron | None = None

    def due(self, after: datetime, until: datetime, start: datetime) -> bool:
        """Whether a time of it lies after `after`, and not after `until`; a rate counts from `start`."""
        if self.at is not None:
            return after < self.at <= until
        if self.seconds:
            return _turns(until, start, self.seconds) > _turns(after, start, self.seconds)
        assert self.cron is not None
        minute = until.replace(second=0, microsecond=0)
        for _ in range(MOST_MINUTES):
            if minute <= after:
                return False
            if self.cron.matches(minute):
                return True
            minute -= MINUTE
        return False


def next_after(
    schedule: Schedule, after: datetime, start: datetime | None = None, zone: tzinfo = UTC
) -> datetime | None:
    """The first instant of a schedule after `after`, in UTC; None when there is none any more.

    A rate counts from `start`, which is its first time (without one, from `after`), in seconds that pass: a day has 24
    hours whatever the clocks do. `cron` and `at` are said in the time of `zone`. A time of a cron that the change to
    summer time leaves out is left out, and one that comes twice in autumn is meant the first time only; an `at` that is
    left out is meant as if the clocks had not changed. `after` and `start` have a zone.
    """
    try:
        if schedule.seconds:
            return _next_turn(schedule.seconds, after, start or after)
        if schedule.at is not None:
            once = _instant(schedule.at, zone)
            return once if once > after else None
        assert schedule.cron is not None
        return _next_minute(schedule.cron, after, zone)
    except OverflowError:  # beyond the year 9999
        return None


def _next_turn(seconds: int, after: datetime, start: datetime) -> datetime:
    after, start, every = after.astimezone(UTC), start.astimezone(UTC), timedelta(seconds=seconds)
    return start if after < start else start + ((after - start) // every + 1) * every


def _next_minute(cron: Cron, after: datetime, zone: tzinfo) -> datetime | None:
    for local in cron.following(after.astimezone(zone).replace(tzinfo=None, fold=0)):
        when = _instant(local, zone)
        if when > after and when.astimezone(zone).replace(tzinfo=None, fold=0) == local:
            return when
    return None


def _instant(local: datetime, zone: tzinfo) -> datetime:
    """What a local time means; one that comes twice, the first time."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def parse(expression: str, *, any_plural: bool = False) -> Schedule:
    """What an expression says. `any_plural` takes "1 minutes" and "5 minute" as well, as EventBridge Scheduler does and
    EventBridge's rules do not. Raises Invalid."""
    match = re.fullmatch(r"(at|rate|cron)\((.*)\)", expression.strip())
    if match is None:
        raise Invalid(expression)
    kind, inside = match[1], match[2].strip()
    if kind == "at":
        return Schedule(at=_at(inside))
    if kind == "rate":
        return Schedule(seconds=_rate(inside, any_plural))
    return Schedule(cron=_cron(inside))


def _turns(when: datetime, start: datetime, seconds: int) -> int:
    """How often a rate has come since its start, which is its first time."""
    return int((when - start).total_seconds() // seconds) if when >= start else -1


def _at(text: str) -> datetime:
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}", text):
        raise Invalid(text)
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise Invalid(text) from error


def _rate(text: str, any_plural: bool) -> int:
    match = re.fullmatch(r"([0-9]{1,9}) (minute|hour|day)(s?)", text)
    if match is None or int(match[1]) < 1:
        raise Invalid(text)
    if not any_plural and (int(match[1]) == 1) == bool(match[3]):
        raise Invalid(text)
    return int(match[1]) * _UNITS[match[2]]


def _cron(text: str) -> Cron:
    fields = text.upper().split()
    if len(fields) != 6:
        raise Invalid(text)
    minutes, hours, day, months, weekday, years = fields
    if (day == "?") == (weekday == "?"):  # one of the two, and one only, says which days
        raise Invalid(text)
    sets = [
        _values(name, field)
        for name, field in (("minutes", minutes), ("hours", hours), ("month", months), ("year", years))
    ]
    times = Cron(sets[0], sets[1], frozenset(), sets[2], frozenset(), sets[3])
    return _with_weekday(times, weekday) if day == "?" else _with_day(times, day)


def _with_day(times: Cron, field: str) -> Cron:
    if field in ("L", "LW"):
        return times._replace(last_day=field == "L", nearest=0 if field == "L" else 31)
    if nearest := re.fullmatch(r"([0-9]{1,2})W", field):
        return times._replace(nearest=_number("day-of-month", nearest[1]))
    return times._replace(days=_values("day-of-month", field))


def _with_weekday(times: Cron, field: str) -> Cron:
    if field == "L":
        return times._replace(weekdays=frozenset({7}))
    if last := re.fullmatch(r"(\w+)L", field):
        return times._replace(last_of=_number("day-of-week", last[1]))
    if nth := re.fullmatch(r"(\w+)#([1-5])", field):
        return times._replace(nth=(_number("day-of-week", nth[1]), int(nth[2])))
    return times._replace(weekdays=_values("day-of-week", field))


def _values(name: str, field: str) -> frozenset[int]:
    return frozenset(value for part in field.split(",") for value in _part(name, part))


def _part(name: str, part: str) -> range:
    """`*`, a value, a range, or one of these with a step behind a slash."""
    low, high, _ = _RANGES[name]
    span, _, step = part.partition("/")
    first, _, last = span.partition("-")
    if span != "*":
        low = _number(name, first)
        if last or not step:
            high = _number(name, last) if last else low
    if low > high or part.endswith(("/", "-")) or (step and not re.fullmatch(r"[1-9][0-9]{0,3}", step)):
        raise Invalid(part)
    if step and int(step) > _RANGES[name][1]:  # AWS takes no step of 60 minutes
        raise Invalid(part)
    return range(low, high + 1, int(step or 1))


def _number(name: str, text: str) -> int:
    low, high, names = _RANGES[name]
    if text in names:
        return names.index(text) + 1
    if not re.fullmatch(r"[0-9]{1,4}", text) or not low <= int(text) <= high:
        raise Invalid(text)
    return int(text)


def _nearest_weekday(day: date, length: int) -> int:
    """The working day of that month that is nearest."""
    if day.isoweekday() == 6:
        return day.day - 1 if day.day > 1 else day.day + 2
    if day.isoweekday() == 7:
        return day.day + 1 if day.day < length else day.day - 2
    return day.day
