"""A stack's life: which phase its status is, and what follows when that is over.

    CREATE ──failed──▶ ROLLBACK                         UPDATE ──done──▶ CLEANUP ──▶ UPDATE_COMPLETE
       └──done──▶ CREATE_COMPLETE                          └──failed──▶ UPDATE_ROLLBACK ──▶ ROLLBACK_CLEANUP

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from collections.abc import Mapping
from enum import StrEnum

from lambent.deploy.errors import TemplateInvalid


class Phase(StrEnum):
    """What is being done; the value is the stack's status meanwhile."""

    CREATE = "CREATE_IN_PROGRESS"
    ROLLBACK = "ROLLBACK_IN_PROGRESS"
    UPDATE = "UPDATE_IN_PROGRESS"
    CLEANUP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    UPDATE_ROLLBACK = "UPDATE_ROLLBACK_IN_PROGRESS"
    ROLLBACK_CLEANUP = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    DELETE = "DELETE_IN_PROGRESS"


class End(StrEnum):
    """How a phase ended. KEPT: it failed, and what was made stays as it is (DisableRollback, OnFailure)."""

    DONE = "done"
    FAILED = "failed"
    KEPT = "kept"
    GONE = "gone"


NEXT: Mapping[tuple[Phase, End], str] = {
    (Phase.CREATE, End.DONE): "CREATE_COMPLETE",
    (Phase.CREATE, End.FAILED): Phase.ROLLBACK,
    (Phase.CREATE, End.KEPT): "CREATE_FAILED",
    (Phase.CREATE, End.GONE): Phase.DELETE,
    (Phase.ROLLBACK, End.DONE): "ROLLBACK_COMPLETE",
    (Phase.ROLLBACK, End.FAILED): "ROLLBACK_FAILED",
    (Phase.UPDATE, End.DONE): Phase.CLEANUP,
    (Phase.UPDATE, End.FAILED): Phase.UPDATE_ROLLBACK,
    (Phase.UPDATE, End.KEPT): "UPDATE_FAILED",
    (Phase.UPDATE, End.GONE): Phase.UPDATE_ROLLBACK,
    (Phase.CLEANUP, End.DONE): "UPDATE_COMPLETE",
    (Phase.CLEANUP, End.FAILED): "UPDATE_COMPLETE",
    (Phase.UPDATE_ROLLBACK, End.DONE): Phase.ROLLBACK_CLEANUP,
    (Phase.UPDATE_ROLLBACK, End.FAILED): "UPDATE_ROLLBACK_FAILED",
    (Phase.ROLLBACK_CLEANUP, End.DONE): "UPDATE_ROLLBACK_COMPLETE",
    (Phase.ROLLBACK_CLEANUP, End.FAILED): "UPDATE_ROLLBACK_COMPLETE",
    (Phase.DELETE, End.DONE): "DELETE_COMPLETE",
    (Phase.DELETE, End.FAILED): "DELETE_FAILED",
}
"""(phase, how it ended) -> the status after it; of a phase that is no key nothing else can come."""

OPERATIONS: Mapping[Phase, str] = {
    Phase.CREATE: "CREATE_STACK",
    Phase.UPDATE: "UPDATE_STACK",
    Phase.DELETE: "DELETE_STACK",
    Phase.ROLLBACK: "ROLLBACK",
    Phase.UPDATE_ROLLBACK: "ROLLBACK",
}
"""The operations that phases begin, asked for or following a failure; the others go on with the one before. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events-by-operation.html"""
CONTINUE = "CONTINUE_ROLLBACK"

GONE = "DELETE_COMPLETE"
REVIEW = "REVIEW_IN_PROGRESS"
UPDATABLE = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED"}
)


def phase_of(status: str) -> Phase | None:
    """The phase that a status is, None for one in which nothing is done."""
    return Phase(status) if status in Phase._value2member_map_ else None


def after(phase: Phase, end: End) -> str:
    """The status that follows."""
    return str(NEXT[phase, end])


def check_updatable(arn: str, status: str) -> None:
    """Raises TemplateInvalid, in AWS's words, for a stack that can't be updated now."""
    if status not in UPDATABLE:
        raise TemplateInvalid(f"Stack:{arn} is in {status} state and can not be updated.")
