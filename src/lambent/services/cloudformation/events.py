"""DescribeEvents: a stack's events by operation.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events-by-operation.html. One event of
each operation (STACK_EVENT) says how it stands, the others are what happened in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.phases import phase_of
from lambent.deploy.stack import ChangeSet, Event, Stack
from lambent.model.scope import Caller
from lambent.services.cloudformation import shown
from lambent.services.cloudformation.env import CloudFormationEnv
from lambent.services.cloudformation.paging import page

NONE_SAID = "One of ChangeSetName, OperationId or StackName must be specified"
STATUS = {"COMPLETE": "SUCCEEDED", "FAILED": "FAILED"}
CREATE_CHANGE_SET = "CREATE_CHANGESET"


@dataclass(frozen=True, slots=True)
class _Operation:
    """`events` are those that it has, newest first."""

    stack: Stack
    id: str
    kind: str
    events: Sequence[Event]

    def status(self) -> str:
        """How it ended, or that it has not."""
        own = next((one.status for one in self.events if one.physical_id == self.stack.arn), "")
        if own.endswith("_IN_PROGRESS") and self.id == self.stack.operation and phase_of(self.stack.status):
            return "IN_PROGRESS"
        return STATUS.get(own.rpartition("_")[2], "FAILED")

    def shown(self) -> Iterator[dict[str, Any]]:
        """The operation, then its events."""
        status = self.status()
        common = {"StackId": self.stack.arn, "OperationId": self.id, "OperationType": self.kind}
        yield {
            **common,
            "EventId": self.id,
            "OperationStatus": status,
            "EventType": "STACK_EVENT",
            "StartTime": shown.time(self.events[-1].at),
            "EndTime": None if status == "IN_PROGRESS" else shown.time(self.events[0].at),
            "Timestamp": shown.time(self.events[0].at),
        }
        for one in self.events:
            said = shown.event(self.stack, one)
            del said["StackName"]
            yield {**said, **common, "EventType": "PROVISIONING_ERROR" if _failed(one) else "PROGRESS_EVENT"}


def _failed(one: Event) -> bool:
    return one.status.endswith("_FAILED")


async def describe_events(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeEvents, newest first."""
    found = list(_found(env, caller, params))
    if (params.get("Filters") or {}).get("FailedEvents"):
        found = [one for one in found if one["EventType"].endswith("_ERROR")]
    return page("OperationEvents", found, params.get("NextToken"))


def _found(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    name, operation = params.get("ChangeSetName"), params.get("OperationId")
    if name and (name.startswith("arn:") or params.get("StackName")):
        yield _planned(*env.change_set(caller, params))
    elif operation:
        yield from _of_id(env, caller, operation)
    elif params.get("StackName"):
        yield from _of_stack(env, env.stack(caller, params["StackName"]))
    else:
        raise TemplateInvalid(NONE_SAID)


def _of_id(env: CloudFormationEnv, caller: Caller, wanted: str) -> Iterator[dict[str, Any]]:
    for stack in env.stacks.records.stacks(caller.scope):
        for one in _operations(env, stack):
            if one.id == wanted:
                yield from one.shown()
                return
        for change_set in env.stacks.records.change_sets(stack):
            if change_set.operation == wanted:
                yield _planned(stack, change_set)
                return
    raise TemplateInvalid(f"Operation [{wanted}] does not exist")  # our wording


def _of_stack(env: CloudFormationEnv, stack: Stack) -> Iterator[dict[str, Any]]:
    for one in _operations(env, stack):
        yield from one.shown()


def _operations(env: CloudFormationEnv, stack: Stack) -> list[_Operation]:
    """Newest first."""
    by_id: dict[str, list[Event]] = {}
    for one in env.stacks.records.events(stack):
        if one.operation:
            by_id.setdefault(one.operation, []).append(one)
    return [_Operation(stack, uid, said[0].kind, said) for uid, said in by_id.items()]


def _planned(stack: Stack, change_set: ChangeSet) -> dict[str, Any]:
    """The making of a change set, which is over when it is answered."""
    at = shown.time(change_set.created)
    return {
        "EventId": change_set.uid,
        "StackId": stack.arn,
        "OperationId": change_set.operation,
        "OperationType": CREATE_CHANGE_SET,
        "OperationStatus": "FAILED" if change_set.status == "FAILED" else "SUCCEEDED",
        "EventType": "STACK_EVENT",
        "Timestamp": at,
        "StartTime": at,
        "EndTime": at,
        "ClientRequestToken": change_set.token or None,
    }
