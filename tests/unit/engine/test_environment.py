"""The life of an environment, in simulated time."""

import pytest

from lambent.engine.environment import (
    FREEZE_GRACE,
    INIT_LIMIT,
    TABLE,
    Effect,
    Event,
    IllegalTransition,
    Phase,
    State,
    apply,
    begin,
)


def walk(*events: tuple[Event, float], timeout: float = 3.0) -> tuple[State, list[tuple[Effect, ...]]]:
    """Apply (event, now) pairs to a new environment; the state at the end and the effects of each."""
    state, effects = begin()
    seen = [effects]
    for event, now in events:
        state, effects = apply(state, event, now, timeout)
        seen.append(effects)
    return state, seen


COLD = ((Event.INVOKE, 0.0), (Event.STARTED, 0.1), (Event.NEXT, 0.5))


def test_a_cold_start_delivers_when_the_runtime_asks() -> None:
    state, effects = walk(*COLD)
    assert state.phase is Phase.BUSY
    assert effects[0] == (Effect.START_RUNTIME,)
    assert effects[-1] == (Effect.DISARM, Effect.DELIVER, Effect.ARM)
    assert state.init_seconds == pytest.approx(0.4)
    assert state.deadline == pytest.approx(3.5)


def test_a_warm_environment_is_offered_again() -> None:
    state, effects = walk(*COLD, (Event.RESPONSE, 0.6), (Event.NEXT, 0.7))
    assert state.phase is Phase.IDLE
    assert effects[-2] == (Effect.SOON, Effect.ANSWER_RESPONSE)
    assert effects[-1] == (Effect.ARM, Effect.OFFER)
    assert state.deadline == pytest.approx(0.7 + FREEZE_GRACE)


def test_an_idle_environment_is_frozen_after_a_grace_and_thawed_by_an_invocation() -> None:
    state, effects = walk(*COLD, (Event.RESPONSE, 0.6), (Event.NEXT, 0.7), (Event.DEADLINE, 0.705))
    assert state.phase is Phase.FROZEN
    assert effects[-1] == (Effect.FREEZE,)
    again, effects_again = apply(state, Event.INVOKE, 9.0, 3.0)
    assert again.phase is Phase.BUSY
    assert effects_again == (Effect.THAW, Effect.DELIVER, Effect.ARM)


def test_an_invocation_waits_for_the_runtime_that_has_just_answered() -> None:
    state, effects = walk(*COLD, (Event.RESPONSE, 0.6), (Event.INVOKE, 0.61), (Event.NEXT, 0.62))
    assert state.phase is Phase.BUSY
    assert effects[-2] == ()
    assert effects[-1] == (Effect.DISARM, Effect.DELIVER, Effect.ARM)
    assert state.deadline == pytest.approx(3.62)


@pytest.mark.parametrize("event", [Event.EXITED, Event.DEADLINE])
def test_it_starts_again_if_that_runtime_does_not_come_back(event: Event) -> None:
    state, effects = walk(*COLD, (Event.RESPONSE, 0.6), (Event.INVOKE, 0.61), (event, 1.0))
    assert state.phase is Phase.REINIT
    assert effects[-1] == (Effect.DISARM, Effect.KILL_RUNTIME, Effect.START_RUNTIME, Effect.ARM)


def test_a_retired_environment_is_not_offered_before_it_ends() -> None:
    _, effects = walk(*COLD, (Event.RETIRE, 0.55), (Event.RESPONSE, 0.6))
    assert effects[-1] == (Effect.ANSWER_RESPONSE,)


def test_a_timeout_kills_the_runtime_and_keeps_the_sandbox() -> None:
    state, effects = walk(*COLD, (Event.DEADLINE, 3.5))
    assert state.phase is Phase.RESET
    assert effects[-1] == (Effect.DISARM, Effect.KILL_RUNTIME, Effect.ANSWER_TIMEOUT, Effect.OFFER)
    again, effects_again = apply(state, Event.INVOKE, 4.0, 3.0)
    assert again.phase is Phase.REINIT
    assert again.deadline == pytest.approx(7.0)
    assert effects_again == (Effect.START_RUNTIME, Effect.ARM)


def test_a_suppressed_init_does_not_stretch_the_timeout() -> None:
    state, _ = walk(*COLD, (Event.DEADLINE, 3.5), (Event.INVOKE, 4.0), (Event.STARTED, 4.1), (Event.NEXT, 6.0))
    assert state.phase is Phase.BUSY
    assert state.deadline == pytest.approx(7.0)


def test_init_over_ten_seconds_starts_again_inside_the_invocation() -> None:
    state, effects = walk((Event.INVOKE, 0.0), (Event.STARTED, 0.0), (Event.DEADLINE, INIT_LIMIT))
    assert state.phase is Phase.REINIT
    assert effects[-1] == (
        Effect.DISARM, Effect.REPORT_INIT_TIMEOUT, Effect.KILL_RUNTIME, Effect.START_RUNTIME, Effect.ARM,
    )  # fmt: skip
    assert state.deadline == pytest.approx(INIT_LIMIT + 3.0)


def test_an_init_error_is_answered_by_the_second_attempt() -> None:
    state, effects = walk(
        (Event.INVOKE, 0.0),
        (Event.STARTED, 0.0),
        (Event.INIT_ERROR, 0.2),
        (Event.STARTED, 0.3),
        (Event.INIT_ERROR, 0.4),
    )
    assert state.phase is Phase.RESET
    assert Effect.REPORT_INIT_FAILURE in effects[3]
    assert effects[-1] == (Effect.DISARM, Effect.KILL_RUNTIME, Effect.ANSWER_INIT_ERROR, Effect.OFFER)


@pytest.mark.parametrize("event", [Event.EXITED, Event.NEXT])
def test_a_runtime_that_leaves_the_invocation_answers_an_exit(event: Event) -> None:
    state, effects = walk(*COLD, (event, 1.0))
    assert state.phase is Phase.RESET
    assert Effect.ANSWER_EXIT in effects[-1]


def test_out_of_memory_ends_the_whole_environment() -> None:
    state, effects = walk(*COLD, (Event.OUT_OF_MEMORY, 1.0))
    assert state.phase is Phase.ENDING
    assert effects[-1] == (Effect.DISARM, Effect.ANSWER_EXIT, Effect.DESTROY)


def test_a_busy_environment_retires_after_its_invocation() -> None:
    state, effects = walk(*COLD, (Event.RETIRE, 0.6), (Event.RESPONSE, 0.7), (Event.NEXT, 0.8))
    assert state.phase is Phase.ENDING
    assert effects[-1] == (Effect.DISARM, Effect.DESTROY)


def test_an_idle_environment_retires_at_once() -> None:
    state, effects = walk(*COLD, (Event.RESPONSE, 0.7), (Event.NEXT, 0.8), (Event.RETIRE, 0.9))
    assert state.phase is Phase.ENDING
    assert Effect.DESTROY in effects[-1]


def test_a_failed_start_answers_and_ends() -> None:
    state, effects = walk((Event.INVOKE, 0.0), (Event.FAILED, 0.1))
    assert state.phase is Phase.ENDING
    assert effects[-1] == (Effect.DISARM, Effect.ANSWER_GONE, Effect.DESTROY)


def test_an_illegal_event_names_phase_and_event_and_changes_nothing() -> None:
    state, _ = walk(*COLD)
    with pytest.raises(IllegalTransition, match="invoke in phase busy"):
        apply(state, Event.INVOKE, 1.0, 3.0)


@pytest.mark.parametrize(("phase", "event"), list(TABLE))
def test_every_rule_answers_at_most_once_and_only_when_invoked(phase: Phase, event: Event) -> None:
    invoked = phase in {Phase.BUSY, Phase.REINIT}
    state = State(phase, invoked=invoked, timeout=3.0, deadline=9.0)
    after, effects = apply(state, event, 1.0, 3.0)
    answers = [effect for effect in effects if effect.value.startswith("answer")]
    assert len(answers) <= 1
    assert bool(answers) == (invoked and not after.invoked)
    if after.phase is Phase.ENDING and phase is not Phase.ENDING:
        assert effects[-1] is Effect.DESTROY
