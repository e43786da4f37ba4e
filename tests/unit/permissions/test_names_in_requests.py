"""Whatever form a request names something in, it is the same ARN that is held against the policies; and nothing that a
message or a secret says is taken for it.

Sources: the docstring of permissions/parameters.py.
"""

import base64
import json
from typing import Any

import pytest

from lambent.model.scope import Scope
from lambent.permissions.requests import rights

SCOPE = Scope("123456789012", "eu-west-1")
HERE = "eu-west-1:123456789012"
QUEUE, TOPIC = f"arn:aws:sqs:{HERE}:q", f"arn:aws:sns:{HERE}:t"
KEY = f"arn:aws:kms:{HERE}:key/11111111-2222-3333-4444-555555555555"
FUNCTION = f"arn:aws:lambda:{HERE}:function:f"
TABLE = f"arn:aws:dynamodb:{HERE}:table/t"
SECRET, GROUP = f"arn:aws:secretsmanager:{HERE}:secret:db", f"arn:aws:logs:{HERE}:log-group:g"
ITERATOR = base64.b64encode(json.dumps([f"arn:aws:kinesis:{HERE}:stream/s", 1, 0, 0, 0.0]).encode()).decode()
ROWS: list[tuple[str, str, dict[str, Any], list[str]]] = [
    (
        "sqs",
        "SendMessage",
        {"QueueUrl": "http://x/222222222222/q"},
        ["sqs:SendMessage arn:aws:sqs:eu-west-1:222222222222:q"],
    ),
    (
        "sqs",
        "GetQueueUrl",
        {"QueueName": "q", "QueueOwnerAWSAccountId": "222222222222"},
        ["sqs:GetQueueUrl arn:aws:sqs:eu-west-1:222222222222:q"],
    ),
    (
        "sqs",
        "SendMessage",
        {"MessageBody": f"arn:aws:sqs:{HERE}:mine", "QueueUrl": "http://x/123456789012/q"},
        [f"sqs:SendMessage {QUEUE}"],
    ),
    ("sns", "Publish", {"Message": f"{TOPIC}2", "Subject": f"{TOPIC}2", "TopicArn": TOPIC}, [f"sns:Publish {TOPIC}"]),
    ("sns", "Publish", {"TargetArn": TOPIC}, [f"sns:Publish {TOPIC}"]),
    ("sns", "Publish", {"PhoneNumber": "+1"}, ["sns:Publish *"]),
    (
        "secretsmanager",
        "PutSecretValue",
        {"SecretString": f"{SECRET}-aaaaaa", "SecretId": f"{SECRET}2-bbbbbb"},
        [f"secretsmanager:PutSecretValue {SECRET}2-bbbbbb"],
    ),
    (
        "ssm",
        "PutParameter",
        {"Value": f"arn:aws:ssm:{HERE}:parameter/mine", "Name": "/a"},
        [f"ssm:PutParameter arn:aws:ssm:{HERE}:parameter/a"],
    ),
    (
        "stepfunctions",
        "StartExecution",
        {
            "input": f"arn:aws:states:{HERE}:stateMachine:mine",
            "stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m",
        },
        [f"states:StartExecution arn:aws:states:{HERE}:stateMachine:m"],
    ),
    ("ssm", "GetParameter", {"Name": "a"}, [f"ssm:GetParameter arn:aws:ssm:{HERE}:parameter/a"]),
    ("ssm", "GetParameter", {"Name": "/a/b:3"}, [f"ssm:GetParameter arn:aws:ssm:{HERE}:parameter/a/b"]),
    (
        "ssm",
        "GetParameter",
        {"Name": f"arn:aws:ssm:{HERE}:parameter/a/b:live"},
        [f"ssm:GetParameter arn:aws:ssm:{HERE}:parameter/a/b"],
    ),
    (
        "ssm",
        "GetParameters",
        {"Names": ["a", f"arn:aws:ssm:{HERE}:parameter/b"]},
        [f"ssm:GetParameters arn:aws:ssm:{HERE}:parameter/a", f"ssm:GetParameters arn:aws:ssm:{HERE}:parameter/b"],
    ),
    (
        "ssm",
        "DeleteParameters",
        {"Names": ["/a", "b"]},
        [
            f"ssm:DeleteParameters arn:aws:ssm:{HERE}:parameter/a",
            f"ssm:DeleteParameters arn:aws:ssm:{HERE}:parameter/b",
        ],
    ),
    (
        "kms",
        "CreateAlias",
        {"AliasName": "alias/x", "TargetKeyId": KEY},
        [f"kms:CreateAlias arn:aws:kms:{HERE}:alias/x", f"kms:CreateAlias {KEY}"],
    ),
    (
        "kms",
        "CreateAlias",
        {"AliasName": "alias/x", "TargetKeyId": "1"},
        [f"kms:CreateAlias arn:aws:kms:{HERE}:alias/x", f"kms:CreateAlias arn:aws:kms:{HERE}:key/1"],
    ),
    ("kms", "DeleteAlias", {"AliasName": "alias/x"}, [f"kms:DeleteAlias arn:aws:kms:{HERE}:alias/x"]),
    ("dynamodb", "Query", {"TableName": TABLE, "IndexName": "i"}, [f"dynamodb:Query {TABLE}/index/i"]),
    (
        "dynamodb",
        "Query",
        {"TableName": TABLE.replace("123456789012", "222222222222"), "IndexName": "i"},
        ["dynamodb:Query arn:aws:dynamodb:eu-west-1:222222222222:table/t/index/i"],
    ),
    ("dynamodb", "TagResource", {"ResourceArn": TABLE}, [f"dynamodb:TagResource {TABLE}"]),
    (
        "dynamodbstreams",
        "GetRecords",
        {"ShardIterator": f"{TABLE}/stream/2026-01-01T00:00:00.000|1|abc"},
        [f"dynamodb:GetRecords {TABLE}/stream/2026-01-01T00:00:00.000"],
    ),
    (
        "dynamodbstreams",
        "DescribeStream",
        {"StreamArn": f"{TABLE}/stream/2026"},
        [f"dynamodb:DescribeStream {TABLE}/stream/2026"],
    ),
    (
        "kinesis",
        "PutRecord",
        {"StreamARN": f"arn:aws:kinesis:{HERE}:stream/s"},
        [f"kinesis:PutRecord arn:aws:kinesis:{HERE}:stream/s"],
    ),
    ("kinesis", "GetRecords", {"ShardIterator": ITERATOR}, [f"kinesis:GetRecords arn:aws:kinesis:{HERE}:stream/s"]),
    ("kinesis", "GetRecords", {"ShardIterator": "?"}, ["kinesis:GetRecords *"]),
    (
        "kinesis",
        "SubscribeToShard",
        {"ConsumerARN": f"arn:aws:kinesis:{HERE}:stream/s/consumer/c:1"},
        [f"kinesis:SubscribeToShard arn:aws:kinesis:{HERE}:stream/s/consumer/c:1"],
    ),
    ("events", "PutRule", {"Name": "r"}, [f"events:PutRule arn:aws:events:{HERE}:rule/r"]),
    ("events", "PutRule", {"Name": "r", "EventBusName": "default"}, [f"events:PutRule arn:aws:events:{HERE}:rule/r"]),
    ("events", "PutRule", {"Name": "r", "EventBusName": "b"}, [f"events:PutRule arn:aws:events:{HERE}:rule/b/r"]),
    (
        "events",
        "PutTargets",
        {"Rule": "r", "EventBusName": f"arn:aws:events:{HERE}:event-bus/b"},
        [f"events:PutTargets arn:aws:events:{HERE}:rule/b/r"],
    ),
    (
        "events",
        "PutTargets",
        {"Rule": "r", "EventBusName": f"arn:aws:events:{HERE}:event-bus/default"},
        [f"events:PutTargets arn:aws:events:{HERE}:rule/r"],
    ),
    (
        "events",
        "PutEvents",
        {"Entries": [{"EventBusName": f"arn:aws:events:{HERE}:event-bus/b"}]},
        [f"events:PutEvents arn:aws:events:{HERE}:event-bus/b"],
    ),
    ("events", "DescribeEventBus", {}, [f"events:DescribeEventBus arn:aws:events:{HERE}:event-bus/default"]),
    ("events", "DeleteEventBus", {"Name": "b"}, [f"events:DeleteEventBus arn:aws:events:{HERE}:event-bus/b"]),
    (
        "stepfunctions",
        "StartExecution",
        {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m:PROD"},
        [f"states:StartExecution arn:aws:states:{HERE}:stateMachine:m"],
    ),
    (
        "stepfunctions",
        "StopExecution",
        {"executionArn": f"arn:aws:states:{HERE}:execution:m:1"},
        [f"states:StopExecution arn:aws:states:{HERE}:execution:m:1"],
    ),
    ("logs", "FilterLogEvents", {"logGroupIdentifier": f"{GROUP}:*"}, [f"logs:FilterLogEvents {GROUP}:log-stream:"]),
    ("logs", "FilterLogEvents", {"logGroupIdentifier": GROUP}, [f"logs:FilterLogEvents {GROUP}:log-stream:"]),
    ("logs", "FilterLogEvents", {"logGroupIdentifier": "g"}, [f"logs:FilterLogEvents {GROUP}:log-stream:"]),
    ("logs", "TagResource", {"resourceArn": GROUP}, [f"logs:TagResource {GROUP}"]),
    (
        "logs",
        "StartQuery",
        {"logGroupNames": ["g", "h"]},
        [f"logs:StartQuery {GROUP}:log-stream:", f"logs:StartQuery {GROUP[:-1]}h:log-stream:"],
    ),
    (
        "lambda",
        "GetFunction",
        {"FunctionName": "222222222222:function:f"},
        ["lambda:GetFunction arn:aws:lambda:eu-west-1:222222222222:function:f"],
    ),
    ("lambda", "Invoke", {"FunctionName": "123456789012:function:f:live"}, [f"lambda:InvokeFunction {FUNCTION}:live"]),
    (
        "lambda",
        "Invoke",
        {"FunctionName": f"{FUNCTION}:live", "Qualifier": "live"},
        [f"lambda:InvokeFunction {FUNCTION}:live"],
    ),
    ("lambda", "ListTags", {"Resource": FUNCTION}, [f"lambda:ListTags {FUNCTION}"]),
    (
        "lambda",
        "GetLayerVersion",
        {"LayerName": "l", "VersionNumber": 2},
        [f"lambda:GetLayerVersion arn:aws:lambda:{HERE}:layer:l:2"],
    ),
    (
        "lambda",
        "GetLayerVersion",
        {"LayerName": f"arn:aws:lambda:{HERE}:layer:l", "VersionNumber": 2},
        [f"lambda:GetLayerVersion arn:aws:lambda:{HERE}:layer:l:2"],
    ),
    (
        "lambda",
        "GetLayerVersionByArn",
        {"Arn": f"arn:aws:lambda:{HERE}:layer:l:2"},
        [f"lambda:GetLayerVersion arn:aws:lambda:{HERE}:layer:l:2"],
    ),
    (
        "ecr",
        "DescribeImages",
        {"repositoryName": "a/b", "registryId": "222222222222"},
        ["ecr:DescribeImages arn:aws:ecr:eu-west-1:222222222222:repository/a/b"],
    ),
    ("ec2", "DescribeInstances", {"=owner": "222222222222"}, ["ec2:DescribeInstances *"]),
]
SIGNING = {"dynamodbstreams": "dynamodb", "stepfunctions": "states"}


@pytest.mark.parametrize(("service", "operation", "params", "expected"), ROWS)
def test_what_a_request_names(service: str, operation: str, params: dict[str, Any], expected: list[str]) -> None:
    found = rights(SIGNING.get(service, service), service, operation, params, SCOPE)
    assert [f"{one.action} {one.resource}" for one in found] == expected
