"""A log group's subscriptions with boto3: a function that hears of another one's errors, a stream, a stack."""

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.conftest import ROLE, Deploy, Server

NOISY = """
def handler(event, context):
    print("ERROR" if event.get("bad") else "fine", event.get("number"))
"""
LISTENER = """
import base64, gzip, json, os, boto3
def handler(event, context):
    said = gzip.decompress(base64.b64decode(event["awslogs"]["data"])).decode()
    queue = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    queue.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=said)
"""


def soon(ask: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What `ask` answers as soon as that is something."""
    end = time.monotonic() + seconds
    while not (said := ask()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return said


def test_a_function_hears_what_another_logs(server: Server, deploy: Deploy) -> None:
    sqs, logs, lambda_ = (server.client(name) for name in ("sqs", "logs", "lambda"))
    url = sqs.create_queue(QueueName="log-heard")["QueueUrl"]
    noisy = deploy(NOISY)
    listener = deploy(LISTENER, Environment={"Variables": {"QUEUE": url}})
    arn = lambda_.get_function(FunctionName=listener)["Configuration"]["FunctionArn"]
    group = f"/aws/lambda/{noisy}"
    logs.create_log_group(logGroupName=group)
    lambda_.add_permission(
        FunctionName=listener, StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com",
        SourceArn=f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*",
    )  # fmt: skip
    logs.put_subscription_filter(logGroupName=group, filterName="e", filterPattern="ERROR", destinationArn=arn)
    for number in range(4):
        lambda_.invoke(FunctionName=noisy, Payload=json.dumps({"bad": number % 2, "number": number}))
    heard: list[str] = []

    def both() -> bool:
        for one in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            said = json.loads(one["Body"])
            assert (said["messageType"], said["logGroup"], said["subscriptionFilters"]) == (
                "DATA_MESSAGE",
                group,
                ["e"],
            )
            heard.extend(event["message"].strip() for event in said["logEvents"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return len(heard) >= 2

    soon(both)
    assert sorted(heard) == ["ERROR 1", "ERROR 3"]


def test_a_stream_gets_them_by_a_stack(server: Server) -> None:
    kinesis, logs, cloud = (server.client(name) for name in ("kinesis", "logs", "cloudformation"))
    kinesis.create_stream(StreamName="log-river", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="log-river", WaiterConfig={"Delay": 1})
    properties = {
        "LogGroupName": {"Ref": "Group"},
        "FilterPattern": "",
        "DestinationArn": "arn:aws:kinesis:us-east-1:000000000000:stream/log-river",
        "RoleArn": ROLE,
    }
    template = {
        "Resources": {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "subscribed"}},
            "Filter": {"Type": "AWS::Logs::SubscriptionFilter", "Properties": properties},
        }
    }
    cloud.create_stack(StackName="subscribed", TemplateBody=json.dumps(template))
    cloud.get_waiter("stack_create_complete").wait(StackName="subscribed", WaiterConfig={"Delay": 1})
    logs.create_log_stream(logGroupName="subscribed", logStreamName="s")
    event = {"timestamp": int(time.time() * 1000), "message": "into the river"}
    logs.put_log_events(logGroupName="subscribed", logStreamName="s", logEvents=[event])
    where = {"StreamName": "log-river", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}

    def both() -> list[dict[str, Any]]:
        records = kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(**where)["ShardIterator"])["Records"]
        return records if len(records) == 2 else []

    said = [json.loads(gzip.decompress(record["Data"])) for record in soon(both)]
    assert sorted(one["messageType"] for one in said) == ["CONTROL_MESSAGE", "DATA_MESSAGE"]
    [data] = [one for one in said if one["messageType"] == "DATA_MESSAGE"]
    assert data["logEvents"][0]["message"] == "into the river"
    cloud.delete_stack(StackName="subscribed")
    cloud.get_waiter("stack_delete_complete").wait(StackName="subscribed", WaiterConfig={"Delay": 1})


def test_destinations_that_are_not_there(server: Server) -> None:
    logs = server.client("logs")
    logs.create_log_group(logGroupName="lonely")
    for arn, text in (
        ("arn:aws:lambda:us-east-1:000000000000:function:nobody", "Could not execute the lambda function."),
        ("arn:aws:kinesis:us-east-1:000000000000:stream/nowhere", "Could not deliver test message"),
    ):
        role = {"roleArn": ROLE} if "kinesis" in arn else {}
        try:
            logs.put_subscription_filter(
                logGroupName="lonely", filterName="f", filterPattern="", destinationArn=arn, **role
            )
        except logs.exceptions.InvalidParameterException as refused:
            assert str(refused.response["Error"]["Message"]).startswith(text)
        else:
            raise AssertionError(arn)
