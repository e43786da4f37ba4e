"""The whole server is killed under puts: every object that was acknowledged is there, and the queue or the function
that its bucket tells of it has heard of it.

LAMBENT_TORTURE is the number of kills (2).
"""

import hashlib
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

KILLS = int(os.environ.get("LAMBENT_TORTURE", "2"))
WRITERS = 3
BUCKET = "told"
TOLD = ("by-bucket", "by-function")
"""Queues: what the bucket tells itself, and what its function does; each of the keys that begin so."""
ARN = "arn:aws:{}:us-east-1:000000000000:{}"
CODE = """
import json, boto3

queue = boto3.client("sqs")


def handler(event, context):
    url = queue.get_queue_url(QueueName="by-function")["QueueUrl"]
    queue.send_message(QueueUrl=url, MessageBody=json.dumps(event))
"""


def furnish(server: Server) -> None:
    """A bucket that tells a queue, and a function which tells another queue."""
    sqs, functions, s3 = server.client("sqs"), server.client("lambda"), server.client("s3")
    for name in TOLD:
        sqs.create_queue(QueueName=name)
    code = {"ZipFile": package({"app.py": CODE})}
    functions.create_function(
        FunctionName="tell", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Timeout=30, Code=code
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="tell")
    s3.create_bucket(Bucket=BUCKET)

    def rule(kind: str, arn: str, prefix: str) -> dict[str, Any]:
        only = {"Key": {"FilterRules": [{"Name": "prefix", "Value": f"{prefix}/"}]}}
        return {kind: arn, "Events": ["s3:ObjectCreated:*"], "Filter": only}

    s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={
            "QueueConfigurations": [rule("QueueArn", ARN.format("sqs", "by-bucket"), "by-bucket")],
            "LambdaFunctionConfigurations": [
                rule("LambdaFunctionArn", ARN.format("lambda", "function:tell"), "by-function")
            ],
        },
    )


def content(key: str) -> bytes:
    """What the object of a key holds: of some keys more than the store keeps in its index."""
    seed = hashlib.sha256(key.encode()).digest()
    return seed * (1_500 if seed[0] < 32 else 20)


def write(server: Server, line: str, acknowledged: list[str]) -> None:
    """One object after another until the server is gone."""
    s3 = server.client("s3", read_timeout=5)
    for number in range(1_000_000):
        key = f"{TOLD[number % 2]}/{line}/{number}"
        try:
            s3.put_object(Bucket=BUCKET, Key=key, Body=content(key))
        except (BotoCoreError, ClientError, OSError):
            return
        acknowledged.append(key)


def keys_told(server: Server, queue: str, wanted: set[str], seconds: float) -> list[str]:
    """The keys that a queue was told of, when all that are wanted are among them or the time is over."""
    sqs, found = server.client("sqs"), list[str]()
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    deadline = time.monotonic() + seconds
    while not wanted <= set(found) and time.monotonic() < deadline:
        said: Sequence[Any] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
            "Messages", ()
        )
        for message in said:
            found += [one["s3"]["object"]["key"] for one in json.loads(message["Body"]).get("Records", ())]
        handles = [{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(said)]
        if handles:
            sqs.delete_message_batch(QueueUrl=url, Entries=handles)
    return found


@pytest.mark.timeout(180 + 30 * KILLS)
def test_every_object_is_told_of_to_the_queue_and_the_function(
    own_server: Callable[..., Server], capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(11)
    acknowledged: list[str] = []
    server = own_server()
    furnish(server)
    for life in range(KILLS):
        lines = [f"{life}.{writer}" for writer in range(WRITERS)]
        writers = [threading.Thread(target=write, args=(server, line, acknowledged)) for line in lines]
        for one in writers:
            one.start()
        until = time.monotonic() + 30
        while not any(f"/{life}." in key for key in acknowledged[-1:]) and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.1, 0.6))
        server.stop(signal.SIGKILL)
        for one in writers:
            one.join()
        server = own_server()
    s3, wanted = server.client("s3"), set(acknowledged)
    assert wanted
    assert not [key for key in wanted if s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() != content(key)]
    for queue in TOLD:
        meant = {key for key in wanted if key.startswith(queue)}
        told = keys_told(server, queue, meant, 60 + 2 * KILLS)
        lost, repeated = meant - set(told), len(told) - len(set(told))
        with capsys.disabled():
            print(f"\n{KILLS} kills: {len(meant)} objects, {len(lost)} not told {queue}, {repeated} twice")
        assert not lost
    assert server.stop() == 0
