"""Alarms: what they are told, when they change, what they send, what is kept of it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lambent.services.cloudwatch.alarms import transitions
from tests.unit.services_cloudwatch.cloudwatch_kit import NOW, PROTOCOLS, CloudWatch, with_cloudwatch

TOPIC = "arn:aws:sns:eu-west-1:111111111111:t"
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:f"
ARN = "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:a"
ALARM: dict[str, Any] = {
    "AlarmName": "a",
    "Namespace": "N",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 2.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


async def put(cloudwatch: CloudWatch, value: float, at: int) -> None:
    moment = datetime.fromtimestamp(at, UTC)
    await cloudwatch.call(
        "PutMetricData", Namespace="N", MetricData=[{"MetricName": "m", "Value": value, "Timestamp": moment}]
    )


async def state(cloudwatch: CloudWatch, name: str = "a") -> str:
    types = ["MetricAlarm", "CompositeAlarm"]
    said = await cloudwatch.call("DescribeAlarms", AlarmNames=[name], AlarmTypes=types)
    [alarm] = said["MetricAlarms"] + said["CompositeAlarms"]
    return str(alarm["StateValue"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_alarm_goes_off_tells_and_is_well_again(tmp_path: Path, protocol: str) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        await cloudwatch.call("PutMetricAlarm", **ALARM, AlarmActions=[TOPIC, FUNCTION], OKActions=[TOPIC])
        [made] = (await cloudwatch.call("DescribeAlarms"))["MetricAlarms"]
        assert (made["StateValue"], made["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
        assert (made["AlarmArn"], made["ActionsEnabled"], made["Dimensions"]) == (ARN, True, [])
        await put(cloudwatch, 3.0, NOW)
        await cloudwatch.minute(NOW + 60)
        assert await state(cloudwatch) == "ALARM"
        sent = {(sender, one.target): one for sender, one in cloudwatch.sent}
        bus = "arn:aws:events:eu-west-1:111111111111:event-bus/default"
        assert set(sent) == {("cloudwatch", TOPIC), ("lambda.alarms.cloudwatch", FUNCTION), ("cloudwatch", bus)}
        assert sent["cloudwatch", TOPIC].subject == 'ALARM: "a" in EU (Ireland)'
        text = json.loads(sent["cloudwatch", TOPIC].body)
        assert text["OldStateValue"] == "INSUFFICIENT_DATA" and text["StateChangeTime"].endswith(".000+0000")
        event = json.loads(sent["lambda.alarms.cloudwatch", FUNCTION].body)
        assert (event["source"], event["alarmArn"], event["accountId"]) == ("aws.cloudwatch", ARN, "111111111111")
        assert event["alarmData"]["state"]["value"] == "ALARM"
        [told] = event["alarmData"]["configuration"]["metrics"]
        assert told["metricStat"] == {
            "metric": {"namespace": "N", "name": "m", "dimensions": {}},
            "period": 60,
            "stat": "Sum",
        }
        change = sent["cloudwatch", bus]
        assert (change.source, change.detail_type) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
        await put(cloudwatch, 1.0, NOW + 60)
        await cloudwatch.minute(NOW + 120)
        assert await state(cloudwatch) == "OK"
        items = (await cloudwatch.call("DescribeAlarmHistory", AlarmName="a"))["AlarmHistoryItems"]
        kinds = [one["HistoryItemType"] for one in items]
        assert (kinds.count("StateUpdate"), kinds.count("Action"), kinds[-1]) == (2, 3, "ConfigurationUpdate")
        update = next(json.loads(one["HistoryData"]) for one in items if one["HistoryItemType"] == "StateUpdate")
        assert update["newState"]["stateReasonData"]["recentDatapoints"] == [1.0]

    with_cloudwatch(tmp_path, body, protocol)


def test_disabled_actions_are_not_carried_out_and_failed_ones_are_told(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        await cloudwatch.call("PutMetricAlarm", **ALARM, AlarmActions=[TOPIC])
        await cloudwatch.call("DisableAlarmActions", AlarmNames=["a", "unknown"])
        for value in ("ALARM", "OK"):
            await cloudwatch.call("SetAlarmState", AlarmName="a", StateValue=value, StateReason="a test")
        await cloudwatch.quiet()
        assert [one.target for _, one in cloudwatch.sent if one.target == TOPIC] == []
        await cloudwatch.call("EnableAlarmActions", AlarmNames=["a"])
        cloudwatch.fails = "no such topic"
        await cloudwatch.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="a test")
        await cloudwatch.quiet()
        said = await cloudwatch.call("DescribeAlarmHistory", AlarmName="a", HistoryItemType="Action")
        [item] = said["AlarmHistoryItems"]
        assert item["HistorySummary"] == f'Failed to execute action {TOPIC}. Received error: "no such topic"'

    with_cloudwatch(tmp_path, body)


def test_an_action_that_a_server_did_not_come_to_is_the_next_one_s(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'state.db'}"

    async def first(cloudwatch: CloudWatch) -> None:
        await cloudwatch.call("PutMetricAlarm", **ALARM, AlarmActions=[TOPIC])
        alarm = cloudwatch.env.resources.get("cloudwatch/alarm", ("111111111111", "eu-west-1"), "", "a")  # type: ignore[arg-type]
        assert alarm is not None
        cloudwatch._spawn = lambda work: work.close()  # type: ignore[method-assign]
        env = type(cloudwatch.env)(
            cloudwatch.env.series, cloudwatch.env.resources, cloudwatch.env.clock, cloudwatch.env.new_id,
            cloudwatch.env.region_name, cloudwatch.env.deliver, cloudwatch._spawn, cloudwatch.env.settle,
        )  # fmt: skip
        await transitions.enter(env, alarm, "ALARM", "a test")
        assert cloudwatch.sent == []

    async def second(cloudwatch: CloudWatch) -> None:
        assert await state(cloudwatch) == "ALARM"
        transitions.resume(cloudwatch.env)
        await cloudwatch.quiet()
        assert sorted(one.target.split(":")[2] for _, one in cloudwatch.sent) == ["events", "sns"]
        assert cloudwatch.env.resources.of_kind(transitions.PENDING) == []

    with_cloudwatch(tmp_path, first, database=database)
    with_cloudwatch(tmp_path, second, database=database)


def test_math_percentiles_and_windows_of_minutes(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        common = {name: ALARM[name] for name in ("EvaluationPeriods", "Threshold", "ComparisonOperator")}
        stat = {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
        metrics = [
            {"Id": "m1", "MetricStat": stat, "ReturnData": False},
            {"Id": "e", "Expression": "FILL(m1, 0) * 10", "Label": "ten times"},
        ]
        await cloudwatch.call("PutMetricAlarm", AlarmName="math", Metrics=metrics, **common)
        percentile = {name: value for name, value in ALARM.items() if name not in ("AlarmName", "Statistic")}
        await cloudwatch.call("PutMetricAlarm", AlarmName="p90", ExtendedStatistic="p90", **percentile)
        wide = ALARM | {"AlarmName": "wide", "Period": 300}
        await cloudwatch.call("PutMetricAlarm", **wide)
        await put(cloudwatch, 0.5, NOW)
        await put(cloudwatch, 1.0, NOW + 60)
        await put(cloudwatch, 1.0, NOW + 120)
        await cloudwatch.minute(NOW + 120)
        assert [await state(cloudwatch, name) for name in ("math", "p90", "wide")] == ["ALARM", "OK", "OK"]
        await cloudwatch.minute(NOW + 180)
        assert await state(cloudwatch, "wide") == "ALARM"  # of the five minutes that end now
        await cloudwatch.minute(NOW + 420)
        assert await state(cloudwatch, "math") == "OK"

    with_cloudwatch(tmp_path, body)


def test_composite_alarms_follow_their_children(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        await cloudwatch.call("PutMetricAlarm", **ALARM)
        await cloudwatch.call("PutCompositeAlarm", AlarmName="any", AlarmRule="ALARM(a)", AlarmActions=[TOPIC])
        await cloudwatch.call("PutCompositeAlarm", AlarmName="top", AlarmRule=f'ALARM("any") AND NOT OK("{ARN}")')
        await cloudwatch.call("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="a test")
        assert [await state(cloudwatch, name) for name in ("any", "top")] == ["ALARM", "ALARM"]
        await cloudwatch.quiet()
        [topic] = [one for _, one in cloudwatch.sent if one.target == TOPIC]
        assert json.loads(topic.body)["AlarmRule"] == "ALARM(a)"
        said = await cloudwatch.call("DescribeAlarms", ChildrenOfAlarmName="top")
        assert [one["AlarmName"] for one in said["CompositeAlarms"] + said["MetricAlarms"]] == ["any", "a"]
        loop = await cloudwatch.refused("PutCompositeAlarm", AlarmName="any", AlarmRule="ALARM(top)")
        assert loop[0] == "ValidationError"
        gone = await cloudwatch.refused("DeleteAlarms", AlarmNames=["a"])
        assert gone[0] == "ValidationError"
        await cloudwatch.call("DeleteAlarms", AlarmNames=["top", "any", "a", "unknown"])
        assert (await cloudwatch.call("DescribeAlarms", AlarmTypes=["CompositeAlarm", "MetricAlarm"]))[
            "MetricAlarms"
        ] == []

    with_cloudwatch(tmp_path, body)


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"Period": 45}, "ValidationError", "Metric Period must be"),
        ({"EvaluationPeriods": 1441}, "ValidationError", "(EvaluationPeriods * Period must be <= 86400)"),
        ({"DatapointsToAlarm": 2}, "ValidationError", "DatapointsToAlarm"),
        ({"TreatMissingData": "x"}, "ValidationError", "Option x is not supported"),
        ({"AlarmActions": ["x"]}, "ValidationError", "Invalid arn syntax: x"),
        (
            {"AlarmActions": ["arn:aws:sns:us-east-1:111111111111:t"]},
            "ValidationError",
            "Invalid region us-east-1 specified. Only eu-west-1 is supported.",
        ),
        ({"AlarmActions": ["arn:aws:automate:eu-west-1:ec2:stop"]}, "NotImplementedException", "automate"),
        ({"AlarmActions": [TOPIC] * 6}, "ValidationError", "less than or equal to 5"),
        ({"ExtendedStatistic": "p9"}, "InvalidParameterCombination", "mutually exclusive"),
        ({"Statistic": None}, "InvalidParameterCombination", "At least one"),
        ({"Threshold": None}, "MissingParameter", "Threshold"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "NotImplementedException", "GreaterThanUpperThreshold"),
        ({"Metrics": [{"Id": "e", "Expression": "1"}]}, "InvalidParameterCombination", "mutually exclusive"),
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "NotImplementedException", "ignore"),
        ({"EvaluationInterval": 10}, "NotImplementedException", "EvaluationInterval"),
        ({"Namespace": None}, "MissingParameter", "Namespace"),
    ],
)
def test_an_alarm_that_is_none_is_refused(tmp_path: Path, change: dict[str, Any], code: str, text: str) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        asked = {name: value for name, value in (ALARM | change).items() if value is not None}
        said = await cloudwatch.refused("PutMetricAlarm", **asked)
        assert said[0] == code and text in said[1]

    with_cloudwatch(tmp_path, body)


def test_alarms_are_found_by_name_prefix_state_action_and_metric(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        for name in ("a", "ab", "b"):
            await cloudwatch.call("PutMetricAlarm", **(ALARM | {"AlarmName": name}), AlarmActions=[TOPIC])
        await cloudwatch.call("SetAlarmState", AlarmName="ab", StateValue="OK", StateReason="a test")

        async def found(**asked: Any) -> list[str]:
            return [one["AlarmName"] for one in (await cloudwatch.call("DescribeAlarms", **asked))["MetricAlarms"]]

        assert await found(AlarmNamePrefix="a") == ["a", "ab"]
        assert await found(StateValue="OK") == ["ab"]
        assert await found(ActionPrefix="arn:aws:sns") == ["a", "ab", "b"]
        assert await found(AlarmTypes=["CompositeAlarm"]) == []
        page = await cloudwatch.call("DescribeAlarms", MaxRecords=2)
        assert len(page["MetricAlarms"]) == 2
        assert await found(NextToken=page["NextToken"]) == ["b"]
        of_metric = await cloudwatch.call("DescribeAlarmsForMetric", Namespace="N", MetricName="m", Statistic="Sum")
        assert len(of_metric["MetricAlarms"]) == 3
        other = await cloudwatch.call(
            "DescribeAlarmsForMetric", Namespace="N", MetricName="m", Dimensions=[{"Name": "a", "Value": "b"}]
        )
        assert other["MetricAlarms"] == []
        both = await cloudwatch.refused("DescribeAlarms", AlarmNames=["a"], AlarmNamePrefix="a")
        assert both[0] == "InvalidParameterCombination"

    with_cloudwatch(tmp_path, body)


def test_tags_and_dashboards(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        await cloudwatch.call("PutMetricAlarm", **ALARM, Tags=[{"Key": "k", "Value": "v"}])
        await cloudwatch.call("TagResource", ResourceARN=ARN, Tags=[{"Key": "k2", "Value": "v2"}])
        await cloudwatch.call("UntagResource", ResourceARN=ARN, TagKeys=["k"])
        assert (await cloudwatch.call("ListTagsForResource", ResourceARN=ARN))["Tags"] == [{"Key": "k2", "Value": "v2"}]
        assert (await cloudwatch.refused("ListTagsForResource", ResourceARN=f"{ARN}x"))[0] == (
            "ResourceNotFoundException"
        )
        widget = {"type": "text", "properties": {"markdown": "# hi"}}
        good = json.dumps({"widgets": [widget]})
        await cloudwatch.call("PutDashboard", DashboardName="d", DashboardBody=good)
        assert (await cloudwatch.call("GetDashboard", DashboardName="d"))["DashboardBody"] == good
        [entry] = (await cloudwatch.call("ListDashboards", DashboardNamePrefix="d"))["DashboardEntries"]
        assert (entry["Size"], entry["DashboardArn"]) == (len(good), "arn:aws:cloudwatch::111111111111:dashboard/d")
        for bad in ("no", "[]", '{"widgets": 1}', json.dumps({"widgets": [{"type": "x"}]})):
            code, _ = await cloudwatch.refused("PutDashboard", DashboardName="d", DashboardBody=bad)
            assert code == "InvalidParameterInput"
        assert (await cloudwatch.refused("PutDashboard", DashboardName="d d", DashboardBody=good))[0] == (
            "InvalidParameterInput"
        )
        assert (await cloudwatch.refused("DeleteDashboards", DashboardNames=["d", "e"]))[0] == "ResourceNotFound"
        await cloudwatch.call("DeleteDashboards", DashboardNames=["d"])
        assert (await cloudwatch.call("ListDashboards"))["DashboardEntries"] == []

    with_cloudwatch(tmp_path, body)


def test_the_history_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambent.services.cloudwatch.alarms.history.KEPT_ITEMS", 10)

    async def body(cloudwatch: CloudWatch) -> None:
        await cloudwatch.call("PutMetricAlarm", **ALARM)
        for turn in range(20):
            cloudwatch.clock[0] += 1
            value = ("ALARM", "OK")[turn % 2]
            await cloudwatch.call("SetAlarmState", AlarmName="a", StateValue=value, StateReason=f"turn {turn}")
        items = (await cloudwatch.call("DescribeAlarmHistory", AlarmName="a"))["AlarmHistoryItems"]
        assert len(items) == 10
        assert "turn 19" in items[0]["HistoryData"]
        cloudwatch.clock[0] += 31 * 86400
        assert (await cloudwatch.call("DescribeAlarmHistory", AlarmName="a"))["AlarmHistoryItems"] == []

    with_cloudwatch(tmp_path, body)
