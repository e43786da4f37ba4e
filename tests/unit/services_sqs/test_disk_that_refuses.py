"""When nothing can be written, callers are told so, and nothing is half done."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lambent.store import queues
from lambent.store.errors import StoreFull
from lambent.store.queues import Changes
from tests.unit.services_sqs.sqs_kit import Sqs, with_sqs


class Disk:
    """Refuses writes while it is `full`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._apply = queues._apply
        monkeypatch.setattr(queues, "_apply", self.apply)

    def apply(self, connection: sa.Connection, items: Sequence[Changes]) -> None:
        if self.full:
            raise StoreFull("database or disk is full")
        self._apply(connection, items)


async def code(sqs: Sqs, operation: str, **params: Any) -> str:
    return (await sqs.refused(operation, **params))[0]


def test_nothing_is_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)

    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        await sqs.send(url, "kept")
        disk.full = True
        assert await code(sqs, "SendMessage", QueueUrl=url, MessageBody="x") == "ServiceUnavailable"
        assert await code(sqs, "ReceiveMessage", QueueUrl=url) == "ServiceUnavailable"
        assert await sqs.counts(url) == (1, 0, 0)
        disk.full = False
        message = (await sqs.receive(url))[0]
        assert (message["Body"], message["Attributes"]["ApproximateReceiveCount"]) == ("kept", "1")
        disk.full = True
        here = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
        assert await code(sqs, "DeleteMessage", **here) == "ServiceUnavailable"
        assert await code(sqs, "PurgeQueue", QueueUrl=url) == "ServiceUnavailable"
        assert await sqs.counts(url) == (0, 1, 0)
        disk.full = False
        await sqs.delete(url, message)
        assert await sqs.counts(url) == (0, 0, 0)

    with_sqs(tmp_path, body)


def test_a_duplicate_is_not_acknowledged_when_its_message_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)

    async def body(sqs: Sqs) -> None:
        url = await sqs.queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        await sqs.receive(url)
        disk.full = True
        one = {"QueueUrl": url, "MessageBody": "x", "MessageGroupId": "g"}
        answers = await asyncio.gather(*(sqs.call("SendMessage", **one) for _ in range(3)))
        assert {answer["Error"]["Code"] for answer in answers} == {"ServiceUnavailable"}
        disk.full = False
        await sqs.call("SendMessage", **one)
        assert await sqs.bodies(url) == ["x"]

    with_sqs(tmp_path, body)


def test_a_dead_letter_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)

    async def body(sqs: Sqs) -> None:
        dead = await sqs.queue("dead")
        target = (await sqs.attributes(dead))["QueueArn"]
        policy = f'{{"deadLetterTargetArn":"{target}","maxReceiveCount":1}}'
        url = await sqs.queue(RedrivePolicy=policy, VisibilityTimeout=0)
        await sqs.send(url, "x")
        await sqs.receive(url)
        disk.full = True
        assert await code(sqs, "ReceiveMessage", QueueUrl=url) == "ServiceUnavailable"
        assert (await sqs.counts(url), await sqs.counts(dead)) == ((1, 0, 0), (0, 0, 0))
        disk.full = False
        assert await sqs.bodies(url) == []
        assert await sqs.bodies(dead) == ["x"]

    with_sqs(tmp_path, body)


def test_everything_at_once_is_received_once(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()

        async def send(worker: int) -> None:
            for number in range(20):
                await sqs.send(url, f"{worker}/{number}")

        found: list[str] = []
        complete = asyncio.Event()

        async def consume() -> None:
            while batch := await sqs.receive(url, 3, WaitTimeSeconds=1):
                for message in batch:
                    await sqs.delete(url, message)
                    found.append(message["Body"])
                if len(found) == 100:
                    complete.set()

        consumers = [asyncio.ensure_future(consume()) for _ in range(5)]
        await asyncio.gather(*(send(worker) for worker in range(5)))
        await asyncio.wait_for(complete.wait(), 20)
        assert await sqs.counts(url) == (0, 0, 0)
        await sqs.clock.advance(1)
        await asyncio.gather(*consumers)
        assert sorted(found) == sorted(f"{worker}/{number}" for worker in range(5) for number in range(20))

    with_sqs(tmp_path, body)
