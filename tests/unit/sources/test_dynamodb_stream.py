"""A table's stream, by the Streams API of whatever answers it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.events.sources.dynamodb_stream import DynamoDbStream, Failed
from lambent.events.sources.pulse import Pulse
from lambent.events.sources.stream import CursorExpired, Position, ShardInfo, StreamGone

ARN = "arn:aws:dynamodb:eu-west-1:111111111111:table/t/stream/2026-01-01T00:00:00.000"


class Service:
    """Answers each operation with what it is told; keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked, self.ahead = answers, [], 0.0

    async def __call__(self, service: str, target: str, document: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        operation = target.partition(".")[2]
        self.asked.append((operation, dict(document)))
        said = self.answers[operation]
        said = said.pop(0) if isinstance(said, list) else said
        return (400, {"__type": f"com.amazonaws.dynamodb.v20120810#{said}"}) if isinstance(said, str) else (200, said)

    def stream(self) -> DynamoDbStream:
        return DynamoDbStream(ARN, self, Pulse(), True, lambda: self.ahead)


def test_shards_are_listed_page_by_page() -> None:
    pages = [
        {"StreamDescription": {"Shards": [{"ShardId": "a"}], "LastEvaluatedShardId": "a"}},
        {"StreamDescription": {"Shards": [{"ShardId": "b", "ParentShardId": "a"}]}},
    ]
    service = Service(DescribeStream=pages)
    assert asyncio.run(service.stream().shards()) == [ShardInfo("a"), ShardInfo("b", ("a",))]
    assert service.asked[1][1]["ExclusiveStartShardId"] == "a"


def test_the_stream_of_a_table_that_was_made_anew_is_another() -> None:
    service = Service(DescribeStream={"StreamDescription": {"Shards": [], "StreamLabel": "2026-02-02T00:00:00.000"}})
    with pytest.raises(StreamGone):
        asyncio.run(service.stream().shards())


def test_a_shard_is_read_from_behind_a_record() -> None:
    service = Service(GetShardIterator={"ShardIterator": "i"})
    position = Position("AFTER_SEQUENCE_NUMBER", "17")
    assert asyncio.run(service.stream().seek("a", position)) == "i"
    (_, asked), *_ = service.asked
    assert (asked["ShardIteratorType"], asked["SequenceNumber"]) == ("AFTER_SEQUENCE_NUMBER", "17")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ResourceNotFoundException", StreamGone),
        ("ExpiredIteratorException", CursorExpired),
        ("TrimmedDataAccessException", CursorExpired),
        ("LimitExceededException", Failed),
    ],
)
def test_what_the_service_refuses(code: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        asyncio.run(Service(GetRecords=code).stream().read("i", 10))


def test_an_item_that_expired_is_seen_as_deleted_by_the_service() -> None:
    record = {
        "eventID": "1",
        "eventName": "REMOVE",
        "awsRegion": "eu-west-1",
        "userIdentity": {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"},
        "dynamodb": {
            "Keys": {"id": {"S": "a"}},
            "SequenceNumber": "17",
            "ApproximateCreationDateTime": 1_800_000_000.9,
        },
    }
    page = asyncio.run(Service(GetRecords={"Records": [record]}).stream().read("i", 5_000))
    (found,) = page.records
    assert page.cursor is None and found.sequence == "17" and found.arrived == 1_800_000_000.9
    assert found.event["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert found.event["dynamodb"]["ApproximateCreationDateTime"] == 1_800_000_000.0


def test_records_are_dated_by_the_platforms_clock() -> None:
    record = {"eventID": "1", "eventName": "INSERT"}
    changed = {"Keys": {"id": {"S": "a"}}, "SequenceNumber": "1", "ApproximateCreationDateTime": 1_800_000_000}
    service = Service(GetRecords={"Records": [{**record, "dynamodb": changed}]})
    service.ahead = 3600.000001
    (found,) = asyncio.run(service.stream().read("i", 1)).records
    assert found.arrived == found.event["dynamodb"]["ApproximateCreationDateTime"] == 1_800_003_600.0
