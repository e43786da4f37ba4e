"""Stacks and what belongs to them, as the API shows them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.deploy.blueprint import read_template
from lambent.deploy.changes import plain
from lambent.deploy.errors import DeployError
from lambent.deploy.phases import GONE
from lambent.deploy.planning import arn_of
from lambent.deploy.stack import ChangeSet, Event, Goal, Stack, StackResource
from lambent.deploy.template.parameters import HIDDEN, is_hidden
from lambent.deploy.transforms import parameters_of

NOT_CHECKED = {"StackDriftStatus": "NOT_CHECKED"}


def time(at: float) -> datetime | None:
    """A moment, None for never."""
    return datetime.fromtimestamp(at, UTC) if at else None


def parameters(goal: Goal) -> list[dict[str, str]]:
    """A goal's parameters; NoEcho ones are stars."""
    try:
        declared: Mapping[str, Any] = parameters_of(read_template(goal.template)).parameters
    except DeployError:
        declared = {}
    found = []
    for name, value in goal.parameters.items():
        one = {"ParameterKey": name, "ParameterValue": HIDDEN if is_hidden(declared.get(name, {})) else value}
        if name in goal.fetched:
            one["ResolvedValue"] = goal.fetched[name]
        found.append(one)
    return found


def tags(said: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as a list."""
    return [{"Key": key, "Value": value} for key, value in said.items()]


def stack(one: Stack) -> dict[str, Any]:
    """DescribeStacks."""
    goal = one.target
    return {
        "StackId": one.arn,
        "StackName": one.name,
        "ChangeSetId": one.change_set or None,
        "Description": one.description or None,
        "Parameters": parameters(goal) or None,
        "CreationTime": time(one.created),
        "DeletionTime": time(one.deleted),
        "LastUpdatedTime": time(one.updated),
        "RollbackConfiguration": {"RollbackTriggers": [], **goal.rollback},
        "StackStatus": one.status,
        "StackStatusReason": one.reason or None,
        "DisableRollback": one.disable_rollback,
        "NotificationARNs": goal.notifications,
        "TimeoutInMinutes": one.minutes or None,
        "Capabilities": goal.capabilities or None,
        "Outputs": one.outputs or None,
        "RoleARN": goal.role or None,
        "Tags": tags(goal.tags),
        "EnableTerminationProtection": one.protected,
        "RetainExceptOnCreate": one.except_on_create or None,
        "DeletionMode": "FORCE_DELETE_STACK" if one.forced else None,
        "DeploymentConfig": one.deployment or None,
        "LastOperations": last_operations(one),
        "AliasName": one.alias or None,
        "ParentId": one.parent or None,
        "RootId": one.root or None,
        "DriftInformation": NOT_CHECKED,
    }


def last_operations(one: Stack) -> list[dict[str, str]]:
    """What was asked last, and what followed of itself, newest first."""
    return [{"OperationType": kind, "OperationId": uid} for uid, kind in one.operations]


def summary(one: Stack) -> dict[str, Any]:
    """ListStacks."""
    return {
        "StackId": one.arn,
        "StackName": one.name,
        "TemplateDescription": one.description or None,
        "CreationTime": time(one.created),
        "LastUpdatedTime": time(one.updated),
        "DeletionTime": time(one.deleted),
        "StackStatus": one.status,
        "StackStatusReason": one.reason or None,
        "ParentId": one.parent or None,
        "RootId": one.root or None,
        "LastOperations": last_operations(one),
        "DriftInformation": NOT_CHECKED,
    }


def event(owner: Stack, one: Event) -> dict[str, Any]:
    """DescribeStackEvents."""
    return {
        "StackId": owner.arn,
        "EventId": one.id,
        "StackName": owner.name,
        "LogicalResourceId": one.logical_id,
        "PhysicalResourceId": one.physical_id,
        "ResourceType": one.type,
        "Timestamp": time(one.at),
        "ResourceStatus": one.status,
        "ResourceStatusReason": one.reason or None,
        "ResourceProperties": one.properties or None,
        "ClientRequestToken": one.token or None,
        "OperationId": one.operation or None,
    }


def resource(one: StackResource) -> dict[str, Any]:
    """What all of them show of a resource."""
    return {
        "LogicalResourceId": one.logical_id,
        "PhysicalResourceId": one.physical_id or None,
        "ResourceType": one.type,
        "ResourceStatus": one.status,
        "ResourceStatusReason": one.reason or None,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def change_set(owner: Stack, one: ChangeSet) -> dict[str, Any]:
    """DescribeChangeSet without the values of properties."""
    goal = Goal.from_document(one.goal)
    return {
        "ChangeSetName": one.name,
        "ChangeSetId": arn_of(owner, one),
        "StackId": owner.arn,
        "StackName": owner.name,
        "Description": one.description or None,
        "Parameters": parameters(goal) if goal.template else None,
        "CreationTime": time(one.created),
        "ExecutionStatus": one.execution,
        "Status": one.status,
        "StatusReason": one.reason or None,
        "NotificationARNs": goal.notifications,
        "RollbackConfiguration": goal.rollback,
        "Capabilities": goal.capabilities or None,
        "Tags": tags(goal.tags) or None,
        "Changes": plain(one.changes),
        "IncludeNestedStacks": one.nested,
        "OnStackFailure": one.on_failure or None,
        "ImportExistingResources": one.imports or None,
        "DeploymentConfig": one.deployment or None,
    }


def is_alive(one: Stack) -> bool:
    """Whether it is there."""
    return one.status != GONE
