"""IAM's policy simulator decides as requests are decided, and tells of it as AWS does."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.engine.authorisation import document
from lambent.model.scope import Caller, Scope
from lambent.permissions import simulated_places
from lambent.permissions.identities import Identities
from lambent.permissions.simulating import Simulator
from lambent.wire.fault import Fault

ACCOUNT, OTHER = "111111111111", "222222222222"
USER, GROUP = f"arn:aws:iam::{ACCOUNT}:user/al", f"arn:aws:iam::{ACCOUNT}:group/g"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bound"
CALLER = Caller(Scope(ACCOUNT), "id")
LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b"}
READ = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}
PRETTY = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "",
            "Effect": "Allow",
            "Action": "codecommit:ListRepositories",
            "Resource": "*"
        }
    ]
}"""


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def inline(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    return {"PolicyName": name, "PolicyDocument": policy(*statements)}


async def iam(_service: str, operation: str, _params: Mapping[str, Any], _scope: Scope) -> dict[str, Any] | None:
    assert operation == "GetAccountAuthorizationDetails"
    bound = {"Document": policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}), "IsDefaultVersion": True}
    return {
        "UserDetailList": [{"Arn": USER, "UserPolicyList": [inline("own", LIST)], "GroupList": ["g"]}],
        "GroupDetailList": [{"Arn": GROUP, "GroupName": "g", "GroupPolicyList": [inline("theirs", READ)]}],
        "RoleDetailList": [
            {
                "Arn": ROLE,
                "RolePolicyList": [inline("all", {"Effect": "Allow", "Action": "*", "Resource": "*"})],
                "PermissionsBoundary": {"PermissionsBoundaryArn": BOUNDARY},
            }
        ],
        "Policies": [{"Arn": BOUNDARY, "PolicyVersionList": [bound]}],
    }


SCP = document.read("scp", {"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}})


def ask(operation: str, scps: bool = False, **params: Any) -> dict[str, Any]:
    simulator = Simulator(Identities(iam), ((SCP,),) if scps else ())
    return asyncio.run(simulator(operation, params, CALLER))


def custom(*policies: str, actions: tuple[str, ...] = ("s3:GetObject",), **params: Any) -> list[dict[str, Any]]:
    said = ask("SimulateCustomPolicy", PolicyInputList=list(policies), ActionNames=list(actions), **params)
    return list(said["EvaluationResults"])


def of(source: str, *actions: str, **params: Any) -> list[str]:
    said = ask("SimulatePrincipalPolicy", PolicySourceArn=source, ActionNames=list(actions), **params)
    return [one["EvalDecision"] for one in said["EvaluationResults"]]


def test_the_example_of_the_cli() -> None:
    """https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html"""
    [said] = custom(PRETTY, actions=("codecommit:ListRepositories",))
    assert said["EvalDecision"] == "allowed" and said["EvalResourceName"] == "*"
    assert said["MatchedStatements"] == [
        {
            "SourcePolicyId": "PolicyInputList.1",
            "SourcePolicyType": "IAM Policy",
            "StartPosition": {"Line": 3, "Column": 19},
            "EndPosition": {"Line": 9, "Column": 10},
        }
    ]
    assert said["MissingContextValues"] == [] and "ResourceSpecificResults" not in said


def test_a_date_that_is_too_early_is_denied_and_one_that_is_missing_is_told() -> None:
    after = {"DateGreaterThan": {"aws:CurrentTime": "2018-08-16T12:00:00Z"}}
    text = policy({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": after})
    entry = {"ContextKeyName": "aws:CurrentTime", "ContextKeyType": "date"}
    for value, decision in (("2019-04-25T11:00:00Z", "allowed"), ("2017-04-25T11:00:00Z", "implicitDeny")):
        given = [entry | {"ContextKeyValues": [value]}]
        [said] = custom(text, actions=("dynamodb:CreateBackup",), ContextEntries=given)
        assert (said["EvalDecision"], said["MissingContextValues"]) == (decision, [])
    [said] = custom(text, actions=("dynamodb:CreateBackup",))
    assert (said["EvalDecision"], said["MissingContextValues"]) == ("implicitDeny", ["aws:CurrentTime"])


def test_each_resource_is_told_of_and_the_strictest_counts() -> None:
    text = policy(READ, {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/secret"})
    arns = ["arn:aws:s3:::b/k", "arn:aws:s3:::other/k", "arn:aws:s3:::b/secret"]
    [said] = custom(text, ResourceArns=arns)
    each = [(one["EvalResourceName"], one["EvalResourceDecision"]) for one in said["ResourceSpecificResults"]]
    assert each == list(zip(arns, ["allowed", "implicitDeny", "explicitDeny"], strict=True))
    assert said["EvalDecision"] == "explicitDeny" and said["EvalDecisionDetails"] == {}
    assert said["EvalResourceName"].startswith("arn:${Partition}:s3:::")
    assert len(said["MatchedStatements"]) == 2
    [allowed] = custom(text, ResourceArns=arns[:1])
    assert allowed["EvalDecision"] == "allowed"


def test_whose_policies_are_asked() -> None:
    arns = ["arn:aws:s3:::b/k"]
    assert of(USER, "s3:GetObject", "s3:PutObject", ResourceArns=arns) == ["allowed", "implicitDeny"]
    assert of(GROUP, "s3:GetObject", "s3:ListBucket", ResourceArns=arns) == ["allowed", "implicitDeny"]
    assert of(ROLE, "s3:PutObject", "sqs:SendMessage") == ["allowed", "implicitDeny"]
    assert of(USER, "sqs:SendMessage", PolicyInputList=[policy({**READ, "Action": "*", "Resource": "*"})]) == [
        "allowed"
    ]


def test_what_bounds_is_told() -> None:
    params = {"PolicySourceArn": ROLE, "ActionNames": ["s3:GetObject", "sqs:SendMessage", "s3:PutObject"]}
    first, second, third = ask("SimulatePrincipalPolicy", scps=True, **params)["EvaluationResults"]
    assert first["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    assert second["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert first["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    assert third["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert [one["EvalDecision"] for one in (first, second, third)] == ["allowed", "implicitDeny", "implicitDeny"]
    nothing = policy({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    assert of(ROLE, "s3:GetObject", PermissionsBoundaryPolicyInputList=[nothing]) == ["implicitDeny"]


def test_a_resources_policy_and_another_account() -> None:
    lets = policy({"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"})
    asked = {"ResourceArns": ["arn:aws:s3:::b/k"], "ResourcePolicy": lets, "CallerArn": USER}
    nothing = policy(LIST)
    assert custom(nothing, **asked)[0]["EvalDecision"] == "allowed"
    [said] = custom(nothing, **asked, ResourceOwner=OTHER)
    assert said["EvalDecision"] == "implicitDeny"
    assert said["ResourceSpecificResults"][0]["EvalDecisionDetails"] == {
        "identity-based policy": "implicitDeny", "resource-based policy": "allowed",
    }  # fmt: skip
    assert custom(policy(READ), **asked, ResourceOwner=OTHER)[0]["EvalDecision"] == "allowed"
    asked.pop("CallerArn")
    assert refused("SimulateCustomPolicy", PolicyInputList=[nothing], ActionNames=["s3:GetObject"], **asked) == (
        "InvalidInput", 400
    )  # fmt: skip
    asked["PolicySourceArn"] = ROLE
    assert refused("SimulatePrincipalPolicy", ActionNames=["s3:GetObject"], **asked) == ("InvalidInput", 400)


def refused(operation: str, **params: Any) -> tuple[str, int | None]:
    with pytest.raises(Fault) as caught:
        ask(operation, **params)
    return caught.value.code, caught.value.status


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:user/none"}, "NoSuchEntity"),
        ({"PolicySourceArn": f"arn:aws:iam::{OTHER}:user/al"}, "NoSuchEntity"),
        ({"PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:root"}, "InvalidInput"),
        ({"PolicySourceArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"}, "InvalidInput"),
        ({"PolicySourceArn": USER, "CallerArn": "lambda.amazonaws.com"}, "InvalidInput"),
        ({"PolicySourceArn": USER, "PolicyInputList": ["{"]}, "InvalidInput"),
        ({"PolicySourceArn": USER, "PolicyInputList": ['{"Statement": 1}']}, "InvalidInput"),
        ({"PolicySourceArn": USER, "ActionNames": ["s3"]}, "InvalidInput"),
        ({"PolicySourceArn": USER, "PolicyInputList": [" " * (1 << 20) + policy(READ)]}, "InvalidInput"),
        ({"PolicySourceArn": USER, "Marker": "x"}, "InvalidInput"),
        ({"PolicySourceArn": USER, "PolicyExclusionList": ["x"]}, "NotImplementedException"),
        ({"PolicySourceArn": USER, "ResourceHandlingOption": "EC2-VPC-EBS"}, "NotImplementedException"),
    ],
)
def test_what_is_refused(params: dict[str, Any], code: str) -> None:
    assert refused("SimulatePrincipalPolicy", **{"ActionNames": ["s3:GetObject"], **params})[0] == code


def test_pages() -> None:
    actions = [f"s3:A{place}" for place in range(5)]
    names: list[str] = []
    marker: dict[str, Any] = {}
    while True:
        said = ask("SimulateCustomPolicy", PolicyInputList=[policy(READ)], ActionNames=actions, MaxItems=2, **marker)
        names += [one["EvalActionName"] for one in said["EvaluationResults"]]
        if not said["IsTruncated"]:
            break
        marker = {"Marker": said["Marker"]}
    assert names == actions


def test_the_keys_of_policies() -> None:
    when = {"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc, 'x'}"}, "IpAddress": {"aws:sourceIp": "::1"}}
    text = policy(
        READ | {"Resource": "arn:aws:s3:::${aws:username}/${*}", "Condition": when},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"AWS:SecureTransport": "false"}}},
    )
    said = ask("GetContextKeysForCustomPolicy", PolicyInputList=[text])["ContextKeyNames"]
    assert sorted(said) == sorted(
        ["aws:SourceVpc", "aws:PrincipalTag/vpc", "aws:sourceIp", "aws:username", "AWS:SecureTransport"]
    )
    mine = ask("GetContextKeysForPrincipalPolicy", PolicySourceArn=USER, PolicyInputList=[text])["ContextKeyNames"]
    assert sorted(mine) == sorted(said)
    assert ask("GetContextKeysForPrincipalPolicy", PolicySourceArn=USER) == {"ContextKeyNames": []}


@pytest.mark.parametrize("text", ["${" * 60_000, "${a," * 30_000, "${" + "a" * 120_000, "${a, '" + "$" * 120_000])
def test_what_looks_like_variables_takes_no_time(text: str) -> None:
    began = time.process_time()
    asked = policy(READ | {"Resource": f"arn:aws:s3:::{text}"})
    ask("GetContextKeysForCustomPolicy", PolicyInputList=[asked])
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "place", "start", "end"),
    [
        ('{"Version": "2012-10-17", "Statement": [{"a": "]}"}]}', 1, (1, 41), (1, 52)),
        ('{"Statement": {"Action": ["a"]}, "Id": "x"}', 1, (1, 14), (1, 32)),
        ('{"Statement": [{"a": {"b": [1]}},\n {"c": "\\\\""}]}', 2, (1, 34), (2, 14)),
        ('{"Statement": [{}]}', 2, None, None),
        ("{", 1, None, None),
    ],
)
def test_where_a_statement_stands(
    text: str, place: int, start: tuple[int, int] | None, end: tuple[int, int] | None
) -> None:
    found = simulated_places.positions(text, place)
    said = {name: tuple(at.values()) for name, at in found.items()}
    assert said == ({} if start is None else {"StartPosition": start, "EndPosition": end})


def test_others_have_their_turn_in_a_large_one() -> None:
    async def run() -> int:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        params = {
            "PolicyInputList": [policy(READ)], "ActionNames": ["s3:GetObject"],
            "ResourceArns": [f"arn:aws:s3:::b/{place}" for place in range(1_000)],
        }  # fmt: skip
        await Simulator(Identities(iam))("SimulateCustomPolicy", params, CALLER)
        task.cancel()
        return turns

    assert asyncio.run(run()) >= 10
