"""What the operations need from the rest of the server."""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambent.deploy import triggers
from lambent.deploy.errors import ChangeSetMissing, NotBuilt, TemplateInvalid
from lambent.deploy.goals import Wanted
from lambent.deploy.planning import ChangeSets, arn_of
from lambent.deploy.signals import Signals
from lambent.deploy.sources import Source
from lambent.deploy.stack import SERVICE, ChangeSet, Stack
from lambent.deploy.stacks import Stacks
from lambent.model.acting import forwarded
from lambent.model.constraints import broken
from lambent.model.scope import Caller

NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]*")
LONGEST_NAME = 128
SOON = 2.0
"""Seconds that an answer waits for a stack: who is told of one under way (the AWS CLI's `deploy`, `sam delete`) looks
again after half a minute, as botocore's waiters do."""


@dataclass(frozen=True, slots=True)
class CloudFormationEnv:
    """The ports of CloudFormation's operations."""

    stacks: Stacks
    change_sets: ChangeSets
    signals: Signals

    def stack(self, caller: Caller, name: str) -> Stack:
        """Raises StackMissing."""
        return self.stacks.existing(caller.scope, name)

    async def settle(self, stack: Stack | None) -> None:
        """Before the answer to what has begun: what is done soon is done."""
        if stack is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stacks.wait(stack), SOON)

    def change_set(self, caller: Caller, params: Mapping[str, Any]) -> tuple[Stack, ChangeSet]:
        """The change set that is named, with its stack. Raises ChangeSetMissing, StackMissing, TemplateInvalid."""
        name = params["ChangeSetName"]
        stack = self.stack(caller, params["StackName"]) if params.get("StackName") else self._owner(caller, name)
        for one in self.stacks.records.change_sets(stack):
            if name in (one.name, arn_of(stack, one)):
                return stack, one
        raise ChangeSetMissing(f"ChangeSet [{name}] does not exist")

    def _owner(self, caller: Caller, arn: str) -> Stack:
        if not arn.startswith("arn:"):
            raise TemplateInvalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
        for stack in self.stacks.records.stacks(caller.scope):
            if any(arn_of(stack, one) == arn for one in self.stacks.records.change_sets(stack)):
                return stack
        raise ChangeSetMissing(f"ChangeSet [{arn}] does not exist")


def source_of(params: Mapping[str, Any]) -> Source:
    """Where the template is."""
    return Source(params.get("TemplateBody"), params.get("TemplateURL"), bool(params.get("UsePreviousTemplate")))


def wanted_of(caller: Caller, params: Mapping[str, Any]) -> Wanted:
    """What CreateStack, UpdateStack and CreateChangeSet say alike."""
    given: dict[str, str | None] = {}
    for one in params.get("Parameters") or []:
        key, value = one.get("ParameterKey"), one.get("ParameterValue")
        if key is None:
            raise TemplateInvalid("Parameter keys must be specified.")  # our wording
        if one.get("UsePreviousValue") and value is not None:
            raise TemplateInvalid(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value "
                "for a parameter"
            )
        given[key] = None if one.get("UsePreviousValue") else value or ""
    tags = params.get("Tags")
    notified = params.get("NotificationARNs")
    rollback = params.get("RollbackConfiguration")
    triggers.check(rollback or {})
    deployment = deployment_of(params)
    return Wanted(
        params["StackName"],
        source_of(params),
        given,
        {one["Key"]: one["Value"] for one in tags} if tags is not None else None,
        tuple(params.get("Capabilities") or ()),
        tuple(notified) if notified is not None else None,
        params.get("RoleARN") or "",
        params.get("ClientRequestToken") or params.get("ClientToken") or "",
        bool(params.get("DisableRollback")) or bool(deployment.get("DisableRollback")),
        rollback=rollback,
        by=forwarded(caller, SERVICE),
        except_on_create=bool(params.get("RetainExceptOnCreate")),
        deployment=deployment,
    )


def deployment_of(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The DeploymentConfig of a request. Raises NotBuilt."""
    said: Mapping[str, Any] = params.get("DeploymentConfig") or {}
    if said.get("Mode") == "EXPRESS":
        raise NotBuilt(
            "Lambent does not support DeploymentConfig of mode EXPRESS yet: stacks wait for their resources."
        )
    return said


def check_name(name: str, member: str = "stackName") -> None:
    """Raises TemplateInvalid for what no new stack is called, or no alias.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html (StackName)
    """
    shown = f"Value '{name}'"
    if len(name) > LONGEST_NAME:
        said = f"Member must have length less than or equal to {LONGEST_NAME}"
        raise TemplateInvalid(broken(shown, member, said))
    if not NAME.fullmatch(name):
        said = f"Member must satisfy regular expression pattern: {NAME.pattern}"
        raise TemplateInvalid(broken(shown, member, said))
