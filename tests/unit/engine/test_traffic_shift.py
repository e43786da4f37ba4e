"""Deployments of a version: hooks and steps, at given times."""

import json

import pytest

from lambent.engine.traffic_shift import (
    CANARY,
    HOOK_SECONDS,
    LINEAR,
    Call,
    Due,
    Phase,
    Plan,
    Said,
    Shift,
    Stop,
    Wake,
    Weigh,
    begin,
    decide,
    events,
)

BOTH = {"BeforeAllowTraffic": "before", "AfterAllowTraffic": "after"}


def statuses(shift: Shift) -> list[str]:
    return [one["status"] for one in events(shift)]


def test_all_at_once_is_over_at_once() -> None:
    shift, effects = begin(Plan(), 100.0)
    assert effects == [Weigh(100)] and (shift.status, shift.phase, shift.weight) == ("Succeeded", Phase.ENDED, 100)
    assert statuses(shift) == ["Succeeded"] * 3


def test_a_canary_has_its_share_until_the_interval_is_over() -> None:
    plan = Plan(CANARY, 10, 300.0)
    shift, effects = begin(plan, 100.0)
    assert effects == [Weigh(10), Wake(400.0)]
    assert decide(plan, shift, Due(), 399.0) == (shift, [Wake(400.0)])
    shift, effects = decide(plan, shift, Due(), 400.0)
    assert effects == [Weigh(100)] and shift.status == "Succeeded"


@pytest.mark.parametrize(
    ("percentage", "weights"), [(10, [*range(10, 101, 10)]), (30, [30, 60, 90, 100]), (50, [50, 100]), (99, [99, 100])]
)
def test_a_linear_shift_takes_equal_steps(percentage: int, weights: list[int]) -> None:
    plan = Plan(LINEAR, percentage, 60.0)
    shift, _ = begin(plan, 0.0)
    seen = [shift.weight]
    while shift.phase == Phase.TRAFFIC:
        shift, _ = decide(plan, shift, Due(), 60.0 * len(seen))
        seen.append(shift.weight)
    assert seen == weights


def test_who_slept_goes_to_where_it_would_be() -> None:
    plan = Plan(LINEAR, 10, 60.0)
    shift, _ = begin(plan, 0.0)
    shift, effects = decide(plan, shift, Due(), 200.0)
    assert effects == [Weigh(40), Wake(240.0)]
    assert decide(plan, shift, Due(), 10_000.0)[1] == [Weigh(100)]


def test_hooks_come_before_and_after_and_are_waited_for() -> None:
    plan = Plan(hooks=BOTH)
    shift, effects = begin(plan, 10.0)
    assert effects == [Call("BeforeAllowTraffic", "before"), Wake(10.0 + HOOK_SECONDS)]
    assert statuses(shift) == ["InProgress", "Pending", "Pending"]
    assert decide(plan, shift, Said("AfterAllowTraffic", True), 11.0) == (shift, [])
    shift, effects = decide(plan, shift, Said("BeforeAllowTraffic", True), 12.0)
    assert effects == [Weigh(100), Call("AfterAllowTraffic", "after"), Wake(12.0 + HOOK_SECONDS)]
    shift, effects = decide(plan, shift, Said("AfterAllowTraffic", True), 13.0)
    assert effects == [] and shift.status == "Succeeded"
    assert decide(plan, shift, Stop("x", "y"), 14.0) == (shift, [])


def test_a_hook_that_says_no_or_nothing_fails_the_deployment() -> None:
    plan = Plan(hooks=BOTH)
    shift, _ = begin(plan, 0.0)
    failed, effects = decide(plan, shift, Said("BeforeAllowTraffic", False), 5.0)
    assert (failed.status, failed.code, effects) == ("Failed", "HOOK_EXECUTION_FAILURE", [])
    assert statuses(failed) == ["Failed", "Skipped", "Skipped"]
    assert decide(plan, shift, Due(), HOOK_SECONDS - 1)[1] == [Wake(HOOK_SECONDS)]
    assert decide(plan, shift, Due(), HOOK_SECONDS)[0].code == "TIMEOUT"


def test_a_stop_ends_it_where_it_is() -> None:
    plan = Plan(CANARY, 10, 300.0)
    shift, _ = begin(plan, 0.0)
    shift, effects = decide(plan, shift, Stop("ALARM_ACTIVE", "ringing"), 7.0)
    assert (shift.status, shift.code, shift.weight, effects) == ("Stopped", "ALARM_ACTIVE", 10, [])
    assert statuses(shift) == ["Succeeded", "Failed", "Skipped"]


def test_it_is_written_down_and_read_again() -> None:
    plan = Plan(LINEAR, 50, 60.0, BOTH)
    shift, _ = begin(plan, 0.0)
    assert Shift.of(json.loads(json.dumps(shift.document()))) == shift
