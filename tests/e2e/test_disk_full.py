"""A data folder that is full: the caller gets an error with an id, nothing acknowledged is lost, what makes room is
done, the server goes on."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

Begin = Callable[..., Server]


def create(server: Server, name: str, size: int) -> None:
    files = {"app.py": "def handler(event, context):\n    return 1\n", "ballast": os.urandom(size // 2).hex()}
    client = server.client("lambda")
    client.create_function(
        FunctionName=name, Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code={"ZipFile": package(files)}
    )


@pytest.mark.parametrize("small_disk", ["4m"], indirect=True)
def test_a_full_data_folder_is_an_error_and_no_loss(own_server: Begin, small_disk: Path) -> None:
    server = own_server(data_dir=small_disk / "data")
    create(server, "fits", 1000)
    active = server.client("lambda").get_waiter("function_active_v2")
    active.wait(FunctionName="fits", WaiterConfig={"Delay": 0.05, "MaxAttempts": 900})
    with pytest.raises(ClientError) as refused:
        for number in range(8):
            create(server, f"big-{number}", 1_000_000)
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert answer["Error"]["Code"] == "ServiceException"
    assert answer["ResponseMetadata"]["RequestId"] in answer["Error"]["Message"]
    assert "the disk of the data folder is full: make room there and try again" in answer["Error"]["Message"]
    client = server.client("lambda")
    assert client.invoke(FunctionName="fits")["Payload"].read() == b"1"
    kept = {one["FunctionName"] for one in client.list_functions()["Functions"]}
    assert server.stop() == 0
    again = own_server(data_dir=small_disk / "data")
    assert {one["FunctionName"] for one in again.client("lambda").list_functions()["Functions"]} == kept
    assert again.client("lambda").invoke(FunctionName="fits")["Payload"].read() == b"1"


def fill(folder: Path) -> None:
    """Take the rest of the disk, as somebody else's file would."""
    with (
        (folder / f"ballast-{len(list(folder.iterdir()))}").open("xb", buffering=0) as file,
        contextlib.suppress(OSError),
    ):
        while file.write(bytes(4096)):
            pass


def until_full(put: Callable[[int], object], most: int = 20_000) -> int:
    """How often it went."""
    for number in range(most):
        try:
            put(number)
        except ClientError as refused:
            assert "the disk of the data folder is full" in str(refused)
            return number
    raise AssertionError("never full")


def bodies(queue: Any, url: str, most: int = 100_000) -> list[str]:
    """Receive and delete, until nothing comes or there are `most`."""
    found: list[str] = []
    while len(found) < most and (got := queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages")):
        entries = [{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(got)]
        assert not queue.delete_message_batch(QueueUrl=url, Entries=entries).get("Failed")
        found += [one["Body"] for one in got]
    return found


@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)
def test_what_makes_room_is_done_on_a_full_disk(own_server: Begin, small_disk: Path) -> None:
    server = own_server(data_dir=small_disk / "data")
    lambda_, queue, s3, kinesis = (server.client(name) for name in ("lambda", "sqs", "s3", "kinesis"))
    for name in ("stays", "goes"):
        create(server, name, 1000)
        waiter = lambda_.get_waiter("function_active_v2")
        waiter.wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 900})
    urls = [queue.create_queue(QueueName=name)["QueueUrl"] for name in ("read", "purged", "deleted")]
    kinesis.create_stream(StreamName="stream", ShardCount=1)
    for bucket in ("files", "versions"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="versions", Key="old", Body=b"old")
    files = until_full(lambda number: s3.put_object(Bucket="files", Key=f"file-{number}", Body=os.urandom(600_000)))
    s3.delete_object(Bucket="files", Key="file-0")
    s3.delete_object(Bucket="files", Key="file-1")
    s3.delete_object(Bucket="files", Key="file-2")
    sent = [0, 0, 0]

    def send(number: int) -> None:
        at = number % 3
        queue.send_message(QueueUrl=urls[at], MessageBody=f"{sent[at]} " + "m" * 1500)
        sent[at] += 1

    assert until_full(send) > 100
    fill(small_disk)
    until_full(lambda number: s3.put_object(Bucket="files", Key=f"small-{number}", Body=b"small"))
    assert lambda_.invoke(FunctionName="stays")["Payload"].read() == b"1"

    fill(small_disk)
    read = bodies(queue, urls[0], 50)
    queue.purge_queue(QueueUrl=urls[1])
    queue.delete_queue(QueueUrl=urls[2])
    lambda_.delete_function(FunctionName="goes")
    kinesis.delete_stream(StreamName="stream")
    assert s3.delete_object(Bucket="versions", Key="old")["DeleteMarker"]
    queue.send_message(QueueUrl=urls[1], MessageBody="there is room again" + "m" * 1500)
    fill(small_disk)
    assert server.stop() == 0

    fill(small_disk)
    again = own_server(data_dir=small_disk / "data")
    queue, s3 = again.client("sqs"), again.client("s3")
    kept = {one["Key"] for one in s3.list_objects_v2(Bucket="files")["Contents"]}
    assert {f"file-{number}" for number in range(3, files)} <= kept
    read += bodies(queue, urls[0])
    assert sorted(int(body.split()[0]) for body in read) == list(range(sent[0]))
    assert [body[:19] for body in bodies(queue, urls[1])] == ["there is room again"]
    assert {one["FunctionName"] for one in again.client("lambda").list_functions()["Functions"]} == {"stays"}
    for key in kept:
        s3.delete_object(Bucket="files", Key=key)
    s3.put_object(Bucket="files", Key="new", Body=os.urandom(600_000))
    said = "".join(server.output)
    assert said.count("what needs room is refused, what frees room is done") >= 1
