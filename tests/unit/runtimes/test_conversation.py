"""Every transition of the Runtime API conversation, and every event where it may not happen."""

import json

import pytest

from lambent.runtime_api.conversation import TRANSITIONS, Conversation, Event, Refusal, State

MOVES = [(state, event) for state in State for event in Event]


def in_state(state: State) -> Conversation:
    conversation = Conversation()
    conversation.state = state
    conversation.request_id = "r-1"
    conversation.invocation_id = "i-1"
    return conversation


def happen(conversation: Conversation, event: Event) -> Refusal | None:
    if event is Event.NEXT:
        return conversation.next()
    if event is Event.INIT_ERROR:
        return conversation.init_error()
    if event is Event.DELIVER:
        conversation.deliver("r-2")
        return None
    return conversation.answer(event, "r-1")


@pytest.mark.parametrize(("state", "event"), [move for move in MOVES if move in TRANSITIONS])
def test_what_may_happen(state: State, event: Event) -> None:
    conversation = in_state(state)
    assert happen(conversation, event) is None
    assert conversation.state is TRANSITIONS[state, event]


@pytest.mark.parametrize(
    ("state", "event"), [move for move in MOVES if move not in TRANSITIONS and move[1] is not Event.DELIVER]
)
def test_what_may_not_happen_is_refused_and_changes_nothing(state: State, event: Event) -> None:
    conversation = in_state(state)
    refusal = happen(conversation, event)
    assert refusal is not None
    assert (refusal.status, refusal.error_type) == (403, "InvalidStateTransition")
    assert refusal.message == (
        f"State transition from {state.value} to {event.value} failed for runtime. "
        "Error: State transition is not allowed"
    )
    assert (conversation.state, conversation.request_id) == (state, "r-1")


@pytest.mark.parametrize("state", [state for state in State if (state, Event.DELIVER) not in TRANSITIONS])
def test_delivering_to_a_runtime_that_does_not_wait_is_our_mistake(state: State) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        in_state(state).deliver("r-2")


@pytest.mark.parametrize("event", [Event.RESPONSE, Event.ERROR])
@pytest.mark.parametrize("request_id", ["r-0", "", "R-1", "r-1 "])
def test_an_answer_for_another_invocation_never_completes_the_one_at_hand(event: Event, request_id: str) -> None:
    conversation = in_state(State.BUSY)
    refusal = conversation.answer(event, request_id)
    assert refusal is not None
    assert (refusal.status, refusal.error_type) == (400, "InvalidRequestID")
    assert conversation.state is State.BUSY


def test_an_answer_before_any_invocation() -> None:
    refusal = Conversation().answer(Event.RESPONSE, "")
    assert refusal is not None and refusal.error_type == "InvalidRequestID"


def test_the_invocation_id_counts_when_it_is_sent() -> None:
    conversation = in_state(State.BUSY)
    refusal = conversation.answer(Event.RESPONSE, "r-1", "i-0")
    assert refusal is not None
    assert (refusal.status, refusal.error_type) == (400, "InvalidInvocationId")
    assert conversation.answer(Event.RESPONSE, "r-1", "i-1") is None


def test_a_refusal_is_awss_error_response() -> None:
    refusal = in_state(State.BUSY).next()
    assert refusal is not None
    assert json.loads(refusal.body) == {
        "errorMessage": refusal.message,
        "errorType": "InvalidStateTransition",
    }
