"""Queues through the real server with unmodified clients, from outside and from inside a function."""

import json
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.conftest import Deploy, Server

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"


def test_boto3_sends_receives_and_deletes(server: Server) -> None:
    client = server.client("sqs")
    url = client.create_queue(QueueName="real", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    assert url == f"{server.endpoint}/000000000000/real"
    entries = [{"Id": str(number), "MessageBody": f"body {number}"} for number in range(10)]
    assert len(client.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10
    messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert {one["Body"] for one in messages} == {f"body {number}" for number in range(10)}
    gone = [{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(messages)]
    assert len(client.delete_message_batch(QueueUrl=url, Entries=gone)["Successful"]) == 10
    assert "Messages" not in client.receive_message(QueueUrl=url)
    assert client.list_queues(QueueNamePrefix="real")["QueueUrls"] == [url]
    with pytest.raises(client.exceptions.QueueDoesNotExist) as caught:
        client.get_queue_url(QueueName="none")
    assert caught.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    with pytest.raises(client.exceptions.ReceiptHandleIsInvalid):
        client.delete_message(QueueUrl=url, ReceiptHandle="x")
    with pytest.raises(client.exceptions.QueueNameExists):
        client.create_queue(QueueName="real", Attributes={"VisibilityTimeout": "1"})
    client.delete_queue(QueueUrl=url)


def test_boto3s_resources_use_the_queue_url_of_the_answer(server: Server) -> None:
    keys = {"region_name": "eu-west-1", "aws_access_key_id": "222222222222", "aws_secret_access_key": "x"}
    sqs = boto3.resource("sqs", endpoint_url=server.endpoint, **keys)
    queue = sqs.create_queue(QueueName="r.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})
    assert queue.attributes["QueueArn"] == "arn:aws:sqs:eu-west-1:222222222222:r.fifo"
    value = {"a": {"DataType": "Binary", "BinaryValue": b"\x00"}}
    queue.send_message(MessageBody="x", MessageGroupId="g", MessageAttributes=value)
    (message,) = queue.receive_messages(MessageAttributeNames=["All"], AttributeNames=["All"])
    assert message.message_attributes == value
    message.change_visibility(VisibilityTimeout=5)
    message.delete()
    queue.delete()


def test_a_long_poll_is_woken_by_a_sender(server: Server) -> None:
    client = server.client("sqs")
    url = client.create_queue(QueueName="poll")["QueueUrl"]
    got: list[Any] = []
    began = time.monotonic()
    poll = threading.Thread(target=lambda: got.append(client.receive_message(QueueUrl=url, WaitTimeSeconds=20)))
    poll.start()
    server.client("sqs").send_message(QueueUrl=url, MessageBody="wake")
    poll.join(20)
    assert got[0]["Messages"][0]["Body"] == "wake"
    assert time.monotonic() - began < 10
    client.delete_queue(QueueUrl=url)


def post(url: str, **fields: str) -> str:
    """A signed form, as clients before 2023-11 send it."""
    body = urllib.parse.urlencode(fields).encode()
    headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
        return str(answer.read().decode())


def test_older_clients_post_forms_to_the_queue(server: Server) -> None:
    made = post(server.endpoint, Action="CreateQueue", QueueName="old", Version="2012-11-05")
    url = made.partition("<QueueUrl>")[2].partition("<")[0]
    assert "<MessageId>" in post(url, Action="SendMessage", MessageBody="hello", Version="2012-11-05")
    assert "<Body>hello</Body>" in post(url, Action="ReceiveMessage", Version="2012-11-05")
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(url + "x", Action="ReceiveMessage", Version="2012-11-05")
    with caught.value as error:
        assert "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in error.read().decode()
    post(url, Action="DeleteQueue", Version="2012-11-05")


def test_a_function_uses_the_queue_url_that_it_is_given(server: Server, deploy: Deploy) -> None:
    client = server.client("sqs")
    url = client.create_queue(QueueName="inside")["QueueUrl"]
    name = deploy(
        "import boto3\n"
        "def handler(event, context):\n"
        "    sqs = boto3.client('sqs')\n"
        "    sqs.send_message(QueueUrl=event['url'], MessageBody='from inside')\n"
        "    return sqs.get_queue_url(QueueName='inside')['QueueUrl']\n"
    )
    answer = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"url": url}))
    assert json.loads(answer["Payload"].read()) == url
    message = client.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"][0]
    assert message["Body"] == "from inside"
    assert message["Attributes"]["AWSTraceHeader"].startswith("Root=1-")
    client.delete_queue(QueueUrl=url)


def test_queues_outlive_a_killed_server_and_can_be_elsewhere(
    server: Server, own_server: Callable[..., Server], tmp_path: Path
) -> None:
    first = own_server()
    client = first.client("sqs")
    url = client.create_queue(QueueName="kept")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="x")
    first.stop(signal.SIGKILL)
    config = tmp_path / "lambent.toml"
    config.write_text(f'[endpoints]\nsqs = "{server.endpoint}"\n')
    second = own_server()
    client = second.client("sqs")
    kept = client.get_queue_url(QueueName="kept")["QueueUrl"]
    assert client.receive_message(QueueUrl=kept)["Messages"][0]["Body"] == "x"
    assert second.stop() == 0
    elsewhere = own_server("--config", str(config), data_dir=tmp_path / "other").client("sqs")
    made = elsewhere.create_queue(QueueName="elsewhere")["QueueUrl"]
    assert made == server.client("sqs").get_queue_url(QueueName="elsewhere")["QueueUrl"]
    server.client("sqs").delete_queue(QueueUrl=made)
