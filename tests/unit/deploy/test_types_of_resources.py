"""The table of types: every call is one of AWS's, every parameter one of its members."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lambent.deploy.ports import Owner
from lambent.deploy.resources import inline
from lambent.deploy.resources.calls import Calls, params_of
from lambent.deploy.resources.facts import facts_of
from lambent.deploy.resources.fit import fit
from lambent.deploy.resources.kind import Do, Kind, Subject, value_of
from lambent.deploy.resources.table import KINDS
from lambent.deploy.resources.types import s3
from lambent.model.scope import Scope
from lambent.wire.service import load

OWNER = Owner("stack", "arn", Scope("123456789012", "eu-west-1"), {}, {})


def calls(kind: Kind) -> Iterator[Do]:
    waits = [until.do for until in (kind.ready, kind.gone) if until]
    others = [do for do in (kind.read, kind.tag, kind.untag, kind.adopt) if do]
    others += [kind.left.do] if kind.left else []
    for do in (*kind.create, *kind.update, *kind.delete, *waits, *others):
        yield do
        if do.gone:
            yield do.gone


def subject(**properties: Any) -> Subject:
    return Subject("T", "Logical", "name", OWNER, properties, "id", {"Old": 1}, {"A": {"B": 2}})


@pytest.mark.parametrize("name", KINDS)
def test_the_calls_of_a_type_are_operations_with_these_members(name: str) -> None:
    for do in calls(KINDS[name]):
        service, _, operation = do.call.partition(":")
        shape = load(service).operation(operation).input_shape
        assert shape is not None and set(do.params) <= set(shape.members), do.call
        assert set(shape.required_members) <= set(do.params) or do.fit, do.call


@pytest.mark.parametrize("name", KINDS)
def test_a_type_takes_what_it_requires_and_its_name(name: str) -> None:
    kind, facts = KINDS[name], facts_of(name)
    covered = {one.lower() for one in kind.covers()}
    assert {one for one in facts.required if one.lower() not in covered} == set()
    assert not kind.name or not facts.properties or kind.name in facts.properties | facts.read_only


def test_a_value_is_described_by_a_path_a_text_or_a_function() -> None:
    one = subject(P={"Q": "x"}, N=1)
    said = ("$P.Q", "$id", "$name", "@A.B", "{name}/{region}/{N}", "plain", "$None")
    assert [value_of(part, one) for part in said] == ["x", "id", "name", 2, "name/eu-west-1/1", "plain", None]
    assert value_of({"a": "$None", "b": ["$P.Q", "$None"]}, one) == {"b": ["x"]}
    assert one.changed == {"P", "N", "Old"}


def test_properties_fit_an_operation_whatever_it_calls_them() -> None:
    shape = load("apigateway").operation("PutMethod").input_shape
    assert fit(shape, {"RestApiId": 1, "ApiKeyRequired": "true", "Other": 1}) == {
        "restApiId": "1",
        "apiKeyRequired": True,
    }
    create = load("lambda").operation("CreateFunction").input_shape
    said = fit(create, {"Timeout": "3", "KmsKeyArn": "k", "Tags": [{"Key": "a", "Value": "b"}]})
    assert said == {"Timeout": 3, "KMSKeyArn": "k", "Tags": {"a": "b"}}
    role = load("iam").operation("CreateRole").input_shape
    assert json.loads(fit(role, {"AssumeRolePolicyDocument": {"V": 1}})["AssumeRolePolicyDocument"]) == {"V": 1}


def test_a_call_leaves_out_what_is_not_there() -> None:
    do = Do("sqs:CreateQueue", {"QueueName": "$name", "Attributes": "$None"})
    assert params_of(do, subject()) == {"QueueName": "name"}


def test_a_buckets_settings_are_written_as_the_api_has_them() -> None:
    said = {
        "LambdaConfigurations": [
            {"Event": "e", "Function": "f", "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "v"}]}}}
        ],
        "EventBridgeConfiguration": {"EventBridgeEnabled": True},
    }
    [do] = [one for one in s3.SETTINGS if one.on == ("NotificationConfiguration",)]
    assert params_of(do, subject(NotificationConfiguration=said))["NotificationConfiguration"] == {
        "LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": "f", "Events": ["e"],
             "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "v"}]}}}
        ],
        "EventBridgeConfiguration": {},
    }  # fmt: skip
    [do] = [one for one in s3.SETTINGS if one.on == ("LifecycleConfiguration",)]
    rule = {"Id": "r", "Status": "Enabled", "ExpirationInDays": "3", "TagFilters": [{"Key": "a", "Value": "b"}]}
    assert params_of(do, subject(LifecycleConfiguration={"Rules": [rule]}))["LifecycleConfiguration"]["Rules"] == [
        {"Status": "Enabled", "ID": "r", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 3}}
    ]


def test_inline_code_is_the_same_package_each_time() -> None:
    assert inline.package("x", "python3.12") == inline.package("x", "python3.12") != inline.package("y", "python3.12")
    compile(inline.PYTHON_MODULE, "cfnresponse.py", "exec")


def test_a_function_is_ready_again_before_its_next_change() -> None:
    asked: list[str] = []
    busy: list[int] = []

    async def ask(_scope: Scope, _service: str, operation: str, _params: Any) -> dict[str, Any]:
        asked.append(operation)
        if operation.startswith("Update"):
            assert not busy
            busy.extend([1, 2])
        elif busy:
            busy.pop()
            return {"State": "Active", "LastUpdateStatus": "InProgress"}
        return {"State": "Active", "LastUpdateStatus": "Successful"}

    async def pause(_seconds: float) -> None:
        """No time passes."""

    code = {"Code": {"S3Bucket": "b", "S3Key": "k"}}
    one = replace(subject(**code, Timeout=5), former={"Code": {}, "Timeout": 3})
    made = asyncio.run(Calls(ask, lambda: False, pause).update(KINDS["AWS::Lambda::Function"], one))
    assert [name for name in asked if name.startswith("Update")] == [
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    ]
    assert made.attributes["Arn"] == "arn:aws:lambda:eu-west-1:123456789012:function:name"


def test_a_definition_may_lie_in_s3() -> None:
    asked: list[tuple[str, Any]] = []

    async def ask(_scope: Scope, _service: str, operation: str, params: Any) -> dict[str, Any]:
        asked.append((operation, params))
        return {"Body": "StartAt: ${First}\n"} if operation == "GetObject" else {"stateMachineArn": "arn"}

    async def note(_subject: Subject) -> None:
        return None

    kind = KINDS["AWS::StepFunctions::StateMachine"]
    at = {"Bucket": "b", "Key": "k"}
    one = replace(subject(DefinitionS3Location=at, DefinitionSubstitutions={"First": "A"}, RoleArn="r"), id="")
    made = asyncio.run(Calls(ask, lambda: False).create(kind, one, note))
    assert made.id == "arn"
    assert asked[0] == ("GetObject", at)
    assert asked[1][1]["definition"] == '{"StartAt": "A"}'
    asked.clear()
    former = {**one.properties, "DefinitionSubstitutions": {"First": "B"}}
    asyncio.run(Calls(ask, lambda: False).update(kind, replace(made, former=former, answers={})))
    assert [operation for operation, _ in asked] == ["GetObject", "UpdateStateMachine"]
