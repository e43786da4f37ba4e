"""The Runtime API conversation (2018-06-01) of one execution environment, without any I/O.

A runtime asks for work (`next`), answers it (`response` or `error`), or reports that it can't start (`init/error`).
One that was restored from a snapshot may report that its hooks failed (`restore/error`). What may follow what is the
table `TRANSITIONS`; anything else is refused as AWS refuses it and changes nothing.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html; the texts and codes of refusals
are those of AWS's open-source Runtime Interface Emulator.
"""

import enum
import json
from dataclasses import dataclass
from typing import ClassVar

from lambent.runtime_api.errors import MAX_RESPONSE


class State(enum.Enum):
    """Where the conversation stands."""

    __hash__ = object.__hash__  # Enum's own is a Python call, several an invocation

    STARTING = "Started"
    """The runtime has not asked for anything yet."""
    FAILED = "InitError"
    """The runtime said that it can't start."""
    READY = "Ready"
    """The runtime waits for an invocation."""
    BUSY = "Running"
    """An invocation is with the runtime."""
    ANSWERED = "ResponseSent"
    """The runtime answered and has not asked for the next invocation yet."""
    RESTORING = "Restoring"
    """The runtime was restored from a snapshot and runs its hooks (SnapStart)."""
    RESTORE_FAILED = "RestoreError"


class Event(enum.Enum):
    """What can happen; the values are the states that AWS names when it refuses them."""

    __hash__ = object.__hash__

    NEXT = "Ready"
    DELIVER = "Running"
    RESPONSE = "InvocationResponse"
    ERROR = "InvocationErrorResponse"
    INIT_ERROR = "InitError"
    RESTORE = "Restoring"
    RESTORE_ERROR = "RestoreError"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.STARTING, Event.NEXT): State.READY,
    (State.STARTING, Event.INIT_ERROR): State.FAILED,
    (State.READY, Event.NEXT): State.READY,
    (State.READY, Event.DELIVER): State.BUSY,
    (State.BUSY, Event.RESPONSE): State.ANSWERED,
    (State.BUSY, Event.ERROR): State.ANSWERED,
    (State.ANSWERED, Event.NEXT): State.READY,
    (State.STARTING, Event.RESTORE): State.RESTORING,
    (State.RESTORING, Event.NEXT): State.READY,
    (State.RESTORING, Event.RESTORE_ERROR): State.RESTORE_FAILED,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer to the runtime that is not what it hoped for."""

    status: int
    error_type: str
    message: str

    headers: ClassVar[tuple[tuple[str, str], ...]] = ()
    content_type: ClassVar[str] = "application/json"

    @property
    def body(self) -> bytes:
        """AWS's ErrorResponse as JSON."""
        return json.dumps({"errorMessage": self.message, "errorType": self.error_type}).encode()


INVALID_REQUEST_ID = Refusal(400, "InvalidRequestID", "Invalid request ID")
INVALID_INVOCATION_ID = Refusal(400, "InvalidInvocationId", "Invalid invocation ID")
INVALID_RESPONSE_MODE = Refusal(400, "InvalidFunctionResponseMode", "Invalid function response mode")
TOO_LARGE = Refusal(413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).")
RESTORE_UNSUPPORTED = Refusal(
    501, "RestoreNotSupported", "SnapStart (runtime/restore) is not supported by this environment"
)


class Conversation:
    """The state of one runtime's conversation."""

    __slots__ = ("invocation_id", "request_id", "state")

    def __init__(self) -> None:
        self.state = State.STARTING
        self.request_id = ""
        """The invocation that is, or was last, with the runtime; empty before the first."""
        self.invocation_id = ""

    def next(self) -> Refusal | None:
        """The runtime asks for an invocation."""
        return self._move(Event.NEXT)

    def init_error(self) -> Refusal | None:
        """The runtime reports that it can't start."""
        return self._move(Event.INIT_ERROR)

    def restore(self) -> None:
        """The runtime goes on from a snapshot. Raises ValueError when it has said something already."""
        if (refusal := self._move(Event.RESTORE)) is not None:
            raise ValueError(refusal.message)

    def restore_error(self) -> Refusal | None:
        """The runtime reports that its hooks failed."""
        return self._move(Event.RESTORE_ERROR)

    def deliver(self, request_id: str, invocation_id: str = "") -> None:
        """An invocation is handed to the waiting runtime. Raises ValueError when the runtime does not
        wait."""
        if (refusal := self._move(Event.DELIVER)) is not None:
            raise ValueError(refusal.message)
        self.request_id = request_id
        self.invocation_id = invocation_id

    def answer(self, event: Event, request_id: str, invocation_id: str = "") -> Refusal | None:
        """The runtime answers `request_id` (`event` is RESPONSE or ERROR).

        An answer for any other invocation than the one at hand is refused: it came too late. The
        invocation id counts only when the runtime sends it.
        """
        if request_id != self.request_id or not request_id:
            return INVALID_REQUEST_ID
        if invocation_id and self.invocation_id and invocation_id != self.invocation_id:
            return INVALID_INVOCATION_ID
        return self._move(event)

    def _move(self, event: Event) -> Refusal | None:
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            return refused_transition(self.state, event)
        self.state = state
        return None


def refused_transition(state: State, event: Event) -> Refusal:
    """What the runtime is told when `event` may not happen in `state`."""
    text = f"State transition from {state.value} to {event.value} failed for runtime."
    return Refusal(403, "InvalidStateTransition", f"{text} Error: State transition is not allowed")
