"""Resource policies of functions: what AWS answered, beside what we answer, and rules that no answer shows."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plane import Plane, play, same, same_refusal

from lambent.model.limits import AWS_2026
from lambent.wire.fault import Fault

ARN = "arn:aws:lambda:us-east-1:111111111111:function:"
RECORDED = json.loads((Path(__file__).parents[2] / "recorded" / "answers" / "api.json").read_text())
S3: dict[str, Any] = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
BUCKET = {"SourceArn": "arn:aws:s3:::bucket"}
MISSING = "The resource you requested does not exist."


def recorded(test: str, key: str) -> dict[str, Any]:
    answer: dict[str, Any] = RECORDED[f"TestLambdaPermissions::{test}"][key]
    return answer


async def add(plane: Plane, function: str = "f", **said: Any) -> dict[str, Any]:
    answer = await plane.call("AddPermission", FunctionName=function, **(S3 | said))
    return {"Statement": json.loads(answer["Statement"])}


async def policy(plane: Plane, function: str = "f", **more: str) -> dict[str, Any]:
    answer = await plane.call("GetPolicy", FunctionName=function, **more)
    return answer | {"Policy": json.loads(answer["Policy"])}


async def published(plane: Plane) -> None:
    """Function f with version 1 and alias a."""
    await plane.create()
    await plane.settle()
    await plane.call("PublishVersion", FunctionName="f")
    await plane.settle()
    await plane.call("CreateAlias", FunctionName="f", Name="a", FunctionVersion="1")


FIELDS = {
    "principal_wildcard": {"StatementId": "wilcard", "Principal": "*", "SourceAccount": "111111111111"},
    "principal_service": {
        "StatementId": "lambda", "Principal": "lambda.amazonaws.com", "SourceAccount": "111111111111",
    },
    "principal_account": {"StatementId": "account-id", "Principal": "111111111111"},
    "principal_arn": {
        "StatementId": "user-arn", "Principal": "arn:aws:iam::111111111111:user/u", "SourceAccount": "111111111111",
    },
    "optional_fields": {
        "StatementId": "urlPermission", "Principal": "*", "Action": "lambda:InvokeFunctionUrl",
        "SourceArn": "arn:aws:s3:::bucket", "SourceAccount": "111111111111", "PrincipalOrgID": "o-1234567890",
        "FunctionUrlAuthType": "NONE",
    },
    "alexa_skill": {
        "StatementId": "alexaSkill", "Principal": "*",
        "EventSourceToken": "amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_what_a_statement_says(stage, name: str) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        made = await add(plane, **FIELDS[name])
        same(recorded("test_add_lambda_permission_fields", f"add_permission_{name}"), made, {})

    stage(scene)


def test_the_order_in_a_policys_text(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        said = S3 | BUCKET | {"SourceAccount": "111111111111"}
        made = await plane.call("AddPermission", FunctionName="f", **said)
        assert made["Statement"] == (
            '{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",'
            f'"Resource":"{ARN}f","Condition":{{"StringEquals":{{"AWS:SourceAccount":"111111111111"}},'
            '"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}'
        )
        whole = await plane.call("GetPolicy", FunctionName="f")
        assert whole["Policy"] == f'{{"Version":"2012-10-17","Id":"default","Statement":[{made["Statement"]}]}}'
        via_url = await add(plane, StatementId="u", Principal="*", InvokedViaFunctionUrl=True)
        assert via_url["Statement"]["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}

    stage(scene)


def test_function_version_and_alias_have_policies_of_their_own(stage) -> None:
    def check(key: str, answer: dict[str, Any]) -> None:
        same(recorded("test_lambda_permission_fn_versioning", key), answer, bound)

    bound: dict[str, str] = {}

    async def scene(plane: Plane) -> None:
        await plane.create()
        await plane.settle()
        check("add_permission", await add(plane, **BUCKET))
        check("get_policy", await policy(plane))
        await plane.call("PublishVersion", FunctionName="f")
        await plane.settle()
        check("get_policy_after_publishing_latest", await policy(plane))
        fault = await plane.refused("GetPolicy", FunctionName="f", Qualifier="1")
        same_refusal(recorded("test_lambda_permission_fn_versioning", "get_policy_after_publishing_new_version"), fault)
        await add(plane, **BUCKET, Qualifier="1")
        check("get_policy_version", await policy(plane, Qualifier="1"))
        check("get_policy_after_adding_to_new_version", await policy(plane, f"{ARN}f"))
        alias = await plane.call("CreateAlias", FunctionName="f", Name="permission-alias", FunctionVersion="1")
        check("create_alias_response", alias)
        said = {"FunctionName": "f", "Qualifier": "permission-alias"}
        fault = await plane.refused("AddPermission", **said, **S3, RevisionId="wrong")
        same_refusal(recorded("test_lambda_permission_fn_versioning", "add_permission_alias_revision_exception"), fault)
        await add(plane, **BUCKET, Qualifier="permission-alias", RevisionId=alias["RevisionId"])
        check("get_policy_alias", await policy(plane, "f:permission-alias"))
        check("get_alias", await plane.call("GetAlias", FunctionName="f", Name="permission-alias"))
        revision = (await policy(plane))["RevisionId"]
        await add(plane, **BUCKET, StatementId="s3_2", RevisionId=revision)
        check("get_policy_after_adding_2", await policy(plane))

    stage(scene)


REFUSED = {
    "principal_invalid": {"Principal": "invalid.nonaws.com"},
    "fn_doesnotexist": {"FunctionName": "doesnotexist"},
    "fn_alias_doesnotexist": {"Qualifier": "alias-doesnotexist"},
    "fn_version_doesnotexist": {"Qualifier": "42"},
    "fn_qualifier_valid_doesnotexist": {"Qualifier": "valid-with-$-but-doesnotexist"},
    "fn_qualifier_latest": {"Qualifier": "$LATEST"},
    "fn_qualifier_mismatch": {"FunctionName": f"{ARN}f:alias-not-42", "Qualifier": "42"},
    "conflicting_statement_id": {},
}


def test_permissions_that_are_refused(stage) -> None:
    odd = "test_permission_exceptions"

    async def scene(plane: Plane) -> None:
        await plane.create()
        sid, none = {"StatementId": "s3"}, {"FunctionName": "doesnotexist"}
        fault = await plane.refused("RemovePermission", FunctionName="f", **sid)
        same_refusal(recorded(odd, "remove_permission_policy_doesnotexist"), fault)
        await add(plane)
        for name, said in REFUSED.items():
            fault = await plane.refused("AddPermission", **({"FunctionName": "f"} | S3 | said))
            same_refusal(recorded(odd, f"add_permission_{name}"), fault, name)
        same_refusal(recorded(odd, "get_policy_fn_doesnotexist"), await plane.refused("GetPolicy", **none))
        fault = await plane.refused("GetPolicy", FunctionName="f", Qualifier="42")
        same_refusal(recorded(odd, "get_policy_fn_version_doesnotexist"), fault)
        fault = await plane.refused("RemovePermission", **none, **sid)
        same_refusal(recorded(odd, "remove_permission_fn_doesnotexist"), fault)
        fault = await plane.refused("RemovePermission", FunctionName="f", Qualifier="alias-doesnotexist", **sid)
        same_refusal(recorded(odd, "remove_permission_fn_alias_doesnotexist"), fault)
        said = S3 | {"StatementId": "u", "FunctionUrlAuthType": "NONE"}
        fault = await plane.refused("AddPermission", FunctionName="f", **said)
        assert fault.code == "InvalidParameterValueException"

    stage(scene)


def test_the_last_statement_takes_the_policy_with_it(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        await add(plane)
        first = (await policy(plane))["RevisionId"]
        await add(plane, StatementId="t")
        stale = await plane.refused("RemovePermission", FunctionName="f", StatementId="t", RevisionId=first)
        assert (stale.code, "GetPolicy" in str(stale.message)) == ("PreconditionFailedException", True)
        revision = (await policy(plane))["RevisionId"]
        assert (await plane.call("RemovePermission", FunctionName="f", StatementId="s3", RevisionId=revision)) == {}
        left = await policy(plane)
        assert [one["Sid"] for one in left["Policy"]["Statement"]] == ["t"]
        assert left["RevisionId"] not in (first, revision)
        fault = await plane.refused("RemovePermission", FunctionName="f", StatementId="s3")
        assert fault.message == "Statement s3 is not found in resource policy."
        await plane.call("RemovePermission", FunctionName="f", StatementId="t")
        assert (await plane.refused("GetPolicy", FunctionName="f")).message == MISSING

    stage(scene)


def test_a_policy_goes_with_its_function_version_or_alias(stage) -> None:
    async def scene(plane: Plane) -> None:
        await published(plane)
        for qualifier in ("1", "a"):
            await add(plane, Qualifier=qualifier)
        await plane.call("DeleteAlias", FunctionName="f", Name="a")
        await plane.call("CreateAlias", FunctionName="f", Name="a", FunctionVersion="1")
        assert (await plane.refused("GetPolicy", FunctionName="f:a")).message == MISSING
        await plane.call("DeleteAlias", FunctionName="f", Name="a")
        await plane.call("DeleteFunction", FunctionName="f", Qualifier="1")
        assert (await plane.refused("GetPolicy", FunctionName="f:1")).message == MISSING
        await add(plane)
        await plane.call("DeleteFunction", FunctionName="f")
        assert not [one for one in plane.env.resources if one.kind == "policy"]
        await plane.create()
        assert (await plane.refused("GetPolicy", FunctionName="f")).message == MISSING

    stage(scene)


def test_of_many_statements_added_at_once_none_is_lost(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        results = await asyncio.gather(
            *(add(plane, StatementId=f"s{number % 6}") for number in range(12)), return_exceptions=True
        )
        assert sum(isinstance(result, Fault) for result in results) == 6
        statements = (await policy(plane))["Policy"]["Statement"]
        assert sorted(one["Sid"] for one in statements) == [f"s{number}" for number in range(6)]

    stage(scene)


def test_a_policy_has_a_quota(tmp_path: Path) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        made = await plane.call("AddPermission", FunctionName="f", **(S3 | {"StatementId": "s"}))
        before = (await plane.call("GetPolicy", FunctionName="f"))["Policy"]
        size = len(before) + len(made["Statement"]) + len(",")
        fault = await plane.refused("AddPermission", FunctionName="f", **(S3 | {"StatementId": "t"}))
        assert (fault.code, fault.message) == (
            "PolicyLengthExceededException",
            f"The final policy size ({size}) is bigger than the limit (300).",
        )
        assert (await plane.call("GetPolicy", FunctionName="f"))["Policy"] == before

    play(tmp_path, scene, replace(AWS_2026, policy=300))


def whole(*statements: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)} | more)


DENY = {"Sid": "d", "Effect": "Deny", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": f"{ARN}f"}


def test_a_whole_policy(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        named = {"ResourceArn": f"{ARN}f"}
        await add(plane)
        stale = (await policy(plane))["RevisionId"]
        put = await plane.call("PutResourcePolicy", **named, Policy=whole(DENY), RevisionId=stale)
        assert json.loads(put["Policy"]) == {"Version": "2012-10-17", "Statement": [DENY]}
        assert await plane.call("GetResourcePolicy", **named) == put
        assert await plane.call("GetPolicy", FunctionName="f") == put
        fault = await plane.refused("PutResourcePolicy", **named, Policy=whole(DENY), RevisionId=stale)
        assert fault.code == "PreconditionFailedException"
        await add(plane)
        assert [one["Sid"] for one in (await policy(plane))["Policy"]["Statement"]] == ["d", "s3"]
        fault = await plane.refused("DeleteResourcePolicy", **named, RevisionId=stale)
        assert fault.code == "PreconditionFailedException"
        assert await plane.call("DeleteResourcePolicy", **named) == {}
        for operation in ("GetResourcePolicy", "DeleteResourcePolicy"):
            assert (await plane.refused(operation, **named)).message == MISSING
        fault = await plane.refused("PutResourcePolicy", ResourceArn=f"{ARN}no", Policy=whole(DENY))
        assert fault.code == "ResourceNotFoundException"

    stage(scene)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        whole(),
        whole(Version="2020-01-01"),
        whole(DENY, Rule=1),
        whole(DENY, DENY),
        whole(DENY | {"Effect": "Maybe"}),
        whole(DENY | {"Ressource": "x"}),
        whole({key: value for key, value in DENY.items() if key != "Principal"}),
        whole(DENY | {"Resource": f"{ARN}g"}),
        whole(DENY | {"Condition": "x"}),
        json.dumps({"Statement": 1}),
    ],
)
def test_policies_that_are_none(stage, text: str) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        fault = await plane.refused("PutResourcePolicy", ResourceArn=f"{ARN}f", Policy=text)
        assert fault.code == "InvalidParameterValueException"
        assert str(fault.message).startswith("The policy is malformed: ")

    stage(scene)
