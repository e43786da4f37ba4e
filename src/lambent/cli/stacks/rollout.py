"""Bring a stack to what its template says, show what would change, delete it: by change sets, like AWS's own tools."""

import time
from collections.abc import Sequence
from typing import Any

from lambent.cli import output
from lambent.cli.errors import CliError
from lambent.cli.patience import Patience
from lambent.cli.stacks import packaging
from lambent.cli.stacks.app import App
from lambent.cli.target import Target, account_of

BODY_BYTES = 51_200
"""Of a template in a request: larger ones go by way of the bucket."""
LOOK_SECONDS = 0.03
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
UNCHANGED = ("didn't contain changes", "No updates are to be performed")
UNMADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS", "CREATE_FAILED", "DELETE_FAILED")
"""A stack in one of these has never worked: it makes room for a new one, as with the CDK."""
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
BEGUN = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")


class Rollout:
    """What is done to one application's stack."""

    def __init__(self, target: Target, app: App, include: Sequence[str] = ()) -> None:
        self._target = target
        self._client = target.client("cloudformation")
        self._include = include
        self.app = app

    def bring(self) -> tuple[dict[str, Any], str]:
        """Make it as its template says. Returns the stack, and "created", "updated" or "nothing to change". Raises
        CliError, botocore's errors."""
        self._make_room()
        change_set = self._planned()
        if change_set is None:
            return self._stack() or {}, "nothing to change"
        self._client.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
        stack = self._settled(change_set["StackId"])
        if stack["StackStatus"] not in GOOD:
            raise CliError(f"{self.app.name} is {stack['StackStatus']}: {self._why(stack['StackId'])}")
        return stack, "created" if stack["StackStatus"] == "CREATE_COMPLETE" else "updated"

    def changes(self) -> list[dict[str, Any]]:
        """What `bring` would do: the resource changes of a change set. Raises the same."""
        change_set = self._planned()
        if change_set is None:
            return []
        pages = self._client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set["ChangeSetId"])
        found = [one["ResourceChange"] for page in pages for one in page["Changes"]]
        self._client.delete_change_set(ChangeSetName=change_set["ChangeSetId"])
        if (self._stack() or {}).get("StackStatus") == "REVIEW_IN_PROGRESS":
            self._client.delete_stack(StackName=self.app.name)
        return found

    def destroy(self) -> bool:
        """Delete the stack; False when there is none. Raises CliError."""
        stack = self._stack()
        if stack is None:
            return False
        self._client.delete_stack(StackName=stack["StackId"])
        gone = self._settled(stack["StackId"])
        if gone["StackStatus"] != "DELETE_COMPLETE":
            raise CliError(f"{self.app.name} is {gone['StackStatus']}: {self._why(stack['StackId'])}")
        return True

    def functions(self) -> dict[str, str]:
        """Logical id -> name of the stack's functions."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.app.name)
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for page in pages
            for one in page["StackResourceSummaries"]
            if one["ResourceType"] == "AWS::Lambda::Function"
        }

    def _stack(self) -> dict[str, Any] | None:
        try:
            [stack] = self._client.describe_stacks(StackName=self.app.name)["Stacks"]
        except self._client.exceptions.ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return dict(stack)

    def _make_room(self) -> None:
        """A stack that never came to be makes room for the new one."""
        stack = self._stack()
        if stack is not None and stack["StackStatus"] in UNMADE:
            output.note(f"{self.app.name} is {stack['StackStatus']}: deleted first")
            self.destroy()

    def _planned(self) -> dict[str, Any] | None:
        """A change set that can be executed, None when nothing would change. Raises CliError."""
        kind = (
            "CREATE"
            if (self._stack() or {}).get("StackStatus", "REVIEW_IN_PROGRESS") == "REVIEW_IN_PROGRESS"
            else "UPDATE"
        )
        name = f"lambent-{int(time.time() * 1000)}"
        made = self._client.create_change_set(
            StackName=self.app.name,
            ChangeSetName=name,
            ChangeSetType=kind,
            Capabilities=CAPABILITIES,
            Parameters=[{"ParameterKey": key, "ParameterValue": one} for key, one in self.app.parameters.items()],
            Tags=[{"Key": key, "Value": str(one)} for key, one in self.app.tags.items()],
            **self._body(),
        )
        about = self._client.describe_change_set(ChangeSetName=made["Id"])
        if about["Status"] != "FAILED":
            return dict(about)
        reason = about.get("StatusReason", "")
        self._client.delete_change_set(ChangeSetName=made["Id"])
        if any(one in reason for one in UNCHANGED):
            return None
        raise CliError(f"{self.app.name}: {reason}")

    def _body(self) -> dict[str, str]:
        """The template with all it names in a bucket. Raises CliError."""
        import json

        bucket = f"lambent-deploy-{account_of_environment()}-{self._target.region}"
        packed = packaging.packaged(self.app, bucket, self._include)
        if packed.withheld:
            output.note(f"left out, as secrets: {', '.join(packed.withheld[:5])} (to pack one: --include NAME)")
        text = json.dumps(packed.template, default=str)
        if packed.objects or packed.uploads:
            packaging.upload(self._target.client("s3"), bucket, packed)
        if len(text.encode()) <= BODY_BYTES:
            return {"TemplateBody": text}
        key = packaging.put_template(self._target.client("s3"), bucket, text)
        return {"TemplateURL": f"https://s3.amazonaws.com/{bucket}/{key}"}

    def _settled(self, arn: str) -> dict[str, Any]:
        """The stack, when nothing is under way in it any more."""
        with Patience(f"still waiting for {self.app.name}: `aws cloudformation describe-stack-events` tells more"):
            while True:
                [stack] = self._client.describe_stacks(StackName=arn)["Stacks"]
                status = stack["StackStatus"]
                if not status.endswith("_IN_PROGRESS") or status == GOOD[3]:
                    return dict(stack)
                time.sleep(LOOK_SECONDS)

    def _why(self, arn: str) -> str:
        """What failed first since the stack itself was last begun with."""
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=arn)
        failed = ""
        for one in (event for page in pages for event in page["StackEvents"]):
            own, status = one["PhysicalResourceId"] == arn, one["ResourceStatus"]
            reason = one.get("ResourceStatusReason", "it failed")
            if status.endswith("_FAILED") and "cancelled" not in reason and not own:
                failed = f"{one['LogicalResourceId']}: {reason}"
            if own and status in BEGUN:
                break
        return failed or "its events say no more"


def account_of_environment() -> str:
    """The account that requests are made in."""
    from os import environ

    return account_of(environ)


def outputs_of(stack: dict[str, Any]) -> dict[str, str]:
    """A stack's outputs by key."""
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
