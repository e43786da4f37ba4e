"""EventBridge Scheduler with boto3, on a clock that is moved: targets, dead letters, a restart, a stack."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, Server, package, start

SDK = "arn:aws:scheduler:::aws-sdk:"
OFF = {"Mode": "OFF"}
FUNCTION = """
import json, os, boto3
def handler(event, context):
    queue = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    queue.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""


class World:
    """A server whose clock stands still, and what tests do with it."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def client(self, name: str) -> Any:
        return self.server.client(name)

    def advance(self, by: str) -> None:
        body = json.dumps({"advance": by}).encode()
        asked = urllib.request.Request(f"{self.server.endpoint}/_lambent/clock", body, method="POST")
        with urllib.request.urlopen(asked, timeout=120) as answer:
            assert json.load(answer)["running"] == 0

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.page("clock")["seconds"], UTC)

    def at(self, **later: float) -> str:
        return f"at({self.now + timedelta(**later):%Y-%m-%dT%H:%M:%S})"

    def queue(self, name: str, **attributes: str) -> tuple[str, str]:
        """Its URL and its ARN."""
        url = self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:000000000000:{name}"

    def take(self, url: str, count: int = 1) -> list[dict[str, Any]]:
        """Messages that are there or come soon."""
        found: list[dict[str, Any]] = []
        for _ in range(100):
            said = self.client("sqs").receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                AttributeNames=["All"],
            )
            for one in said.get("Messages", []):
                found.append(one)
                self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            if len(found) >= count:
                break
            time.sleep(0.05)  # a long poll would wait for the clock
        return found

    def schedule(self, name: str, expression: str, arn: str, more: dict[str, Any] | None = None, **given: Any) -> str:
        target = {"Arn": arn, "RoleArn": ROLE, **(more or {})}
        made = self.client("scheduler").create_schedule(
            Name=name, ScheduleExpression=expression, FlexibleTimeWindow=OFF, Target=target, **given
        )
        return str(made["ScheduleArn"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    running = start(tmp_path_factory.mktemp("data"), "--clock", "manual")
    yield World(running)
    assert running.stop() == 0, "".join(running.output)


def test_a_function_gets_its_input_and_the_context(world: World) -> None:
    url, _ = world.queue("heard")
    lambda_ = world.client("lambda")
    arn = lambda_.create_function(
        FunctionName="listener", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Timeout=TIMEOUT,
        Code={"ZipFile": package({"app.py": FUNCTION})}, Environment={"Variables": {"QUEUE": url}},
    )["FunctionArn"]  # fmt: skip
    lambda_.get_waiter("function_active_v2").wait(FunctionName="listener", WaiterConfig={"Delay": 0.05})
    said = json.dumps({"when": "<aws.scheduler.scheduled-time>", "try": "<aws.scheduler.attempt-number>"})
    due = world.now + timedelta(minutes=5)
    plain = world.schedule("plain", world.at(minutes=5), arn, ActionAfterCompletion="DELETE")
    world.schedule("told", world.at(minutes=5), arn, {"Input": said}, ActionAfterCompletion="DELETE")
    world.advance("4m")
    assert world.client("sqs").receive_message(QueueUrl=url).get("Messages") is None
    world.advance("2m")
    heard = sorted((json.loads(one["Body"]) for one in world.take(url, 2)), key=len)
    assert heard[0] == {"when": f"{due:%Y-%m-%dT%H:%M:%SZ}", "try": "1"}
    assert heard[1].pop("id")
    assert heard[1] == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "region": "us-east-1",
        "resources": [plain],
        "detail": "{}",
    }
    assert world.client("scheduler").list_schedules(NamePrefix="plain")["Schedules"] == []


def test_templated_and_universal_targets(world: World) -> None:
    fifo, fifo_arn = world.queue("line.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    plain, _ = world.queue("bin")
    world.client("kinesis").create_stream(StreamName="river", ShardCount=1)
    world.client("kinesis").get_waiter("stream_exists").wait(StreamName="river", WaiterConfig={"Delay": 1})
    when = world.at(minutes=1)
    world.schedule("t-fifo", when, fifo_arn, {"Input": "one", "SqsParameters": {"MessageGroupId": "g"}})
    river = "arn:aws:kinesis:us-east-1:000000000000:stream/river"
    world.schedule("t-river", when, river, {"Input": "drop", "KinesisParameters": {"PartitionKey": "k"}})
    asked = json.dumps({"QueueUrl": plain, "MessageBody": "universal", "DelaySeconds": 0})
    world.schedule("u-queue", when, f"{SDK}sqs:sendMessage", {"Input": asked})
    secret = json.dumps({"Name": "made-by-schedule", "SecretString": "x"})
    world.schedule("u-secret", when, f"{SDK}secretsmanager:createSecret", {"Input": secret})
    world.advance("2m")
    [one] = world.take(fifo)
    assert (one["Body"], one["Attributes"]["MessageGroupId"]) == ("one", "g")
    assert [one["Body"] for one in world.take(plain)] == ["universal"]
    iterator = world.client("kinesis").get_shard_iterator(
        StreamName="river", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    [record] = world.client("kinesis").get_records(ShardIterator=iterator)["Records"]
    assert (record["Data"], record["PartitionKey"]) == (b"drop", "k")
    assert world.client("secretsmanager").describe_secret(SecretId="made-by-schedule")["Name"] == "made-by-schedule"


def test_what_can_not_be_delivered_is_in_the_dead_letter_queue(world: World) -> None:
    dead, dead_arn = world.queue("dead")
    gone = "arn:aws:sqs:us-east-1:000000000000:no-such-queue"
    retry = {"MaximumRetryAttempts": 0}
    due = world.now + timedelta(minutes=1)
    more = {"Input": "lost", "DeadLetterConfig": {"Arn": dead_arn}, "RetryPolicy": retry}
    arn = world.schedule("hopeless", world.at(minutes=1), gone, more)
    world.advance("2m")
    [letter] = world.take(dead)
    said = {name: one["StringValue"] for name, one in letter["MessageAttributes"].items()}
    assert said.pop("EXECUTION_ID")
    assert "does not exist" in said.pop("ERROR_MESSAGE")
    assert said == {
        "ERROR_CODE": "AWS.SimpleQueueService.NonExistentQueue",
        "SCHEDULE_ARN": arn,
        "TARGET_ARN": gone,
        "SCHEDULED_TIME": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "RETRY_ATTEMPTS": "0",
        "IS_PAYLOAD_TRUNCATED": "false",
    }
    assert json.loads(letter["Body"])["MessageBody"] == "lost"


def test_a_stack_with_schedules(world: World) -> None:
    url, arn = world.queue("from-stack")
    target = {"Arn": arn, "RoleArn": ROLE, "Input": "stack"}
    properties = {"FlexibleTimeWindow": OFF, "ScheduleExpression": "rate(1 hour)", "Target": target}
    template = {
        "Resources": {
            "Group": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "of-stack"}},
            "Hourly": {"Type": "AWS::Scheduler::Schedule", "Properties": {**properties, "GroupName": {"Ref": "Group"}}},
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Hourly", "Arn"]}}},
    }
    cloud = world.client("cloudformation")
    cloud.create_stack(StackName="timed", TemplateBody=json.dumps(template))
    cloud.get_waiter("stack_create_complete").wait(StackName="timed", WaiterConfig={"Delay": 1})
    [output] = cloud.describe_stacks(StackName="timed")["Stacks"][0]["Outputs"]
    assert ":schedule/of-stack/" in output["OutputValue"]
    world.advance("2h")
    assert [one["Body"] for one in world.take(url, 3)] == ["stack"] * 3
    cloud.delete_stack(StackName="timed")
    cloud.get_waiter("stack_delete_complete").wait(StackName="timed", WaiterConfig={"Delay": 1})
    groups = world.client("scheduler").list_schedule_groups()["ScheduleGroups"]
    assert [one["Name"] for one in groups] == ["default"]


def test_a_killed_server_goes_on_where_it_was(own_server: Callable[..., Server]) -> None:
    first = World(own_server("--clock", "manual"))
    url, arn = first.queue("lasting")
    first.schedule("soon", first.at(seconds=-10), arn, {"Input": "soon"})
    first.schedule("later", first.at(seconds=30), arn, {"Input": "later"})
    assert [one["Body"] for one in first.take(url)] == ["soon"]
    first.server.stop(9)
    second = World(own_server("--clock", "manual", data_dir=first.server.data_dir))
    second.advance("1m")
    assert [one["Body"] for one in second.take(url)] == ["later"]


def test_a_schedule_may_do_what_its_role_may(own_server: Callable[..., Server]) -> None:
    world = World(own_server("--clock", "manual", "--iam", "enforce"))
    iam, scheduler = world.client("iam"), world.client("scheduler")
    url, arn = world.queue("guarded")
    dead, dead_arn = world.queue("denied")

    def role(name: str, service: str) -> str:
        principal = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": [principal]}
        return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"])

    more = {"Input": "guarded", "DeadLetterConfig": {"Arn": dead_arn}}
    foreign = role("foreign", "ec2.amazonaws.com")
    with pytest.raises(scheduler.exceptions.ValidationException) as refused:
        world.schedule("refused", world.at(minutes=1), arn, {**more, "RoleArn": foreign})
    text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    assert refused.value.response["Message"] == text

    def allow(*queues: str) -> None:
        one = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queues}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [one]})
        iam.put_role_policy(RoleName="own", PolicyName="p", PolicyDocument=policy)

    own = {**more, "RoleArn": role("own", "scheduler.amazonaws.com")}
    allow(dead_arn)
    world.schedule("denied", world.at(minutes=1), arn, own)
    world.advance("2m")
    [letter] = world.take(dead)
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "AccessDenied"
    assert "sqs:sendmessage" in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    allow(dead_arn, arn)
    world.schedule("allowed", world.at(minutes=1), arn, own)
    world.advance("2m")
    assert [one["Body"] for one in world.take(url)] == ["guarded"]


def test_an_execution_waits_retries_and_times_out_by_the_clock(world: World) -> None:
    url, _ = world.queue("steps")
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3600, "MaxAttempts": 1}]
    token = {"QueueUrl": url, "MessageBody.$": "$$.Task.Token"}
    states = {
        "Wait": {"Type": "Wait", "Seconds": 86_400, "Next": "Send"},
        "Send": {**send, "Parameters": {"QueueUrl": url, "MessageBody": "waited"}, "Next": "Retry"},
        "Retry": {
            **send, "Parameters": {"QueueUrl": f"{url}-none", "MessageBody": "x"}, "Retry": retry,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Token"}], "Next": "Token",
        },
        "Token": {**send, "Resource": f"{send['Resource']}.waitForTaskToken", "Parameters": token,
                  "TimeoutSeconds": 7200, "End": True},
    }  # fmt: skip
    machines = world.client("stepfunctions")
    text = json.dumps({"StartAt": "Wait", "States": states})
    machine = machines.create_state_machine(name="waits", definition=text, roleArn=ROLE)["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=machine)["executionArn"]

    def told() -> dict[str, Any]:
        found: dict[str, Any] = machines.describe_execution(executionArn=execution)
        return found

    def kinds() -> list[str]:
        return [one["type"] for one in machines.get_execution_history(executionArn=execution)["events"]]

    def until(kind: str, number: int = 1) -> None:
        deadline = time.monotonic() + 20
        while kinds().count(kind) < number:
            assert time.monotonic() < deadline, kinds()
            time.sleep(0.05)

    until("WaitStateEntered")
    time.sleep(0.3)  # it asks for its wait after it said that it has entered
    world.advance("23h")
    assert "WaitStateExited" not in kinds()
    world.advance("90m")  # the retry is an hour after the wait is over
    until("TaskFailed")
    assert [one["Body"] for one in world.take(url)] == ["waited"]
    world.advance("1h")
    until("TaskFailed", 2)
    until("TaskSubmitted")
    assert told()["status"] == "RUNNING"
    time.sleep(0.3)
    world.advance("2h")
    until("ExecutionFailed")
    assert (told()["status"], told()["error"]) == ("FAILED", "States.Timeout")
