"""What Lambda asks of an execution role when a function, a mapping or a destination is set: with AWS's words."""

from typing import Any

import pytest

from lambent.permissions.roles import needs

HERE = "us-east-1:111111111111"
FUNCTION = f"arn:aws:lambda:{HERE}:function:f"
QUEUE, TOPIC = f"arn:aws:sqs:{HERE}:q", f"arn:aws:sns:{HERE}:t"
STREAM, TABLE = f"arn:aws:kinesis:{HERE}:stream/s", f"arn:aws:dynamodb:{HERE}:table/t/stream/1"
BUS = f"arn:aws:events:{HERE}:event-bus/b"
LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
TEXT = "The provided execution role does not have permissions to call {} on {}"
VPC = {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}
INTERFACES = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]
TRACES = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
ROWS: list[tuple[str, dict[str, Any], list[str], str, str]] = [
    ("CreateFunction", {}, LOGS, "*", ""),
    ("CreateFunction", VPC, [*LOGS, *INTERFACES], "*", TEXT.format("DeleteNetworkInterface", "EC2")),
    ("UpdateFunctionConfiguration", VPC, [*LOGS, *INTERFACES], "*", TEXT.format("DeleteNetworkInterface", "EC2")),
    ("CreateFunction", {"VpcConfig": {"SubnetIds": []}}, LOGS, "*", ""),
    (
        "CreateFunction", {"TracingConfig": {"Mode": "Active"}}, [*LOGS, *TRACES], "*",
        TEXT.format("PutTelemetryRecords", "XRAY"),
    ),
    (
        "CreateFunction", {"DeadLetterConfig": {"TargetArn": TOPIC}}, [*LOGS, "sns:Publish"], TOPIC,
        TEXT.format("Publish", "SNS"),
    ),
    (
        "CreateEventSourceMapping", {"EventSourceArn": QUEUE},
        ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], QUEUE,
        TEXT.format("GetQueueAttributes", "SQS"),
    ),
    (
        "CreateEventSourceMapping", {"EventSourceArn": STREAM},
        ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards"], STREAM,
        f"Cannot access stream {STREAM}. Please ensure the role can perform the GetRecords, GetShardIterator, "
        "DescribeStream, and ListStreams Actions on your stream in IAM.",
    ),
    (
        "CreateEventSourceMapping", {"EventSourceArn": TABLE},
        ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"], TABLE,
        f"Cannot access stream {TABLE}. Please ensure the role can perform the GetRecords, GetShardIterator, "
        "DescribeStream, and ListStreams Actions on your stream in IAM.",
    ),
    (
        "PutFunctionEventInvokeConfig", {"DestinationConfig": {"OnFailure": {"Destination": BUS}}},
        ["events:PutEvents"], BUS, TEXT.format("PutEvents", "EventBridge"),
    ),
    (
        "UpdateFunctionEventInvokeConfig", {"DestinationConfig": {"OnSuccess": {"Destination": FUNCTION}}},
        ["lambda:InvokeFunction"], FUNCTION, TEXT.format("InvokeFunction", "Lambda"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "params", "actions", "resource", "text"), ROWS)
def test_what_a_role_needs(
    operation: str, params: dict[str, Any], actions: list[str], resource: str, text: str
) -> None:
    found = list(needs(operation, params, FUNCTION))
    assert [one.action for one in found] == actions
    assert found[-1].resource == resource or resource == "*"
    assert found[-1].refusal == text


@pytest.mark.parametrize("arn", ["", "x", "arn", "a:b:c:d:e:f", f"arn:aws:kafka:{HERE}:cluster/c/1"])
def test_what_is_no_source_that_is_known_needs_nothing(arn: str) -> None:
    assert list(needs("CreateEventSourceMapping", {"EventSourceArn": arn}, FUNCTION)) == []
