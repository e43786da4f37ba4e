"""What moto would keep to itself: refused, or carried to functions and queues of the server; what it lost is said."""

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import TEMPLATE, Deploy, Server

ARN = "arn:aws:{}:us-east-1:000000000000:{}"
FUNCTION = ARN.format("lambda", "function:f")
ECHO = """
def handler(event, context):
    if event.get("bad"):
        raise ValueError("no")
    return {"got": event}
"""


def found(server: Server, code: str) -> dict[str, str]:
    """Resource -> message, of the findings with a code."""
    return {one["resource"]: one["message"] for one in server.page("findings")["findings"] if one["code"] == code}


# --- Step Functions


def machine(server: Server, name: str, *states: dict[str, Any]) -> str:
    """A state machine whose states follow one another; its ARN."""
    names = [f"S{place}" for place in range(len(states))]
    chained = {
        one: {**state, **({"Next": after} if after else {"End": True})}
        for one, state, after in zip(names, states, [*names[1:], ""], strict=True)
    }
    created = server.client("stepfunctions").create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": names[0], "States": chained}),
        roleArn="arn:aws:iam::000000000000:role/r",
        loggingConfiguration={
            "level": "ALL",
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": ARN.format("logs", "log-group:g:*")}}],
        },
    )
    return str(created["stateMachineArn"])


def executed(server: Server, arn: str, given: Any) -> dict[str, Any]:
    """An execution that has ended."""
    states = server.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        said: dict[str, Any] = states.describe_execution(executionArn=execution)
        if said["status"] != "RUNNING":
            history = states.get_execution_history(executionArn=execution)["events"]
            return {**said, "last": history[-1]["type"]}
        time.sleep(0.05)
    raise AssertionError("it runs for ever")


def test_an_execution_runs_and_its_tasks_find_functions_and_queues(server: Server, deploy: Deploy) -> None:
    function = deploy(ECHO)
    sqs = server.client("sqs")
    queue = sqs.create_queue(QueueName="of-states")["QueueUrl"]
    invoke = {"FunctionName": function, "Payload": {"x": 1}}
    send = {"QueueUrl": queue, "MessageBody.$": "$.Payload"}
    arn = machine(
        server,
        "tasks",
        {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": invoke},
        {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": send},
    )
    first, second = executed(server, arn, {}), executed(server, arn, {})
    assert (first["status"], first["last"]) == ("SUCCEEDED", "ExecutionSucceeded")
    assert first["executionArn"] != second["executionArn"]
    [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
    assert json.loads(message["Body"]) == {"got": {"x": 1}}
    sqs.delete_queue(QueueUrl=queue)
    assert ARN.format("states", "stateMachine:tasks") in found(server, "executions-not-logged")


def test_an_execution_logs_into_the_group_of_its_machine(server: Server) -> None:
    logs = server.client("logs")
    logs.create_log_group(logGroupName="g")
    try:
        ran = executed(server, machine(server, "logs", {"Type": "Pass"}), {})
        events: list[Any] = []
        deadline = time.monotonic() + 20
        while not any('"ExecutionSucceeded"' in one["message"] for one in events):
            assert time.monotonic() < deadline
            events = logs.filter_log_events(logGroupName="g", logStreamNamePrefix="states/logs/")["events"]
    finally:
        logs.delete_log_group(logGroupName="g")
    said = [json.loads(one["message"]) for one in events]
    assert {one["execution_arn"] for one in said} == {ran["executionArn"]}
    assert [one["type"] for one in said] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert "input" not in said[0]["details"]


def test_a_machine_in_jsonata_gives_a_function_what_it_reckons_and_reads_its_answer(
    server: Server, deploy: Deploy
) -> None:
    function = deploy(ECHO)
    states = {
        "Ask": {
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True,
            "Arguments": {"FunctionName": function, "Payload": {"sum": "{% $sum($states.input.items.n) %}"}},
            "Output": "{% $states.result.Payload.got.sum * 2 %}",
        },
    }  # fmt: skip
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Ask", "States": states})
    made = {"name": "jsonata", "roleArn": ARN.format("iam", "role/r").replace("us-east-1", "")}
    client = server.client("stepfunctions")
    arn = client.create_state_machine(**made, definition=text)["stateMachineArn"]
    assert executed(server, arn, {"items": [{"n": 3}, {"n": 4}]})["output"] == "14"
    failed = executed(server, arn, {})
    where = "An error occurred while executing the state 'Ask' (entered at the event id #2). The JSONata expression "
    assert (failed["error"], failed["cause"]) == (
        "States.QueryEvaluationError",
        f"{where}'$sum($states.input.items.n)' specified for the field 'Arguments/Payload/sum' "
        "returned nothing (undefined).",
    )
    with pytest.raises(ClientError, match="INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/Ask"):
        client.create_state_machine(**made, definition=text.replace("* 2", "*"))


def test_a_function_that_fails_or_is_not_there_fails_the_execution(server: Server, deploy: Deploy) -> None:
    good = ARN.format("lambda", f"function:{deploy(ECHO)}")
    failed = executed(server, machine(server, "raising", {"Type": "Task", "Resource": good}), {"bad": 1})
    assert (failed["status"], failed["error"], failed["last"]) == ("FAILED", "ValueError", "ExecutionFailed")
    none = executed(server, machine(server, "missing", {"Type": "Task", "Resource": FUNCTION + "none"}), {})
    assert none["status"] == "FAILED" and "Function not found" in none["cause"]


# --- what is refused


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        (
            "config",
            "put_config_rule",
            {"ConfigRule": {"Source": {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": FUNCTION}}},
        ),
        ("batch", "submit_job", {"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}),
        (
            "ec2",
            "create_flow_logs",
            {"ResourceIds": ["vpc-1"], "ResourceType": "VPC", "LogGroupName": "g", "TrafficType": "ALL"},
        ),
        ("route53", "create_query_logging_config", {"HostedZoneId": "Z", "CloudWatchLogsLogGroupArn": "g"}),
        (
            "ses",
            "create_receipt_rule",
            {"RuleSetName": "s", "Rule": {"Name": "r", "Actions": [{"LambdaAction": {"FunctionArn": FUNCTION}}]}},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_moto_would_keep_to_itself_is_refused_by_name(
    server: Server, service: str, operation: str, params: dict[str, Any]
) -> None:
    client = server.client(service)
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**params)
    said = refused.value.response
    assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplementedException", 501)
    assert f"{service}:{client.meta.method_to_api_mapping[operation]}" in said["Error"]["Message"]


# --- what lasts, and what is lost


def test_what_moto_holds_outlives_it_and_the_server_and_what_can_not_be_read_is_said_to_be_lost(
    own_server: Callable[..., Server],
) -> None:
    first = own_server()
    first.client("secretsmanager").create_secret(Name="t", SecretString="s")
    first.client("sts").assume_role(RoleArn="arn:aws:iam::000000000000:role/r", RoleSessionName="session")
    until_kept(first)
    os.kill(first.page("neighbour")["pid"], signal.SIGKILL)
    assert (
        until_it_is_back(lambda: first.client("secretsmanager").get_secret_value(SecretId="t"))["SecretString"] == "s"
    )
    first.stop(signal.SIGKILL)
    second = own_server()
    assert second.client("secretsmanager").get_secret_value(SecretId="t")["SecretString"] == "s"
    assert cli(second) == "moto is ready, and holds: secretsmanager\n"
    second.client("secretsmanager").create_secret(Name="u", SecretString="s")
    second.stop(signal.SIGTERM)
    kept = second.data_dir / "neighbour" / "secretsmanager.moto"
    kept.write_bytes(b'{"services": ["secretsmanager"]}\n{"format": 0}\n')
    third = own_server()
    with pytest.raises(ClientError, match=r"What secretsmanager held is lost.*Lambent was started again"):
        third.client("secretsmanager").list_secrets()
    assert third.client("sts").get_caller_identity()["Account"] == "000000000000"
    assert set(found(third, "neighbour-state-lost")) == {"moto/secretsmanager"}
    assert set(found(third, "neighbour-state-unread")) == {"moto/secretsmanager"}
    assert cli(third, "acknowledge") == "forgotten: secretsmanager\n"
    assert third.client("secretsmanager").list_secrets()["SecretList"] == []
    assert found(third, "neighbour-state-lost") == {}
    assert cli(third, "acknowledge") == "nothing was lost\n"


def until_it_is_back(ask: Callable[[], Any]) -> Any:
    """The first answer that moto itself is there for: a request to one that is dying gets a 503."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return ask()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 503 or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def until_kept(server: Server) -> None:
    deadline = time.monotonic() + 20
    while server.page("neighbour")["changed"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def cli(server: Server, *arguments: str) -> str:
    """What `lambent neighbour` says."""
    done = TEMPLATE.run(["neighbour", *arguments, "--endpoint", server.endpoint])
    done.check_returncode()
    return done.stdout + done.stderr
