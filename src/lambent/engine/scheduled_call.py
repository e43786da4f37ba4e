"""The request that a schedule of EventBridge Scheduler makes when it fires.

A templated target names a resource, and what is done with it follows from its kind; a universal one names an operation
of a service, and its input is the request.
Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html,
managing-targets-universal.html, managing-schedule-context-attributes.html
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from lambent.model.delivery import Delivery
from lambent.model.push import Push, RetryPolicy
from lambent.model.scope import Scope

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 470.0)
"""Seconds before each further try: AWS says no more than that they grow; the default policy's 185 fill its 24 hours."""
UNIVERSAL = "arn:aws:scheduler:::aws-sdk:"
NOT_BUILT = frozenset({"codebuild", "codepipeline", "ecs", "firehose", "inspector", "sagemaker"})
"""Services of templated targets that AWS has and this has not."""


class Run(NamedTuple):
    """One firing of a schedule: `scheduled` is the time that its expression says."""

    schedule: str
    scheduled: datetime
    execution: str
    account: str
    region: str


class Call(NamedTuple):
    """An operation ("sqs:SendMessage", as botocore or a universal target spells it) and its parameters."""

    operation: str
    params: dict[str, Any]


class Templated(NamedTuple):
    """How the resources of a service look behind their account, what is called, and with what: (ARN, target, input)."""

    resource: re.Pattern[str]
    operation: str
    params: Callable[[str, Mapping[str, Any], str], dict[str, Any]]


def call_of(target: Mapping[str, Any], run: Run) -> Call:
    """What a firing asks for."""
    arn = target["Arn"]
    given = target.get("Input")
    text = default_input(run) if given is None else with_context(given, run)
    if arn.startswith(UNIVERSAL):
        service, _, operation = arn.removeprefix(UNIVERSAL).partition(":")
        return Call(f"{service}:{operation}", json.loads(text))
    kind = TEMPLATED[arn.split(":", 5)[2]]
    params = kind.params(arn, target, text)
    if kind.operation == "events:PutEvents":
        params["Entries"][0]["Resources"] = [run.schedule]
    if kind.operation == "stepfunctions:StartExecution":
        params["name"] = run.execution
    return Call(kind.operation, params)


def push_of(scope: Scope, schedule: str, said: Mapping[str, Any], scheduled: datetime, execution: str) -> Push:
    """What a firing of a schedule (its ARN, its document) hands on; `execution` is an id of its own."""
    target = said["Target"]
    call = call_of(target, Run(schedule, scheduled, execution, scope.account, scope.region))
    retry = target["RetryPolicy"]
    delivery = Delivery(
        scope=scope,
        target=target["Arn"],
        body=json.dumps(call.params).encode(),
        function="",
        arn=schedule,
        trace_id="",
        unique=execution,
        now=scheduled.timestamp(),
        group=(target.get("SqsParameters") or {}).get("MessageGroupId", ""),
        call=call.operation,
    )
    policy = RetryPolicy(retry["MaximumRetryAttempts"] + 1, retry["MaximumEventAgeInSeconds"], PAUSES)
    dead_letter = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    return Push("scheduler", delivery, policy, dead_letter, role=target["RoleArn"])


def with_context(text: str, run: Run) -> str:
    """An input with its context attributes, but the attempt's number, which is known to whoever attempts it."""
    said = {
        "schedule-arn": run.schedule,
        "scheduled-time": shown(run.scheduled),
        "execution-id": run.execution,
    }
    for name, value in said.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def default_input(run: Run) -> str:
    """What a target gets that has no input; `detail` is a text, as AWS has it."""
    return json.dumps(
        {
            "version": "0",
            "id": run.execution,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": run.account,
            "time": shown(run.scheduled),
            "region": run.region,
            "resources": [run.schedule],
            "detail": "{}",
        }
    )


def shown(when: datetime) -> str:
    """2022-03-22T18:59:43Z"""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _invoke(arn: str, _target: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"FunctionName": arn, "InvocationType": "Event", "Payload": text}


def _send(arn: str, target: Mapping[str, Any], text: str) -> dict[str, Any]:
    _, _, _, region, account, name = arn.split(":", 5)
    message = {"QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{name}", "MessageBody": text}
    return message | (target.get("SqsParameters") or {})


def _publish(arn: str, _target: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"TopicArn": arn, "Message": text}


def _put_events(arn: str, target: Mapping[str, Any], text: str) -> dict[str, Any]:
    said = target["EventBridgeParameters"]
    entry = {"EventBusName": arn, "Source": said["Source"], "DetailType": said["DetailType"], "Detail": text}
    return {"Entries": [entry]}


def _put_record(arn: str, target: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"StreamARN": arn, "PartitionKey": target["KinesisParameters"]["PartitionKey"], "Data": text}


def _start(arn: str, _target: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"stateMachineArn": arn, "input": text}


TEMPLATED = {
    "lambda": Templated(re.compile(r"function:[^:]+(:[^:]+)?"), "lambda:Invoke", _invoke),
    "sqs": Templated(re.compile(r"[\w.-]+"), "sqs:SendMessage", _send),
    "sns": Templated(re.compile(r"[\w.-]+"), "sns:Publish", _publish),
    "events": Templated(re.compile(r"event-bus/.+"), "events:PutEvents", _put_events),
    "kinesis": Templated(re.compile(r"stream/.+"), "kinesis:PutRecord", _put_record),
    "states": Templated(re.compile(r"stateMachine:.+"), "stepfunctions:StartExecution", _start),
}
"""By the service in the target's ARN."""
