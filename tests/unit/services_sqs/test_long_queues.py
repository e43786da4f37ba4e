"""Queues with more messages than are held in memory: what waits on disk is counted, received in turn, and moved."""

import asyncio
from pathlib import Path

import pytest

from lambent.engine import queue as engine
from lambent.queues import loading
from tests.unit.services_sqs.sqs_kit import Sqs, arn, with_sqs
from tests.unit.waiting import until


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "HORIZON", 10)
    monkeypatch.setattr(loading, "PAGE", 4)


async def fill(sqs: Sqs, url: str, begin: int, end: int) -> None:
    for start in range(begin, end, 10):
        entries = [{"Id": str(one), "MessageBody": str(one)} for one in range(start, start + 10)]
        assert len((await sqs.call("SendMessageBatch", QueueUrl=url, Entries=entries))["Successful"]) == 10


def in_memory(sqs: Sqs) -> int:
    return sum(len(live.core) for live in sqs.env.messages._live.values())


async def drain(sqs: Sqs, url: str, most: int = 20) -> list[str]:
    seen: list[str] = []
    while found := await sqs.receive(url):
        seen += [one["Body"] for one in found]
        for one in found:
            await sqs.delete(url, one)
        assert in_memory(sqs) <= most
    return seen


def test_all_messages_come_in_turn_also_after_a_restart(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue(VisibilityTimeout=30)
        await fill(sqs, url, 0, 60)
        assert in_memory(sqs) == 10 and await sqs.counts(url) == (60, 0, 0)
        first = await sqs.receive(url)
        assert [one["Body"] for one in first] == [str(one) for one in range(10)]
        await sqs.delete(url, first[0])
        await sqs.send(url, "late", DelaySeconds=60)

    async def after(sqs: Sqs) -> None:
        url = (await sqs.call("GetQueueUrl", QueueName="q"))["QueueUrl"]
        assert await sqs.counts(url) == (50, 9, 1)
        assert in_memory(sqs) < 30
        assert await drain(sqs, url) == [str(one) for one in range(10, 60)]
        await sqs.clock.advance(60)
        assert sorted(await drain(sqs, url)) == sorted(["late", *map(str, range(1, 10))])
        assert await sqs.counts(url) == (0, 0, 0)

    with_sqs(tmp_path, body, after)


def test_a_purge_takes_what_waits_on_disk_too(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        await fill(sqs, url, 0, 40)
        await sqs.call("PurgeQueue", QueueUrl=url)
        assert await sqs.counts(url) == (0, 0, 0)
        await fill(sqs, url, 40, 70)
        assert await drain(sqs, url) == [str(one) for one in range(40, 70)]

    with_sqs(tmp_path, body)


def test_long_queues_of_dead_letters_move_back(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        dead = await sqs.queue("dead")
        url = await sqs.queue("q", RedrivePolicy=f'{{"deadLetterTargetArn":"{arn("dead")}","maxReceiveCount":1}}')
        await fill(sqs, url, 0, 40)
        for _ in range(2):
            while await sqs.receive(url, VisibilityTimeout=0):
                pass
        assert await sqs.counts(dead) == (40, 0, 0)
        await sqs.call("StartMessageMoveTask", SourceArn=arn("dead"))

        async def moved() -> bool:
            return await sqs.counts(url) == (40, 0, 0)

        await until(moved)
        assert await sqs.counts(dead) == (0, 0, 0)
        assert sorted(await drain(sqs, url), key=int) == [str(one) for one in range(40)]

    with_sqs(tmp_path, body)


def test_many_receivers_at_once_see_nothing_twice(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        await fill(sqs, url, 0, 100)

        async def work() -> list[str]:
            return await drain(sqs, url, 80)

        seen = [
            one
            for part in await asyncio.gather(*(work() for _ in range(5)), fill(sqs, url, 100, 150))
            for one in part or ()
        ]
        seen += await drain(sqs, url)
        assert sorted(seen, key=int) == [str(one) for one in range(150)]

    with_sqs(tmp_path, body)


def test_what_expires_on_disk_is_gone(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue(MessageRetentionPeriod=60)
        await fill(sqs, url, 0, 40)
        await sqs.clock.advance(61)
        assert await sqs.receive(url) == []
        assert await sqs.counts(url) == (0, 0, 0)

    with_sqs(tmp_path, body)
