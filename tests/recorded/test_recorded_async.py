"""Asynchronous invocation: retries, dead letters and destinations, on a clock that is moved by hand."""

import base64
import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Server, start
from tests.e2e.events.captured import Captured, capturing
from tests.recorded import conftest
from tests.recorded.replaying import REGION, Endpoint, Said, package, replays, variants, wait_until, without
from tests.recorded.test_recorded_invocations import FEATURES, SHAPE, recorded_shape
from tests.recorded.test_recorded_sources import queue

DESTINATIONS = "destinations::TestLambdaDestination"


@pytest.fixture(scope="module")
def bus() -> Iterator[Captured]:
    """Event buses; what they are sent can be looked at."""
    with capturing() as captured:
        captured.answer = lambda _taken: (200, b'{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}')
        yield captured


@pytest.fixture(scope="module")
def moved_server(tmp_path_factory: pytest.TempPathFactory, bus: Captured) -> Iterator[Server]:
    """A server whose clock stands still."""
    env = {"LAMBENT_RUNTIME_MAP": conftest.runtime_map(), "LAMBENT_ENDPOINTS": f"events={bus.url}"}
    running = start(tmp_path_factory.mktemp("moved"), "--clock", "manual", env=env)
    yield running
    assert running.stop() == 0, "".join(running.output)


@pytest.fixture
def aws(moved_server: Server) -> Iterator[Endpoint]:
    """The server, as an account that nobody used before."""
    yield from conftest.account(moved_server)


def advance(aws: Endpoint, by: str) -> None:
    """Move the clock; what falls due on the way is over when this returns."""
    body = json.dumps({"advance": by}).encode()
    request = urllib.request.Request(f"{aws.url}/_lambent/clock", body, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["running"] == 0


def event(aws: Endpoint, payload: bytes = b"{}", name: str = "f") -> Any:
    """An asynchronous invocation."""
    return aws.lambda_.invoke(FunctionName=name, Payload=payload, InvocationType="Event")


def received(aws: Endpoint, **asked: Any) -> Any:
    """The message in the queue."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    return sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], **asked)


def logged(aws: Endpoint, lines: int) -> list[dict[str, Any]]:
    """The log events of the function, when there are so many."""

    def found() -> list[dict[str, Any]] | None:
        logs = aws.client("logs")
        try:
            events = logs.filter_log_events(logGroupName="/aws/lambda/f")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        return events if len(events) >= lines else None

    return wait_until(found)


@replays("lambda::TestRequestIdHandling::test_request_id_async_invoke_with_retry")
def test_the_request_id_is_the_same_on_all_attempts(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code={"ZipFile": package("def handler(event, context):\n    raise Exception('no')\n")})
    aws.lambda_.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    answer = said("invoke_result", event(aws))
    advance(aws, "60s")
    ends = [one["message"].strip() for one in logged(aws, 9) if one["message"].startswith("END")]
    assert ends == [f"END RequestId: {answer['ResponseMetadata']['RequestId']}"] * 2
    said("end_messages", ends)


def _as_recorded(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Log events with the figures and versions of the recorded REPORT and INIT_START lines, which are the machine's."""
    figures = iter(("Duration: 3.01 ms\tBilled Duration: 4 ms", "Duration: 2.90 ms\tBilled Duration: 3 ms"))

    def line(text: str) -> str:
        if text.startswith("REPORT"):
            text = re.sub(r"Duration: [\d.]+ ms\tBilled Duration: \d+ ms", next(figures), text, count=1)
            text = re.sub(r"Max Memory Used: \d+", "Max Memory Used: 36", text)
            text = re.sub(r"Init Duration: [\d.]+", "Init Duration: 110.10", text)
        return re.sub(r"Runtime Version: \S+", "Runtime Version: python:3.10.v11", text)

    shown = ("timestamp", "ingestionTime")
    return [{"message": line(one["message"])} | {key: str(one[key]) for key in shown} for one in events]


@replays(FEATURES + "invocation_type_event_error")
def test_an_event_that_fails(aws: Endpoint, said: Said) -> None:
    """Recorded in 2023: what functions have been shown with since then is left out."""
    code = "class CustomException(Exception):\n    pass\n\n\n"
    code += 'def handler(event, context):\n    raise CustomException("some error occurred")\n'
    younger = without("LoggingConfig")
    made = aws.made("f", Code={"ZipFile": package(code)}, **recorded_shape(said, "creation_response"))
    said("creation_response", made, lambda ours: {"CreateFunctionResponse": younger(ours)})
    aws.lambda_.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    said("invocation_response", event(aws))
    advance(aws, "60s")
    said("log_events", logged(aws, 9), _as_recorded)


DEAD_LETTERS = """import logging

logging.getLogger().setLevel(logging.INFO)
{filling}
def handler(event, context):
    print("Lambda log message - print function")
    logging.info("Lambda log message - logging module")
    if event.get("raise_error"):
        raise Exception("Test exception (this is intentional)")
    shown = ("aws_request_id", "client_context", "function_name", "function_version", "invoked_function_arn")
    shown += ("log_group_name", "log_stream_name", "memory_limit_in_mb")
    return {{"context": {{name: getattr(context, name) for name in shown}}, "event": event}}
"""
CODE = {"ZipFile": package(DEAD_LETTERS.format(filling="\n" * 46))}
"""The exception is raised in line 55, as recorded."""


@replays("destinations::TestLambdaDLQ::test_dead_letter_queue")
def test_a_dead_letter_queue(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    shape = recorded_shape(said, "create_lambda_with_dlq")
    target = {"TargetArn": queue(aws)}
    made = aws.made("f", Code=CODE, DeadLetterConfig=target, **shape)
    said.created("create_lambda_with_dlq", made)
    event(aws, b'{"raise_error": 1}')
    advance(aws, "10m")
    said("receive_result", received(aws), _parsed_body)
    answer = client.invoke(**one, Payload=b'{"raise_error": 1}', LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    said("invoke_result", answer)
    lines = [line for line in tail.splitlines() if line.strip() and not line.startswith(("REPORT", "INIT"))]
    said("log_result", {"result": [_with_date(line) for line in lines]})
    said("delete_dlq", client.update_function_configuration(**one, DeadLetterConfig={}))


@replays("sqs::test_sqs_queue_as_lambda_dead_letter_queue")
def test_a_dead_letter_of_a_function(aws: Endpoint, said: Said) -> None:
    made = aws.made("f", Code=CODE, DeadLetterConfig={"TargetArn": queue(aws)})
    said("lambda-response-dlq-config", made["DeadLetterConfig"])
    aws.lambda_.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    event(aws, b'{"raise_error": 1}')
    advance(aws, "10m")
    said("messages", received(aws), _parsed_body)


def _with_date(line: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "date", line)


def _parsed_body(answer: Any) -> Any:
    messages = [{**one, "Body": json.loads(one["Body"])} for one in answer["Messages"]]
    return {**answer, "Messages": messages}


@replays(*variants(DESTINATIONS + "Sqs::test_assess_lambda_destination_invocation["))
def test_records_in_a_queue(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code=CODE)
    where = {"Destination": queue(aws)}
    asked: dict[str, Any] = {"DestinationConfig": {"OnSuccess": where, "OnFailure": where}}
    recorded = said.answers["put_function_event_invoke_config"]
    if "MaximumRetryAttempts" in recorded:
        asked["MaximumRetryAttempts"] = recorded["MaximumRetryAttempts"]
    answer = aws.lambda_.put_function_event_invoke_config(FunctionName="f", **asked)
    said("put_function_event_invoke_config", answer)
    [message] = said.answers["receive_message_result"]["Messages"]
    event(aws, json.dumps(message["Body"]["requestPayload"]).encode())
    advance(aws, "0")
    said("receive_message_result", received(aws), _parsed_body)


BUS = """def handler(event, context):
    if event["mode"] == "success":
        return {"hello": "world", "test": "abc", "val": 5, "success": True}
    raise Exception("intentional failure!")
"""


def _delivered(entry: dict[str, Any], account: str) -> dict[str, Any]:
    """An entry as a bus hands it on."""
    return {
        "version": "0",
        "id": "11111111-2222-3333-4444-555555555555" if entry["DetailType"].endswith("Success") else "other",
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": account,
        "time": "2026-01-01T00:00:00Z",
        "region": REGION,
        "resources": entry["Resources"],
        "detail": json.loads(entry["Detail"]),
    }


@replays(DESTINATIONS + "Eventbridge::test_invoke_lambda_eventbridge")
def test_records_on_a_bus(aws: Endpoint, said: Said, bus: Captured) -> None:
    aws.made("f", Code={"ZipFile": package({"index.py": BUS})}, Handler="index.handler")
    where = {"Destination": f"arn:aws:events:{REGION}:{aws.account}:event-bus/mine"}
    aws.lambda_.put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=0, DestinationConfig={"OnSuccess": where, "OnFailure": where}
    )
    bus.taken.clear()
    for key, mode in (("success", b'{"mode": "success"}'), ("failure", b'{"mode": "failure"}')):
        event(aws, mode)
        advance(aws, "0")
        [entry] = json.loads(bus.taken.pop().body)["Entries"]
        assert entry["EventBusName"] == "mine"
        said(f"lambda_destination_event_bus_{key}", _delivered(entry, aws.account))


@replays("lambda::TestLambdaConcurrency::test_reserved_concurrency")
def test_no_concurrency_at_all(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f", **(SHAPE | {"Timeout": 20}))
    said("fn", client.get_function_configuration(**one, Qualifier="$LATEST"))
    said("put_reserved", client.put_function_concurrency(**one, ReservedConcurrentExecutions=0))
    said.refused("exc_no_cap_requestresponse", client.invoke, **one, Payload=b"{}")
    failed = {"OnFailure": {"Destination": queue(aws)}}
    config = {"MaximumRetryAttempts": 0, "DestinationConfig": failed}
    said("put_event_invoke_conf", client.put_function_event_invoke_config(**one, **config))
    said("invoke_result", event(aws))
    advance(aws, "0")
    [message] = received(aws, AttributeNames=["All"])["Messages"]
    said("msg", message, lambda ours: {**ours, "Body": json.loads(ours["Body"])})


HISTORY = """import boto3, json, os, time

def handler(event, context):
    if "sleep" in event:
        time.sleep(1.0)
    sqs = boto3.client("sqs")
    text = f"{event['key']}--{os.environ['VARIANT']}"
    sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=text)
"""


@replays("lambda::TestLambdaVersions::test_async_invoke_queue_upon_function_update")
def test_events_that_wait_run_what_was_deployed_meanwhile(aws: Endpoint, said: Said) -> None:
    queue(aws)
    url = aws.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    aws.made("f", Code={"ZipFile": package(HISTORY)}, Timeout=30, Environment=_variant(url, 1))
    aws.lambda_.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    event(aws, b'{"key": "01-sleep", "sleep": 1}')
    for number in range(2, 11):
        event(aws, json.dumps({"key": f"{number:02}-before"}).encode())
    aws.lambda_.update_function_configuration(FunctionName="f", Environment=_variant(url, 2))
    aws.settled("f")
    for number in range(11, 16):
        event(aws, json.dumps({"key": f"{number:02}-after"}).encode())
    advance(aws, "1m")
    found: list[str] = []
    while messages := aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [one["Body"] for one in messages]
    said("async_invoke_history_sorted", sorted(found))


def _variant(url: str, number: int) -> dict[str, Any]:
    return {"Variables": {"QUEUE": url, "VARIANT": f"variant-{number}"}}
