"""Powertools for AWS Lambda, unmodified: its batch processors and its data classes, in Python and in TypeScript's
JavaScript; and mappings that the AWS CLI makes."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients.installed import files_of, from_npm, installed, node_runtime
from tests.e2e.sources.test_streams_drive_functions import data, put, stream
from tests.e2e.sources.world import World

AWS = Path(sys.executable).with_name("aws")
PYTHON = """
import json
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent, KinesisStreamEvent, SQSEvent

KINDS = {
    "aws:sqs": (EventType.SQS, SQSEvent, lambda one: one.body),
    "aws:kinesis": (EventType.KinesisDataStreams, KinesisStreamEvent, lambda one: one.kinesis.data_as_text()),
    "aws:dynamodb": (EventType.DynamoDBStreams, DynamoDBStreamEvent, lambda one: one.dynamodb.new_image["id"]),
}


def handler(event, context):
    kind, shape, text = KINDS[event["Records"][0]["eventSource"]]
    seen = [text(one) for one in shape(event).records]
    print("SAW " + json.dumps({"Records": event["Records"], "texts": seen}))

    def handle(record):
        if "bad" in text(record):
            raise ValueError("bad")

    return process_partial_response(event, handle, BatchProcessor(event_type=kind), context)
"""
JAVASCRIPT = """
import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";

const processor = new BatchProcessor(EventType.SQS);

export const handler = async (event, context) => {
  console.log("SAW " + JSON.stringify(event));
  const handle = async (record) => { if (record.body.includes("bad")) throw new Error("bad"); };
  return processPartialResponse(event, handle, processor, { context });
};
"""
REPORTS = ["ReportBatchItemFailures"]


@pytest.fixture(scope="module")
def function(world: World) -> str:
    """One function for all sources."""
    powertools = files_of(installed("aws-lambda-powertools>=3,<4"))
    return world.deployed({"app.py": PYTHON, **powertools}, Timeout=20, MemorySize=256)


def test_a_queue(world: World, function: str) -> None:
    url, arn = world.queue(VisibilityTimeout="20")
    settings = {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 1, "FunctionResponseTypes": REPORTS}
    world.mapping(function, arn, **settings)
    entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(["one", "bad", "two"])]
    world.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    world.until(lambda: world.left(url) == 1)
    (event,) = [one for one in world.seen(function) if one["Records"][0]["eventSourceARN"] == arn]
    assert sorted(event["texts"]) == ["bad", "one", "two"]


def test_a_stream(world: World, function: str) -> None:
    name, arn = stream(world)
    url, failed = world.queue()
    world.mapping(
        function,
        arn,
        StartingPosition="TRIM_HORIZON",
        BatchSize=3,
        MaximumRetryAttempts=0,
        FunctionResponseTypes=REPORTS,
        DestinationConfig={"OnFailure": {"Destination": failed}},
    )
    put(world, name, "one", "bad", "two")
    (letter,) = world.until(lambda: world.client("sqs").receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(letter["Body"])["KinesisBatchInfo"]["streamArn"] == arn
    events = [one for one in world.seen(function) if one["Records"][0]["eventSourceARN"] == arn]
    assert events[0]["texts"] == data(events[0]["Records"]) == ["one", "bad", "two"]


def test_a_table(world: World, function: str) -> None:
    name = f"t-{uuid.uuid4().hex[:8]}"
    made = world.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    arn = made["TableDescription"]["LatestStreamArn"]
    world.mapping(function, arn, StartingPosition="TRIM_HORIZON", FunctionResponseTypes=REPORTS)
    world.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "one"}})

    def texts() -> list[str]:
        events = [one for one in world.seen(function) if one["Records"][0]["eventSourceARN"] == arn]
        return [text for one in events for text in one["texts"]]

    world.until(lambda: texts() == ["one"])


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm on this machine")
def test_a_queue_in_javascript(world: World) -> None:
    packages = files_of(from_npm("@aws-lambda-powertools/batch@2"))
    function = world.deployed(
        {"index.mjs": JAVASCRIPT, **packages}, Runtime=node_runtime(), Handler="index.handler", Timeout=20
    )
    url, arn = world.queue(VisibilityTimeout="20")
    world.mapping(function, arn, BatchSize=10, MaximumBatchingWindowInSeconds=1, FunctionResponseTypes=REPORTS)
    entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(["one", "bad", "two"])]
    world.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    world.until(lambda: world.left(url) == 1, 40)
    assert sorted(one["body"] for one in world.records(function)) == ["bad", "one", "two"]


def test_the_cli_makes_a_mapping(world: World, function: str) -> None:
    url, arn = world.queue(VisibilityTimeout="20")

    def aws(*arguments: str) -> Any:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "AWS_ENDPOINT_URL": world.server.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
        }
        command = [str(AWS), "lambda", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    asked = ("--function-name", function, "--event-source-arn", arn, "--batch-size", "5")
    made = aws("create-event-source-mapping", *asked, "--function-response-types", *REPORTS)
    assert (made["State"], made["BatchSize"], made["FunctionResponseTypes"]) == ("Creating", 5, REPORTS)
    world.client("sqs").send_message(QueueUrl=url, MessageBody="by the CLI")
    world.until(lambda: world.left(url) == 0)
    one = ("--uuid", made["UUID"])
    assert aws("get-event-source-mapping", *one)["State"] == "Enabled"
    assert aws("delete-event-source-mapping", *one)["State"] == "Deleting"
