"""When schedules fire: on a clock that is moved, after restarts, and when the disk refuses."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lambent.engine.firing import Plan
from lambent.engine.schedule import parse
from tests.unit.services_scheduler.scheduler_kit import START, Scheduler, asked, scheduler

MINUTE = timedelta(minutes=1)


def test_a_rate_fires_at_once_and_keeps_its_beat(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create()
        await aws.advance(minutes=6)
        await aws.call("UpdateSchedule", **asked(Description="d"))
        await aws.advance(minutes=5)
        assert aws.minutes() == ["08:00", "08:05", "08:10"]
        assert [now for _, _, now in aws.fired] == [scheduled for _, scheduled, _ in aws.fired]

    scheduler(tmp_path, work)


def test_start_and_end_bound_it(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create(StartDate=START + 7 * MINUTE, EndDate=START + 17 * MINUTE, ActionAfterCompletion="DELETE")
        await aws.advance(minutes=13)
        assert (await aws.call("GetSchedule", Name="s"))["State"] == "ENABLED"
        await aws.advance(minutes=60)
        assert aws.minutes() == ["08:07", "08:12", "08:17"]
        assert (await aws.refused("GetSchedule", Name="s"))[0] == "ResourceNotFoundException"

    scheduler(tmp_path, work)


def test_once_and_then_it_is_deleted_if_it_says_so(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create("kept", "at(2026-03-01T09:30:00)", ScheduleExpressionTimezone="Europe/Berlin")
        await aws.create("gone", "at(2026-03-01T08:30:00)", ActionAfterCompletion="DELETE")
        await aws.advance(hours=2)
        assert sorted(name for name, _, _ in aws.fired) == ["gone", "kept"]
        assert {scheduled for _, scheduled, _ in aws.fired} == {START + 30 * MINUTE}
        assert [one["Name"] for one in (await aws.call("ListSchedules"))["Schedules"]] == ["kept"]

    scheduler(tmp_path, work)


def test_what_is_past_is_due_within_its_minute_only_and_else_a_finding(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create("just", "at(2026-03-01T07:59:30)")
        await aws.create("past", "at(2026-03-01T07:58:00)")
        await aws.advance(hours=1)
        assert [name for name, _, _ in aws.fired] == ["just"]
        assert [finding.code for finding in aws.findings.all()] == ["never-due/scheduler"]

    scheduler(tmp_path, work)


def test_disabled_changed_and_deleted_ones_do_not_fire(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        for name in ("off", "moved", "deleted"):
            await aws.create(name, "at(2026-03-01T08:10:00)")
        await aws.advance(minutes=5)
        await aws.call("UpdateSchedule", **asked("off", "at(2026-03-01T08:10:00)", State="DISABLED"))
        await aws.call("UpdateSchedule", **asked("moved", "at(2026-03-01T08:20:00)"))
        await aws.call("DeleteSchedule", Name="deleted")
        await aws.advance(minutes=10)
        assert aws.fired == []
        await aws.advance(minutes=10)
        assert aws.minutes("moved") == ["08:20"]

    scheduler(tmp_path, work)


def test_through_the_change_to_summer_time(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create(expression="cron(30 2 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")
        await aws.advance(hours=72)
        days = [scheduled.strftime("%d %H:%M") for _, scheduled, _ in aws.fired]
        assert days == ["28 01:30", "30 00:30"]

    scheduler(tmp_path, work, datetime(2026, 3, 27, 12, tzinfo=UTC))


def test_a_window_moves_each_time_by_itself(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create(FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 4})
        await aws.advance(minutes=60)
        late = [(now - scheduled).total_seconds() for _, scheduled, now in aws.fired]
        assert len(late) >= 12
        assert all(0 <= seconds <= 240 for seconds in late)
        assert len(set(late)) > 6

    scheduler(tmp_path, work)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(0, 90), st.integers(0, 5_000), st.sampled_from(["a", "b"]))
def test_a_plan_goes_on_after_a_restart_as_it_would_have_gone(every: int, window: int, done: int, name: str) -> None:
    plan = Plan(name, parse(f"rate({every} minutes)", any_plural=True), UTC, START, START, window=window * 60.0)
    firing = plan.first(datetime(1970, 1, 1, tzinfo=UTC))
    assert firing is not None and firing.scheduled == START
    moment = START + timedelta(seconds=done)
    while firing is not None and firing.at <= moment:
        firing = plan.following(firing)
    assert plan.first(moment) == firing


def test_what_was_due_before_a_stop_is_not_fired_again_and_what_was_missed_once(tmp_path: Path) -> None:
    async def before(aws: Scheduler) -> list[str]:
        await aws.create("minutely", "rate(1 minute)")
        await aws.create("once", "at(2026-03-01T08:30:00)")
        await aws.create("old", "at(2026-03-01T08:20:00)", target={"RetryPolicy": {"MaximumEventAgeInSeconds": 600}})
        await aws.advance(minutes=10)
        return aws.minutes("minutely")

    async def after(aws: Scheduler) -> Any:
        await aws.advance(minutes=2)
        return aws.minutes("minutely"), aws.minutes("once"), aws.minutes("old"), aws.findings.all()

    assert len(scheduler(tmp_path, before)) == 11
    minutely, once, old, findings = scheduler(tmp_path, after, START + 40 * MINUTE)
    assert (minutely, once, old) == (["08:40", "08:41", "08:42"], ["08:30"], [])
    assert [(finding.code, finding.resource.rpartition("/")[2]) for finding in findings] == [
        ("missed/scheduler", "old")
    ]

    async def again(aws: Scheduler) -> list[str]:
        await aws.advance(seconds=30)
        return [name for name, _, _ in aws.fired]

    assert scheduler(tmp_path, again, START + 42 * MINUTE) == []


def test_a_disk_that_refuses_delays_and_loses_nothing(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create(expression="at(2026-03-01T08:10:00)", ActionAfterCompletion="DELETE")
        aws.broken = 3
        await aws.advance(minutes=11)
        assert aws.minutes() == ["08:10"]
        assert (await aws.call("ListSchedules"))["Schedules"] == []

    scheduler(tmp_path, work)


def test_thousands_due_in_one_minute_fire_in_order(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create("s", "at(2026-03-01T08:10:00)", ActionAfterCompletion="DELETE")
        [one] = [resource for resource in aws.store.resources if resource.kind == "schedule"]
        documents = [{**one.document, "ScheduleExpression": f"at(2026-03-01T08:10:{n % 60:02})"} for n in range(2_000)]
        await aws.store.resources.write([replace(one, name=f"s{n}", document=d) for n, d in enumerate(documents)])
        aws.timetable.start()
        began = time.process_time()
        await aws.advance(minutes=11)
        assert time.process_time() - began < 10
        assert len(aws.fired) == 2_001
        assert [scheduled for _, scheduled, _ in aws.fired] == sorted(scheduled for _, scheduled, _ in aws.fired)
        assert (await aws.call("ListSchedules"))["Schedules"] == []

    scheduler(tmp_path, work)
