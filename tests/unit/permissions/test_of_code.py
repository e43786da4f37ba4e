"""What code asks for becomes rights, and a part of the least policy."""

import asyncio
import json
from typing import Any

import pytest

from lambent.model.scope import Scope
from lambent.permissions import of_code, told
from tests.unit.permissions.test_gate import ACCOUNT, KEY, ROLE, SECRET, World

SCOPE = Scope(ACCOUNT, "us-east-1")
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table"


def call(service: str, operation: str, known: bool = True, **params: Any) -> dict[str, Any]:
    return {"service": service, "operation": operation, "params": params, "place": "app.py:1", "told": known}


def seen(*calls: dict[str, Any]) -> list[tuple[str, str]]:
    found = asyncio.run(of_code.seen(World().gate.resolved, SCOPE, calls))
    return [(one.action, one.resource) for one in found]


def test_calls_need_what_the_same_requests_would() -> None:
    assert seen(
        call("s3", "head_object", Bucket="b", Key="in/*"),
        call("secretsmanager", "get_secret_value", SecretId="db"),
        call("dynamodb", "batch_get_item", RequestItems={"a": {}, "b": {}}),
        call("s3", "put_object", known=False, Key="k"),
        call("sts", "get_caller_identity"),
        call("lambda", "invoke", FunctionName="f"),
    ) == [
        ("s3:GetObject", "arn:aws:s3:::b/in/*"), ("secretsmanager:GetSecretValue", SECRET),
        ("dynamodb:BatchGetItem", f"{TABLE}/a"), ("dynamodb:BatchGetItem", f"{TABLE}/b"), ("s3:PutObject", "*"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "one",
    [
        call("nothing", "get_object"),
        call("../s3", "get_object"),
        call("s3", "get_nothing"),
        call("lambda", "invoke", FunctionName="not a name"),
        call("dynamodb", "batch_get_item", RequestItems=7),
        call("dynamodb", "execute_statement", Statement="x" * 1_000),
    ],
)
def test_what_is_no_call_of_awss_needs_nothing_that_is_known(one: dict[str, Any]) -> None:
    assert all(resource == "*" for _, resource in seen(one))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"calls": 7}', '{"calls": [7]}', '{"calls": [{"service": "s3"}]}', "[" * 100_000],
)
def test_what_is_no_list_of_calls_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        of_code.read(text)
    with pytest.raises(ValueError, match="bytes"):
        of_code.read(" " * (of_code.MOST_BYTES + 1))


def test_the_least_policy_has_what_the_code_asks_for() -> None:
    world = World(
        {"Effect": "Allow", "Action": ["dynamodb:PutItem", "sqs:SendMessage", "sns:Publish"], "Resource": "*"}
    )
    calls = [
        call("dynamodb", "put_item", TableName="t"),
        call("s3", "get_object", Bucket="b", Key="k"),
        call("sqs", "send_message", known=False),
    ]
    body = json.dumps({"calls": calls})
    said = asyncio.run(told.policy(world.gate, SCOPE, "f", of_code.read(body)))
    assert said is not None and said["role"] == ROLE
    statements = {one["Action"][0]: one["Resource"] for one in said["policy"]["Statement"]}
    assert statements["dynamodb:PutItem"] == [f"{TABLE}/t"] and statements["s3:GetObject"] == ["arn:aws:s3:::b/k"]
    assert "s3:GetObject on arn:aws:s3:::b/k" in said["missing"]
    assert [one.partition(" ")[0] for one in said["excess"]] == ["sns:Publish"]
    assert [one["action"] for one in said["untold"]] == ["sqs:SendMessage"]


def test_one_object_that_was_read_is_any_where_the_code_does_not_name_it() -> None:
    world = World()
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/f"
    world.gate.trail.used(ROLE, session, "s3:GetObject", "arn:aws:s3:::b/one.md")

    def resources(*calls: dict[str, Any]) -> list[str]:
        said = asyncio.run(told.policy(world.gate, SCOPE, "f", calls))
        assert said is not None
        return next(one["Resource"] for one in said["policy"]["Statement"] if one["Action"] == ["s3:GetObject"])

    assert resources() == ["arn:aws:s3:::b/one.md"]
    assert resources(call("s3", "get_object", known=False)) == ["arn:aws:s3:::b/*"]


def test_what_a_resource_lets_the_role_do_is_not_lacking() -> None:
    world = World()
    key = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:Decrypt", "Resource": "*"}
    world.key_policy = json.dumps({"Version": "2012-10-17", "Statement": key})
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/f"
    for action in ("kms:Decrypt", "kms:Encrypt"):
        world.gate.trail.used(ROLE, session, action, KEY)
    said = asyncio.run(told.policy(world.gate, SCOPE, "f"))
    assert said is not None
    assert [one for one in said["missing"] if one.startswith("kms:")] == [f"kms:Encrypt on {KEY}"]


def test_what_ran_is_known_better_than_what_the_code_does_not_tell() -> None:
    world = World()
    machine = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"
    world.gate.trail.used(ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/app/f", "states:SendTaskSuccess", machine)
    code = [call("stepfunctions", "send_task_success", taskToken="t")]
    for calls, expected in ((code, [machine]), ([], [machine])):
        said = asyncio.run(told.policy(world.gate, SCOPE, "f", of_code.read(json.dumps({"calls": calls}))))
        assert said is not None
        found = {action: one["Resource"] for one in said["policy"]["Statement"] for action in one["Action"]}
        assert found["states:SendTaskSuccess"] == expected
