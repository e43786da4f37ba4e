"""Types that are made otherwise than by calls of their service: stacks in stacks, and what waits for a signal."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lambent.clock import Clock
from lambent.deploy.errors import DeployError
from lambent.deploy.goals import Wanted
from lambent.deploy.making import Note, Plain
from lambent.deploy.phases import GONE
from lambent.deploy.resources.calls import Cancelled, NotMade, tags_of
from lambent.deploy.resources.kind import Subject
from lambent.deploy.signals import Signals
from lambent.deploy.sources import Source
from lambent.deploy.template.functions import text_of
from lambent.model.acting import Acting
from lambent.model.scope import Scope

if TYPE_CHECKING:
    from lambent.deploy.stacks import Stacks

ALL = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")


@dataclass(frozen=True)
class Unknown(Plain):
    """A type that nothing here makes; with `skip` it is passed over."""

    type: str
    skip: bool = False

    async def create(self, subject: Subject, note: Note) -> Subject:
        """Raises NotMade."""
        if self.skip:
            return replace(subject, id=subject.name)
        raise NotMade(
            f"Lambent does not make {self.type} yet: remove it from the template, or set unknown_types to skip."
        )


@dataclass(frozen=True)
class NestedStack(Plain):
    """AWS::CloudFormation::Stack, made in the name in which the stack around it is."""

    stacks: "Stacks"
    root: str
    by: Acting

    async def create(self, subject: Subject, note: Note) -> Subject:
        """Make the stack, and wait for it. Raises NotMade, Refused."""
        scope = subject.owner.scope
        stack = self.stacks.records.find(scope, subject.name)
        try:
            if stack is None:
                await self._permit(scope, "CreateStack", subject.name)
                stack = await self.stacks.create(scope, self._wanted(subject, subject.name))
        except DeployError as error:
            raise NotMade(str(error)) from error
        subject = replace(subject, id=stack.arn)
        await note(subject)
        done = await self.stacks.wait(stack)
        if done.status != "CREATE_COMPLETE":
            raise NotMade(f"Embedded stack {stack.arn} was not successfully created: {_why(self.stacks, done)}")
        return replace(subject, attributes=_outputs(done))

    async def update(self, subject: Subject) -> Subject:
        """Change it. Raises NotMade, Refused."""
        scope = subject.owner.scope
        await self._permit(scope, "UpdateStack", subject.id)
        try:
            stack = await self.stacks.update(scope, self._wanted(subject, subject.id))
        except DeployError as error:
            if "No updates" not in str(error):
                raise NotMade(str(error)) from error
            stack = self.stacks.existing(scope, subject.id)
        done = await self.stacks.wait(stack)
        if done.status not in {"UPDATE_COMPLETE", "CREATE_COMPLETE"}:
            raise NotMade(f"Embedded stack {stack.arn} was not successfully updated: {_why(self.stacks, done)}")
        return replace(subject, attributes=_outputs(done))

    async def delete(self, subject: Subject) -> None:
        """Delete it. Raises NotMade, Refused."""
        scope = subject.owner.scope
        stack = self.stacks.records.find(scope, subject.id)
        if stack is None:
            return
        await self._permit(scope, "DeleteStack", stack.arn)
        await self.stacks.delete(scope, stack.arn, by=self.by)
        done = await self.stacks.wait(stack)
        if done.status != GONE:
            raise NotMade(f"Embedded stack {stack.arn} was not successfully deleted: {_why(self.stacks, done)}")

    async def _permit(self, scope: Scope, operation: str, name: str) -> None:
        """Whether the stack around it may: a stack in a stack is made by CloudFormation's own operations. Raises
        Refused."""
        await self.stacks.ports.permit(self.by, scope, operation, {"StackName": name})

    def _wanted(self, subject: Subject, name: str) -> Wanted:
        said = subject.properties
        given = said.get("Parameters") or {}
        return Wanted(
            name,
            Source(url=str(said.get("TemplateURL", ""))),
            {key: _text(value) for key, value in given.items()},
            {**_own(subject.owner.tags), **tags_of(said.get("Tags"))},
            ALL,
            minutes=int(said.get("TimeoutInMinutes") or 0),
            parent=subject.owner.arn,
            root=self.root or subject.owner.arn,
            by=self.by,
        )


def _text(value: Any) -> str:
    return ",".join(_text(one) for one in value) if isinstance(value, list) else text_of(value, "Parameters")


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def _outputs(stack: Any) -> dict[str, str]:
    return {f"Outputs.{one['OutputKey']}": one["OutputValue"] for one in stack.outputs}


def _why(stacks: "Stacks", stack: Any) -> str:
    failed = [one for one in stacks.records.events(stack) if one.status.endswith("_FAILED") and one.reason]
    return failed[-1].reason if failed else stack.reason


@dataclass(frozen=True)
class WaitHandle(Plain):
    """AWS::CloudFormation::WaitConditionHandle: a URL."""

    signals: Signals

    async def create(self, subject: Subject, note: Note) -> Subject:
        """Open the URL."""
        await self.signals.expect(subject.owner.scope, subject.name)
        return replace(subject, id=self.signals.url(subject.owner.scope, subject.name))

    async def delete(self, subject: Subject) -> None:
        """Close it."""
        await self.signals.forget(subject.owner.scope, subject.id.rpartition("/")[2])


def _seconds(said: str) -> float:
    """A duration as ISO 8601 writes it, of hours, minutes and seconds. Raises NotMade."""
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", said)
    if match is None:
        raise NotMade(f"Invalid Timeout {said} of the CreationPolicy: PT15M is one.")  # our wording
    hours, minutes, seconds = (int(one or 0) for one in match.groups())
    return 3600.0 * hours + 60 * minutes + seconds


@dataclass(frozen=True)
class WaitCondition(Plain):
    """AWS::CloudFormation::WaitCondition: so many signals within so much of the platform's time: at its handle's URL,
    or with a CreationPolicy by SignalResource.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-creationpolicy.html
    """

    signals: Signals
    clock: Clock
    stopped: Any

    async def create(self, subject: Subject, note: Note) -> Subject:
        """Wait. Raises NotMade, Cancelled."""
        said = subject.properties
        by_policy = subject.policy.get("ResourceSignal")
        token = subject.name if by_policy is not None else str(said.get("Handle", subject.name)).rpartition("/")[2]
        if by_policy is not None:
            said = {"Count": by_policy.get("Count"), "Timeout": _seconds(str(by_policy.get("Timeout") or "PT5M"))}
            await self.signals.expect(subject.owner.scope, token)
        wanted, until = int(said.get("Count") or 1), self.clock.monotonic() + float(said.get("Timeout") or 0)
        subject = replace(subject, id=subject.name)
        await note(subject)
        while len(found := self._good(subject, token)) < wanted:
            if not await self.signals.wait(token, until, self.stopped):
                if self.stopped.is_set():
                    raise Cancelled
                raise NotMade(f"WaitCondition timed out. Received {len(found)} conditions when expecting {wanted}")
        return replace(subject, attributes={"Data": json.dumps(found)})

    def _good(self, subject: Subject, token: str) -> dict[str, Any]:
        found = {}
        for one in self.signals.said(subject.owner.scope, token):
            if one.get("Status") != "SUCCESS":
                raise NotMade(
                    f"WaitCondition received failed message: '{one.get('Reason')}' for uniqueId: {one.get('UniqueId')}"
                )
            found[str(one.get("UniqueId"))] = one.get("Data")
        return found

    async def delete(self, subject: Subject) -> None:
        """Nothing is waited for any more."""
        await self.signals.forget(subject.owner.scope, subject.name)

    def replaces(self, subject: Subject) -> bool:
        """A changed condition waits anew."""
        return bool(subject.changed)
