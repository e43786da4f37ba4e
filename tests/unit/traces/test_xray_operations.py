"""X-Ray's operations as boto3 sees them."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lambent.engine.traces.quota import Quotas
from lambent.model.scope import Scope
from lambent.observe.traces import TraceStore
from lambent.services.xray.env import XRayEnv
from lambent.services.xray.operations import OPERATIONS, REFUSED
from lambent.services.xray.resource_policies import lets_send
from lambent.store.open import open_store
from tests.unit import rest_json
from tests.unit.rest_json import Refused

HERE = Scope("111111111111", "eu-west-1")
NOW = 1_790_000_000.0
RULE = {
    **dict.fromkeys(("ResourceARN", "ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath"), "*"),
    "RuleName": "mine", "Priority": 10, "FixedRate": 0.5, "ReservoirSize": 5, "Version": 1,
}  # fmt: skip
Call = Callable[..., Awaitable[Any]]


@pytest.fixture
def stage(tmp_path: Path) -> Callable[[Callable[[Call], Awaitable[None]]], None]:
    """Runs a scene with something that calls operations; what is refused is answered as (code, message)."""

    async def run(scene: Callable[[Call], Awaitable[None]]) -> None:
        store = await open_store(tmp_path)
        traces = await TraceStore.open(tmp_path / "traces.db", lambda: NOW)
        numbers = itertools.count()
        env = XRayEnv(traces, store.resources, lambda: NOW, lambda: f"id-{next(numbers)}", Quotas(lambda: NOW))

        async def call(operation: str, scope: Scope = HERE, **params: Any) -> Any:
            try:
                return await rest_json.call("xray", OPERATIONS, env, operation, params, scope)
            except Refused as error:
                return error.code, error.message

        try:
            await scene(call)
        finally:
            await traces.close()
            await store.close()

    return lambda scene: asyncio.run(run(scene))


def root(number: int, at: float = NOW) -> str:
    return f"1-{int(at):08x}-{number:024x}"


def said(number: int, at: float = NOW, **more: Any) -> str:
    own = {"id": f"{number:016x}", "trace_id": root(number, at), "name": "shop", "start_time": at, "end_time": at + 1}
    return json.dumps(own | more)


def test_what_is_put_is_found_in_its_time_its_account_and_its_region(stage) -> None:
    async def scene(call: Call) -> None:
        await call("PutTraceSegments", TraceSegmentDocuments=[said(1), said(2, NOW - 60, fault=True)])
        times = {"StartTime": NOW - 100, "EndTime": NOW + 100}
        found = await call("GetTraceSummaries", **times)
        assert [one["Id"] for one in found["TraceSummaries"]] == [root(1), root(2, NOW - 60)]
        faulty = await call("GetTraceSummaries", FilterExpression="fault", **times)
        assert ([one["HasFault"] for one in faulty["TraceSummaries"]], faulty["TracesProcessedCount"]) == ([True], 2)
        late = await call("GetTraceSummaries", StartTime=NOW - 1, EndTime=NOW + 100, TimeRangeType="Event")
        assert [one["Id"] for one in late["TraceSummaries"]] == [root(1)]
        for other in (Scope("222222222222", HERE.region), Scope(HERE.account)):
            assert (await call("GetTraceSummaries", other, **times))["TraceSummaries"] == []
            assert (await call("BatchGetTraces", other, TraceIds=[root(1)]))["Traces"] == []
        graph = await call("GetServiceGraph", **times)
        assert [one["SummaryStatistics"]["TotalCount"] for one in graph["Services"] if one.get("Type") != "client"] == [
            2
        ]
        assert (await call("GetTraceGraph", TraceIds=[root(1)]))["Services"][0]["Name"] == "shop"

    stage(scene)


def test_a_sample_of_a_fixed_rate_is_a_part_and_always_the_same(stage) -> None:
    async def scene(call: Call) -> None:
        each = (1 << 32) // 20
        await call("PutTraceSegments", TraceSegmentDocuments=[said(number * each + 9) for number in range(20)])
        times = {"StartTime": NOW - 100, "EndTime": NOW + 100}
        for value, many in ((0.0, 0), (0.25, 5), (1.0, 20)):
            strategy = {"Name": "FixedRate", "Value": value}
            found = await call("GetTraceSummaries", Sampling=True, SamplingStrategy=strategy, **times)
            assert len(found["TraceSummaries"]) == many
        for more in ({"Sampling": True}, {"Sampling": True, "SamplingStrategy": {"Name": "PartialScan"}},
                     {"Sampling": False, "SamplingStrategy": {"Name": "FixedRate", "Value": 0.1}}):  # fmt: skip
            assert len((await call("GetTraceSummaries", **more, **times))["TraceSummaries"]) == 20

    stage(scene)


def test_what_can_not_be_asked_is_refused(stage) -> None:
    async def scene(call: Call) -> None:
        times = {"StartTime": NOW, "EndTime": NOW + 1}
        assert (await call("BatchGetTraces", TraceIds=[root(n) for n in range(6)]))[0] == "InvalidRequestException"
        assert (await call("GetTraceSummaries", StartTime=NOW, EndTime=NOW - 1))[0] == "InvalidRequestException"
        assert (await call("GetTraceSummaries", FilterExpression="what = 1", **times))[0] == "InvalidRequestException"
        assert (await call("GetTraceSummaries", NextToken="x", **times))[0] == "InvalidRequestException"
        code, text = await call("GetTraceSummaries", FilterExpression='group.name = "a"', **times)
        assert (code, "group.name" in text) == ("NotImplementedException", True)
        assert (await call("GetServiceGraph", GroupName="mine", **times))[0] == "InvalidRequestException"
        assert (await call("BatchGetTraces", TraceIds=["x"]))["UnprocessedTraceIds"] == ["x"]

    stage(scene)
    assert not REFUSED.keys() & OPERATIONS.keys()


def test_rules_are_kept_by_priority_before_the_default_one(stage) -> None:
    async def scene(call: Call) -> None:
        made = (await call("CreateSamplingRule", SamplingRule=RULE))["SamplingRuleRecord"]["SamplingRule"]
        assert made["RuleARN"] == "arn:aws:xray:eu-west-1:111111111111:sampling-rule/mine"
        assert (await call("CreateSamplingRule", SamplingRule=RULE))[0] == "InvalidRequestException"
        rules = (await call("GetSamplingRules"))["SamplingRuleRecords"]
        assert [one["SamplingRule"]["RuleName"] for one in rules] == ["mine", "Default"]
        update = {"RuleName": "Default", "FixedRate": 1.0}
        assert (await call("UpdateSamplingRule", SamplingRuleUpdate=update | {"Host": "a"}))[0].startswith("Invalid")
        await call("UpdateSamplingRule", SamplingRuleUpdate=update)
        rules = (await call("GetSamplingRules"))["SamplingRuleRecords"]
        assert [one["SamplingRule"]["FixedRate"] for one in rules] == [0.5, 1.0]
        assert (await call("DeleteSamplingRule", RuleName="Default"))[0] == "InvalidRequestException"
        await call("DeleteSamplingRule", RuleARN=made["RuleARN"])
        assert len((await call("GetSamplingRules"))["SamplingRuleRecords"]) == 1

    stage(scene)


def test_a_reservoir_is_shared_by_those_who_ask(stage) -> None:
    async def scene(call: Call) -> None:
        await call("CreateSamplingRule", SamplingRule=RULE)
        quotas = []
        for client in ("a" * 24, "b" * 24):
            asked = {"RuleName": "mine", "ClientID": client, "Timestamp": NOW, "RequestCount": 1, "SampledCount": 1}
            gone = asked | {"RuleName": "gone"}
            told = await call("GetSamplingTargets", SamplingStatisticsDocuments=[asked, gone])
            quotas.append(told["SamplingTargetDocuments"][0]["ReservoirQuota"])
            assert told["UnprocessedStatistics"][0]["RuleName"] == "gone"
        assert quotas == [5, 2]

    stage(scene)


POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "SNSAccess",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": ["xray:PutTraceSegments", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}},
            }
        ],
    }
)


def test_resource_policies_have_revisions_and_bounds(stage) -> None:
    async def scene(call: Call) -> None:
        made = (await call("PutResourcePolicy", PolicyName="sns", PolicyDocument=POLICY))["ResourcePolicy"]
        assert (made["PolicyName"], made["PolicyDocument"], made["PolicyRevisionId"]) == ("sns", POLICY, "1")
        stale = {"PolicyName": "sns", "PolicyDocument": POLICY, "PolicyRevisionId": "0"}
        assert (await call("PutResourcePolicy", **stale))[0] == "InvalidPolicyRevisionIdException"
        again = await call("PutResourcePolicy", **stale | {"PolicyRevisionId": "1"})
        assert again["ResourcePolicy"]["PolicyRevisionId"] == "2"
        assert len((await call("ListResourcePolicies"))["ResourcePolicies"]) == 1
        for said in ("{}", "{", POLICY.replace('"Allow"', '"allow"'), POLICY.replace("StringEquals", "StringIs")):
            broken = {"PolicyName": "x", "PolicyDocument": said}
            assert (await call("PutResourcePolicy", **broken))[0] == "MalformedPolicyDocumentException"
        large = {"PolicyName": "x", "PolicyDocument": POLICY + " " * 5_000}
        assert (await call("PutResourcePolicy", **large))[0] == "PolicySizeLimitExceededException"
        for number in range(4):
            await call("PutResourcePolicy", PolicyName=f"p{number}", PolicyDocument=POLICY)
        sixth = await call("PutResourcePolicy", PolicyName="x", PolicyDocument=POLICY)
        assert sixth[0] == "PolicyCountLimitExceededException"
        await call("DeleteResourcePolicy", PolicyName="sns")
        assert (await call("DeleteResourcePolicy", PolicyName="sns"))[0] == "InvalidRequestException"

    stage(scene)


@pytest.mark.parametrize(
    ("change", "lets"),
    [
        ({}, True),
        ({"Action": "xray:*"}, True),
        ({"Principal": {"Service": ["sqs.amazonaws.com"]}}, False),
        ({"Effect": "Deny"}, False),
        ({"Action": "xray:GetSamplingRules"}, False),
        ({"Principal": "*"}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111111111111:o*"}}}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111111111111:p*"}}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "222222222222"}}}, False),
    ],
)
def test_a_service_is_let_send_by_a_policy(stage, tmp_path: Path, change: dict[str, Any], lets: bool) -> None:
    async def scene(call: Call) -> None:
        said = json.loads(POLICY)
        said["Statement"][0] |= change
        await call("PutResourcePolicy", PolicyName="sns", PolicyDocument=json.dumps(said))

    stage(scene)

    async def look() -> bool:
        store = await open_store(tmp_path)
        try:
            sns, topic = "sns.amazonaws.com", "arn:aws:sns:eu-west-1:111111111111:orders"
            elsewhere = lets_send(store.resources, Scope("222222222222", HERE.region), sns, topic)
            return lets_send(store.resources, HERE, sns, topic) and not elsewhere
        finally:
            await store.close()

    assert asyncio.run(look()) is lets


def test_a_group_is_what_its_expression_finds(stage) -> None:
    async def scene(call: Call) -> None:
        made = (await call("CreateGroup", GroupName="mine", FilterExpression="fault"))["Group"]
        arn = "arn:aws:xray:eu-west-1:111111111111:group/mine/"
        assert made["GroupARN"].startswith(arn) and not made["InsightsConfiguration"]["InsightsEnabled"]
        for name, more in (("mine", {}), ("Default", {}), ("other", {"FilterExpression": "what = 1"})):
            assert (await call("CreateGroup", GroupName=name, **more))[0] == "InvalidRequestException"
        insights = {"InsightsEnabled": True}
        assert (await call("CreateGroup", GroupName="a", InsightsConfiguration=insights))[0].startswith("NotImpl")
        await call("PutTraceSegments", TraceSegmentDocuments=[said(1), said(2, name="pay", fault=True)])
        times = {"StartTime": NOW - 10, "EndTime": NOW + 10}
        for named in ({"GroupName": "mine"}, {"GroupARN": made["GroupARN"]}):
            graph = await call("GetServiceGraph", **named, **times)
            assert {one["Name"] for one in graph["Services"]} == {"pay"}
        changed = await call("UpdateGroup", GroupName="mine", FilterExpression="ok")
        assert (await call("GetGroup", GroupName="mine")) == changed
        assert changed["Group"] == made | {"FilterExpression": "ok"}
        assert (await call("GetGroups"))["Groups"] == [changed["Group"]]
        assert (await call("GetGroups", Scope("222222222222", HERE.region)))["Groups"] == []
        await call("DeleteGroup", GroupARN=made["GroupARN"])
        assert (await call("GetGroup", GroupName="mine"))[0] == "InvalidRequestException"

    stage(scene)


def test_groups_and_rules_have_tags(stage) -> None:
    async def scene(call: Call) -> None:
        team = [{"Key": "team", "Value": "blue"}]
        group = (await call("CreateGroup", GroupName="mine", Tags=team))["Group"]
        assert "tags" not in group
        rule = (await call("CreateSamplingRule", SamplingRule=RULE, Tags=team))["SamplingRuleRecord"]["SamplingRule"]
        for arn in (group["GroupARN"], rule["RuleARN"]):
            assert (await call("ListTagsForResource", ResourceARN=arn))["Tags"] == team
            await call("TagResource", ResourceARN=arn, Tags=[{"Key": "stage", "Value": "test"}])
            await call("UntagResource", ResourceARN=arn, TagKeys=["team", "none"])
            assert (await call("ListTagsForResource", ResourceARN=arn))["Tags"] == [{"Key": "stage", "Value": "test"}]
            many = [{"Key": str(number), "Value": ""} for number in range(50)]
            assert (await call("TagResource", ResourceARN=arn, Tags=many))[0] == "TooManyTagsException"
            other = Scope("222222222222", HERE.region)
            assert (await call("TagResource", other, ResourceARN=arn, Tags=team))[0] == "ResourceNotFoundException"
        await call("DeleteSamplingRule", RuleName="mine")
        assert (await call("ListTagsForResource", ResourceARN=rule["RuleARN"]))[0] == "ResourceNotFoundException"

    stage(scene)
