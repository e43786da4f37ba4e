"""Stacks for tests: made, waited for, looked at."""

import json
import time
from typing import Any

from tests.e2e.conftest import Server

SECONDS = 60


def template(resources: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Resources": resources, **more})


def settled(server: Server, name: str, seconds: float = SECONDS) -> dict[str, Any]:
    """The stack, when nothing is under way any more."""
    client = server.client("cloudformation")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        [stack] = client.describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            found: dict[str, Any] = stack
            return found
        time.sleep(0.02)
    raise AssertionError(f"{name} is still {stack['StackStatus']}")


def told(server: Server, name: str) -> list[tuple[str, str, str]]:
    """The events of a stack, the first one first: logical id, status, reason."""
    events = server.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return [
        (one["LogicalResourceId"], one["ResourceStatus"], one.get("ResourceStatusReason", ""))
        for one in reversed(events)
    ]


def made(server: Server, name: str, body: str, **more: Any) -> dict[str, Any]:
    """A stack that is made; its outputs by key."""
    more.setdefault("Capabilities", ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"])
    arn = server.client("cloudformation").create_stack(StackName=name, TemplateBody=body, **more)["StackId"]
    stack = settled(server, arn)
    assert stack["StackStatus"] == "CREATE_COMPLETE", told(server, arn)
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


def deleted(server: Server, name: str) -> None:
    """Delete it; nothing fails."""
    client = server.client("cloudformation")
    arn = client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    client.delete_stack(StackName=name)
    assert settled(server, arn)["StackStatus"] == "DELETE_COMPLETE", told(server, arn)
