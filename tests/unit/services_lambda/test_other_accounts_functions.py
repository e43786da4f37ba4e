"""Functions of other accounts: their policies decide who uses them."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from lambent.model.credentials import Held
from lambent.model.invocation import Invocation, Outcome
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_.operations import OPERATIONS
from lambent.wire.fault import Fault
from tests.unit.services_lambda.plane import HERE, Plane

THERE = Scope("222222222222", "us-east-1")
ROLE = f"arn:aws:iam::{THERE.account}:role/path/caller"
F = f"arn:aws:lambda:us-east-1:{HERE.account}:function:f"
SESSION = Caller(THERE, "request", "ASIA", role=ROLE, held=Held("s", THERE.account, ROLE, "name"))
USER = Caller(THERE, "request", "AKIA", held=Held("s", THERE.account, user=f"arn:aws:iam::{THERE.account}:user/al"))
ROOT = Caller(THERE, "request", THERE.account)
WHO = f"arn:aws:sts::{THERE.account}:assumed-role/caller/name"

Stage = Callable[[Callable[[Plane], Awaitable[None]]], None]


class Invoked:
    """Remembers what was invoked."""

    def __init__(self) -> None:
        self.arns: list[str] = []

    async def invoke(self, _function: Any, invocation: Invocation) -> Outcome:
        self.arns.append(invocation.function_arn)
        return Outcome(b"1")


async def call(plane: Plane, caller: Caller, operation: str, **params: Any) -> Any:
    return await OPERATIONS[operation](plane.env, caller, params)


async def refused(plane: Plane, caller: Caller, operation: str, **params: Any) -> str | None:
    with pytest.raises(Fault) as caught:
        await call(plane, caller, operation, **params)
    assert (caught.value.code, caught.value.status) == ("AccessDeniedException", 403)
    return caught.value.message


async def shared(plane: Plane, principal: str, action: str = "lambda:InvokeFunction", **more: Any) -> None:
    if not plane.env.functions.current(HERE, "f", "$LATEST"):
        await plane.create()
        await plane.settle()
    sid = f"s{len(plane.findings)}{action[7:]}"
    await plane.call("AddPermission", FunctionName="f", StatementId=sid, Action=action, Principal=principal, **more)


@pytest.mark.parametrize(
    ("principal", "caller", "may"),
    [
        (THERE.account, SESSION, True),
        (THERE.account, USER, True),
        (THERE.account, ROOT, True),
        (ROLE, SESSION, True),
        (WHO, SESSION, True),
        (f"{WHO}2", SESSION, False),
        (ROLE, USER, False),
        ("333333333333", SESSION, False),
        ("333333333333", ROOT, False),
        ("s3.amazonaws.com", ROOT, False),
    ],
)
@pytest.mark.parametrize("name", [F, F.removeprefix("arn:aws:lambda:us-east-1:")])
def test_the_functions_policy_lets_in_whom_it_names(
    stage: Stage, principal: str, caller: Caller, may: bool, name: str
) -> None:
    async def scene(plane: Plane) -> None:
        invoked = Invoked()
        plane.env = replace(plane.env, invoker=invoked)
        await shared(plane, principal)
        if may:
            await call(plane, caller, "Invoke", FunctionName=name)
            assert invoked.arns == [F]
        else:
            said = await refused(plane, caller, "Invoke", FunctionName=name)
            assert said is not None and "because no resource-based policy allows the lambda:Invoke" in said

    stage(scene)


def test_who_is_not_let_in_is_named_as_aws_does(stage: Stage) -> None:
    async def scene(plane: Plane) -> None:
        text = f"User: {WHO} is not authorized to perform: lambda:{{}} on resource: {F}{{}} because no resource-based "
        text += "policy allows the lambda:{} action"
        gone = await refused(plane, SESSION, "Invoke", FunctionName=F)
        assert gone == text.format("InvokeFunction", "", "InvokeFunction"), "a function that is not there"
        await shared(plane, THERE.account)
        said = await refused(plane, SESSION, "GetFunction", FunctionName=F)
        assert said == text.format("GetFunction", "", "GetFunction")
        said = await refused(plane, SESSION, "Invoke", FunctionName=F, Qualifier="1")
        assert said == text.format("InvokeFunction", ":1", "InvokeFunction")
        assert await refused(plane, SESSION, "Invoke", FunctionName=F, LogType="Tail") == (
            "Cross-account log access is not allowed"
        )

    stage(scene)


def test_a_deny_is_said(stage: Stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        both = [
            {"Effect": effect, "Principal": {"AWS": "*"}, "Action": "lambda:InvokeFunction", "Resource": F}
            for effect in ("Allow", "Deny")
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": both})
        await plane.call("PutResourcePolicy", ResourceArn=F, Policy=policy)
        said = await refused(plane, ROOT, "Invoke", FunctionName=F)
        assert said is not None and said.endswith("with an explicit deny in a resource-based policy")

    stage(scene)


def test_an_alias_is_shared_without_the_rest(stage: Stage) -> None:
    async def scene(plane: Plane) -> None:
        invoked = Invoked()
        plane.env = replace(plane.env, invoker=invoked)
        await plane.create(Publish=True)
        await plane.settle()
        await plane.call("CreateAlias", FunctionName="f", Name="prod", FunctionVersion="1")
        await shared(plane, THERE.account, Qualifier="prod")
        await call(plane, SESSION, "Invoke", FunctionName=f"{F}:prod")
        await call(plane, SESSION, "Invoke", FunctionName=F, Qualifier="prod")
        assert invoked.arns == [f"{F}:prod"] * 2
        for name in (F, f"{F}:1"):
            await refused(plane, SESSION, "Invoke", FunctionName=name)

    stage(scene)


def test_what_is_shared_is_done_in_the_functions_account(stage: Stage) -> None:
    async def scene(plane: Plane) -> None:
        await shared(plane, THERE.account, "lambda:GetFunction")
        await shared(plane, THERE.account, "lambda:ListTags")
        await shared(plane, THERE.account, "lambda:InvokeFunction")
        assert (await call(plane, SESSION, "GetFunction", FunctionName=F))["Configuration"]["FunctionArn"] == F
        assert await call(plane, SESSION, "ListTags", Resource=F) == {"Tags": {}}
        assert (await call(plane, SESSION, "Invoke", FunctionName=F, InvocationType="DryRun"))["StatusCode"] == 204

    stage(scene)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("UpdateFunctionConfiguration", {"FunctionName": F}),
        ("AddPermission", {"FunctionName": F, "StatementId": "s", "Action": "lambda:*", "Principal": "222222222222"}),
        ("CreateEventSourceMapping", {"FunctionName": F, "EventSourceArn": "arn:aws:sqs:us-east-1:222222222222:q"}),
    ],
)
def test_what_nobody_shares_is_refused_as_recorded(stage: Stage, operation: str, params: dict[str, Any]) -> None:
    async def scene(plane: Plane) -> None:
        await shared(plane, THERE.account, "lambda:*")
        assert await refused(plane, SESSION, operation, **params) is None

    stage(scene)
