"""A table's stream that is switched off, and what is not there, in moto as we change it."""

import importlib
from typing import Any

import pytest

from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.places import PLACES

ON = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
OFF = {"StreamEnabled": False}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Any:
    """One with a stream, of a backend of its own."""
    for place in PLACES:
        if place.module.startswith("moto.dynamodb"):
            owner: Any = importlib.import_module(place.module)
            *path, last = place.name.split(".")
            for part in path:
                owner = getattr(owner, part)
            monkeypatch.setattr(owner, last, place.make(Gateway(""), place.current()))
    from moto.dynamodb.models import dynamodb_backends
    from moto.dynamodb.models.table import Table

    backend = dynamodb_backends["123456789012"]["us-east-1"]
    schema, attributes = [{"AttributeName": "id", "KeyType": "HASH"}], [{"AttributeName": "id", "AttributeType": "S"}]
    backend.tables["t"] = Table("t", "123456789012", "us-east-1", schema, attributes, streams=dict(ON))
    yield backend.tables["t"]
    del backend.tables["t"]


def streams() -> Any:
    from moto.dynamodbstreams.models import dynamodbstreams_backends

    return dynamodbstreams_backends["123456789012"]["us-east-1"]


def arn(table: Any) -> str:
    return str(table.describe()["TableDescription"]["LatestStreamArn"])


def put(table: Any, name: str) -> None:
    table.put_item({"id": {"S": name}})


def switch(table: Any, said: dict[str, Any]) -> None:
    streams().dynamodb.update_table_streams(table, dict(said))


def read(table: Any, kind: str = "TRIM_HORIZON") -> dict[str, Any]:
    shard = streams().describe_stream(arn(table))["Shards"][0]["ShardId"]
    said: dict[str, Any] = streams().get_records(streams().get_shard_iterator(arn(table), shard, kind).arn, 10)
    return said


def code(error: "pytest.ExceptionInfo[Any]") -> str:
    return str(error.value.error_type).rpartition("#")[2]


def test_a_stream_that_is_switched_off_has_ended_and_can_be_read(table: Any) -> None:
    put(table, "before")
    assert "NextShardIterator" in read(table)
    switch(table, OFF)
    put(table, "after")
    said = streams().describe_stream(arn(table))
    assert (said["StreamStatus"], said["StreamViewType"]) == ("DISABLED", "NEW_IMAGE")
    assert "EndingSequenceNumber" in said["Shards"][0]["SequenceNumberRange"]
    found = read(table)
    assert [one["dynamodb"]["Keys"] for one in found["Records"]] == [{"id": {"S": "before"}}]
    assert "NextShardIterator" not in found and "NextShardIterator" not in read(table, "LATEST")


def test_switched_on_again_it_is_another_stream(table: Any) -> None:
    put(table, "before")
    first, reading = arn(table), streams().get_shard_iterator(arn(table), table.stream_shard.id, "TRIM_HORIZON").arn
    with pytest.raises(Exception, match="Cannot enable stream"):
        switch(table, ON)
    switch(table, OFF)
    switch(table, ON)
    put(table, "after")
    assert arn(table) != first
    assert [one["dynamodb"]["Keys"]["id"]["S"] for one in read(table)["Records"]] == ["after"]
    rest = streams().get_records(reading, 10)
    assert len(rest["Records"]) == 1 and "NextShardIterator" not in rest
    with pytest.raises(Exception, match="not found") as error:
        streams().describe_stream(first)
    assert code(error) == "ResourceNotFoundException"


def test_what_is_not_there_has_a_name(table: Any) -> None:
    for what, named in (
        (lambda: streams().describe_stream(arn(table).replace("table/t/", "table/u/")), "ResourceNotFoundException"),
        (lambda: streams().describe_stream("nonsense"), "ResourceNotFoundException"),
        (lambda: streams().get_shard_iterator(arn(table), "shardId-0", "LATEST"), "ResourceNotFoundException"),
        (
            lambda: streams().get_shard_iterator(arn(table), table.stream_shard.id, "AT_SEQUENCE_NUMBER", 5),
            "TrimmedDataAccessException",
        ),
        (lambda: streams().get_records(f"{arn(table)}|1|x", 10), "ExpiredIteratorException"),
    ):
        with pytest.raises(Exception, match=r"not (found|known)|before the first") as error:
            what()
        assert code(error) == named
