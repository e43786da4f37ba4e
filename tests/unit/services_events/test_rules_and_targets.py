"""Buses, rules, targets and what PutEvents sends where."""

import json
from pathlib import Path
from typing import Any

import pytest

from lambent.buses.routing import PAUSES
from lambent.model.scope import Scope
from tests.unit.services_events.events_kit import HERE, NOW, QUEUE, Events, with_events

OTHER = Scope("222222222222", "eu-west-1")
ROLE = "arn:aws:iam::111111111111:role/r"
ARN = "arn:aws:{}:eu-west-1:111111111111:{}"


def test_an_event_to_its_last_member(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        rule = await events.rule("r", {"DeadLetterConfig": {"Arn": ARN.format("sqs", "dead")}})
        said = await events.put({"a": [1, "ü"]}, Resources=["x"], Time=1_700_000_000, TraceHeader="Root=1")
        [push] = events.pushed
        assert json.loads(push.delivery.body) == {
            "version": "0", "id": said["EventId"], "detail-type": "t", "source": "s", "account": "111111111111",
            "time": "2023-11-14T22:13:20Z", "region": "eu-west-1", "resources": ["x"], "detail": {"a": [1, "ü"]},
        }  # fmt: skip
        assert push.delivery.body.startswith(b'{"version":"0","id":"')
        assert (push.kind, push.delivery.target, push.delivery.arn) == ("events", QUEUE, rule)
        assert (push.dead_letter, push.delivery.trace_id) == (ARN.format("sqs", "dead"), "Root=1")
        assert (push.policy.attempts, push.policy.longest) == (186, 86_400)
        assert all(most * 0.75 <= one <= most for one, most in zip(push.policy.pauses, PAUSES, strict=True))

    with_events(tmp_path, body)


def test_rules_and_targets_survive_a_kill(tmp_path: Path) -> None:
    async def before(events: Events) -> None:
        await events.did("CreateEventBus", Name="b", Tags=[{"Key": "k", "Value": "v"}])
        await events.rule("r", {}, {"Arn": QUEUE + "2"}, EventBusName="b", Description="d")

    async def after(events: Events) -> None:
        assert (await events.did("DescribeRule", Name="r", EventBusName="b")) == {
            "Name": "r", "Arn": ARN.format("events", "rule/b/r"), "EventPattern": '{"source":["s"]}',
            "State": "ENABLED", "Description": "d", "EventBusName": "b", "CreatedBy": "111111111111",
        }  # fmt: skip
        await events.put(EventBusName="b")
        await events.put(EventBusName=ARN.format("events", "event-bus/b"))
        await events.put()
        assert [one.delivery.target for one in events.pushed] == [QUEUE, QUEUE + "2"] * 2
        tags = await events.did("ListTagsForResource", ResourceARN=ARN.format("events", "event-bus/b"))
        assert tags == {"Tags": [{"Key": "k", "Value": "v"}]}

    with_events(tmp_path, before, after)


def test_inputs_groups_and_keys(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        transformer = {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '{"x": <a>, "r": <aws.events.rule-name>}'}
        dead = {"DeadLetterConfig": {"Arn": QUEUE}}
        await events.rule(
            "r",
            {"Input": '{"c":1}', **dead},
            {"InputPath": "$.detail.a"},
            {
                "InputTransformer": transformer,
                "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
            },
            {"Arn": QUEUE + ".fifo", "SqsParameters": {"MessageGroupId": "g"}},
            {
                "Arn": ARN.format("kinesis", "stream/s"),
                "RoleArn": ROLE,
                "KinesisParameters": {"PartitionKeyPath": "$.detail.a"},
            },
        )
        await events.put({"a": "v"})
        constant, part, made, fifo, stream = events.pushed
        assert [one.delivery.body for one in (constant, part, made)] == [b'{"c":1}', b'"v"', b'{"x":"v","r":"r"}']
        assert json.loads(constant.letter)["detail"] == {"a": "v"}, "a dead letter is the event"
        assert part.letter == "", "nobody gets one"
        assert (made.policy.attempts, made.policy.longest) == (1, 60)
        assert (fifo.delivery.group, stream.delivery.call, stream.role) == ("g", "kinesis:PutRecord", ROLE)
        said = json.loads(stream.delivery.body)
        assert (said["StreamARN"], said["PartitionKey"]) == (ARN.format("kinesis", "stream/s"), "v")
        assert json.loads(said["Data"])["detail"] == {"a": "v"}

    with_events(tmp_path, body)


def test_a_template_that_makes_too_much_loses_no_event(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        transformer = {"InputPathsMap": {"a": "$.detail"}, "InputTemplate": "[" + "<a>," * 2_000 + "1]"}
        await events.rule("r", {"InputTransformer": transformer, "DeadLetterConfig": {"Arn": QUEUE}}, {})
        await events.put({"a": "x" * 100_000})
        large, whole = events.pushed
        assert "more of the event than any target takes" in large.lost
        assert json.loads(large.letter) == json.loads(whole.delivery.body)

    with_events(tmp_path, body)


def test_each_target_starts_an_execution_of_its_own_once(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        machine = {"Arn": ARN.format("states", "stateMachine:m"), "RoleArn": ROLE}
        await events.rule("r", machine, machine)
        await events.rule("s", machine)
        await events.put()
        calls = [json.loads(one.delivery.body) for one in events.pushed]
        assert len({one["name"] for one in calls}) == 3
        assert {len(one["name"]) <= 80 for one in calls} == {True}
        assert {one.delivery.call for one in events.pushed} == {"stepfunctions:StartExecution"}

    with_events(tmp_path, body)


def test_entries_that_can_not_be_events(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        await events.rule()
        good = {"Source": "s", "DetailType": "t", "Detail": "{}"}
        bad = [
            {**good, "Source": ""}, {"Source": "s", "Detail": "{}"}, {**good, "Detail": ""},
            {**good, "Detail": "{"}, {**good, "Detail": "[1]"}, {**good, "Detail": '{"a": NaN}'},
            {**good, "Detail": '{"a":' * 50_000}, {**good, "Source": "aws.s3"},
        ]  # fmt: skip
        said = await events.did("PutEvents", Entries=[*bad, good])
        assert said["FailedEntryCount"] == 8
        assert [one.get("ErrorCode") for one in said["Entries"]] == [
            *["InvalidArgument"] * 3, *["MalformedDetail"] * 4, "NotAuthorizedForSourceException", None,
        ]  # fmt: skip
        text = "Parameter DetailType is not valid. Reason: DetailType is a required argument."
        assert said["Entries"][1]["ErrorMessage"] == text
        assert len(events.pushed) == 1
        code, text = await events.refused("PutEvents", Entries=[good] * 11)
        assert (code, "less than or equal to 10" in text) == ("ValidationException", True)
        large = {**good, "Detail": json.dumps({"a": "x" * (600 << 10)})}
        assert await events.refused("PutEvents", Entries=[large, large]) == (
            "ValidationException", "Total size of the entries in the request is over the limit.",
        )  # fmt: skip
        assert (await events.did("PutEvents", Entries=[large]))["FailedEntryCount"] == 0

    with_events(tmp_path, body)


def test_events_for_a_bus_that_is_not_there_are_taken_and_told(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        assert (await events.put(EventBusName="nowhere"))["EventId"]
        [finding] = _findings(events)
        assert (finding["code"], finding["resource"]) == (
            "events-for-no-bus",
            ARN.format("events", "event-bus/nowhere"),
        )

    with_events(tmp_path, body)


def _findings(events: Events) -> list[dict[str, Any]]:
    return list(events.findings.document()["findings"])


RULES = [
    ({}, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."),
    ({"EventPattern": '{"a":"b"}'}, "InvalidEventPatternException",
     'Event pattern is not valid. Reason: "a" must be an object or an array\n at [Source: (String)"{"a":"b"}"; '
     "line: 1, column: 7]"),
    ({"ScheduleExpression": "rate(1 minutes)"}, "ValidationException", "Parameter ScheduleExpression is not valid."),
    ({"ScheduleExpression": "rate(0 minutes)"}, "ValidationException", "Parameter ScheduleExpression is not valid."),
    ({"ScheduleExpression": "cron(0 0 * * * *)"}, "ValidationException", "Parameter ScheduleExpression is not valid."),
    ({"ScheduleExpression": "at(2030-01-01T00:00:00)"}, "ValidationException",
     "Parameter ScheduleExpression is not valid."),
    ({"EventPattern": '{"a":[1]}', "EventBusName": "x"}, "ResourceNotFoundException", "Event bus x does not exist."),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "code", "text"), RULES)
def test_a_rule_that_is_refused(tmp_path: Path, settings: dict[str, Any], code: str, text: str) -> None:
    async def body(events: Events) -> None:
        assert await events.refused("PutRule", Name="r", **settings) == (code, text)
        assert (await events.did("ListRules"))["Rules"] == []

    with_events(tmp_path, body)


MACHINE = ARN.format("states", "stateMachine:m")
TARGETS: list[tuple[dict[str, Any], str, str]] = [
    ({"Arn": "q"}, "ValidationException", "Parameter q is not valid. Reason: Provided Arn is not in correct format."),
    ({"Arn": MACHINE}, "ValidationException", f"RoleArn is required for target {MACHINE}."),
    ({"Arn": QUEUE + ".fifo"}, "ValidationException", "Parameter(s) SqsParameters must be specified for target: 1."),
    ({"Input": "{"}, "ValidationException", "JSON syntax error in input for target 1."),
    ({"InputTransformer": {"InputTemplate": "<x>"}}, "ValidationException",
     "InputTemplate for target 1 contains invalid placeholder x."),
    ({"Input": "1", "InputPath": "$.a"}, "ValidationException",
     "Only one of Input, InputPath, or InputTransformer must be provided for target 1."),
    ({"Arn": ARN.format("ecs", "cluster/c")}, "NotImplementedException",
     "Lambent does not support targets of ecs of EventBridge yet."),
    ({"Arn": ARN.format("firehose", "deliverystream/d")}, "NotImplementedException",
     "Lambent does not support targets of firehose of EventBridge yet."),
    ({"Arn": ARN.format("execute-api", "abc/prod/GET/x")}, "NotImplementedException",
     "Lambent does not support targets of execute-api of EventBridge yet."),
    ({"Arn": ARN.format("events", "event-bus/default")}, "NotImplementedException",
     "Lambent does not support rules that send to their own bus, round and round, of EventBridge yet."),
    ({"Arn": ARN.format("logs", "log-group:g"), "InputTransformer": {"InputTemplate": '"x"'}}, "ValidationException",
     "Input for target 1 is not a valid JSON text."),
]  # fmt: skip


@pytest.mark.parametrize(("target", "code", "text"), TARGETS)
def test_a_target_that_is_refused(tmp_path: Path, target: dict[str, Any], code: str, text: str) -> None:
    async def body(events: Events) -> None:
        await events.rule()
        given = [{"Id": "0", "Arn": QUEUE}, {"Id": "1", "Arn": QUEUE, **target}]
        assert await events.refused("PutTargets", Rule="r", Targets=given) == (code, text)
        assert len((await events.did("ListTargetsByRule", Rule="r"))["Targets"]) == 1

    with_events(tmp_path, body)


def test_targets_are_listed_replaced_and_removed(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        await events.rule("r", {}, {"Arn": QUEUE + "1"})
        await events.did("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": QUEUE + "2"}])
        assert (await events.did("ListTargetsByRule", Rule="r"))["Targets"] == [
            {"Id": "0", "Arn": QUEUE}, {"Id": "1", "Arn": QUEUE + "2"},
        ]  # fmt: skip
        assert await events.did("ListRuleNamesByTarget", TargetArn=QUEUE + "2") == {"RuleNames": ["r"]}
        page = await events.did("ListTargetsByRule", Rule="r", Limit=1)
        assert [one["Id"] for one in page["Targets"]] == ["0"]
        page = await events.did("ListTargetsByRule", Rule="r", Limit=1, NextToken=page["NextToken"])
        assert ([one["Id"] for one in page["Targets"]], "NextToken" in page) == (["1"], False)
        many = [{"Id": str(number), "Arn": QUEUE} for number in range(6)]
        assert (await events.refused("PutTargets", Rule="r", Targets=many))[0] == "LimitExceededException"
        assert (await events.refused("DeleteRule", Name="r"))[1] == "Rule can't be deleted since it has targets."
        said = await events.did("RemoveTargets", Rule="r", Ids=["0", "1", "7"])
        assert (said["FailedEntryCount"], said["FailedEntries"][0]["TargetId"]) == (1, "7")
        assert await events.did("DeleteRule", Name="r") == await events.did("DeleteRule", Name="r") == {}
        assert await events.refused("DescribeRule", Name="r") == (
            "ResourceNotFoundException", "Rule r does not exist on EventBus default.",
        )  # fmt: skip

    with_events(tmp_path, body)


def test_a_rule_that_rests_sends_nothing(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        await events.rule(State="DISABLED")
        await events.put()
        assert events.sent() == []
        await events.did("EnableRule", Name="r")
        await events.put()
        assert len(events.sent()) == 1
        await events.did("DisableRule", Name="r")
        await events.put()
        assert events.sent() == []

    with_events(tmp_path, body)


def test_whether_a_pattern_is_for_an_event(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        event = dict.fromkeys(("id", "account", "source", "time", "region", "detail-type"), "x") | {"resources": []}
        for pattern, result in (('{"source":["x"]}', True), ('{"source":[{"anything-but":"x"}]}', False)):
            said = await events.did("TestEventPattern", EventPattern=pattern, Event=json.dumps(event))
            assert said == {"Result": result}
        assert (await events.refused("TestEventPattern", EventPattern="[]", Event="{}"))[0] == (
            "InvalidEventPatternException"
        )
        for text in ("{}", "[]", "x", '{"a":' * 10_000):
            refusal = await events.refused("TestEventPattern", EventPattern='{"a":[1]}', Event=text)
            assert refusal[0] == "ValidationException"

    with_events(tmp_path, body)


# --- buses and other accounts


def test_a_bus_lives_and_goes(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        arn = ARN.format("events", "event-bus/b")
        assert await events.did("CreateEventBus", Name="b", Description="d") == {"EventBusArn": arn, "Description": "d"}
        assert await events.refused("CreateEventBus", Name="b") == (
            "ResourceAlreadyExistsException", "Event bus b already exists.",
        )  # fmt: skip
        assert (await events.did("UpdateEventBus", Name="b", Description="e"))["Description"] == "e"
        said = await events.did("DescribeEventBus", Name="b")
        assert (said["Name"], said["Arn"], said["Description"], said["CreationTime"].timestamp()) == (
            "b",
            arn,
            "e",
            NOW,
        )
        assert [one["Name"] for one in (await events.did("ListEventBuses"))["EventBuses"]] == ["b", "default"]
        await events.rule("r", EventBusName="b")
        assert (await events.refused("DeleteEventBus", Name="b"))[1] == "EventBus can't be deleted since it has rules."
        await events.did("RemoveTargets", Rule="r", EventBusName="b", Ids=["0"])
        await events.did("DeleteRule", Name="r", EventBusName="b")
        assert await events.did("DeleteEventBus", Name="b") == await events.did("DeleteEventBus", Name="b") == {}
        assert await events.refused("DescribeEventBus", Name="b") == (
            "ResourceNotFoundException", "Event bus b does not exist.",
        )  # fmt: skip
        assert (await events.refused("DeleteEventBus", Name="default"))[1] == "Cannot delete event bus default."
        assert (await events.refused("PutRule", Name="r", ScheduleExpression="rate(1 day)", EventBusName="b"))[0]
        with_log = await events.refused("CreateEventBus", Name="c", LogConfig={"Level": "INFO"})
        assert with_log[0] == "NotImplementedException"

    with_events(tmp_path, body)


def test_another_accounts_bus_lets_in_whom_its_policy_names(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        bus = ARN.format("events", "event-bus/default")
        await events.rule()
        entry = {"Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": bus}
        code, text = await events.refused("PutEvents", OTHER, Entries=[entry])
        assert code == "AccessDeniedException"
        assert text.endswith("because no resource-based policy allows the events:PutEvents action")
        statement = {"Action": "events:PutEvents", "Principal": "222222222222", "StatementId": "them"}
        await events.did("PutPermission", **statement)
        assert (await events.did("PutEvents", OTHER, Entries=[entry]))["FailedEntryCount"] == 0
        assert [one["account"] for one in events.sent()] == ["222222222222"]
        assert (await events.refused("ListRules", OTHER, EventBusName=bus))[0] == "AccessDeniedException"
        policy = json.loads((await events.did("DescribeEventBus"))["Policy"])
        assert policy["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::222222222222:root"}
        assert (await events.refused("RemovePermission", StatementId="x"))[0] == "ResourceNotFoundException"
        await events.did("RemovePermission", StatementId="them")
        assert "Policy" not in await events.did("DescribeEventBus")
        assert (await events.refused("PutEvents", OTHER, Entries=[entry]))[0] == "AccessDeniedException"
        some: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": bus}
        some["Condition"] = {"StringEquals": {"events:source": "s"}}
        await events.did("PutPermission", Policy=json.dumps({"Version": "2012-10-17", "Statement": [some]}))
        assert (await events.did("PutEvents", OTHER, Entries=[entry]))["FailedEntryCount"] == 0
        assert (await events.refused("PutEvents", OTHER, Entries=[{**entry, "Source": "t"}]))[
            0
        ] == "AccessDeniedException"
        assert (await events.refused("PutPermission", Policy="{"))[0] == "ValidationException"
        for change in ({"Effect": "allow"}, {"Condition": {"StringIs": {"a": "b"}}}, {"Action": "s3:*"}):
            wrong = json.dumps({"Version": "2012-10-17", "Statement": [some | change]})
            assert (await events.refused("PutPermission", Policy=wrong))[0] == "ValidationException"
        other = {**statement, "Action": "events:PutRule"}
        assert "'action' is not supported" in (await events.refused("PutPermission", **other))[1]

    with_events(tmp_path, body)


def test_accounts_and_regions_do_not_see_each_other(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        await events.rule()
        for scope in (OTHER, Scope(HERE.account, "us-east-1")):
            assert (await events.did("ListRules", scope))["Rules"] == []
            assert (await events.refused("DescribeRule", scope, Name="r"))[0] == "ResourceNotFoundException"

    with_events(tmp_path, body)


def test_tags(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        rule = await events.rule(Tags=[{"Key": "a", "Value": "1"}])
        await events.did("TagResource", ResourceARN=rule, Tags=[{"Key": "b", "Value": "2"}])
        await events.did("UntagResource", ResourceARN=rule, TagKeys=["a"])
        assert (await events.did("ListTagsForResource", ResourceARN=rule))["Tags"] == [{"Key": "b", "Value": "2"}]
        default = ARN.format("events", "event-bus/default")
        await events.did("TagResource", ResourceARN=default, Tags=[{"Key": "d", "Value": "3"}])
        assert len((await events.did("ListTagsForResource", ResourceARN=default))["Tags"]) == 1
        gone = ARN.format("events", "rule/gone")
        assert (await events.refused("ListTagsForResource", ResourceARN=gone))[0] == "ResourceNotFoundException"
        own = [{"Key": "aws:x", "Value": "y"}]
        assert (await events.refused("TagResource", ResourceARN=rule, Tags=own))[0] == "ValidationException"

    with_events(tmp_path, body)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ({"source": ["aws.ec2"]}, True),
        ({"detail-type": ["AWS API Call via CloudTrail"]}, True),
        ({"source": ["aws.s3"]}, False),
        ({"source": ["aws.ec2", "mine"]}, False),
        ({"source": [{"prefix": "aws."}]}, False),
        ({"account": ["1"]}, False),
    ],
)
def test_a_rule_for_what_nobody_puts_here_is_told(tmp_path: Path, pattern: dict[str, Any], told: bool) -> None:
    async def body(events: Events) -> None:
        await events.rule(EventPattern=json.dumps(pattern))
        assert [one["code"] for one in _findings(events)] == (["rule-without-events"] if told else [])
        await events.rule()
        assert _findings(events) == []

    with_events(tmp_path, body)
