"""When a schedule of EventBridge Scheduler fires: at its own times within its dates, each somewhere in its window.

Where in its window a time fires is drawn from the schedule's name and that time: after a restart it is the same.
Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from lambent.engine.schedule import Schedule, next_after, parse

SCHEDULE, GROUP, MARK = "schedule", "schedule-group", "schedules-done"
"""The kinds under which schedules (by group), their groups, and how far all have been carried out, are stored."""
GRACE = 60.0
"""Seconds that a one-time schedule may be past when it is made: AWS's precision is a minute, it is due at once."""
MICROSECOND = timedelta(microseconds=1)


class Firing(NamedTuple):
    """One time of a schedule: `scheduled` is what its expression says, `at` when it fires."""

    at: datetime
    scheduled: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides when a schedule fires. `since` is when it was made or changed last: it has no times before. A rate
    counts from `base`. `window` is in seconds, 0 for none. Every time has a zone."""

    name: str
    schedule: Schedule
    zone: tzinfo
    base: datetime
    since: datetime
    end: datetime | None = None
    window: float = 0.0

    def first(self, done: datetime) -> Firing | None:
        """The first firing after `done`, until when all have been carried out."""
        firing = self._of(max(done - timedelta(seconds=self.window), self.since - MICROSECOND), None)
        while firing is not None and firing.at <= done:
            firing = self.following(firing)
        return firing

    def following(self, firing: Firing) -> Firing | None:
        """The one after `firing`, which it never overtakes."""
        return self._of(firing.scheduled, firing.at)

    def last_missed(self, firing: Firing, now: datetime) -> Firing:
        """The last one that is due, of all from `firing` on."""
        while (later := self.following(firing)) is not None and later.at <= now:
            firing = later
        return firing

    def _of(self, after: datetime, not_before: datetime | None) -> Firing | None:
        scheduled = next_after(self.schedule, after, self.base, self.zone)
        if scheduled is None or (self.end is not None and scheduled > self.end):
            return None
        at = scheduled + timedelta(seconds=self._drawn(scheduled))
        return Firing(at if not_before is None else max(at, not_before), scheduled)

    def _drawn(self, scheduled: datetime) -> float:
        if not self.window:
            return 0.0
        said = f"{self.name} {scheduled.astimezone(UTC).isoformat()}".encode()
        share = int.from_bytes(hashlib.sha256(said).digest()[:6], "big") / (1 << 48)
        return share * self.window


def plan_of(name: str, said: Mapping[str, Any]) -> Plan:
    """The plan of a schedule that is stored, by its ARN and its document, whose times are seconds since 1970."""
    start, window = said.get("StartDate"), said["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0)
    created = _when(said["CreationDate"])
    schedule = parse(said["ScheduleExpression"], any_plural=True)
    dated = schedule.at is None  # a one-time schedule has no use for StartDate and EndDate
    since = _when(said["LastModificationDate"])
    if not dated and since == created:
        since -= timedelta(seconds=GRACE)
    return Plan(
        name,
        schedule,
        ZoneInfo(said.get("ScheduleExpressionTimezone", "UTC")),
        _when(start) if start is not None else created,
        max(since, _when(start)) if start is not None and dated else since,
        _when(said["EndDate"]) if dated and said.get("EndDate") is not None else None,
        window * 60.0,
    )


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
