"""One queue is read for one mapping: what is deleted, what comes back, and what a stop leaves behind."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lambent.clock import ManualClock
from lambent.events.sources.queue_poller import QueuePoller
from lambent.model import lineage
from lambent.model.invocation import Outcome
from lambent.model.scope import Scope
from tests.unit.services_sqs.sqs_kit import Sqs, with_sqs
from tests.unit.sources.kit import DONE, FAILED, HERE, QUEUE, QUICK, THROTTLED, Event, Lab, failures, mapping
from tests.unit.waiting import turns, until

FIFO = f"{QUEUE}.fifo"


class Bench(Lab):
    """A function, queues, and pollers."""

    def __init__(self, sqs: Sqs) -> None:
        self.sqs, self.pollers = sqs, []
        assert isinstance(sqs.clock, ManualClock)
        super().__init__(sqs.clock)

    async def poll(self, source: str = QUEUE, **settings: Any) -> QueuePoller:
        made = mapping(source, **settings)
        poller = QueuePoller(made, self.sqs.env.queues, self.clock, self.target, self.observed(made), QUICK)
        await poller.start()
        self.pollers.append(poller)
        return poller

    async def left(self, url: str) -> tuple[int, int]:
        """Messages that are visible, and those that are not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        said = (await self.sqs.call("GetQueueAttributes", QueueUrl=url, AttributeNames=names))["Attributes"]
        return int(said[names[0]]), int(said[names[1]])

    async def done(self, url: str, left: tuple[int, int] = (0, 0)) -> None:
        """Wait until so much is left."""
        for _ in range(20_000):
            if await self.left(url) == left:
                return
            await asyncio.sleep(0)
        raise AssertionError(f"left: {await self.left(url)}")


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Bench], Awaitable[None]]], None]:
    def run(scene: Callable[[Bench], Awaitable[None]]) -> None:
        async def on_queues(sqs: Sqs) -> None:
            bench = Bench(sqs)
            try:
                await asyncio.wait_for(scene(bench), 20)
            finally:
                for poller in bench.pollers:
                    poller.cancel()
                await asyncio.sleep(0)

        with_sqs(tmp_path, on_queues)

    return run


Play = Callable[[Callable[[Bench], Awaitable[None]]], None]


def bodies(events: list[Event]) -> list[list[str]]:
    return [[one["body"] for one in event["Records"]] for event in events]


def test_a_window_ends_on_the_platforms_clock(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = await bench.sqs.queue(VisibilityTimeout=900)
        await bench.poll(window=60.0, batch_size=100)
        for number in range(3):
            await bench.sqs.send(url, str(number))
        await until(lambda: len(bench.pollers[0]._batch.records) == 3)
        await bench.clock.advance(59)
        assert not bench.events
        await bench.clock.advance(1)
        assert bodies(bench.events) == [["0", "1", "2"]]
        await bench.done(url)

    play(scene)


def test_a_move_of_the_clock_brings_back_what_failed_and_runs_it(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = await bench.sqs.queue(VisibilityTimeout=30)
        bench.behave = lambda event: (
            DONE if event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "3" else FAILED
        )
        await bench.poll()
        await bench.sqs.send(url, "a")
        await until(lambda: bench.events)
        await bench.clock.advance(29)
        assert len(bench.events) == 1
        await bench.clock.advance(31)
        assert len(bench.events) == 3
        await bench.done(url)

    play(scene)


def test_a_clock_is_not_held_up_by_a_function_that_can_not_run(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = await bench.sqs.queue(VisibilityTimeout=30)
        bench.behave = lambda _event: THROTTLED
        await bench.poll()
        await bench.sqs.send(url, "a")
        await until(lambda: bench.pollers[0].document()["InFlight"])
        await asyncio.wait_for(bench.clock.advance(5), 1)
        bench.behave = lambda _event: DONE
        await bench.done(url)
        assert bench.events[0]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1"

    play(scene)


def test_a_stop_under_load_ends_and_hides_nothing(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = await bench.sqs.queue(VisibilityTimeout=900)
        seen: list[str] = []

        async def slowly(event: Event) -> Outcome:
            await turns(5)
            seen.extend(one["body"] for one in event["Records"])
            return DONE

        bench.behave = slowly
        for number in range(0, 300, 10):
            entries = [{"Id": str(at), "MessageBody": str(number + at)} for at in range(10)]
            await bench.sqs.call("SendMessageBatch", QueueUrl=url, Entries=entries)
        for turn in range(12):
            poller = await bench.poll(batch_size=7)
            for _ in range(turn * 3):
                await asyncio.sleep(0)
            await asyncio.wait_for(poller.stop(), 5)
            visible, hidden = await bench.left(url)
            assert hidden == 0, "taken, and in no batch that ran"
            assert visible + len(seen) == 300
        await bench.poll()
        await bench.done(url)
        assert sorted(seen, key=int) == [str(number) for number in range(300)]

    play(scene)


def test_a_stop_gives_back_at_once_what_is_throttled_or_waits_for_its_window(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = await bench.sqs.queue(VisibilityTimeout=900)
        bench.behave = lambda _event: THROTTLED
        throttled = await bench.poll()
        await bench.sqs.send(url, "a")
        await until(lambda: throttled.document()["InFlight"])
        await throttled.stop()
        assert await bench.left(url) == (1, 0)
        gathering = await bench.poll(window=300.0)
        await until(lambda: gathering._batch.records)
        await gathering.stop()
        assert await bench.left(url) == (1, 0)

    play(scene)


def test_nothing_is_taken_while_there_is_no_function(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = await bench.sqs.queue()
        there, bench.handled = bench.handled, None
        await bench.poll()
        await bench.sqs.send(url, "a")
        await until(lambda: "source-without-function" in bench.codes)
        await turns()
        assert await bench.left(url) == (1, 0)
        bench.handled = there
        await bench.done(url)
        assert bench.events[0]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1"

    play(scene)


def test_a_queue_that_is_made_again_is_read_again(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = await bench.sqs.queue()
        await bench.poll()
        await asyncio.sleep(0)
        await bench.sqs.call("DeleteQueue", QueueUrl=url)
        await until(lambda: "source-unreadable" in bench.codes)
        await bench.clock.advance(61)
        await bench.sqs.send(await bench.sqs.queue(), "a")
        await until(lambda: bodies(bench.events) == [["a"]])

    play(scene)


def test_what_follows_a_failed_message_of_its_group_is_not_deleted(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = await bench.sqs.queue("q.fifo", FifoQueue="true", VisibilityTimeout=30)
        for body in ("a0", "b0", "a1", "b1", "a2"):
            await bench.sqs.send(url, body, MessageGroupId=body[0], MessageDeduplicationId=body)

        def fail_a1(event: Event) -> Outcome:
            first = len(bench.events) == 0
            return failures(*(one["messageId"] for one in event["Records"] if first and one["body"] == "a1"))

        bench.behave = fail_a1
        await bench.poll(FIFO, reports_failures=True)
        await until(lambda: bench.events)
        await bench.clock.advance(31)
        await bench.done(url)
        assert bodies(bench.events) == [["a0", "a1", "a2", "b0", "b1"], ["a1", "a2"]]

    play(scene)


def test_of_a_fair_queue_the_failed_alone_come_back(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = await bench.sqs.queue(VisibilityTimeout=30)
        for body in ("a0", "a1"):
            await bench.sqs.send(url, body, MessageGroupId="a")
        bench.behave = lambda event: failures(*(one["messageId"] for one in event["Records"] if one["body"] == "a0"))
        await bench.poll(reports_failures=True, window=1.0)
        await until(lambda: len(bench.pollers[0]._batch.records) == 2)
        await bench.clock.advance(1)
        await bench.done(url, (0, 1))

    play(scene)


def test_of_a_batch_the_looping_messages_alone_are_stopped(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        dead = await bench.sqs.queue("dead")
        redrive = json.dumps({"deadLetterTargetArn": QUEUE.replace(":q", ":dead"), "maxReceiveCount": 5})
        url = await bench.sqs.queue(RedrivePolicy=redrive)
        assert bench.handled is not None
        header = "Root=1-5759e988-bd862e3fe1be46a994272793"
        for _ in range(lineage.ROUNDS):
            header = lineage.advance(header, bench.handled.function.arn).header
        bench.sqs.trace = header
        await bench.sqs.send(url, "loops")
        bench.sqs.trace = "Root=1-5759e988-bd862e3fe1be46a994272794"
        await bench.sqs.send(url, "fine")
        await bench.poll(window=1.0)
        await until(lambda: len(bench.pollers[0]._batch.records) == 2)
        await bench.clock.advance(1)
        await bench.done(url)
        assert bodies(bench.events) == [["fine"]] and "recursive-loop" in bench.codes
        assert await bench.left(dead) == (1, 0)

    play(scene)


def test_another_accounts_queue_is_read_as_long_as_its_policy_allows(play: Play) -> None:
    there = Scope("222222222222", "eu-west-1")
    allow = {"Effect": "Allow", "Action": "sqs:*", "Principal": {"AWS": HERE.account}}

    async def scene(bench: Bench) -> None:
        made = await bench.sqs.call("CreateQueue", there, QueueName="q", Attributes={})
        url = made["QueueUrl"]

        async def let(policy: str) -> None:
            asked = {"QueueUrl": url, "Attributes": {"Policy": policy}}
            assert await bench.sqs.call("SetQueueAttributes", there, **asked) == {}

        async def send(body: str) -> None:
            await bench.sqs.call("SendMessage", there, QueueUrl=url, MessageBody=body)

        await let(json.dumps({"Statement": [allow]}))
        poller = await bench.poll(QUEUE.replace(HERE.account, there.account))
        await send("allowed")
        await until(lambda: bench.events)
        await let("")
        await send("no longer")
        await until(lambda: poller.document()["LastResult"] == "PROBLEM: AccessDenied")
        assert bodies(bench.events) == [["allowed"]]
        await let(json.dumps({"Statement": [allow]}))
        await until(lambda: len(bench.events) == 2)

    play(scene)


def test_nothing_is_taken_without_the_roles_rights(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = (await bench.sqs.call("CreateQueue", QueueName="q", Attributes={}))["QueueUrl"]
        bench.lacking = "no ReceiveMessage"
        poller = await bench.poll()
        await bench.sqs.call("SendMessage", QueueUrl=url, MessageBody="m")
        await until(lambda: poller.document()["LastResult"] == "PROBLEM: no ReceiveMessage")
        assert (await bench.left(url), bench.events, bench.codes) == ((1, 0), [], ["source-unreadable"])
        bench.lacking = ""
        await bench.done(url)
        assert bodies(bench.events) == [["m"]]

    play(scene)


def test_a_batch_that_is_full_by_its_bytes_is_told_of(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        url = (await bench.sqs.call("CreateQueue", QueueName="q", Attributes={}))["QueueUrl"]
        for _ in range(8):
            await bench.sqs.call("SendMessage", QueueUrl=url, MessageBody="x" * 1_000_000)
        await bench.poll(batch_size=100, window=1)
        await until(lambda: "batch-size-unreached" in bench.codes)
        await bench.clock.advance(2)
        await bench.done(url)
        assert len(bench.events[0]["Records"]) == 6

    play(scene)
