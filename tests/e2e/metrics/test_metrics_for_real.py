"""CloudWatch with its real clients, by a clock that the test moves."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.clients.installed import installed
from tests.e2e.conftest import ROLE, RUNTIME, Server, package, start

ACCOUNT = "000000000000"
CODE = """
def handler(event, context):
    if event.get("bad"):
        raise ValueError("bad")
    print("ERROR" if event.get("error") else "fine")
    return event
"""
POWERTOOLS = """
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

metrics = Metrics(namespace="Shop", service="orders")


@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    metrics.add_metric(name="Sold", unit=MetricUnit.Count, value=event["sold"])
    metrics.add_metric(name="Sold", unit=MetricUnit.Count, value=1)
"""


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose clock stands still."""
    running = start(tmp_path_factory.mktemp("data"), "--clock", "manual")
    yield running
    assert running.stop() == 0, "".join(running.output)


def advance(server: Server, seconds: float) -> datetime:
    """Move the clock; what it reads then."""
    body = json.dumps({"advance": seconds}).encode()
    request = urllib.request.Request(f"{server.endpoint}/_lambent/clock", body, method="POST")
    with urllib.request.urlopen(request, timeout=120) as answer:
        said = json.load(answer)
    assert said["running"] == 0
    return datetime.fromtimestamp(said["seconds"], UTC)


def made(server: Server, name: str, code: str = CODE, **files: bytes) -> str:
    """A function; its ARN."""
    client = server.client("lambda")
    body = package({"app.py": code, **files})
    found = client.create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Role=ROLE,
        Handler="app.handler",
        Timeout=30,
        MemorySize=256,
        Code={"ZipFile": body},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    return str(found["FunctionArn"])


def stat(name: str, stat: str, namespace: str = "AWS/Lambda", period: int = 60, **dimensions: str) -> dict[str, Any]:
    """A MetricStat."""
    pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {
        "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": pairs},
        "Period": period,
        "Stat": stat,
    }


def data(server: Server, now: datetime, *queries: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The results of GetMetricData over the last hour, by label."""
    said = server.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries), StartTime=now - timedelta(hours=1), EndTime=now + timedelta(minutes=1)
    )
    return {one["Label"]: one for one in said["MetricDataResults"]}


def bodies(server: Server, url: str, count: int) -> list[dict[str, Any]]:
    """Messages of a queue, as JSON."""
    sqs, found = server.client("sqs"), []
    deadline = time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            found.append(json.loads(one["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return found


def queue_of(server: Server, name: str, topic: str) -> str:
    """A queue that gets what a topic is told."""
    url = str(server.client("sqs").create_queue(QueueName=name)["QueueUrl"])
    server.client("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}",
        Attributes={"RawMessageDelivery": "true"},
    )
    return url


def test_invocations_are_series_and_expressions(manual: Server) -> None:
    name, client = "counted", manual.client("lambda")
    made(manual, name)
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    for event in ({}, {}, {"bad": 1}):
        client.invoke(FunctionName=name, Payload=json.dumps(event))
    client.get_waiter("function_active_v2").wait(FunctionName=f"{name}:live")
    client.invoke(FunctionName=f"{name}:live", Payload=b"{}")
    now = advance(manual, 60)
    found = data(
        manual,
        now,
        {"Id": "all", "MetricStat": stat("Invocations", "Sum", FunctionName=name), "Label": "all"},
        {"Id": "errors", "MetricStat": stat("Errors", "Sum", FunctionName=name), "ReturnData": False},
        {"Id": "share", "Expression": "100 * errors / all", "Label": "share ${MAX}%"},
        {
            "Id": "live",
            "MetricStat": stat(
                "Invocations", "Sum", FunctionName=name, Resource=f"{name}:live", ExecutedVersion=version
            ),
            "Label": "live",
        },
        {"Id": "own", "MetricStat": stat("Invocations", "Sum", FunctionName=name, Resource=name), "Label": "own"},
        {"Id": "most", "MetricStat": stat("Duration", "p99", FunctionName=name), "Label": "most"},
        {"Id": "found", "Expression": f"SEARCH('{{AWS/Lambda,FunctionName}} MetricName=\"Errors\" {name}', 'Sum', 60)"},
    )
    assert found["all"]["Values"] == [4.0]
    assert found["all"]["Timestamps"] == [(now - timedelta(seconds=60)).replace(second=0, microsecond=0)]
    assert found["share 25%"]["Values"] == [25.0]
    assert (found["live"]["Values"], found["own"]["Values"]) == ([1.0], [3.0])
    assert 0 < found["most"]["Values"][0] < 30_000
    assert found[f"{name} Errors"]["Values"] == [1.0]
    assert "errors" not in found
    scrape = urllib.request.Request(f"{manual.endpoint}/metrics", headers={"Accept": "text/plain;version=0.0.4"})
    with urllib.request.urlopen(scrape, timeout=10) as answer:
        text = answer.read().decode()
    labels = f'{{account="{ACCOUNT}",region="us-east-1",function="{name}"}}'
    assert f"lambent_invocations_total{labels} 4\n" in text
    assert re.search(r'^lambent_environments\{.*phase="\w+"\} \d+$', text, re.MULTILINE)


def test_the_aws_cli_puts_and_reads_values(manual: Server) -> None:
    now = advance(manual, 0)

    def cli(*arguments: str) -> Any:
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        aws = [str(Path(sys.executable).parent / "aws"), "--endpoint-url", manual.endpoint, "cloudwatch"]
        done = subprocess.run(
            [*aws, *arguments], env={**os.environ, **keys}, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout) if done.stdout else None

    put = (
        "put-metric-data",
        "--namespace",
        "Own",
        "--metric-name",
        "Size",
        "--unit",
        "Bytes",
        "--dimensions",
        "Kind=a,Where=b",
    )
    cli(*put, "--statistic-values", "Sum=11,Minimum=2,Maximum=9,SampleCount=2")
    cli(*put, "--value", "4")
    listed = cli("list-metrics", "--namespace", "Own", "--dimensions", "Name=Kind", "--recently-active", "PT3H")
    assert [one["MetricName"] for one in listed["Metrics"]] == ["Size"]
    span = (
        "--start-time",
        (now - timedelta(hours=1)).isoformat(),
        "--end-time",
        (now + timedelta(hours=1)).isoformat(),
    )
    names = (
        "--dimensions",
        "Name=Kind,Value=a",
        "Name=Where,Value=b",
        "--statistics",
        "Average",
        "Maximum",
        "SampleCount",
    )
    asked = ("get-metric-statistics", "--namespace", "Own", "--metric-name", "Size", "--period", "300", *names, *span)
    [point] = cli(*asked)["Datapoints"]
    assert (point["Average"], point["Maximum"], point["SampleCount"], point["Unit"]) == (5.0, 9.0, 3.0, "Bytes")


def test_powertools_metrics_unmodified(manual: Server) -> None:
    folder = installed("aws-lambda-powertools>=3,<4")
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    packed = {name: path.read_bytes() for name, path in files.items() if not re.search(r"\.pyc$|^bin/", name)}
    made(manual, "powertools", POWERTOOLS, **packed)
    client = manual.client("lambda")
    # Functions see the machine's time, which is what they write into their metrics.
    for sold in (2, 5):
        assert "FunctionError" not in client.invoke(FunctionName="powertools", Payload=json.dumps({"sold": sold}))
    found = data(
        manual,
        datetime.now(UTC),
        {"Id": "sold", "MetricStat": stat("Sold", "Sum", "Shop", 3600, service="orders")},
        {
            "Id": "cold",
            "MetricStat": stat("ColdStart", "Sum", "Shop", 3600, function_name="powertools", service="orders"),
        },
    )
    assert sum(found["Sold"]["Values"]) == 9.0
    assert sum(found["ColdStart"]["Values"]) == 1.0
    assert not [one for one in manual.page("findings")["findings"] if "powertools" in one["resource"]]


def test_an_alarm_tells_a_topic_a_function_and_the_bus(manual: Server) -> None:
    cloudwatch = manual.client("cloudwatch")
    topic = manual.client("sns").create_topic(Name="alarms")["TopicArn"]
    url = queue_of(manual, "alarms", topic)
    manual.client("sqs").create_queue(QueueName="events")
    events = manual.client("events")
    events.put_rule(Name="alarms", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
    events.put_targets(Rule="alarms", Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:events"}])
    function = made(manual, "alarmed")
    manual.client("lambda").add_permission(
        FunctionName="alarmed",
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
    )
    cloudwatch.put_metric_alarm(
        AlarmName="late",
        AlarmDescription="orders wait",
        Namespace="Orders",
        MetricName="Waiting",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic, function],
        OKActions=[topic],
    )
    cloudwatch.put_composite_alarm(AlarmName="any", AlarmRule='ALARM("late") OR ALARM(late)', AlarmActions=[topic])
    waiting = {"Namespace": "Orders", "MetricName": "Waiting"}
    for value in (50.0, 60.0):
        moment = advance(manual, 60)
        cloudwatch.put_metric_data(
            Namespace="Orders", MetricData=[{"MetricName": "Waiting", "Value": value, "Timestamp": moment}]
        )
    advance(manual, 120)
    [alarm] = cloudwatch.describe_alarms_for_metric(**waiting)["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    assert "2 out of the last 3 datapoints [60.0 (" in alarm["StateReason"]
    [composite] = cloudwatch.describe_alarms(ParentsOfAlarmName="late")["CompositeAlarms"]
    assert (composite["AlarmName"], composite["StateValue"]) == ("any", "ALARM")
    told = {(one["AlarmName"], one["NewStateValue"]): one for one in bodies(manual, url, 3)}
    trigger = told["late", "ALARM"]["Trigger"]
    assert (trigger["Statistic"], trigger["Threshold"], trigger["DatapointsToAlarm"]) == ("MAXIMUM", 10.0, 2)
    assert told["late", "ALARM"]["Region"] == "US East (N. Virginia)"
    assert ("any", "ALARM") in told
    changes = bodies(manual, manual.client("sqs").get_queue_url(QueueName="events")["QueueUrl"], 2)
    states = {one["detail"]["alarmName"]: one["detail"]["state"]["value"] for one in changes}
    assert states["late"] == "ALARM" and states["any"] == "ALARM"
    assert {one["detail-type"] for one in changes} == {"CloudWatch Alarm State Change"}
    advance(manual, 600)
    history = cloudwatch.describe_alarm_history(AlarmName="late")["AlarmHistoryItems"]
    summaries = [one["HistorySummary"] for one in history]
    assert summaries[-1] == 'Alarm "late" created'
    assert "Alarm updated from ALARM to OK" in summaries
    assert f"Successfully executed action {function}" in summaries
    assert [one for one in bodies(manual, url, 1) if one["NewStateValue"] == "OK"]
    assert data(
        manual,
        advance(manual, 60),
        {"Id": "i", "MetricStat": stat("Invocations", "Sum", period=3600, FunctionName="alarmed")},
    )["Invocations"]["Values"] == [1.0]
    with pytest.raises(ClientError, match="composite alarm"):
        cloudwatch.delete_alarms(AlarmNames=["late"])
    cloudwatch.delete_alarms(AlarmNames=["late", "any"])


def points(server: Server, began: datetime, period: int) -> list[float]:
    """The greatest values of ten minutes of a metric, by so many seconds."""
    said = server.client("cloudwatch").get_metric_statistics(
        Namespace="Moved", MetricName="Wait", StartTime=began, EndTime=began + timedelta(minutes=10), Period=period,
        Statistics=["Maximum"],
    )  # fmt: skip
    return sorted(one["Maximum"] for one in said["Datapoints"])


def test_values_roll_up_and_lines_go_as_the_clock_is_moved(manual: Server) -> None:
    now = advance(manual, 0)
    began = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
    each = [{"MetricName": "Wait", "Value": value, "Timestamp": began + timedelta(seconds=at), "StorageResolution": 1}
            for at, value in ((0, 1.0), (1, 2.0), (60, 3.0))]  # fmt: skip
    manual.client("cloudwatch").put_metric_data(Namespace="Moved", MetricData=each)
    logs, group = manual.client("logs"), "/moved"
    logs.create_log_group(logGroupName=group)
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    line = {"timestamp": int(now.timestamp() * 1000), "message": "hello"}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[line])
    shown = [[points(manual, began, period) for period in (1, 60, 300)]]
    for hours in (4, 16 * 24):
        advance(manual, hours * 3600)
        shown.append([points(manual, began, period) for period in (1, 60, 300)])
    assert shown == [
        [[1.0, 2.0, 3.0], [2.0, 3.0], [3.0]],
        [[2.0, 3.0], [2.0, 3.0], [3.0]],
        [[3.0], [3.0], [3.0]],
    ]
    assert logs.filter_log_events(logGroupName=group)["events"] == []


def test_a_stack_has_alarms_a_dashboard_and_a_metric_filter(manual: Server) -> None:
    stacks, cloudwatch = manual.client("cloudformation"), manual.client("cloudwatch")

    def template(threshold: int) -> str:
        alarm = {
            "Namespace": "Stack",
            "MetricName": "Problems",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        }
        change = {"MetricName": "Problems", "MetricNamespace": "Stack", "MetricValue": "1"}
        counted = {"FilterPattern": "ERROR", "LogGroupName": {"Ref": "Group"}, "MetricTransformations": [change]}
        rule = {"AlarmRule": {"Fn::Sub": 'ALARM("${Alarm}")'}}
        resources = {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/logging"}},
            "Filter": {"Type": "AWS::Logs::MetricFilter", "Properties": counted},
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
            "Any": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": rule},
            "Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": '{"widgets": []}'}},
        }
        return json.dumps({"Resources": resources, "Outputs": {"Alarm": {"Value": {"Ref": "Alarm"}}}})

    def wait(what: str) -> None:
        stacks.get_waiter(what).wait(StackName="seen", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})

    stacks.create_stack(StackName="seen", TemplateBody=template(5))
    wait("stack_create_complete")
    stacks.update_stack(StackName="seen", TemplateBody=template(1))
    wait("stack_update_complete")
    [output] = stacks.describe_stacks(StackName="seen")["Stacks"][0]["Outputs"]
    made(manual, "logging")
    manual.client("lambda").invoke(FunctionName="logging", Payload=b'{"error": 1}')
    advance(manual, 120)
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[output["OutputValue"]])["MetricAlarms"]
    assert (alarm["Threshold"], alarm["StateValue"]) == (1.0, "ALARM")
    assert len(cloudwatch.list_dashboards()["DashboardEntries"]) == 1
    stacks.delete_stack(StackName="seen")
    wait("stack_delete_complete")
    assert cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])["MetricAlarms"] == []
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


def test_what_was_put_and_alarms_outlive_a_kill(own_server: Callable[..., Server]) -> None:
    first = own_server("--clock", "manual")
    cloudwatch = first.client("cloudwatch")
    queue = first.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    alarm = {
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0.0,
        "Namespace": "N",
        "MetricName": "m",
    }
    cloudwatch.put_metric_alarm(
        AlarmName="a",
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[f"arn:aws:sns:us-east-1:{ACCOUNT}:gone"],
        **alarm,
    )
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
    now = advance(first, 0)
    cloudwatch.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": 3.0, "Timestamp": now}])
    first.stop(signal.SIGKILL)
    second = own_server("--clock", "manual")
    cloudwatch = second.client("cloudwatch")
    assert data(second, now, {"Id": "m", "MetricStat": stat("m", "Sum", "N")})["m"]["Values"] == [3.0]
    assert cloudwatch.get_dashboard(DashboardName="d")["DashboardBody"] == '{"widgets": []}'
    advance(second, 60)
    [found] = cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"]
    assert found["StateValue"] == "ALARM"
    failed = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="Action")["AlarmHistoryItems"]
    assert failed[0]["HistorySummary"].startswith("Failed to execute action")
    assert queue


def test_what_ran_has_its_price(manual: Server) -> None:
    made(manual, "billed")
    for _ in range(3):
        manual.client("lambda").invoke(FunctionName="billed")
    advance(manual, 61)
    command = [sys.executable, "-m", "lambent.cli.main", "cost", "--json", "--since", "1h"]
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": manual.endpoint}
    done = subprocess.run(command, capture_output=True, check=True, env=os.environ | keys)
    mine = {one["price"]: one for one in json.loads(done.stdout)["lines"] if one["subject"] == "billed"}
    assert mine["lambda:requests"]["quantity"] == 3
    duration = mine["lambda:duration:x86_64"]
    assert 0 < duration["quantity"] < 3 and duration["dollars"] == duration["quantity"] * 0.0000166667
    listed = manual.client("cloudwatch").list_metrics()["Metrics"]
    assert "Lambent" not in {one["Namespace"] for one in listed}


INSIGHTS_LAYER = "arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsightsExtension:38"
BUSY = """
import time
def handler(event, context):
    with open("/tmp/kept", "wb") as file:
        file.write(b"x" * 3_000_000)
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
"""


def test_lambda_insights_measures_what_names_its_layer(manual: Server) -> None:
    name, client, logs = "insights", manual.client("lambda"), manual.client("logs")
    made(manual, name, BUSY)
    client.update_function_configuration(FunctionName=name, Layers=[INSIGHTS_LAYER])
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
    answer = client.invoke(FunctionName=name)
    assert "FunctionError" not in answer, answer["Payload"].read()
    client.invoke(FunctionName=name)
    now = advance(manual, 60)
    events = logs.filter_log_events(logGroupName="/aws/lambda-insights")["events"]
    cold, warm = [json.loads(one["message"]) for one in events]
    assert (cold["cold_start"], warm["cold_start"], warm["function_name"]) == (True, False, name)
    assert 80 <= warm["cpu_total_time"] <= 400 and cold["init_duration"] > 0
    assert warm["tmp_used"] >= 3_000_000 and warm["total_memory"] == 256 and warm["threads_max"] >= 1
    asked = stat("cpu_total_time", "SampleCount", "LambdaInsights", function_name=name)
    found = data(manual, now, {"Id": "cpu", "MetricStat": asked, "Label": "cpu"})
    assert sum(found["cpu"]["Values"]) == 2
