"""Custom resources: a function, or a topic, is told what to do and answers at a URL.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambent.clock import Clock
from lambent.deploy.making import Note, Plain
from lambent.deploy.ports import Ask
from lambent.deploy.resources.calls import Cancelled, NotMade
from lambent.deploy.resources.kind import Subject
from lambent.deploy.signals import Signals
from lambent.deploy.template.functions import text_of

PATIENCE = 3600
TOKEN, TIMEOUT = "ServiceToken", "ServiceTimeout"
NO_ANSWER = (
    "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [{id}]. "
    "If you are using the Python cfn-response module, you may need to update your Lambda function code so that "
    "CloudFormation can attach the updated version."
)


@dataclass(frozen=True, slots=True)
class CustomMaker(Plain):
    """A `Maker`. `stopped` is the deployment's."""

    ask: Ask
    signals: Signals
    clock: Clock
    new_id: Callable[[], str]
    stopped: Any

    async def create(self, subject: Subject, note: Note) -> Subject:
        """Ask for one. Raises NotMade, Refused, Cancelled."""
        return await self._tell("Create", subject, {})

    async def update(self, subject: Subject) -> Subject:
        """Ask for a change. Raises the same."""
        if subject.properties.get(TOKEN) != subject.former.get(TOKEN) and _function(subject.properties) != _function(
            subject.former
        ):
            raise NotMade("Modifying service token is not allowed.")
        former = {"OldResourceProperties": stringified(subject.former)}
        return await self._tell("Update", subject, {"PhysicalResourceId": subject.id, **former})

    async def delete(self, subject: Subject) -> None:
        """Ask for its end. Raises the same."""
        await self._tell("Delete", subject, {"PhysicalResourceId": subject.id})

    async def _tell(self, verb: str, subject: Subject, more: Mapping[str, Any]) -> Subject:
        scope, token = subject.owner.scope, self.new_id()
        await self.signals.expect(scope, token)
        try:
            await self._send(verb, subject, token, more)
            said = await self._answer(subject, token)
        finally:
            await self.signals.forget(scope, token)
        if said.get("Status") != "SUCCESS":
            raise NotMade(
                f"Received response status [FAILED] from custom resource. Message returned: {said.get('Reason')} "
                f"(RequestId: {token})"
            )
        data = said.get("Data")
        attributes = data if isinstance(data, dict) else {}
        return replace(subject, id=str(said.get("PhysicalResourceId") or subject.id), attributes=attributes)

    async def _send(self, verb: str, subject: Subject, token: str, more: Mapping[str, Any]) -> None:
        service = str(subject.properties.get(TOKEN, ""))
        event = {
            "RequestType": verb,
            "ServiceToken": service,
            "ResponseURL": self.signals.url(subject.owner.scope, token, inside=":lambda:" in service),
            "StackId": subject.owner.arn,
            "RequestId": token,
            "LogicalResourceId": subject.logical_id,
            "ResourceType": subject.type,
            "ResourceProperties": stringified(subject.properties),
            **more,
        }
        if ":sns:" in service:
            message = {"TopicArn": service, "Subject": "AWS CloudFormation custom resource request"}
            await self.ask(subject.owner.scope, "sns", "Publish", {**message, "Message": json.dumps(event)})
            return
        if ":lambda:" not in service:
            raise NotMade("Invalid service token.")  # our wording
        call = {"FunctionName": service, "InvocationType": "Event", "Payload": json.dumps(event).encode()}
        await self.ask(subject.owner.scope, "lambda", "Invoke", call)

    async def _answer(self, subject: Subject, token: str) -> dict[str, Any]:
        seconds = float(subject.properties.get(TIMEOUT) or PATIENCE)
        until = self.clock.monotonic() + seconds
        while not (said := self.signals.said(subject.owner.scope, token)):
            if not await self.signals.wait(token, until, self.stopped):
                if self.stopped.is_set():
                    raise Cancelled
                raise NotMade(NO_ANSWER.format(id=token))
        return said[0]


def _function(properties: Mapping[str, Any]) -> str:
    """A service token without its qualifier: another version of the same function may answer."""
    return ":".join(str(properties.get(TOKEN, "")).split(":")[:7])


def stringified(value: Any) -> Any:
    """Values as custom resources see them: text, whatever they are in the template."""
    if isinstance(value, Mapping):
        return {name: stringified(one) for name, one in value.items()}
    return [stringified(one) for one in value] if isinstance(value, list) else text_of(value, "")
