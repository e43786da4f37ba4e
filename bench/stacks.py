"""Stacks: how long 200 resources take, and one function's change among them."""

import asyncio
import json
import sys
import time
from typing import Any

import boto3

from bench.figures import Figure, Goal
from bench.lab import Lab, fresh_name

GROUPS = 40
"""Of five resources each: a function, a queue, a topic, a log group, a permission."""
LOOK_SECONDS = 0.02


async def measure(lab: Lab) -> list[Figure]:
    """A stack is made, changed and deleted, once."""
    lab.say("stacks")
    return await asyncio.to_thread(_measure, f"http://{lab.lambent.host}:{lab.lambent.port}")


def _measure(url: str) -> list[Figure]:
    client = boto3.client(
        "cloudformation", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    name = fresh_name()
    made = _seconds(client, name, client.create_stack, TemplateBody=template("first"))
    changed = _seconds(client, name, client.update_stack, TemplateBody=template("second"))
    client.delete_stack(StackName=name)
    client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    client.close()
    return [
        Figure("stack of 200 resources", "s", made, goal=Goal(10.0)),
        Figure("change of one function among them", "s", changed, goal=Goal(1.0)),
    ]


def _seconds(client: Any, name: str, do: Any, **params: Any) -> float:
    began = time.perf_counter()
    do(StackName=name, **params)
    while True:
        status = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), status
            return time.perf_counter() - began
        time.sleep(LOOK_SECONDS)


def template(answer: str) -> str:
    """The first function answers that."""
    resources: dict[str, Any] = {}
    for at in range(GROUPS):
        resources |= _group(str(at), answer if at == 0 else "always the same")
    return json.dumps({"Resources": resources})


def _group(at: str, answer: str) -> dict[str, Any]:
    function = {"Ref": f"F{at}"}
    code = {
        "Runtime": f"python3.{sys.version_info.minor}",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/bench",
        "Code": {"ZipFile": f"def handler(event, context):\n    return {answer!r}\n"},
    }
    allowed = {"FunctionName": function, "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
    made = {
        "F": ("AWS::Lambda::Function", code),
        "Q": ("AWS::SQS::Queue", {}),
        "T": ("AWS::SNS::Topic", {}),
        "L": ("AWS::Logs::LogGroup", {"LogGroupName": {"Fn::Sub": f"/aws/lambda/${{F{at}}}"}}),
        "P": ("AWS::Lambda::Permission", {**allowed, "SourceArn": {"Ref": f"T{at}"}}),
    }
    return {f"{letter}{at}": {"Type": kind, "Properties": said} for letter, (kind, said) in made.items()}
