"""Environments that begin with a snapshot: the RESTORE phase, in simulated time."""

from lambent.engine.environment import (
    RESTORE_LIMIT,
    Answer,
    Cause,
    Effect,
    Event,
    Phase,
    ReportInit,
    Stage,
    State,
    Status,
    apply,
    begin,
)


def restoring(now: float = 100.0) -> State:
    state, effects = begin()
    assert effects == (Effect.PREPARE,)
    state, effects = apply(state, Event.RESTORING, now)
    assert (state.phase, state.deadline) == (Phase.RESTORE, now + RESTORE_LIMIT)
    assert effects == (Effect.ARM, Effect.START_RUNTIME)
    return state


def test_a_restored_environment_runs_the_invocation_that_waits() -> None:
    state, effects = apply(restoring(), Event.INVOKE, 100.0, 3.0)
    assert effects == ()
    state, effects = apply(state, Event.NEXT, 100.01)
    assert effects == (Effect.DISARM, ReportInit(Stage.RESTORE), Effect.DELIVER, Effect.ARM)
    assert (state.phase, state.deadline) == (Phase.BUSY, 103.01)
    assert round(state.init_seconds, 6) == 0.01


def test_without_an_invocation_it_falls_idle() -> None:
    state, effects = apply(restoring(), Event.NEXT, 100.01)
    assert (state.phase, effects) == (Phase.IDLE, (ReportInit(Stage.RESTORE), Effect.ARM, Effect.OFFER))


def test_hooks_that_fail_or_take_too_long_are_the_caller_s_answer_and_the_end() -> None:
    failures = {
        Event.INIT_ERROR: (ReportInit(Stage.RESTORE, Status.ERROR), Answer(Cause.RESTORE_ERROR)),
        Event.EXITED: (ReportInit(Stage.RESTORE, Status.ERROR), Answer(Cause.RESTORE_ERROR)),
        Event.OUT_OF_MEMORY: (ReportInit(Stage.RESTORE, Status.ERROR), Answer(Cause.RESTORE_ERROR)),
        Event.DEADLINE: (ReportInit(Stage.RESTORE, Status.TIMEOUT), Answer(Cause.RESTORE_TIMEOUT)),
    }
    for event, (report, answer) in failures.items():
        waited, _ = apply(restoring(), Event.INVOKE, 100.0, 3.0)
        state, effects = apply(waited, event, 110.0)
        assert (state.phase, effects) == (Phase.ENDING, (Effect.DISARM, report, answer, Effect.DESTROY))
        state, effects = apply(restoring(), event, 110.0)
        assert (state.phase, effects) == (Phase.ENDING, (Effect.DISARM, report, Effect.DESTROY))


def test_after_a_crash_the_snapshot_is_gone_on_from_again() -> None:
    state, _ = apply(restoring(), Event.NEXT, 100.01)
    state, _ = apply(state, Event.INVOKE, 101.0, 3.0)
    state, effects = apply(state, Event.EXITED, 101.5)
    assert state.phase is Phase.RESET
    state, effects = apply(state, Event.INVOKE, 102.0, 3.0)
    assert (state.phase, effects) == (Phase.REINIT, (Effect.PREPARE, Effect.ARM))
