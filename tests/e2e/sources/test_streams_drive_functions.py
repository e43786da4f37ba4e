"""Kinesis and DynamoDB Streams drive functions: order, retries, bisect, failure records, windows, resharding."""

import base64
import json
import uuid
from typing import Any

from tests.e2e.sources.world import ACCOUNT, REGION, World


def stream(world: World, shards: int = 1) -> tuple[str, str]:
    """An active stream: its name and its ARN."""
    client, name = world.client("kinesis"), f"s-{uuid.uuid4().hex[:8]}"
    client.create_stream(StreamName=name, ShardCount=shards)
    world.until(lambda: status(world, name) == "ACTIVE")
    return name, f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"


def status(world: World, name: str) -> str:
    summary = world.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return str(summary["StreamStatus"])


def put(world: World, name: str, *texts: str, key: str = "k") -> None:
    entries = [{"Data": text.encode(), "PartitionKey": key} for text in texts]
    assert world.client("kinesis").put_records(StreamName=name, Records=entries)["FailedRecordCount"] == 0


def data(records: list[dict[str, Any]]) -> list[str]:
    return [base64.b64decode(record["kinesis"]["data"]).decode() for record in records]


def letters(world: World, url: str) -> list[dict[str, Any]]:
    return list(world.client("sqs").receive_message(QueueUrl=url).get("Messages", ()))


def test_records_are_seen_as_on_aws_and_in_order(world: World) -> None:
    function, (name, arn) = world.function(), stream(world)
    put(world, name, "before")
    world.mapping(function, arn, StartingPosition="LATEST", BatchSize=10)
    put(world, name, *(str(number) for number in range(25)))
    world.until(lambda: len(world.records(function)) == 25)
    records = world.records(function)
    assert data(records) == [str(number) for number in range(25)]
    first = records[0]
    sequence = first["kinesis"]["sequenceNumber"]
    assert first["eventID"] == f"shardId-000000000000:{sequence}" and len(sequence) == 56
    assert first["eventSourceARN"] == arn and first["invokeIdentityArn"].startswith("arn:aws:iam::")
    assert all(len(event["Records"]) <= 10 for event in world.seen(function))


def test_a_poisoned_record_is_found_by_bisecting_and_told_of(world: World) -> None:
    then = "assert not any(one['kinesis']['data'] == 'YmFk' for one in records)"
    function, (name, arn), (url, queue) = world.function(then), stream(world), world.queue()
    world.mapping(
        function, arn, StartingPosition="TRIM_HORIZON", BatchSize=100, MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True, DestinationConfig={"OnFailure": {"Destination": queue}},
    )  # fmt: skip
    put(world, name, *(["good"] * 9), "bad", *(["good"] * 6))
    (letter,) = world.until(lambda: letters(world, url))
    said = json.loads(letter["Body"])
    assert said["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert said["KinesisBatchInfo"]["batchSize"] == 1 and said["KinesisBatchInfo"]["streamArn"] == arn
    world.until(lambda: data(world.seen(function)[-1]["Records"])[-1] == "good")
    handled = [event for event in world.seen(function) if "bad" not in data(event["Records"])]
    assert sum(len(event["Records"]) for event in handled) == 15


def test_partial_failures_go_on_from_the_lowest(world: World) -> None:
    then = """return {"batchItemFailures": [{"itemIdentifier": one["kinesis"]["sequenceNumber"]}
        for one in records if one["kinesis"]["data"] == "YmFk"]}"""
    function, (name, arn) = world.function(then), stream(world)
    world.mapping(
        function, arn, StartingPosition="TRIM_HORIZON", BatchSize=10, MaximumRetryAttempts=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )  # fmt: skip
    put(world, name, "one", "two", "bad", "three")
    world.until(lambda: len(world.seen(function)) >= 2)
    assert [data(event["Records"]) for event in world.seen(function)][:2] == [
        ["one", "two", "bad", "three"],
        ["bad", "three"],
    ]


def test_children_are_read_after_their_parents(world: World) -> None:
    function, (name, arn) = world.function(), stream(world)
    world.mapping(function, arn, StartingPosition="TRIM_HORIZON", BatchSize=5)
    put(world, name, *(f"old-{number}" for number in range(20)))
    world.client("kinesis").split_shard(
        StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(1 << 127)
    )
    world.until(lambda: status(world, name) == "ACTIVE")
    put(world, name, *(f"new-{number}" for number in range(20)))
    world.until(lambda: len(world.records(function)) == 40)
    assert data(world.records(function)) == [f"{age}-{number}" for age in ("old", "new") for number in range(20)]


def test_filters_look_into_the_data(world: World) -> None:
    function, (name, arn) = world.function(), stream(world)
    pattern = json.dumps({"data": {"kind": ["wanted"]}})
    world.mapping(
        function, arn, StartingPosition="TRIM_HORIZON", FilterCriteria={"Filters": [{"Pattern": pattern}]}
    )  # fmt: skip
    put(world, name, '{"kind": "other"}', '{"kind": "wanted"}', "no json")
    world.until(lambda: world.records(function))
    assert data(world.records(function)) == ['{"kind": "wanted"}']


def test_tumbling_windows_carry_a_state(world: World) -> None:
    then = """return {"state": {"count": event["state"].get("count", 0) + len(records)}}"""
    function, (name, arn) = world.function(then), stream(world)
    world.mapping(function, arn, StartingPosition="TRIM_HORIZON", TumblingWindowInSeconds=2, BatchSize=2)
    put(world, name, "a", "b", "c")
    events = world.until(lambda: [event for event in world.seen(function) if event["isFinalInvokeForWindow"]])
    assert sum(event["state"].get("count", 0) for event in events) == 3
    assert events[0]["shardId"] == "shardId-000000000000" and events[0]["eventSourceARN"] == arn


def test_changes_of_a_table(world: World) -> None:
    function, client, name = world.function(), world.client("dynamodb"), f"t-{uuid.uuid4().hex[:8]}"
    made = client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    arn = made["TableDescription"]["LatestStreamArn"]
    world.mapping(function, arn, StartingPosition="TRIM_HORIZON", BatchSize=1)
    client.put_item(TableName=name, Item={"id": {"S": "a"}, "n": {"N": "1"}})
    client.put_item(TableName=name, Item={"id": {"S": "a"}, "n": {"N": "2"}})
    client.delete_item(TableName=name, Key={"id": {"S": "a"}})
    world.until(lambda: len(world.records(function)) == 3)
    records = world.records(function)
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["OldImage"]["n"] == {"N": "1"}
    assert isinstance(records[0]["dynamodb"]["ApproximateCreationDateTime"], float)
    assert records[0]["dynamodb"]["SizeBytes"] == 3 + 3 + 3
