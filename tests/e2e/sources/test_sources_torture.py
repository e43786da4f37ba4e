"""kill -9 under load, again and again: what queues and streams have acknowledged reaches its function, in order.

A standard queue, a FIFO queue and a stream of two shards drive a function on a server that is killed at a random
moment; its successor goes on. The function tells an event bus outside the server what it has handled, and always fails
what is poisoned. Whatever was acknowledged must be told of on the bus, or be in the dead-letter queue or the stream's
OnFailure queue; what belongs to one group or one partition key must be handled in the order in which it was sent.

LAMBENT_TORTURE is the number of rounds (3), LAMBENT_TORTURE_SEED makes them the same again.
"""

import base64
import http.client
import json
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, Server, package
from tests.e2e.events.captured import Captured, capturing

ROUNDS = int(os.environ.get("LAMBENT_TORTURE", "3"))
SENDERS = 2
"""Of each source."""
BATCH = 5
PAUSE_SECONDS = 0.02
LOAD_SECONDS = (0.2, 0.9)
DRAIN_SECONDS = 90.0
ACCOUNT, REGION = "000000000000", "us-east-1"
POISON = "poison"

CODE = """
import base64, json, os, urllib.request

AUTH = "AWS4-HMAC-SHA256 Credential=%s/20261121/us-east-1/events/aws4_request, SignedHeaders=host, Signature=0"


def tell(texts):
    entries = [{"Source": "f", "DetailType": "handled", "Detail": json.dumps(texts)}]
    headers = {"X-Amz-Target": "AWSEvents.PutEvents", "Content-Type": "application/x-amz-json-1.1"}
    headers["Authorization"] = AUTH % os.environ["AWS_ACCESS_KEY_ID"]
    body = json.dumps({"Entries": entries}).encode()
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, headers)
    assert json.load(urllib.request.urlopen(request, timeout=20))["FailedEntryCount"] == 0


def queued(event, context):
    good = [one["body"] for one in event["Records"] if "poison" not in one["body"]]
    bad = [one["messageId"] for one in event["Records"] if "poison" in one["body"]]
    if good:
        tell(good)
    return {"batchItemFailures": [{"itemIdentifier": one} for one in bad]}


def streamed(event, context):
    texts = [base64.b64decode(one["kinesis"]["data"]).decode() for one in event["Records"]]
    if any("poison" in one for one in texts):
        raise ValueError("poison")
    tell(texts)
"""


def arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


class Wire:
    """One connection that speaks a service's JSON; raises OSError or HTTPException when the server is gone."""

    def __init__(self, endpoint: str, service: str, prefix: str, version: str) -> None:
        self._connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=5)
        signed = f"Credential=test/20261121/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        self._headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {signed}",
            "Content-Type": f"application/x-amz-json-{version}",
        }
        self._prefix = prefix

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        headers = {**self._headers, "X-Amz-Target": f"{self._prefix}.{operation}"}
        self._connection.request("POST", "/", json.dumps(members), headers)
        answer = self._connection.getresponse()
        said = json.loads(answer.read())
        assert answer.status == 200, said
        return dict(said)


@dataclass
class Load:
    """Senders that go on until they are told to stop, or find nobody. Texts are `source/line/number`, a line being what
    keeps its order; some end in poison."""

    server: Server
    life: int
    chance: random.Random
    acknowledged: list[str] = field(default_factory=list)
    sequences: dict[str, str] = field(default_factory=dict)
    """Sequence number in the stream -> text."""
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> list[threading.Thread]:
        kinds = (self._plain, self._grouped, self._streamed)
        threads = [
            threading.Thread(target=self._send, args=(kind, f"{self.life}.{place}"))
            for kind in kinds
            for place in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _send(self, kind: Callable[[str, list[str]], None], line: str) -> None:
        number = 0
        try:
            while not self.stop.is_set():
                numbers = range(number, number + BATCH)
                number += BATCH
                texts = [f"{one:05}" + (f"-{POISON}" if self.chance.random() < 0.03 else "") for one in numbers]
                kind(line, texts)
                time.sleep(PAUSE_SECONDS)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            pass  # killed in the middle of it: nothing was acknowledged

    def _sqs(self) -> Wire:
        return Wire(self.server.endpoint, "sqs", "AmazonSQS", "1.0")

    def _plain(self, line: str, numbers: list[str]) -> None:
        bodies = [f"plain/{line}/{one}" for one in numbers]
        self._batch("plain", [{"Id": str(at), "MessageBody": body} for at, body in enumerate(bodies)])
        self.acknowledged += bodies

    def _grouped(self, line: str, numbers: list[str]) -> None:
        bodies = [f"grouped/{line}/{one}" for one in numbers if POISON not in one]
        entries = [
            {
                "Id": str(at),
                "MessageBody": body,
                "MessageGroupId": line,
                "MessageDeduplicationId": body.replace("/", "."),
            }
            for at, body in enumerate(bodies)
        ]
        if entries:
            self._batch("grouped.fifo", entries)
            self.acknowledged += bodies

    def _batch(self, queue: str, entries: list[dict[str, str]]) -> None:
        url = f"{self.server.endpoint}/{ACCOUNT}/{queue}"
        said = self._sqs().call("SendMessageBatch", QueueUrl=url, Entries=entries)
        assert len(said["Successful"]) == len(entries)

    def _streamed(self, line: str, numbers: list[str]) -> None:
        texts = [f"stream/{line}/{one}" for one in numbers]
        entries = [{"Data": base64.b64encode(text.encode()).decode(), "PartitionKey": line} for text in texts]
        wire = Wire(self.server.endpoint, "kinesis", "Kinesis_20131202", "1.1")
        said = wire.call("PutRecords", StreamName="stream", Records=entries)
        for text, outcome in zip(texts, said["Records"], strict=True):
            assert "SequenceNumber" in outcome, "far below the limits of two shards"
            self.acknowledged.append(text)
            self.sequences[outcome["SequenceNumber"]] = text


def furnish(server: Server) -> None:
    """Functions, queues, a stream and the mappings."""
    client, sqs, kinesis = server.client("lambda"), server.client("sqs"), server.client("kinesis")
    for name in ("queued", "streamed"):
        client.create_function(
            FunctionName=name,
            Runtime=RUNTIME,
            Handler=f"app.{name}",
            Role=ROLE,
            Timeout=10,
            Code={"ZipFile": package({"app.py": CODE})},
        )
        waiter = client.get_waiter("function_active_v2")
        waiter.wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    for name in ("dead", "failed"):
        sqs.create_queue(QueueName=name)
    redrive = json.dumps({"deadLetterTargetArn": arn("sqs", "dead"), "maxReceiveCount": 1_000})
    sqs.create_queue(QueueName="plain", Attributes={"VisibilityTimeout": "10", "RedrivePolicy": redrive})
    sqs.create_queue(QueueName="grouped.fifo", Attributes={"VisibilityTimeout": "10", "FifoQueue": "true"})
    kinesis.create_stream(StreamName="stream", ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName="stream", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    answers = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
    for source in ("plain", "grouped.fifo"):
        client.create_event_source_mapping(FunctionName="queued", EventSourceArn=arn("sqs", source), **answers)
    client.create_event_source_mapping(
        FunctionName="streamed",
        EventSourceArn=arn("kinesis", "stream/stream"),
        StartingPosition="TRIM_HORIZON",
        BatchSize=20,
        ParallelizationFactor=2,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": arn("sqs", "failed")}},
    )


def handled(bus: Captured) -> list[str]:
    """What the functions have told of, in order."""
    entries = (entry for taken in tuple(bus.taken) for entry in json.loads(taken.body)["Entries"])
    return [text for entry in entries for text in json.loads(entry["Detail"])]


def letters(server: Server, queue: str) -> list[str]:
    """The bodies of all messages of a queue, which are taken out."""
    client, url, found = server.client("sqs"), f"{server.endpoint}/{ACCOUNT}/{queue}", []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [one["Body"] for one in messages]
        client.delete_message_batch(
            QueueUrl=url,
            Entries=[{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(messages)],
        )
    return found


def sequences_told(bodies: Iterable[str]) -> list[str]:
    """The sequence numbers of single records that the stream's mapping has given up."""
    batches = [json.loads(body)["KinesisBatchInfo"] for body in bodies]
    assert all(one["batchSize"] == 1 for one in batches), "bisecting ends at one record"
    return [one["startSequenceNumber"] for one in batches]


def out_of_order(texts: Iterable[str]) -> list[str]:
    """Texts that were handled for the first time after a later one of their line."""
    last: dict[str, str] = defaultdict(str)
    seen: set[str] = set()
    wrong = []
    for text in texts:
        line, _, number = text.rpartition("/")
        if text not in seen and number < last[line]:
            wrong.append(text)
        seen.add(text)
        last[line] = max(last[line], number)
    return wrong


@pytest.mark.timeout(240 + 30 * ROUNDS)
def test_nothing_acknowledged_is_lost_and_no_order_is_broken(
    own_server: Callable[..., Server], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(os.environ.get("LAMBENT_TORTURE_SEED"))
    acknowledged: list[str] = []
    sequences: dict[str, str] = {}
    with capturing() as bus:
        bus.answer = lambda _taken: (200, b'{"FailedEntryCount":0,"Entries":[{}]}')
        start = {"data_dir": tmp_path / "data", "env": {"LAMBENT_ENDPOINTS": f"events={bus.url}"}}
        server = own_server(**start)
        furnish(server)
        for life in range(ROUNDS):
            load = Load(server, life, chance)
            senders = load.run()
            time.sleep(chance.uniform(*LOAD_SECONDS))
            server.stop(signal.SIGKILL)
            load.stop.set()
            for sender in senders:
                sender.join()
            acknowledged += load.acknowledged
            sequences |= load.sequences
            server = own_server(**start)
        fail_faster(server)
        gone: list[str] = []
        deadline = time.monotonic() + DRAIN_SECONDS
        while (missing := set(acknowledged) - set(handled(bus)) - set(gone)) and time.monotonic() < deadline:
            time.sleep(0.5)
            gone += letters(server, "dead")
            gone += [sequences.get(one, "") for one in sequences_told(letters(server, "failed"))]
        assert server.stop() == 0
        texts = handled(bus)
    tell(capsys, acknowledged, texts, missing, gone)
    assert not missing
    assert len(acknowledged) > ROUNDS
    assert out_of_order(text for text in texts if not text.startswith("plain/")) == []
    assert not [text for text in texts if POISON in text]


def fail_faster(server: Server) -> None:
    """What is poisoned in the plain queue is not to be tried for hours."""
    redrive = json.dumps({"deadLetterTargetArn": arn("sqs", "dead"), "maxReceiveCount": 1})
    attributes = {"VisibilityTimeout": "2", "RedrivePolicy": redrive}
    server.client("sqs").set_queue_attributes(QueueUrl=f"{server.endpoint}/{ACCOUNT}/plain", Attributes=attributes)


def tell(
    capsys: pytest.CaptureFixture[str], sent: list[str], texts: list[str], missing: set[str], gone: list[str]
) -> None:
    again = Counter(text.partition("/")[0] for text in texts)
    again.subtract(Counter(text.partition("/")[0] for text in set(texts)))
    count = Counter(text.partition("/")[0] for text in sent)
    with capsys.disabled():
        print(f"\nkilled {ROUNDS} times: {len(missing)} lost, {len(gone)} given up as poisoned")
        for source in ("plain", "grouped", "stream"):
            print(f"  {source}: {count[source]} acknowledged, {again[source]} repeated")
