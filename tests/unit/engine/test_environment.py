"""The life of an environment, in simulated time."""

import random

import pytest

from lambent.engine.environment import (
    ALONE,
    FREEZE_GRACE,
    INIT_LIMIT,
    LONG_INIT_LIMIT,
    NEVER,
    TABLE,
    Answer,
    Cause,
    Crew,
    Effect,
    Effects,
    Event,
    Failure,
    IllegalTransition,
    Phase,
    Reason,
    Report,
    ReportInit,
    Response,
    Stage,
    State,
    Status,
    apply,
    begin,
    init_limit,
)


def walk(*events: tuple[Event, float], timeout: float = 3.0) -> tuple[State, list[Effects]]:
    """Apply (event, now) pairs to a new environment; the state at the end and the effects of each."""
    state, effects = begin()
    seen = [effects]
    for event, now in events:
        state, effects = apply(state, event, now, timeout if event is Event.INVOKE else None)
        seen.append(effects)
    return state, seen


COLD = ((Event.INVOKE, 0.0), (Event.STARTED, 0.1), (Event.NEXT, 0.5))


def test_a_cold_start_delivers_when_the_runtime_asks() -> None:
    state, effects = walk(*COLD)
    assert state.phase is Phase.BUSY
    assert effects[0] == (Effect.PREPARE,)
    assert effects[-1] == (Effect.DISARM, ReportInit(Stage.INIT), Effect.DELIVER, Effect.ARM)
    assert state.init_seconds == pytest.approx(0.4)
    assert state.deadline == pytest.approx(3.5)


def test_what_an_event_tells_goes_on_to_its_effect() -> None:
    busy, _ = walk(*COLD)
    assert Answer(Cause.RESPONSE, Response(b"1")) in apply(busy, Event.RESPONSE, 0.6, Response(b"1"))[1]
    failure = Failure("Runtime.ExitError", code=1)
    assert Answer(Cause.EXIT, failure) in apply(busy, Event.EXITED, 0.6, failure)[1]
    starting, _ = walk((Event.STARTED, 0.1))
    assert ReportInit(Stage.INIT, Status.ERROR, failure) in apply(starting, Event.INIT_ERROR, 0.6, failure)[1]


def test_a_warm_environment_is_offered_again() -> None:
    state, effects = walk(*COLD, (Event.RESPONSE, 0.6), (Event.NEXT, 0.7))
    assert state.phase is Phase.IDLE
    assert effects[-2] == (Effect.SOON, Answer(Cause.RESPONSE))
    assert effects[-1] == (Effect.ARM, Effect.OFFER)
    assert state.deadline == pytest.approx(0.7 + FREEZE_GRACE)


def test_an_idle_environment_is_frozen_after_a_grace_and_thawed_by_an_invocation() -> None:
    state, effects = walk(*COLD, (Event.RESPONSE, 0.6), (Event.NEXT, 0.7), (Event.DEADLINE, 0.705))
    assert state.phase is Phase.FROZEN
    assert effects[-1] == (Effect.FREEZE,)
    again, effects_again = apply(state, Event.INVOKE, 9.0, 3.0)
    assert again.phase is Phase.BUSY
    assert effects_again == (Effect.THAW, Effect.DELIVER, Effect.ARM)


@pytest.mark.parametrize("crew", [ALONE, Crew(external=True, invoked=True)])
def test_an_event_that_was_not_read_when_everything_ended_is_run_elsewhere(crew: Crew) -> None:
    state, _ = walk(*COLD)
    lost, effects = apply(state._replace(crew=crew, retired=True), Event.LOST, 1.0)
    assert (lost.phase, lost.invoked, lost.deadline) == (Phase.REINIT, True, 4.0)
    assert effects == (Effect.DISARM, Effect.KILL_ALL, Effect.PREPARE, Effect.ARM)
    again, effects = apply(lost, Event.LOST, 2.0)  # which is part of the invocation, and under its timeout
    assert (again.phase, again.deadline) == (Phase.REINIT, 4.0)
    assert effects == (Effect.KILL_ALL, Effect.PREPARE)


@pytest.mark.parametrize("phase", [Phase.INIT, Phase.EXTENSION_INIT, Phase.RESTORE])
def test_an_init_that_is_lost_begins_again_for_whoever_waits(phase: Phase) -> None:
    waited = State(phase=phase, invoked=True, retired=True)
    assert apply(waited, Event.LOST, 1.0)[1] == (Effect.DISARM, Effect.KILL_ALL, Effect.PREPARE)
    ended, effects = apply(waited._replace(invoked=False), Event.LOST, 1.0)
    assert (ended.phase, effects) == (Phase.ENDING, (Effect.DISARM, Effect.KILL_ALL, Effect.DESTROY))


def test_elsewhere_what_is_lost_has_ended() -> None:
    for phase in (Phase.IDLE, Phase.FROZEN, Phase.ANSWERED, Phase.STOPPING, Phase.ENDING):
        assert TABLE[phase, Event.LOST] is TABLE[phase, Event.EXITED]


@pytest.mark.parametrize(("grace", "effect"), [(0.5, Effect.ARM), (NEVER, Effect.DISARM)])
def test_the_grace_is_as_asked(grace: float, effect: Effect) -> None:
    state, _ = begin(grace=grace)
    for event, now in ((Event.STARTED, 0.0), (Event.NEXT, 1.0)):
        state, effects = apply(state, event, now)
    assert (state.phase, state.deadline) == (Phase.IDLE, 1.0 + grace)
    assert effect in effects


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
    assert effects[-1] == (Effect.DISARM, Effect.KILL_ALL, Effect.PREPARE, Effect.ARM)


def test_a_retired_environment_is_not_offered_before_it_ends() -> None:
    _, effects = walk(*COLD, (Event.RETIRE, 0.55), (Event.RESPONSE, 0.6))
    assert effects[-1] == (Answer(Cause.RESPONSE),)


def test_a_timeout_kills_the_runtime_and_keeps_the_sandbox() -> None:
    state, effects = walk(*COLD, (Event.DEADLINE, 3.5))
    assert state.phase is Phase.RESET
    assert effects[-1] == (Effect.DISARM, Effect.KILL_ALL, Answer(Cause.TIMEOUT), Effect.OFFER)
    again, effects_again = apply(state, Event.INVOKE, 4.0, 3.0)
    assert again.phase is Phase.REINIT
    assert again.deadline == pytest.approx(7.0)
    assert effects_again == (Effect.PREPARE, Effect.ARM)


def test_a_suppressed_init_does_not_stretch_the_timeout() -> None:
    state, _ = walk(*COLD, (Event.DEADLINE, 3.5), (Event.INVOKE, 4.0), (Event.STARTED, 4.1), (Event.NEXT, 6.0))
    assert state.phase is Phase.BUSY
    assert state.deadline == pytest.approx(7.0)


def test_init_over_ten_seconds_starts_again_inside_the_invocation() -> None:
    state, effects = walk((Event.INVOKE, 0.0), (Event.STARTED, 0.0), (Event.DEADLINE, INIT_LIMIT))
    assert state.phase is Phase.REINIT
    assert effects[-1] == (
        Effect.DISARM, ReportInit(Stage.INIT, Status.TIMEOUT), Effect.KILL_ALL, Effect.PREPARE, Effect.ARM,
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
    assert ReportInit(Stage.INIT, Status.ERROR) in effects[3]
    assert effects[-1] == (
        Effect.DISARM, ReportInit(Stage.REINIT, Status.ERROR), Effect.KILL_ALL, Answer(Cause.INIT_ERROR), Effect.OFFER,
    )  # fmt: skip


@pytest.mark.parametrize("event", [Event.EXITED, Event.NEXT])
def test_a_runtime_that_leaves_the_invocation_answers_an_exit(event: Event) -> None:
    state, effects = walk(*COLD, (event, 1.0))
    assert state.phase is Phase.RESET
    assert Answer(Cause.EXIT) in effects[-1]


def test_a_failed_init_is_measured_by_what_passed_and_not_by_a_deadline() -> None:
    state, effects = walk((Event.INVOKE, 0.0), (Event.STARTED, 0.1), (Event.INIT_ERROR, 0.4))
    assert ReportInit(Stage.INIT, Status.ERROR) in effects[-1]
    assert (state.phase, state.began) == (Phase.REINIT, 0.4)
    assert state.init_seconds == pytest.approx(0.3)


def test_out_of_memory_at_import_is_told_as_the_init_s_failure_and_counts_from_its_beginning() -> None:
    state, effects = walk((Event.INVOKE, 0.0), (Event.STARTED, 5.0), (Event.OUT_OF_MEMORY, 5.5))
    assert effects[-1] == (Effect.DISARM, ReportInit(Stage.INIT, Status.ERROR), Answer(Cause.EXIT), Effect.DESTROY)
    assert (state.began, state.init_seconds) == (5.0, 0.5)


def test_out_of_memory_ends_the_whole_environment() -> None:
    state, effects = walk(*COLD, (Event.OUT_OF_MEMORY, 1.0))
    assert state.phase is Phase.ENDING
    assert effects[-1] == (Effect.DISARM, Answer(Cause.EXIT), Effect.DESTROY)


def test_out_of_memory_after_the_answer_is_not_told_to_the_next_caller() -> None:
    answered = (*COLD, (Event.RESPONSE, 0.7))
    state, effects = walk(*answered, (Event.INVOKE, 0.71), (Event.OUT_OF_MEMORY, 0.72))
    assert effects[-1] == (Effect.DISARM, Effect.KILL_ALL, Effect.PREPARE, Effect.ARM)
    assert (state.phase, state.invoked, state.retired) == (Phase.REINIT, True, True)
    state, effects = walk(*answered, (Event.OUT_OF_MEMORY, 0.72))
    assert (state.phase, effects[-1]) == (Phase.ENDING, (Effect.DISARM, Effect.DESTROY))


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
    assert effects[-1] == (Effect.DISARM, Answer(Cause.GONE), Effect.DESTROY)


def test_an_illegal_event_names_phase_and_event_and_changes_nothing() -> None:
    state, _ = walk(*COLD)
    with pytest.raises(IllegalTransition, match="invoke in phase busy"):
        apply(state, Event.INVOKE, 1.0, 3.0)


@pytest.mark.parametrize("crew", [ALONE, Crew(internal=True), Crew(external=True, invoked=True)])
@pytest.mark.parametrize(("phase", "event"), [row for row in TABLE if row != (Phase.ANSWERED, Event.INVOKE)])
def test_every_rule_answers_at_most_once_and_only_when_invoked(phase: Phase, event: Event, crew: Crew) -> None:
    invoked = phase in {Phase.BUSY, Phase.REINIT, Phase.EXTENSION_REINIT}
    state = State(phase, invoked=invoked, timeout=3.0, deadline=9.0, crew=crew)
    after, effects = apply(state, event, 1.0, 3.0)
    answers = [effect for effect in effects if isinstance(effect, Answer)]
    assert len(answers) <= 1
    assert bool(answers) == (invoked and not after.invoked)
    if after.phase is Phase.ENDING and phase is not Phase.ENDING:
        assert effects[-1] is Effect.DESTROY


# --- extensions

EXTERNAL = Crew(external=True)
FOLLOWING = Crew(external=True, invoked=True)
INTERNAL = Crew(internal=True, invoked=True)


def follow(state: State, *events: tuple[Event, float] | tuple[Event, float, Crew]) -> tuple[State, Effects]:
    """Apply (event, now[, crew]); the state and the effects of the last."""
    effects: Effects = ()
    for event, now, *crew in events:
        state, effects = apply(state, event, now, 3.0 if event is Event.INVOKE else None, *crew)
    return state, effects


def extended(crew: Crew = FOLLOWING) -> State:
    """An idle environment with external extensions."""
    state, effects = follow(begin()[0], (Event.STARTED, 0.0, EXTERNAL))
    assert (state.phase, effects) == (Phase.EXTENSION_INIT, (Effect.ARM, Effect.START_EXTENSIONS))
    state, effects = follow(state, (Event.REGISTERED, 0.1, crew))
    assert (state.phase, effects) == (Phase.INIT, (Effect.START_RUNTIME,))
    state, effects = follow(state, (Event.NEXT, 0.2))
    assert (state.phase, effects) == (Phase.INIT, ())
    state, effects = follow(state, (Event.READY, 0.3))
    assert (state.phase, effects) == (Phase.IDLE, (ReportInit(Stage.INIT), Effect.ARM, Effect.OFFER))
    return state


def test_init_ends_when_runtime_and_extensions_have_asked_in_either_order() -> None:
    assert extended().init_seconds == pytest.approx(0.3)
    state, _ = follow(begin()[0], (Event.STARTED, 0.0, EXTERNAL), (Event.REGISTERED, 0.1, EXTERNAL))
    state, effects = follow(state, (Event.READY, 0.2), (Event.NEXT, 0.3))
    assert (state.phase, effects[0]) == (Phase.IDLE, ReportInit(Stage.INIT))


def test_an_internal_extension_is_waited_for_once_it_has_joined() -> None:
    state, _ = follow(begin()[0], (Event.STARTED, 0.0), (Event.JOINED, 0.1, INTERNAL), (Event.NEXT, 0.2))
    assert state.phase is Phase.INIT
    assert follow(state, (Event.READY, 0.3))[0].phase is Phase.IDLE


def test_the_invocation_ends_when_all_have_asked_and_is_answered_before() -> None:
    state, effects = follow(extended(), (Event.INVOKE, 1.0), (Event.RESPONSE, 1.1))
    assert (state.phase, effects) == (Phase.ANSWERED, (Answer(Cause.RESPONSE, early=True),))
    waiting, effects = follow(state, (Event.NEXT, 1.2))
    assert (waiting.phase, effects) == (Phase.ANSWERED, ())
    done, effects = follow(waiting, (Event.READY, 1.3))
    assert (done.phase, effects) == (Phase.IDLE, (Report(Cause.RESPONSE), Effect.ARM, Effect.OFFER))
    done, effects = follow(state, (Event.READY, 1.2), (Event.NEXT, 1.3))
    assert (done.phase, effects[0]) == (Phase.IDLE, Report(Cause.RESPONSE))


def test_extensions_that_are_quicker_than_the_runtime() -> None:
    state, effects = follow(
        extended(), (Event.INVOKE, 1.0), (Event.READY, 1.1), (Event.RESPONSE, 1.2), (Event.NEXT, 1.3)
    )
    assert (state.phase, effects[0]) == (Phase.IDLE, Report(Cause.RESPONSE))


def test_extensions_that_want_no_invocations_are_not_waited_for() -> None:
    state, effects = follow(extended(EXTERNAL), (Event.INVOKE, 1.0), (Event.RESPONSE, 1.1))
    assert effects == (Effect.SOON, Answer(Cause.RESPONSE))
    assert follow(state, (Event.NEXT, 1.2))[0].phase is Phase.IDLE


def test_a_late_extension_runs_into_the_timeout_of_its_invocation() -> None:
    state, effects = follow(
        extended(), (Event.INVOKE, 1.0), (Event.RESPONSE, 1.1), (Event.NEXT, 1.2), (Event.DEADLINE, 4.0)
    )
    assert effects == (Effect.DISARM, Report(Cause.TIMEOUT), Effect.TERMINATE_RUNTIME, Effect.ARM)
    assert (state.phase, state.reason) == (Phase.STOPPING, Reason.TIMEOUT)


def test_a_shutdown_takes_300_ms_for_the_runtime_and_2_s_in_all() -> None:
    state, effects = follow(extended(), (Event.INVOKE, 1.0), (Event.DEADLINE, 4.0))
    assert effects == (Effect.DISARM, Answer(Cause.TIMEOUT), Effect.TERMINATE_RUNTIME, Effect.ARM)
    assert state.deadline == pytest.approx(4.3)
    state, effects = follow(state, (Event.DEADLINE, 4.3))
    assert effects == (Effect.KILL_RUNTIME, Effect.SHUTDOWN_EXTENSIONS, Effect.ARM)
    assert (state.phase, state.deadline) == (Phase.LEAVING, pytest.approx(6.0))
    state, effects = follow(state, (Event.DEADLINE, 6.0))
    assert (state.phase, effects) == (Phase.RESET, (Effect.DISARM, Effect.KILL_ALL, Effect.OFFER))
    assert state.crew is ALONE


def test_with_internal_extensions_alone_the_runtime_has_500_ms() -> None:
    state, _ = follow(
        begin()[0], (Event.STARTED, 0.0), (Event.JOINED, 0.1, INTERNAL), (Event.NEXT, 0.2), (Event.READY, 0.3)
    )
    state, effects = follow(state, (Event.DEADLINE, 0.4), (Event.RETIRE, 5.0))
    assert effects == (Effect.THAW, Effect.DISARM, Effect.WITHDRAW, Effect.TERMINATE_RUNTIME, Effect.ARM)
    assert (state.deadline, state.reason) == (pytest.approx(5.5), Reason.SPINDOWN)
    state, effects = follow(state, (Event.EXITED, 5.1))
    assert (state.phase, effects) == (Phase.ENDING, (Effect.DISARM, Effect.KILL_ALL, Effect.DESTROY))


def test_who_leaves_early_is_not_waited_for() -> None:
    state, _ = follow(extended(), (Event.RETIRE, 1.0), (Event.EXITED, 1.01), (Event.EXTENSIONS_GONE, 1.02))
    assert state.phase is Phase.ENDING


def test_an_invocation_that_waited_for_a_failed_init_comes_after_its_shutdown_phase() -> None:
    state, _ = follow(begin()[0], (Event.INVOKE, 0.0), (Event.STARTED, 0.0, EXTERNAL), (Event.EXTENSION_FAILED, 1.0))
    assert (state.phase, state.reason) == (Phase.LEAVING, Reason.FAILURE)
    state, effects = follow(state, (Event.EXTENSIONS_GONE, 1.1))
    assert (state.phase, effects) == (Phase.REINIT, (Effect.DISARM, Effect.KILL_ALL, Effect.PREPARE, Effect.ARM))
    assert state.deadline == pytest.approx(4.1)
    state, effects = follow(state, (Event.STARTED, 1.2, EXTERNAL), (Event.EXTENSION_FAILED, 1.3))
    assert effects == (
        Effect.DISARM, ReportInit(Stage.REINIT, Status.ERROR), Answer(Cause.EXTENSION),
        Effect.SHUTDOWN_EXTENSIONS, Effect.ARM,
    )  # fmt: skip


def test_extensions_that_do_not_register_are_init_s_timeout() -> None:
    state, effects = follow(begin()[0], (Event.STARTED, 0.0, EXTERNAL), (Event.DEADLINE, INIT_LIMIT))
    assert effects == (Effect.DISARM, ReportInit(Stage.INIT, Status.TIMEOUT), Effect.SHUTDOWN_EXTENSIONS, Effect.ARM)
    assert state.reason is Reason.TIMEOUT


def test_an_invocation_that_comes_while_a_lost_environment_stops_waits() -> None:
    state, _ = follow(extended(), (Event.EXTENSION_FAILED, 1.0), (Event.INVOKE, 1.1), (Event.RETIRE, 1.1))
    state, effects = follow(state, (Event.EXITED, 1.2), (Event.EXTENSIONS_GONE, 1.3))
    assert (state.phase, Effect.PREPARE in effects) == (Phase.REINIT, True)


def test_environments_made_ahead_have_longer_for_init() -> None:
    assert init_limit("on-demand", 900) == INIT_LIMIT
    assert init_limit("provisioned-concurrency", 3) == LONG_INIT_LIMIT
    assert init_limit("snap-start", 900) == 900
    state, _ = follow(begin(init_limit("snap-start", 3))[0], (Event.STARTED, 5.0))
    assert state.deadline == pytest.approx(5.0 + LONG_INIT_LIMIT)


# --- whatever happens


class World:
    """Carries effects out on paper, and checks what may never happen."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.now = 0.0
        self.waiting = self.placed = self.answered = self.unreported = 0
        self.offered = self.gone = self.frozen = False
        self.placed_at = self.init_at = 0.0
        self.state, effects = begin()
        self.carry_out(effects)

    def step(self) -> None:
        self.now += self.chance.random()
        free = self.offered and not self.gone
        legal = [event for phase, event in TABLE if phase is self.state.phase and (free or event is not Event.INVOKE)]
        weights = [0.02 if event in ENDS else 0.3 if event in FAILURES else 1.0 for event in legal]
        event = self.chance.choices(legal, weights)[0]
        if event is Event.DEADLINE:
            self.now = max(self.now, self.state.deadline)
        chosen = self.chance.choice([ALONE, EXTERNAL, FOLLOWING, INTERNAL])
        crew = chosen if event in (Event.STARTED, Event.REGISTERED, Event.JOINED) and chosen is not ALONE else None
        try:
            self.state, effects = apply(self.state, event, self.now, 3.0, crew)
        except IllegalTransition:
            assert event is not Event.INVOKE, f"offered, and refused in {self.state}"
            return
        if event in (Event.STARTED, Event.RESTORING):
            self.init_at = self.now
        if event is Event.INVOKE:
            self.placed_at = self.now
            self.offered = False
            self.placed += 1
            self.waiting += 1
        self.carry_out(effects)
        assert self.waiting == self.state.invoked
        assert not (self.frozen and (self.waiting or self.unreported))

    def carry_out(self, effects: Effects) -> None:
        for effect in effects:
            self.measure(effect)
            if isinstance(effect, Answer):
                self.waiting -= 1
                self.answered += 1
                self.unreported += effect.early
            elif isinstance(effect, Report):
                self.unreported -= 1
            elif effect in (Effect.OFFER, Effect.SOON):
                assert not self.gone
                self.offered = True
            elif effect in (Effect.WITHDRAW, Effect.DESTROY):
                self.gone = True
            elif effect is Effect.FREEZE:
                self.frozen = True
            elif effect in (Effect.THAW, Effect.KILL_ALL, Effect.TERMINATE_RUNTIME, Effect.SHUTDOWN_EXTENSIONS):
                self.frozen = False
            assert self.waiting >= 0
            assert self.unreported in (0, 1)

    def measure(self, effect: Effect) -> None:
        """No duration is negative, none longer than what has passed; a timeout has passed whole."""
        if effect is Effect.PREPARE:
            self.init_at = self.now
        if isinstance(effect, ReportInit):
            assert self.state.init_seconds == self.now - self.init_at
        if isinstance(effect, Answer | Report):
            assert self.placed_at <= self.state.began <= self.now
        if isinstance(effect, Answer | Report) and effect.cause is Cause.TIMEOUT:
            assert self.state.timeout <= self.now - self.state.began + 1e-9

    def settle(self) -> None:
        """Nothing happens any more but time, and processes that end when they are told to."""
        for _ in range(12):
            if self.state.phase in (Phase.ENDING, Phase.RESET, Phase.IDLE, Phase.FROZEN) and not self.waiting:
                return
            self.now = max(self.now, self.state.deadline)
            event = Event.STARTED if self.state.phase is Phase.INIT and self.state.deadline == 0 else Event.DEADLINE
            self.state, effects = apply(self.state, event, self.now, 3.0)
            self.carry_out(effects)
        raise AssertionError(f"stuck in {self.state}")


ENDS = (Event.FAILED, Event.OUT_OF_MEMORY, Event.RETIRE)
FAILURES = (Event.INIT_ERROR, Event.EXITED, Event.EXTENSION_FAILED)


@pytest.mark.parametrize("seed", range(300))
def test_no_invocation_is_lost_answered_twice_or_frozen(seed: int) -> None:
    world = World(random.Random(seed))
    for _ in range(60):
        world.step()
    world.settle()
    assert (world.waiting, world.unreported) == (0, 0)
    assert world.answered == world.placed
