"""The states of a function, as AWS shows them.

    create ──> CREATING ──unpacked──> READY <──unpacked── UPDATING <── update
                   └────failed──> FAILED        BROKEN <──failed──┘

Each step has a RevisionId of its own.
"""

import enum
from typing import Any

from lambent.services.lambda_ import faults
from lambent.services.lambda_.functions.state_reasons import Unready
from lambent.store.record import FunctionRecord


class Phase(enum.Enum):
    """Where a function is in its life."""

    CREATING = "creating"
    READY = "ready"
    FAILED = "failed"
    UPDATING = "updating"
    BROKEN = "broken"


class Event(enum.Enum):
    """What moves it on."""

    UPDATE = "update"
    UNPACKED = "unpacked"
    FAILURE = "failure"


TRANSITIONS = {
    (Phase.CREATING, Event.UNPACKED): Phase.READY,
    (Phase.CREATING, Event.FAILURE): Phase.FAILED,
    (Phase.READY, Event.UPDATE): Phase.UPDATING,
    (Phase.FAILED, Event.UPDATE): Phase.UPDATING,
    (Phase.BROKEN, Event.UPDATE): Phase.UPDATING,
    (Phase.UPDATING, Event.UNPACKED): Phase.READY,
    (Phase.UPDATING, Event.FAILURE): Phase.BROKEN,
}

_BEING_CREATED = "The function is being created."
_FAILURE = "The code package could not be unpacked."

MEMBERS: dict[Phase, dict[str, str]] = {
    Phase.CREATING: {
        "State": "Pending",
        "StateReason": _BEING_CREATED,
        "StateReasonCode": "Creating",
    },
    Phase.READY: {"State": "Active", "LastUpdateStatus": "Successful"},
    Phase.FAILED: {
        "State": "Failed",
        "StateReason": _FAILURE,
        "StateReasonCode": "InternalError",
        "LastUpdateStatus": "Failed",
        "LastUpdateStatusReason": _FAILURE,
        "LastUpdateStatusReasonCode": "InternalError",
    },
    Phase.UPDATING: {
        "State": "Active",
        "LastUpdateStatus": "InProgress",
        "LastUpdateStatusReason": _BEING_CREATED,  # AWS says so for updates, too
        "LastUpdateStatusReasonCode": "Creating",
    },
    Phase.BROKEN: {
        "State": "Active",
        "LastUpdateStatus": "Failed",
        "LastUpdateStatusReason": _FAILURE,
        "LastUpdateStatusReasonCode": "InternalError",
    },
}

STATE_MEMBERS = frozenset(member for members in MEMBERS.values() for member in members)

_SHOWN = {(members["State"], members.get("LastUpdateStatus")): phase for phase, members in MEMBERS.items()}


def phase_of(record: FunctionRecord) -> Phase:
    """The phase that a record's members show."""
    said = record.configuration
    return _SHOWN[(said["State"], said.get("LastUpdateStatus"))]


def step(phase: Phase, event: Event) -> Phase | None:
    """The phase after an event, None where the event has no place."""
    return TRANSITIONS.get((phase, event))


def show(configuration: dict[str, Any], phase: Phase, revision: str, blame: Unready | None = None) -> dict[str, Any]:
    """The configuration as it reads in `phase`; `blame` is whose fault a failure is, if not ours."""
    rest = {member: value for member, value in configuration.items() if member not in STATE_MEMBERS}
    members = dict(MEMBERS[phase])
    if blame is not None:
        said = {"Reason": blame.reason, "ReasonCode": blame.code}
        members = {name: _blamed(name, value, said) for name, value in members.items()}
    return rest | members | {"RevisionId": revision}


def _blamed(name: str, value: str, said: dict[str, str]) -> str:
    return next((text for ending, text in said.items() if name.endswith(ending)), value)


def require_changeable(record: FunctionRecord) -> None:
    """Raise AWS's 409 for a function that is still being made or changed."""
    phase = phase_of(record)
    if phase is Phase.CREATING:
        raise faults.not_active("Pending")
    if phase is Phase.UPDATING:
        raise faults.update_in_progress(record.running.arn)


def require_invocable(record: FunctionRecord) -> None:
    """Raise AWS's 409 for a function that can't run: still being made, or not made at all."""
    state = record.configuration["State"]
    if state != "Active":
        raise faults.not_active(state)
