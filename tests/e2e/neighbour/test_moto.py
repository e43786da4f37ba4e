"""moto behind our listener, spoken to by unmodified boto3."""

import base64
import contextlib
import hashlib
import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.e2e.neighbour.front import Front, front

NAMES = [f"2026/04/{number:03} Bericht für Zoë+~%20 {'日本' * (number % 3)}.PDF" for number in range(50)]
ODD_NAMES = ["a//b", "/leading", "a/../b", "a%2Fb", "a?b&c=d", "ü+ü", "x" * 1000, "end/", "a=b#c"]


@pytest.fixture(scope="module")
def opened() -> Iterator[Front]:
    with front() as running:
        yield running


def test_moto_listens_where_nobody_else_comes(opened: Front) -> None:
    opened.client("s3").list_buckets()  # it is up
    sock = Path(opened.neighbour._moto.address)
    assert (stat.S_IMODE(sock.stat().st_mode), stat.S_IMODE(sock.parent.stat().st_mode)) == (0o600, 0o700)
    assert stat.S_ISSOCK(sock.stat().st_mode)
    connections = Path(f"/proc/{opened.neighbour._moto.pid}/net/tcp").read_text().splitlines()
    inodes = set()
    for fd in Path(f"/proc/{opened.neighbour._moto.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            inodes.add(os.readlink(fd))
    assert not [line for line in connections[1:] if f"socket:[{line.split()[9]}]" in inodes]


def test_objects_with_odd_names_come_back(opened: Front) -> None:
    s3 = opened.client("s3")
    s3.create_bucket(Bucket="names")
    for name in NAMES:
        s3.put_object(Bucket="names", Key=name, Body=name.encode())
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="names", PaginationConfig={"PageSize": 7})
    assert sorted(item["Key"] for page in pages for item in page["Contents"]) == sorted(NAMES)
    for name in NAMES[:5]:
        assert s3.get_object(Bucket="names", Key=name)["Body"].read() == name.encode()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_not_changed_on_the_way(opened: Front, name: str) -> None:
    s3 = opened.client("s3")
    s3.create_bucket(Bucket="odd")
    s3.put_object(Bucket="odd", Key=name, Body=b"x")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="odd")["Contents"]] == [name]
    s3.delete_object(Bucket="odd", Key=name)


def test_head_empty_and_missing(opened: Front) -> None:
    s3 = opened.client("s3")
    s3.create_bucket(Bucket="head")
    s3.put_object(Bucket="head", Key="empty", Body=b"")
    s3.put_object(Bucket="head", Key="k", Body=b"x" * 1234, Metadata={"a": "b"}, ContentType="text/x")
    head = s3.head_object(Bucket="head", Key="k")
    assert (head["ContentLength"], head["Metadata"], head["ContentType"]) == (1234, {"a": "b"}, "text/x")
    assert s3.get_object(Bucket="head", Key="empty")["Body"].read() == b""
    assert s3.get_object(Bucket="head", Key="k", Range="bytes=10-19")["ContentLength"] == 10
    with pytest.raises(ClientError, match="304"):
        s3.get_object(Bucket="head", Key="k", IfNoneMatch=head["ETag"])
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="head", Key="none")
    assert s3.delete_object(Bucket="head", Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_a_presigned_link_needs_no_credentials(opened: Front) -> None:
    s3 = opened.client("s3")
    s3.create_bucket(Bucket="links")
    s3.put_object(Bucket="links", Key=NAMES[1], Body=b"%PDF")
    link = s3.generate_presigned_url("get_object", {"Bucket": "links", "Key": NAMES[1]})
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"%PDF"
    put = s3.generate_presigned_url("put_object", {"Bucket": "links", "Key": "new"})
    with urllib.request.urlopen(urllib.request.Request(put, b"sent", method="PUT")) as answer:
        assert answer.status == 200
    assert s3.get_object(Bucket="links", Key="new")["Body"].read() == b"sent"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_large_bodies_with_trailing_checksums(opened: Front, tmp_path: Path, algorithm: str) -> None:
    s3 = opened.client("s3")
    s3.create_bucket(Bucket="large")
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(50 << 20))
    digest = hashlib.md5(file.read_bytes()).hexdigest()
    with file.open("rb") as body:
        s3.put_object(Bucket="large", Key="one", Body=body, ChecksumAlgorithm=algorithm)
    multipart = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
    s3.upload_file(str(file), "large", "parts", Config=multipart, ExtraArgs={"ChecksumAlgorithm": algorithm})
    assert "-" in s3.head_object(Bucket="large", Key="parts")["ETag"]
    for key in ("one", "parts"):
        target = tmp_path / key
        s3.download_file("large", key, str(target))
        assert hashlib.md5(target.read_bytes()).hexdigest() == digest


def test_a_body_in_aws_chunks_with_a_trailer(opened: Front) -> None:
    """As SDKs send one over TLS: framed, with its checksum behind it."""
    s3 = opened.client("s3")
    s3.create_bucket(Bucket="chunks")
    content = b"0123456789" * 1000
    checksum = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
    framed = b"2710\r\n" + content + b"\r\n0\r\nx-amz-checksum-crc32:" + checksum.encode() + b"\r\n\r\n"
    put = urllib.request.Request(f"{opened.url}/chunks/k", framed, method="PUT")
    for name, value in (
        ("authorization", "AWS4-HMAC-SHA256 Credential=111111111111/20260401/us-east-1/s3/aws4_request, X=y"),
        ("content-type", "application/pdf"),
        ("content-encoding", "aws-chunked"),
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-decoded-content-length", str(len(content))),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ):
        put.add_header(name, value)
    with urllib.request.urlopen(put) as answer:
        assert answer.status == 200
    assert s3.get_object(Bucket="chunks", Key="k")["Body"].read() == content


def test_a_body_that_waits_for_100_continue(opened: Front) -> None:
    s3 = opened.client("s3")
    s3.create_bucket(Bucket="expect")
    s3.put_object(Bucket="expect", Key="k", Body=b"x")
    assert any("expect" in request.headers for request in opened.seen)


def test_the_other_protocols(opened: Front) -> None:
    queue = opened.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    opened.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    assert opened.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"
    assert opened.client("sts").get_caller_identity()["Account"] == "111111111111"
    table = opened.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert table["TableDescription"]["TableArn"] == "arn:aws:dynamodb:us-east-1:111111111111:table/t"
    link = opened.client("sts").generate_presigned_url("get_caller_identity")
    with urllib.request.urlopen(link) as answer:
        assert b"GetCallerIdentityResult" in answer.read()


def test_an_answer_has_each_header_once_and_moto_s_defaults_are_aws_s(opened: Front) -> None:
    """The JavaScript SDK reads a date that came twice as none."""
    iam = opened.client("iam")
    answer = iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    assert answer["Policy"]["PolicyName"] == "AWSLambdaBasicExecutionRole"
    head = raw(opened, "GET / HTTP/1.1").split(b"\r\n\r\n")[0]
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
    assert sorted(names) == sorted(set(names)) and {b"date", b"server"} <= set(names)


def raw(opened: Front, line: str) -> bytes:
    """An answer as it is on the wire."""
    host = opened.url.removeprefix("http://")
    with socket.create_connection((host.split(":")[0], int(host.split(":")[1]))) as connection:
        connection.sendall(f"{line}\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_what_moto_raises_is_logged_and_what_it_lacks_is_refused_by_name(
    opened: Front, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ClientError) as refused:
        opened.client("dynamodb").list_contributor_insights()
    assert refused.value.response["Error"]["Code"] == "NotImplementedException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    client = opened.client("dynamodb", parameter_validation=False)
    with pytest.raises(ClientError, match=r"ValidationException.*Value null at 'tableName'"):
        client.create_table()  # it raises KeyError, but the request breaks the model
    client.create_table(
        TableName="raises", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )  # fmt: skip
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    update = {"Update": {"IndexName": "none", "ProvisionedThroughput": throughput}}
    with pytest.raises(ClientError, match="moto, which answers dynamodb, failed on this request"):
        client.update_table(TableName="raises", GlobalSecondaryIndexUpdates=[update])
    assert "request id: moto failed on dynamodb:UpdateTable: ValueError: Global Secondary Index" in caplog.text


def test_a_target_that_is_no_path_is_refused(opened: Front) -> None:
    host = opened.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    connection.putrequest("GET", "@127.0.0.1:1/x", skip_host=True)
    connection.putheader("host", host)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


def test_a_killed_moto_is_named_and_started_again_and_what_it_held_is_said_to_be_lost() -> None:
    with front() as opened:
        s3 = opened.client("s3")
        s3.create_bucket(Bucket="bbb")
        s3.put_object(Bucket="bbb", Key="k", Body=b"x")
        first = opened.neighbour.status()
        assert (first["state"], first["starts"]) == ("ready", 1)
        os.kill(first["pid"], signal.SIGKILL)
        assert {until_it_is_back(s3.list_buckets) for _ in range(3)} == {"StateLost"}
        again = opened.neighbour.status()
        assert (again["state"], again["starts"]) == ("ready", 2)
        assert "killed by signal 9" in again["last_death"]
        pid = again["pid"]
        for lost in (
            lambda: s3.get_object(Bucket="bbb", Key="k"),
            lambda: s3.list_objects_v2(Bucket="bbb"),
            lambda: s3.put_object(Bucket="bbb", Key="k", Body=b"x"),
        ):
            with pytest.raises(ClientError, match=r"StateLost.*lambent neighbour acknowledge"):
                lost()
        assert opened.client("dynamodb").list_tables()["TableNames"] == []  # it never held anything
        s3.create_bucket(Bucket="ccc")
        assert s3.list_objects_v2(Bucket="ccc")["KeyCount"] == 0
        assert opened.neighbour.holdings.acknowledge() == ["s3"]
        assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["ccc"]
        with pytest.raises(ClientError, match="NoSuchBucket"):
            s3.get_object(Bucket="bbb", Key="k")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def until_it_is_back(ask: Callable[[], Any]) -> str:
    """The code of the first answer that moto itself is there for."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            ask()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 503:
                return str(error.response["Error"]["Code"])
            time.sleep(0.02)
        else:
            return "answered"
    raise AssertionError("moto did not come back")


def test_closing_while_it_starts_leaves_nothing() -> None:
    with ThreadPoolExecutor(1) as asking:
        with front() as opened:
            asked = asking.submit(opened.client("dynamodb").list_tables)
            deadline = time.monotonic() + 10
            while (pid := opened.neighbour.status()["pid"]) is None:
                assert time.monotonic() < deadline
                time.sleep(0.001)
        assert asked.exception(10) is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_moto_ends_with_its_server_even_when_that_is_killed() -> None:
    program = """
import asyncio
from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.wire.http import Request

async def main():
    neighbour = Neighbour()
    asked = asyncio.create_task(neighbour.forward(Request("GET", "/"), Caller(Scope(), "id"), "dynamodb"))
    while neighbour.status()["pid"] is None:
        await asyncio.sleep(0.001)
    print(neighbour.status()["pid"], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        server.kill()
    deadline = time.monotonic() + 10
    while _lives(pid):
        assert time.monotonic() < deadline, "moto outlived its server"
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
