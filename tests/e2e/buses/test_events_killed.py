"""The server is killed under PutEvents: every event that was acknowledged arrives, and is in the archive.

LAMBENT_TORTURE is the number of kills (3).
"""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.buses.test_rules_for_real import BUS, rule
from tests.e2e.conftest import Server
from tests.e2e.neighbour.test_deliveries import Queue

KILLS = int(os.environ.get("LAMBENT_TORTURE", "3"))
WRITERS = 4


def write(server: Server, acknowledged: list[str], stop: threading.Event) -> None:
    """Put events until the server is gone."""
    events = server.client("events")
    while not stop.is_set():
        entries = [{"Source": "app", "DetailType": "t", "Detail": json.dumps({"n": n})} for n in range(5)]
        try:
            said = events.put_events(Entries=entries)
        except (BotoCoreError, ClientError, ConnectionError):
            return
        acknowledged += [one["EventId"] for one in said["Entries"]]


@pytest.mark.timeout(180 + 15 * KILLS)
def test_what_was_acknowledged_arrives_whatever_dies(own_server: Callable[..., Server]) -> None:
    chance = random.Random(7)
    acknowledged: list[str] = []
    server = own_server()
    arn = Queue(server, "kept").arn
    rule(server, "app", {"Arn": arn}).create_archive(ArchiveName="all", EventSourceArn=BUS)
    for _ in range(KILLS):
        stop = threading.Event()
        writers = [threading.Thread(target=write, args=(server, acknowledged, stop)) for _ in range(WRITERS)]
        for one in writers:
            one.start()
        time.sleep(chance.uniform(0.1, 0.6))
        server.stop(signal.SIGKILL)
        stop.set()
        for one in writers:
            one.join()
        server = own_server()
    there = arrived(server, len(set(acknowledged)))
    print(f"{KILLS} kills: {len(acknowledged)} events acknowledged, {len(set(acknowledged) - there)} lost")
    assert acknowledged
    assert set(acknowledged) <= there
    counted = server.client("events").describe_archive(ArchiveName="all")["EventCount"]
    assert counted >= len(set(acknowledged))


def arrived(server: Server, count: int) -> set[str]:
    """The ids of the events in the queue, when nothing comes any more."""
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    found: set[str] = set()
    while True:
        wait = 1 if len(found) >= count else 10
        said: dict[str, Any] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait)
        if "Messages" not in said:
            return found
        found |= {json.loads(one["Body"])["id"] for one in said["Messages"]}
        handles = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(said["Messages"])]
        sqs.delete_message_batch(QueueUrl=url, Entries=handles)
