"""Step Functions by the endpoint: a state tried by itself, an execution begun again, a clock that is moved."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from tests.e2e.conftest import Deploy, Server
from tests.e2e.neighbour.test_kept import ARN, executed, machine

FLAKY = """
import boto3

def handler(event, context):
    if not boto3.client("sqs").list_queues(QueueNamePrefix="repaired").get("QueueUrls"):
        raise LookupError("not yet")
    return {"got": event}
"""


def test_a_state_is_tried_by_itself_with_its_function(server: Server, deploy: Deploy) -> None:
    function = deploy("def handler(event, context):\n    return {'twice': event['n'] * 2}\n")
    states = server.client("stepfunctions", inject_host_prefix=False)
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": {"n.$": "$.items[0].n"}},
        "ResultSelector": {"t.$": "States.Format('{} \\{é\\}', $.Payload.twice)"},
        "Next": "After",
    }
    told = states.test_state(
        definition=json.dumps(state),
        roleArn="arn:aws:iam::000000000000:role/r",
        input='{"items": [{"n": 4}]}',
        inspectionLevel="DEBUG",
    )
    assert (told["status"], told["output"], told["nextState"]) == ("SUCCEEDED", '{"t":"8 {é}"}', "After"), told
    assert json.loads(told["inspectionData"]["result"])["Payload"] == {"twice": 8}


def test_an_execution_goes_on_where_it_failed(server: Server, deploy: Deploy) -> None:
    function = deploy(FLAKY)
    arn = machine(
        server,
        "redriven",
        {"Type": "Pass", "Result": {"first": 1}},
        {"Type": "Task", "Resource": ARN.format("lambda", f"function:{function}")},
    )
    failed = executed(server, arn, {})
    assert (failed["status"], failed["error"], failed["redriveStatus"]) == ("FAILED", "LookupError", "REDRIVABLE")
    queue = server.client("sqs").create_queue(QueueName="repaired")["QueueUrl"]
    states, execution = server.client("stepfunctions"), failed["executionArn"]
    try:
        states.redrive_execution(executionArn=execution)
        deadline = time.monotonic() + 30
        while (said := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        server.client("sqs").delete_queue(QueueUrl=queue)
    assert (said["status"], json.loads(said["output"])) == ("SUCCEEDED", {"got": {"first": 1}}), said
    events = states.get_execution_history(executionArn=execution)["events"]
    assert [one["type"] for one in events].count("PassStateEntered") == 1
    [redriven] = [one for one in events if one["type"] == "ExecutionRedriven"]
    assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}


def advance(server: Server, seconds: float) -> None:
    body = json.dumps({"advance": seconds}).encode()
    asked = urllib.request.Request(f"{server.endpoint}/_lambent/clock", body, {"content-type": "application/json"})
    urllib.request.urlopen(asked, timeout=120).close()


def test_a_day_passes_in_a_history_and_ends_a_machine(own_server: Callable[..., Server]) -> None:
    server = own_server("--clock", "manual")
    states = server.client("stepfunctions")

    def made(name: str, **more: Any) -> str:
        waits = {"Type": "Wait", "Seconds": 86_400, "End": True}
        arn = states.create_state_machine(
            name=name, roleArn="arn:aws:iam::000000000000:role/r",
            definition=json.dumps({"StartAt": "W", "States": {"W": waits}, **more}),
        )["stateMachineArn"]  # fmt: skip
        return str(states.start_execution(stateMachineArn=arn)["executionArn"])

    patient, short = made("patient"), made("short", TimeoutSeconds=3600)
    time.sleep(1)  # until both have begun to wait
    advance(server, 25 * 3600)
    for execution, status in ((patient, "SUCCEEDED"), (short, "TIMED_OUT")):
        deadline = time.monotonic() + 20
        while (said := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert said["status"] == status
    events = states.get_execution_history(executionArn=patient)["events"]
    lasted = (events[-1]["timestamp"] - events[0]["timestamp"]).total_seconds()
    assert 86_400 <= lasted <= 90_000
