"""What Lambda needs of an execution role: that it may assume it, and the rights for what the function is set to do.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html, configuration-vpc.html,
with-sqs.html, services-kinesis-create.html, with-ddb-create-package.html; the texts are as callers of AWS report them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.engine.authorisation import principals
from lambent.model.scope import Scope

LAMBDA = principals.service("lambda.amazonaws.com")
ASSUME = "sts:AssumeRole"
CANNOT_ASSUME = "The role defined for the function cannot be assumed by Lambda."
SETTING = frozenset({"CreateFunction", "UpdateFunctionConfiguration"})
READING = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "kinesis": ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards"),
    "dynamodb": ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"),
}
"""What an event source mapping's role must be able to do, by the source's service."""
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
MAKES_GROUP = "logs:CreateLogGroup"
"""Only asked for where the group is not there yet."""
VPC = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")
TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
SENDING = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
}
NAMES = {
    "sqs": "SQS",
    "sns": "SNS",
    "ec2": "EC2",
    "xray": "XRAY",
    "lambda": "Lambda",
    "events": "EventBridge",
    "s3": "S3",
}


@dataclass(frozen=True, slots=True)
class Need:
    """One right that a role must have. `refusal` is AWS's text when it lacks it, "" for what AWS lets pass in silence;
    `code` the finding's."""

    action: str
    resource: str
    code: str
    refusal: str = ""


def needs(operation: str, params: Mapping[str, Any], function: str) -> Iterator[Need]:
    """What an operation on a function (its ARN) asks of the role."""
    if operation in SETTING:
        yield from _of_function(params, function)
    if operation == "CreateEventSourceMapping":
        yield from _of_source(params.get("EventSourceArn") or "")
    if operation in ("PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig"):
        for side in (params.get("DestinationConfig") or {}).values():
            yield from sending((side or {}).get("Destination") or "", "destination-not-reached")


def _of_function(params: Mapping[str, Any], function: str) -> Iterator[Need]:
    name = function.rpartition(":")[2]
    logs = (params.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    for action in LOGS:
        yield Need(action, log_stream(function, logs), "logs-lost")
    if (params.get("VpcConfig") or {}).get("SubnetIds"):
        for action in VPC:
            yield Need(action, "*", "vpc-without-rights", _no_right(action))
    if (params.get("TracingConfig") or {}).get("Mode") == "Active":
        for action in TRACING:
            yield Need(action, "*", "traces-lost", _no_right(action))
    yield from sending((params.get("DeadLetterConfig") or {}).get("TargetArn") or "", "dead-letters-lost")


def log_stream(function: str, group: str) -> str:
    """Any stream of a log group, in the place of a function (its ARN)."""
    place = ":".join(function.split(":")[3:5])
    return f"arn:aws:logs:{place}:log-group:{group}:log-stream:x"


def sending(arn: str, code: str) -> Iterator[Need]:
    """What a role needs to send to a queue, topic, function, bus or bucket. Records in a bucket have keys of their own:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    if arn.startswith("arn:aws:s3:::"):
        yield Need("s3:PutObject", f"{arn}/aws/lambda/*", code, _no_right("s3:PutObject"))
    action = SENDING.get(arn.split(":")[2]) if arn.count(":") > 4 else None
    if action is not None:
        yield Need(action, arn, code, _no_right(action))


def _of_source(arn: str) -> Iterator[Need]:
    service = arn.split(":")[2] if arn.count(":") > 4 else ""
    for action in READING.get(service, ()):
        text = _no_right(action)
        if service != "sqs":
            text = (
                f"Cannot access stream {arn}. Please ensure the role can perform the GetRecords, GetShardIterator, "
                "DescribeStream, and ListStreams Actions on your stream in IAM."
            )
        yield Need(action, arn, "source-not-read", text)


def _no_right(action: str) -> str:
    service, _, name = action.partition(":")
    return f"The provided execution role does not have permissions to call {name} on {NAMES.get(service, service)}"


def for_source(scope: Scope, source: str | None) -> dict[str, str]:
    """The keys of a service that assumes a role for a resource of an account: its ARN, "" where it is not known; none
    for `None`.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html#cross-service-confused-deputy-prevention
    """
    if source is None:
        return {}
    return {"aws:sourceaccount": scope.account} | ({"aws:sourcearn": source} if source else {})
