"""The life of an asynchronous event, without waiting for it."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.engine.async_event import (
    RETRY_SECONDS,
    TRANSITIONS,
    Condition,
    Deliver,
    Drop,
    Effect,
    Effects,
    Event,
    IllegalTransition,
    Progress,
    Role,
    State,
    Target,
    apply,
    back_off,
    expiry,
)
from lambent.model.async_event import Attempts, Policy

NOW = 1_000.0
POLICY = Policy(on_success="good", on_failure="bad", dead_letter="dead")
FAILED = Deliver((Target(Role.DESTINATION, "bad"), Target(Role.DEAD_LETTER, "dead")))
SUCCEEDED = Deliver((Target(Role.DESTINATION, "good"),))


def ends(condition: Condition | None) -> Effects:
    """What follows an end, with all the targets there are."""
    if condition is Condition.SUCCESS:
        return (SUCCEEDED,)
    return (Drop(condition, lost=False), FAILED)


def fresh(accepted: float = NOW) -> Progress:
    return Progress(Attempts(accepted, accepted))


def live(outcomes: list[tuple[Event, float]], policy: Policy = POLICY) -> tuple[Progress, list[float]]:
    """Run an event to its end: each outcome comes after so many seconds, the last one again and again. Answers the
    times at which it was started."""
    progress, now, starts = fresh(), NOW, []
    for happening, takes in itertools.chain(outcomes, itertools.repeat(outcomes[-1])):
        now = max(now, progress.attempts.due)
        progress, effects = apply(progress, Event.START, now, policy)
        if effects == (Effect.INVOKE,):
            starts.append(now - NOW)
            now += takes
            progress, effects = apply(progress, happening, now, policy)
        if progress.state is State.DELIVERING:
            assert effects == ends(progress.condition)
            return progress, starts
        assert effects[-1] is Effect.KEEP
    raise AssertionError("unreachable")


def test_a_success_ends_it() -> None:
    progress, starts = live([(Event.SUCCESS, 1)])
    assert starts == [0]
    assert (progress.condition, progress.attempts.invocations) == (Condition.SUCCESS, 1)
    assert apply(progress, Event.DELIVERED, NOW, POLICY)[1] == (Effect.REMOVE,)


def test_a_function_error_is_retried_after_one_and_two_minutes() -> None:
    progress, starts = live([(Event.ERROR, 3)])
    assert starts == [0, 63, 186]
    assert (progress.condition, progress.attempts.invocations) == (Condition.RETRIES, 3)


def test_fewer_retries_on_request() -> None:
    for retries in (0, 1, 2):
        progress, starts = live([(Event.ERROR, 0)], replace(POLICY, retries=retries))
        assert (len(starts), progress.attempts.invocations) == (retries + 1, retries + 1)
        assert progress.condition is Condition.RETRIES


def test_a_maximum_age_of_a_minute_means_no_retry_at_all() -> None:
    """Recorded."""
    progress, starts = live([(Event.ERROR, 0)], replace(POLICY, max_age=60))
    assert (starts, progress.condition) == ([0], Condition.AGE)


def test_throttles_back_off_until_the_event_is_too_old() -> None:
    progress, starts = live([(Event.THROTTLE, 0)])
    waits = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert waits[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert set(waits[9:]) == {300}
    assert starts[-1] < 6 * 3600
    assert (progress.condition, progress.attempts.invocations) == (Condition.AGE, 0)
    assert progress.attempts.due == NOW + 6 * 3600


def test_throttles_cost_no_retry() -> None:
    progress, starts = live(
        [(Event.THROTTLE, 0), (Event.BREAK, 0), (Event.ERROR, 0), (Event.THROTTLE, 0), (Event.ERROR, 0)]
    )
    assert starts == [0, 1, 3, 63, 64, 184]
    assert (progress.condition, progress.attempts.invocations) == (Condition.RETRIES, 3)


@pytest.mark.parametrize(("happening", "condition"), [(Event.DISABLED, Condition.ZERO), (Event.LOOP, Condition.LOOP)])
def test_what_ends_it_without_a_run(happening: Event, condition: Condition) -> None:
    progress, starts = live([(happening, 0)])
    assert (len(starts), progress.condition, progress.attempts.invocations) == (1, condition, 0)


def test_what_waited_too_long_is_not_run() -> None:
    progress, effects = apply(fresh(), Event.START, NOW + 21_600, POLICY)
    assert (progress.condition, effects) == (Condition.AGE, ends(Condition.AGE))


@pytest.mark.parametrize(
    ("happening", "effects"),
    [(Event.SUCCESS, (Effect.REMOVE,)), (Event.ERROR, (Drop(Condition.RETRIES, lost=True), Effect.REMOVE))],
)
def test_without_targets_it_ends_at_once(happening: Event, effects: Effects) -> None:
    running, _ = apply(fresh(), Event.START, NOW, Policy(0))
    ended, found = apply(running, happening, NOW, Policy(0))
    assert (ended.state, found) == (State.ENDED, effects)


def test_a_dead_letter_queue_alone_gets_failures_alone() -> None:
    policy = Policy(0, dead_letter="dead")
    running, _ = apply(fresh(), Event.START, NOW, policy)
    assert apply(running, Event.SUCCESS, NOW, policy)[1] == (Effect.REMOVE,)
    dead = Deliver((Target(Role.DEAD_LETTER, "dead"),))
    assert apply(running, Event.ERROR, NOW, policy)[1] == (Drop(Condition.RETRIES, lost=False), dead)


def test_an_event_of_a_deleted_function_is_dropped() -> None:
    progress, effects = apply(fresh(), Event.GONE, NOW, POLICY)
    assert (progress.state, effects) == (State.ENDED, (Drop(None, lost=True), Effect.REMOVE))


def test_nothing_else_can_happen() -> None:
    for state in State:
        for happening in Event:
            if (state, happening) not in TRANSITIONS:
                with pytest.raises(IllegalTransition):
                    apply(Progress(Attempts(NOW, NOW), state), happening, NOW, POLICY)


def test_the_back_off_is_bounded() -> None:
    assert back_off(1) == 1
    assert back_off(10_000) == 300


RUNS = st.sampled_from([Event.SUCCESS, Event.ERROR, Event.THROTTLE, Event.BREAK, Event.DISABLED, Event.LOOP])


@given(
    outcomes=st.lists(st.tuples(RUNS, st.floats(0, 900)), min_size=1, max_size=60),
    late=st.lists(st.floats(0, 400), min_size=1),
    policy=st.builds(
        Policy, st.integers(0, 2), st.floats(60, 21_600), st.just("good"), st.just("bad"), st.just("dead")
    ),
)
def test_whatever_happens_it_ends_in_time(
    outcomes: list[tuple[Event, float]], late: list[float], policy: Policy
) -> None:
    """Started late, throttled and failing in any order: no run too many, none too early or too late, an end."""
    progress, now = fresh(), NOW
    ran = errors = 0
    for step in range(400):
        now = max(now, progress.attempts.due) + late[step % len(late)]
        progress, effects = apply(progress, Event.START, now, policy)
        if progress.state is State.RUNNING:
            assert now < expiry(progress.attempts, policy)
            happening, takes = outcomes[step % len(outcomes)]
            now += takes
            before = progress.attempts
            progress, effects = apply(progress, happening, now, policy)
            ran += happening in (Event.SUCCESS, Event.ERROR)
            errors += happening is Event.ERROR
            assert progress.attempts.accepted == before.accepted == NOW
            assert progress.attempts.invocations == ran
            assert errors <= policy.retries + 1
        if progress.state is State.DELIVERING:
            assert effects == ends(progress.condition)
            assert (progress.condition is Condition.RETRIES) <= (errors == policy.retries + 1)
            return
        assert progress.state is State.WAITING
        assert effects[-1] is Effect.KEEP
        assert now <= progress.attempts.due <= max(now, expiry(progress.attempts, policy))
        assert progress.attempts.due - now <= max(*RETRY_SECONDS, 300) + 0.001
    raise AssertionError("it never ended")
