"""Asynchronous invocation by boto3, on a clock that is moved by hand."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, Server, package, start
from tests.e2e.events.captured import Captured, capturing

FAILS = "def handler(event, context):\n    print('RUN', event)\n    raise ValueError('no')\n"
WORKS = "def handler(event, context):\n    print('RUN', event)\n    return {'got': event}\n"
ACCOUNT, REGION = "000000000000", "us-east-1"


@dataclass
class World:
    """A server, what its topics and buses were sent, and clients."""

    server: Server
    captured: Captured

    @property
    def lambda_(self) -> Any:
        return self.server.client("lambda")

    def deploy(self, name: str, code: str, **settings: Any) -> str:
        """An active function; its ARN."""
        said = {"Runtime": RUNTIME, "Handler": "app.handler", "Role": ROLE, "Timeout": TIMEOUT, **settings}
        client = self.lambda_
        made = client.create_function(FunctionName=name, Code={"ZipFile": package({"app.py": code})}, **said)
        waiter = client.get_waiter("function_active_v2")
        waiter.wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
        return str(made["FunctionArn"])

    def event(self, name: str, payload: Any = None) -> str:
        """An event; its request id."""
        body = json.dumps(payload or {})
        answer = self.lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=body)
        assert answer["StatusCode"] == 202
        return str(answer["ResponseMetadata"]["RequestId"])

    def advance(self, by: str) -> None:
        """Move the clock and wait for what that does."""
        body = json.dumps({"advance": by}).encode()
        asked = urllib.request.Request(f"{self.server.endpoint}/_lambent/clock", body, method="POST")
        with urllib.request.urlopen(asked, timeout=90) as answer:
            assert json.load(answer)["running"] == 0

    def configure(self, name: str, **settings: Any) -> None:
        """Its event invoke config; `success` and `failure` are destinations."""
        config = {
            outcome: {"Destination": settings.pop(key)}
            for key, outcome in (("success", "OnSuccess"), ("failure", "OnFailure"))
            if key in settings
        }
        self.lambda_.put_function_event_invoke_config(FunctionName=name, DestinationConfig=config, **settings)

    def runs(self, name: str, count: int = 1) -> list[str]:
        """The request ids of the runs in the function's log, when there are `count` of them."""

        def found() -> list[str] | None:
            logs = self.server.client("logs")
            try:
                events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern='"START RequestId"')[
                    "events"
                ]
            except logs.exceptions.ResourceNotFoundException:
                return None
            return [one["message"].split()[2] for one in events] if len(events) >= count else None

        return until(found)

    def queue(self, name: str) -> tuple[str, str]:
        """A queue: URL and ARN."""
        url = self.server.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def message(self, url: str) -> dict[str, Any]:
        """The message of a queue."""
        said = self.server.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        [message] = said["Messages"]
        return dict(message)

    def metric(self, name: str, function: str) -> float:
        """The sum of a metric of a function."""
        for one in self.server.page("metrics")["metrics"]:
            if (one["MetricName"], one["Dimensions"]) == (name, {"FunctionName": function}):
                return float(one["Sum"])
        return 0.0

    def findings(self, resource: str) -> list[str]:
        """The codes of what was found about a function."""
        found = self.server.page("findings")["findings"]
        return [one["code"] for one in found if one["resource"].startswith(resource)]


def until(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Ask until the answer is one."""
    end = time.monotonic() + seconds
    while (found := what()) is None:
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with capturing() as captured:
        env = {"LAMBENT_ENDPOINTS": f"sns={captured.url},events={captured.url}"}
        running = start(tmp_path_factory.mktemp("data"), "--clock", "manual", env=env)
        yield World(running, captured)
        assert running.stop() == 0, "".join(running.output)


def test_six_hours_of_retries(world: World) -> None:
    arn = world.deploy("retried", FAILS)
    request_id = world.event("retried", {"a": 1})
    world.advance("59s")
    assert world.runs("retried") == [request_id]
    world.advance("1s")
    assert world.runs("retried", 2) == [request_id] * 2
    command = [sys.executable, "-m", "lambent.cli.main", "clock", "advance", "6h", "--json"]
    done = subprocess.run([*command, "--endpoint", world.server.endpoint], capture_output=True, text=True, check=True)
    assert (json.loads(done.stdout)["kind"], done.stderr) == ("manual", "")
    assert world.runs("retried", 3) == [request_id] * 3
    assert world.findings(arn) == ["event-dropped/RetriesExhausted"]
    assert world.metric("AsyncEventsDropped", "retried") == 1
    assert world.metric("AsyncEventsReceived", "retried") == 1


def test_dead_letters_in_a_topic(world: World) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:dead"
    arn = world.deploy("dying", FAILS, DeadLetterConfig={"TargetArn": topic})
    world.configure("dying", MaximumRetryAttempts=0)
    world.captured.taken.clear()
    request_id = world.event("dying", {"b": 2})
    world.advance("0")
    [sent] = world.captured.taken
    text = sent.body.decode()
    assert "Action=Publish" in text
    assert "Message=%7B%22b%22%3A+2%7D" in text
    assert f"StringValue={request_id}" in text
    assert world.findings(arn) == []


def test_records_in_a_bucket_and_in_a_topic(world: World) -> None:
    s3 = world.server.client("s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="failures")
    world.deploy("sorted", "def handler(event, context):\n    return 1 / event['by']\n")
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:done"
    world.configure("sorted", MaximumRetryAttempts=0, success=topic, failure="arn:aws:s3:::failures")
    world.captured.taken.clear()
    world.event("sorted", {"by": 0})
    world.event("sorted", {"by": 4})
    world.advance("0")
    [key] = [one["Key"] for one in s3.list_objects_v2(Bucket="failures")["Contents"]]
    assert key.startswith("aws/lambda/async/sorted/")
    record = json.load(s3.get_object(Bucket="failures", Key=key)["Body"])
    assert record["responsePayload"]["errorType"] == "ZeroDivisionError"
    [sent] = world.captured.taken
    assert b"responsePayload%22%3A0.25" in sent.body


def test_a_function_gets_the_record_of_another(world: World) -> None:
    second = world.deploy("second", WORKS)
    world.deploy("first", WORKS)
    url, queue = world.queue("chained")
    world.configure("first", success=second)
    world.configure("second", success=queue)
    request_id = world.event("first", {"c": 3})
    world.advance("0")
    body = json.loads(world.message(url)["Body"])
    inner = body["requestPayload"]
    assert inner["requestContext"]["requestId"] == request_id
    assert inner["responsePayload"] == {"got": {"c": 3}}
    assert body["responsePayload"] == {"got": inner}


def test_what_can_not_be_delivered_is_counted_and_said(world: World) -> None:
    missing = f"arn:aws:sqs:{REGION}:{ACCOUNT}:missing"
    arn = world.deploy("astray", FAILS, DeadLetterConfig={"TargetArn": missing})
    world.configure("astray", MaximumRetryAttempts=0, failure=missing)
    world.event("astray")
    world.advance("0")
    assert sorted(world.findings(arn)) == ["undelivered/DeadLetterErrors", "undelivered/DestinationDeliveryFailures"]
    assert world.metric("DestinationDeliveryFailures", "astray") == 1
    assert world.metric("DeadLetterErrors", "astray") == 1


def test_events_of_a_deleted_function_are_dropped(world: World) -> None:
    arn = world.deploy("doomed", FAILS)
    world.event("doomed")
    world.advance("0")
    world.lambda_.delete_function(FunctionName="doomed")
    world.advance("2m")
    assert world.findings(arn) == ["event-dropped/function-gone"]
    assert len(world.runs("doomed")) == 1


SENDS = """
import boto3, json

def handler(event, context):
    print("RUN", event)
    client = boto3.client("lambda")
    client.invoke(FunctionName=context.function_name, InvocationType="Event", Payload=json.dumps(event + 1))
"""
CALLS = """
import http.client, json, os

def handler(event, context):
    if event == LAST:
        return "deep"
    host = os.environ["AWS_ENDPOINT_URL"].partition("//")[2]
    where = f"/2015-03-31/functions/{context.function_name}/invocations"
    whose = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/lambda/aws4_request"
    headers = {"X-Amzn-Trace-Id": os.environ["_X_AMZN_TRACE_ID"], "Authorization": "AWS4-HMAC-SHA256 " + whose}
    connection = http.client.HTTPConnection(host)
    connection.request("POST", where, json.dumps(event + 1), headers)
    answer = connection.getresponse()
    said = json.load(answer)
    return said if answer.status == 200 else [answer.headers["x-amzn-ErrorType"], said]
"""


def test_a_loop_of_events_is_stopped(world: World) -> None:
    url, queue = world.queue("stopped")
    arn = world.deploy("looping", SENDS, Timeout=30, DeadLetterConfig={"TargetArn": queue})
    world.event("looping", 1)
    world.advance("0")
    assert len(world.runs("looping", 16)) == 16
    assert world.findings(arn) == ["recursive-loop"]
    assert world.metric("RecursiveInvocationsDropped", "looping") == 1
    assert world.message(url)["Body"] == "17"


def test_a_loop_of_calls_is_refused(world: World) -> None:
    arn = world.deploy("calling", CALLS.replace("LAST", "20"), Timeout=60)
    answer = json.load(world.lambda_.invoke(FunctionName="calling", Payload="1")["Payload"])
    kind, said = answer
    assert (kind, said["Type"]) == ("RecursiveInvocationException", "User")
    assert said["Message"].startswith("Lambda has detected your function being invoked in a recursive loop")
    assert len(world.runs("calling", 16)) == 16
    assert world.findings(arn) == ["recursive-loop"]
    world.lambda_.put_function_recursion_config(FunctionName="calling", RecursiveLoop="Allow")
    assert json.load(world.lambda_.invoke(FunctionName="calling", Payload="1")["Payload"]) == "deep"


def test_events_survive_a_crash(own_server: Callable[..., Server]) -> None:
    first = World(own_server(), Captured())
    code = WORKS.replace("    return", "    import time; time.sleep(event)\n    return")
    first.deploy("f", code, Timeout=60)
    url, queue = first.queue("results")
    first.configure("f", success=queue)
    request_id = first.event("f", 0.5)
    until(lambda: first.metric("AsyncEventAge", "f") or None)
    first.server.stop(9)
    second = World(own_server(), Captured())
    sqs = second.server.client("sqs")
    message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"][0]
    assert json.loads(message["Body"])["requestContext"]["requestId"] == request_id
    assert second.server.stop() == 0


def test_events_may_be_delivered_twice(own_server: Callable[..., Server]) -> None:
    world = World(own_server("--duplicate-rate", "1"), Captured())
    world.deploy("f", WORKS)
    request_id = world.event("f")
    assert world.runs("f", 2) == [request_id] * 2


def test_time_may_pass_faster(own_server: Callable[..., Server]) -> None:
    world = World(own_server("--time-scale", "600"), Captured())
    world.deploy("f", FAILS)
    world.configure("f", MaximumRetryAttempts=1)
    began = time.monotonic()
    request_id = world.event("f")
    assert world.runs("f", 2) == [request_id] * 2
    assert time.monotonic() - began < 30
