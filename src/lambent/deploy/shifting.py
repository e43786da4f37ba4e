"""An alias whose UpdatePolicy is CodeDeployLambdaAliasUpdate: another version comes by a deployment of CodeDeploy, for
which the stack waits. When a stack is rolled back the alias goes back at once, when CodeDeploy has done what it does.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambent.deploy.making import ApiMaker, Note
from lambent.deploy.ports import Ask, Refused
from lambent.deploy.resources.calls import FIRST_PAUSE, LONGEST_PAUSE, Cancelled, NotMade
from lambent.deploy.resources.kind import Subject
from lambent.model.scope import Scope

POLICY = "CodeDeployLambdaAliasUpdate"
ALIAS = "AWS::Lambda::Alias"
HOOKS = ("BeforeAllowTraffic", "AfterAllowTraffic")
UNDER_WAY = ("Created", "Queued", "InProgress", "Baking", "Ready")


@dataclass(frozen=True, slots=True)
class ShiftedAlias:
    """A `Maker`: the ordinary one, but for the version. `stopped` is the deployment's around it, `back` says that it
    is a rollback."""

    plain: ApiMaker
    ask: Ask
    back: bool
    stopped: asyncio.Event

    async def create(self, subject: Subject, note: Note) -> Subject:
        """Make it: a new alias has no traffic to shift. Raises Refused, NotMade, Cancelled."""
        return await self.plain.create(subject, note)

    async def update(self, subject: Subject) -> Subject:
        """Change it. Raises the same."""
        policy = subject.policy.get(POLICY)
        if policy and "FunctionVersion" in subject.changed:
            await self._shift(subject, policy)
        return await self.plain.update(subject)

    async def delete(self, subject: Subject) -> None:
        """Delete it. Raises the same."""
        await self.plain.delete(subject)

    def replaces(self, subject: Subject) -> bool:
        return self.plain.replaces(subject)

    def name(self, subject: Subject) -> tuple[str, int, bool, str]:
        return self.plain.name(subject)

    def ref(self, subject: Subject) -> str:
        return self.plain.ref(subject)

    async def _shift(self, subject: Subject, policy: Mapping[str, Any]) -> None:
        """Raises Refused, NotMade, Cancelled."""
        scope, named = subject.owner.scope, {"FunctionName": subject.properties["FunctionName"]}
        alias = await self.ask(scope, "lambda", "GetAlias", {**named, "Name": subject.properties["Name"]})
        of = {name[:1].lower() + name[1:]: policy[name] for name in ("ApplicationName", "DeploymentGroupName")}
        listed = await self.ask(scope, "codedeploy", "ListDeployments", {**of, "includeOnlyStatuses": list(UNDER_WAY)})
        begun = [str(one) for one in listed.get("deployments", [])]  # by a server that was killed; or a rollback
        if self.back or (alias["FunctionVersion"] == subject.properties["FunctionVersion"] and not begun):
            await self._wait(scope, begun[0], heed=False) if begun else None
            none: dict[str, Any] = {"AdditionalVersionWeights": {}}
            await self.ask(scope, "lambda", "UpdateAlias", {**named, "Name": alias["Name"], "RoutingConfig": none})
            return
        content = appspec(subject, policy, alias["FunctionVersion"])
        await self._wait(scope, begun[0] if begun else await self._begin(scope, of, content))

    async def _begin(self, scope: Scope, of: Mapping[str, Any], content: str) -> str:
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
        said = await self.ask(scope, "codedeploy", "CreateDeployment", {**of, "revision": revision})
        return str(said["deploymentId"])

    async def _wait(self, scope: Scope, deployment: str, heed: bool = True) -> None:
        """Until it is over. Raises NotMade when it has failed and that is to be heeded."""
        pause = FIRST_PAUSE
        while True:
            said = await self.ask(scope, "codedeploy", "GetDeployment", {"deploymentId": deployment})
            about = said["deploymentInfo"]
            if about["status"] == "Succeeded" or (not heed and about["status"] not in UNDER_WAY):
                return
            if about["status"] not in UNDER_WAY:
                why = about.get("errorInformation", {}).get("message", "")
                # The text is ours; AWS's begins with the same words.
                raise NotMade(f"Deployment {deployment} of CodeDeploy has not succeeded ({about['status']}): {why}")
            if self.stopped.is_set():
                await self._stop(scope, deployment)
                raise Cancelled
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    async def _stop(self, scope: Scope, deployment: str) -> None:
        try:
            asked = {"deploymentId": deployment, "autoRollbackEnabled": True}
            await self.ask(scope, "codedeploy", "StopDeployment", asked)
        except Refused as error:
            if "AlreadyCompleted" not in error.code:
                raise


def appspec(subject: Subject, policy: Mapping[str, Any], current: str) -> str:
    """What is to be deployed."""
    properties = {
        "Name": subject.properties["FunctionName"], "Alias": subject.properties["Name"], "CurrentVersion": current,
        "TargetVersion": subject.properties["FunctionVersion"],
    }  # fmt: skip
    hooks = [{hook: policy[f"{hook}Hook"]} for hook in HOOKS if policy.get(f"{hook}Hook")]
    function = {subject.logical_id: {"Type": "AWS::Lambda::Function", "Properties": properties}}
    return json.dumps({"version": 0.0, "Resources": [function], **({"Hooks": hooks} if hooks else {})})
