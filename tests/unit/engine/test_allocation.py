"""How many environments are started ahead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.engine.allocation import REPLACE_SECONDS, Event, State, Status, apply, split, want


def play(state: State, *events: Event) -> State:
    for event in events:
        state = apply(state, event)
    return state


def test_it_is_ready_when_all_are_there() -> None:
    state = want(State(), 2)
    assert (state.status, state.missing) == (Status.IN_PROGRESS, 2)
    state = play(state, Event.STARTED, Event.STARTED)
    assert state.missing == 0
    state = apply(state, Event.THERE)
    assert state.status is Status.IN_PROGRESS
    assert apply(state, Event.THERE).status is Status.READY


def test_the_first_allocation_fails_for_good() -> None:
    state = play(want(State(), 3), Event.STARTED, Event.STARTED, Event.THERE, Event.NOT_THERE)
    assert (state.status, state.missing, state.surplus) == (Status.FAILED, 0, 1)
    assert want(state, 3).status is Status.IN_PROGRESS


def test_what_is_lost_later_is_replaced_and_tried_again() -> None:
    state = play(want(State(), 1), Event.STARTED, Event.THERE, Event.LOST)
    assert (state.status, state.missing, state.wait) == (Status.READY, 1, 0.0)
    waits = []
    for _ in range(12):
        state = play(state, Event.STARTED, Event.NOT_THERE)
        waits.append(state.wait)
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == REPLACE_SECONDS[1]
    state = play(state, Event.STARTED, Event.THERE)
    assert (state.status, state.wait) == (Status.READY, 0.0)


def test_less_is_ready_at_once() -> None:
    state = want(play(want(State(), 2), Event.STARTED, Event.STARTED, Event.THERE, Event.THERE), 1)
    assert (state.status, state.surplus) == (Status.READY, 1)


@pytest.mark.parametrize(
    ("places", "weights", "shares"),
    [
        (10, {}, {"1": 10}),
        (10, {"2": 0.1}, {"1": 9, "2": 1}),
        (10, {"2": 0.33}, {"1": 7, "2": 3}),
        (1, {"2": 0.4}, {"1": 1, "2": 0}),
        (5, {"2": 1.0}, {"1": 0, "2": 5}),
    ],
)
def test_a_weighted_alias_splits_its_places(places: int, weights: dict[str, float], shares: dict[str, int]) -> None:
    assert split(places, "1", weights) == shares


@given(st.lists(st.one_of(st.sampled_from(Event), st.integers(0, 9)), max_size=80))
def test_counts_never_go_wrong(events: list[Event | int]) -> None:
    state = State()
    for event in events:
        if isinstance(event, int):
            state = want(state, event)
        elif {Event.STARTED: state.missing, Event.LOST: state.there}.get(event, state.starting):
            state = apply(state, event)
        assert min(state.starting, state.there, state.missing, state.surplus) >= 0
        assert state.failed or state.there + state.starting + state.missing - state.surplus == state.wanted
