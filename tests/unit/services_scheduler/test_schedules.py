"""Schedules and groups as boto3 sees them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lambent.model.scope import Scope
from tests.unit.services_scheduler.scheduler_kit import HERE, OFF, QUEUE, ROLE, START, Scheduler, asked, scheduler

FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:f"
BUS = "arn:aws:events:eu-west-1:111111111111:event-bus/default"
STREAM = "arn:aws:kinesis:eu-west-1:111111111111:stream/s"
SDK = "arn:aws:scheduler:::aws-sdk:"


def test_a_schedule_with_aws_defaults(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        arn = await aws.create(Description="d")
        assert arn == "arn:aws:scheduler:eu-west-1:111111111111:schedule/default/s"
        got = await aws.call("GetSchedule", Name="s")
        created = got.pop("CreationDate")
        assert created == got.pop("LastModificationDate") == START
        assert got == {
            "Arn": arn,
            "GroupName": "default",
            "Name": "s",
            "ScheduleExpression": "rate(5 minutes)",
            "ScheduleExpressionTimezone": "UTC",
            "Description": "d",
            "State": "ENABLED",
            "ActionAfterCompletion": "NONE",
            "FlexibleTimeWindow": OFF,
            "Target": {
                "Arn": QUEUE,
                "RoleArn": ROLE,
                "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
            },
        }

    scheduler(tmp_path, work)


def test_an_update_replaces_everything(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create(Description="d", State="DISABLED", StartDate=datetime(2026, 4, 1, tzinfo=UTC))
        await aws.advance(minutes=1)
        await aws.call("UpdateSchedule", **asked(expression="cron(0 8 * * ? *)"))
        got = await aws.call("GetSchedule", Name="s")
        assert (got["State"], got["ScheduleExpression"]) == ("ENABLED", "cron(0 8 * * ? *)")
        assert "Description" not in got and "StartDate" not in got
        assert (got["LastModificationDate"] - got["CreationDate"]).total_seconds() == 60

    scheduler(tmp_path, work)


def test_names_and_tokens(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        arn = await aws.create(ClientToken="once")
        assert await aws.create(ClientToken="once") == arn
        there = await aws.refused("CreateSchedule", **asked(ClientToken="twice"))
        assert there == ("ConflictException", "Schedule s already exists.")
        await aws.call("CreateSchedule", Scope("222222222222", "eu-west-1"), **asked())
        assert await aws.refused("GetSchedule", Name="x") == (
            "ResourceNotFoundException",
            "Schedule x does not exist.",
        )
        gone = ("ResourceNotFoundException", "Schedule group g does not exist.")
        assert await aws.refused("CreateSchedule", **asked("t", GroupName="g")) == gone
        assert await aws.refused("GetSchedule", Name="s", GroupName="g") == gone
        await aws.call("DeleteSchedule", Name="s")
        assert (await aws.refused("DeleteSchedule", Name="s"))[0] == "ResourceNotFoundException"

    scheduler(tmp_path, work)


def test_groups_hold_schedules_and_tags(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        tags = [{"Key": "a", "Value": "1"}]
        group = (await aws.call("CreateScheduleGroup", Name="g", Tags=tags))["ScheduleGroupArn"]
        assert group == "arn:aws:scheduler:eu-west-1:111111111111:schedule-group/g"
        assert (await aws.refused("CreateScheduleGroup", Name="g"))[1] == "Schedule group g already exists."
        await aws.call("TagResource", ResourceArn=group, Tags=[{"Key": "b", "Value": "2"}])
        await aws.call("UntagResource", ResourceArn=group, TagKeys=["a"])
        assert (await aws.call("ListTagsForResource", ResourceArn=group))["Tags"] == [{"Key": "b", "Value": "2"}]
        listed = (await aws.call("ListScheduleGroups"))["ScheduleGroups"]
        assert [one["Name"] for one in listed] == ["default", "g"]
        await aws.create("a", "at(2026-03-01T08:00:30)", GroupName="g")
        await aws.create("a", "at(2026-03-01T08:00:30)")
        await aws.call("DeleteScheduleGroup", Name="g")
        assert [one["GroupName"] for one in (await aws.call("ListSchedules"))["Schedules"]] == ["default"]
        await aws.advance(minutes=1)
        assert [name for name, _, _ in aws.fired] == ["a"]
        assert (await aws.refused("DeleteScheduleGroup", Name="default"))[0] == "ValidationException"
        assert (await aws.refused("GetScheduleGroup", Name="g"))[1] == "Schedule group g does not exist."

    scheduler(tmp_path, work)


def test_lists_come_in_pages(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.call("CreateScheduleGroup", Name="g")
        for name in ("b1", "b2", "a"):
            await aws.create(name)
        await aws.create("b3", GroupName="g", State="DISABLED")
        names, token = [], {}
        while True:
            answer = await aws.call("ListSchedules", NamePrefix="b", MaxResults=1, **token)
            names += [f"{one['GroupName']}/{one['Name']}" for one in answer["Schedules"]]
            if "NextToken" not in answer:
                break
            token = {"NextToken": answer["NextToken"]}
        assert names == ["default/b1", "default/b2", "g/b3"]
        off = (await aws.call("ListSchedules", State="DISABLED"))["Schedules"]
        assert [(one["Name"], one["Target"]) for one in off] == [("b3", {"Arn": QUEUE})]
        assert (await aws.refused("ListSchedules", NextToken="%%%"))[0] == "ValidationException"
        assert (await aws.refused("ListSchedules", GroupName="no"))[0] == "ResourceNotFoundException"

    scheduler(tmp_path, work)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"expression": "cron(0 8 * * * *)"}, "Invalid Schedule Expression cron(0 8 * * * *)."),
        ({"ScheduleExpressionTimezone": "Europe/Atlantis"}, "Invalid Schedule Expression Timezone Europe/Atlantis."),
        ({"ScheduleExpressionTimezone": "../etc/passwd"}, "Invalid Schedule Expression Timezone ../etc/passwd."),
        (
            {"StartDate": datetime(2026, 3, 1, 7, 54, tzinfo=UTC)},
            "The StartDate you specify cannot be earlier than 5 minutes ago.",
        ),
        ({"target": {"Arn": "q"}}, "Provided Arn is not in correct format."),
        ({"target": {"Arn": "arn:aws:s3:::bucket"}}, "s3 is not a supported service for a target."),
        (
            {"target": {"Arn": "arn:aws:scheduler:eu-west-1:111111111111:aws-sdk:sqs:sendMessage"}},
            "scheduler is not a supported service for a target.",
        ),
        (
            {"target": {"Arn": f"{SDK}sqs:sendMessage"}},
            "You must provide an input to set this target for your schedule",
        ),
        ({"target": {"Arn": f"{SDK}sqs:getQueueUrl", "Input": "{}"}}, "getQueueUrl API is not supported"),
        ({"target": {"Arn": f"{SDK}sqs:sendLetter", "Input": "{}"}}, "sendLetter API is not supported"),
        ({"target": {"Arn": f"{SDK}pigeon:send", "Input": "{}"}}, "pigeon is not a supported service for a target."),
        (
            {"target": {"Arn": f"{SDK}eks:updateNodegroupConfig", "Input": "{}"}},
            "Invalid RequestJson provided. Reason Request payload is missing the following field(s): "
            "ClusterName, NodegroupName.",
        ),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes must be specified"),
        ({"target": {"Arn": f"{QUEUE}.fifo"}}, "A MessageGroupId must be specified for a FIFO queue."),
        (
            {"target": {"RoleArn": "arn:aws:iam::111111111111:role/x"}},
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        ),
        ({"target": {"Arn": BUS}}, "EventBridgeParameters must be specified"),
        ({"target": {"Arn": STREAM}}, "KinesisParameters must be specified"),
        ({"target": {"Arn": FUNCTION, "Input": "{"}}, "Invalid Input"),
        ({"target": {"Arn": FUNCTION, "KinesisParameters": {"PartitionKey": "k"}}}, "KinesisParameters is not supp"),
    ],
)
def test_what_is_refused(tmp_path: Path, more: dict[str, Any], text: str) -> None:
    async def work(aws: Scheduler) -> None:
        code, message = await aws.refused("CreateSchedule", **asked(**more))
        assert code == "ValidationException"
        assert message.startswith(text), message
        assert (await aws.call("ListSchedules"))["Schedules"] == []

    scheduler(tmp_path, work)


@pytest.mark.parametrize(
    "more",
    [
        {"target": {"Arn": "arn:aws:ecs:eu-west-1:111111111111:cluster/c"}},
        {"target": {"Arn": FUNCTION, "EcsParameters": {"TaskDefinitionArn": "t"}}},
        {"KmsKeyArn": "arn:aws:kms:eu-west-1:111111111111:key/k"},
    ],
)
def test_what_is_not_built_is_said_by_name(tmp_path: Path, more: dict[str, Any]) -> None:
    async def work(aws: Scheduler) -> None:
        code, message = await aws.refused("CreateSchedule", **asked(**more))
        assert code == "NotImplementedException"
        assert message.startswith("Lambent does not support ")

    scheduler(tmp_path, work)


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": FUNCTION},
        {"Arn": f"{FUNCTION}:live", "Input": '{"a": 1}'},
        {"Arn": f"{QUEUE}.fifo", "SqsParameters": {"MessageGroupId": "g"}},
        {"Arn": BUS, "EventBridgeParameters": {"DetailType": "d", "Source": "s"}, "Input": "{}"},
        {"Arn": STREAM, "KinesisParameters": {"PartitionKey": "k"}},
        {"Arn": "arn:aws:states:eu-west-1:111111111111:stateMachine:m"},
        {"Arn": "arn:aws:sns:eu-west-1:111111111111:t", "Input": "hello"},
        {"Arn": f"{SDK}ec2:startInstances", "Input": '{"InstanceIds": ["i-1"]}'},
        {"Arn": f"{SDK}sfn:startExecution", "Input": '{"StateMachineArn": "a"}'},
    ],
)
def test_targets(tmp_path: Path, target: dict[str, Any]) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create(target=target)
        assert (await aws.call("GetSchedule", Name="s"))["Target"].items() >= target.items()

    scheduler(tmp_path, work)


def test_another_scope_sees_nothing(tmp_path: Path) -> None:
    async def work(aws: Scheduler) -> None:
        await aws.create()
        assert (await aws.call("ListSchedules", Scope(HERE.account, "us-east-1")))["Schedules"] == []

    scheduler(tmp_path, work)
