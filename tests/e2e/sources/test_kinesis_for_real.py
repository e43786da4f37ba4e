"""Kinesis by its clients: boto3's event stream, the AWS CLI, CBOR over HTTP, and a consumer that drives a function."""

import json
import threading
import urllib.request
import uuid
from typing import Any

import cbor2

from tests.e2e.sources.test_powertools import node_runtime
from tests.e2e.sources.test_streams_drive_functions import data, put, status, stream
from tests.e2e.sources.world import World
from tests.e2e.test_awscli import aws

JAVASCRIPT = """
import { KinesisClient, PutRecordCommand, SubscribeToShardCommand } from "@aws-sdk/client-kinesis";
export const handler = async ({ name, consumer }) => {
  const client = new KinesisClient({});
  const put = { StreamName: name, PartitionKey: "k", Data: Buffer.from("by HTTP/2") };
  const { SequenceNumber } = await client.send(new PutRecordCommand(put));
  const asked = { ConsumerARN: consumer, ShardId: "shardId-000000000000", StartingPosition: { Type: "TRIM_HORIZON" } };
  const answer = await client.send(new SubscribeToShardCommand(asked));
  for await (const { SubscribeToShardEvent: said } of answer.EventStream)
    for (const record of said?.Records ?? [])
      return [record.SequenceNumber === SequenceNumber, Buffer.from(record.Data).toString()];
};
"""
"""Its client sends everything by HTTP/2."""


def consumer(world: World, arn: str) -> str:
    client, name = world.client("kinesis"), f"c-{uuid.uuid4().hex[:8]}"
    made = client.register_stream_consumer(StreamARN=arn, ConsumerName=name)["Consumer"]["ConsumerARN"]
    shown = client.describe_stream_consumer
    world.until(lambda: shown(ConsumerARN=made)["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE")
    return str(made)


def test_boto3_subscribes_to_a_shard_until_its_end(world: World) -> None:
    (name, arn), client, found = stream(world), world.client("kinesis"), []
    put(world, name, "before")
    answer = client.subscribe_to_shard(
        ConsumerARN=consumer(world, arn), ShardId="shardId-000000000000", StartingPosition={"Type": "TRIM_HORIZON"}
    )

    def read() -> None:
        found.extend(event["SubscribeToShardEvent"] for event in answer["EventStream"])

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    world.until(lambda: texts(found) == ["before"])
    put(world, name, "after")
    world.until(lambda: texts(found) == ["before", "after"])
    client.split_shard(StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(1 << 127))
    reader.join(20)
    assert not reader.is_alive()
    assert len(found[-1]["ChildShards"]) == 2


def test_javascripts_client_puts_and_subscribes(world: World) -> None:
    name, arn = stream(world)
    settings = {"Runtime": node_runtime(), "Handler": "index.handler", "MemorySize": 512}
    function = world.deployed({"index.mjs": JAVASCRIPT}, **settings)
    event = json.dumps({"name": name, "consumer": consumer(world, arn)})
    answer = world.client("lambda").invoke(FunctionName=function, Payload=event)
    assert json.load(answer["Payload"]) == [True, "by HTTP/2"]


def texts(events: list[dict[str, Any]]) -> list[str]:
    return [record["Data"].decode() for event in list(events) for record in event["Records"]]


def test_a_consumer_drives_a_function(world: World) -> None:
    function, (name, arn) = world.function(), stream(world)
    put(world, name, "a", "b")
    by = consumer(world, arn)
    world.mapping(function, by, StartingPosition="TRIM_HORIZON")
    world.until(lambda: len(world.records(function)) == 2)
    records = world.records(function)
    assert data(records) == ["a", "b"] and {one["eventSourceARN"] for one in records} == {by}


def test_a_function_sees_what_two_shards_held_before_what_three_do(world: World) -> None:
    function, (name, arn) = world.function(), stream(world, shards=2)
    client = world.client("kinesis")
    world.mapping(function, arn, StartingPosition="TRIM_HORIZON", BatchSize=1)
    middle = str((1 << 128) // 2 + 1), str((1 << 128) // 2 - 1)

    def round_of(text: str) -> None:
        for at in range(10):
            client.put_record(
                StreamName=name, PartitionKey="k", ExplicitHashKey=middle[at % 2], Data=f"{text}-{at}".encode()
            )

    round_of("two")
    client.update_shard_count(StreamName=name, TargetShardCount=3, ScalingType="UNIFORM_SCALING")
    round_of("three")
    world.until(lambda: len(world.records(function)) == 20)
    seen = data(world.records(function))
    assert {one.partition("-")[0] for one in seen[:10]} == {"two"}, "its shard waited for both that it came from"
    assert seen[10:] == [f"three-{at}" for at in range(10)]
    world.until(lambda: status(world, name) == "ACTIVE")


def test_cbor_over_http(world: World) -> None:
    name, _ = stream(world)

    def call(operation: str, **params: object) -> dict[str, Any]:
        scope = "Credential=000000000000/20260101/us-east-1/kinesis/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-cbor-1.1",
            "X-Amz-Target": f"Kinesis_20131202.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        }
        sent = urllib.request.Request(world.server.endpoint, cbor2.dumps(params), headers)
        with urllib.request.urlopen(sent, timeout=20) as answer:
            assert answer.headers["Content-Type"] == "application/x-amz-cbor-1.1"
            return dict(cbor2.loads(answer.read(), semantic_decoders={1: lambda value, _: value}))

    call("PutRecord", StreamName=name, PartitionKey="k", Data=b"\x00\xff")
    iterator = call(
        "GetShardIterator", StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    (record,) = call("GetRecords", ShardIterator=iterator["ShardIterator"])["Records"]
    assert record["Data"] == b"\x00\xff" and record["ApproximateArrivalTimestamp"] > 1_700_000_000_000


def test_the_aws_cli(world: World) -> None:
    name = f"s-{uuid.uuid4().hex[:8]}"

    def kinesis(*words: str) -> Any:
        return aws(world.server, "kinesis", *words)

    kinesis("create-stream", "--stream-name", name, "--shard-count", "1")
    kinesis("wait", "stream-exists", "--stream-name", name)
    put_one = kinesis("put-record", "--stream-name", name, "--partition-key", "k", "--data", "hi")
    assert put_one["ShardId"] == "shardId-000000000000"
    shard = ("--shard-id", "shardId-000000000000", "--shard-iterator-type", "TRIM_HORIZON")
    iterator = kinesis("get-shard-iterator", "--stream-name", name, *shard)["ShardIterator"]
    assert [one["Data"] for one in kinesis("get-records", "--shard-iterator", iterator)["Records"]] == ["aGk="]
    gone = ("delete-stream", "--stream-name", f"{name}-x")
    assert "ResourceNotFoundException" in aws(world.server, "kinesis", *gone, fails=True)
