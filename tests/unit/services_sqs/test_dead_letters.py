"""Dead letters: where they go, what they keep, and how they come back."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.unit.services_sqs.sqs_kit import HERE, NOW, URL, Sqs, arn, with_sqs
from tests.unit.waiting import turns, until


def policy(target: str, count: Any = 2) -> str:
    return json.dumps({"deadLetterTargetArn": arn(target), "maxReceiveCount": count})


async def pair(sqs: Sqs, **attributes: Any) -> tuple[str, str]:
    dead = await sqs.queue("dead", **attributes)
    return await sqs.queue("q", RedrivePolicy=policy("dead"), VisibilityTimeout=1), dead


async def die(sqs: Sqs, url: str) -> None:
    """Receive everything until it is dead."""
    for _ in range(2):
        while await sqs.receive(url):
            pass
        await sqs.clock.advance(1)
    assert await sqs.bodies(url) == []


def test_what_was_received_too_often_goes_to_the_dead_letter_queue(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url, dead = await pair(sqs)
        await sqs.send(url, "x", MessageAttributes={"a": {"DataType": "String", "StringValue": "v"}})
        for count in ("1", "2"):
            message = (await sqs.receive(url))[0]
            assert message["Attributes"]["ApproximateReceiveCount"] == count
            await sqs.clock.advance(1)
        assert await sqs.bodies(dead) == []  # it goes when it would be received once more
        assert await sqs.bodies(url) == []
        assert await sqs.counts(url) == (0, 0, 0)

    async def after(sqs: Sqs) -> None:
        letter = (await sqs.receive(f"{URL}/{HERE.account}/dead", MessageAttributeNames=["All"]))[0]
        assert letter["MessageAttributes"]["a"]["StringValue"] == "v"
        assert letter["Attributes"] == {
            "SenderId": HERE.account,
            "SentTimestamp": str(int(NOW * 1000)),
            "ApproximateReceiveCount": "3",
            "ApproximateFirstReceiveTimestamp": str(int(NOW * 1000)),
            "DeadLetterQueueSourceArn": arn("q"),
        }

    with_sqs(tmp_path, body, after)


def test_a_long_poll_of_the_dead_letter_queue_wakes(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url, dead = await pair(sqs)
        await sqs.send(url, "x")
        await sqs.send(url, "good", DelaySeconds=2)
        poll = asyncio.ensure_future(sqs.bodies(dead, WaitTimeSeconds=20))
        await turns()
        for _ in range(2):
            await sqs.receive(url)
            await sqs.clock.advance(1)
        assert await sqs.bodies(url) == ["good"]  # found in the same receive that buries the other
        assert await asyncio.wait_for(poll, 5) == ["x"]

    with_sqs(tmp_path, body)


def test_retention_goes_on_for_standard_queues(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url, dead = await pair(sqs, MessageRetentionPeriod=60)
        await sqs.send(url, "x")
        await sqs.clock.advance(50)
        await die(sqs, url)
        assert (await sqs.counts(dead))[0] == 1
        await sqs.clock.advance(8)
        assert (await sqs.counts(dead))[0] == 0

    with_sqs(tmp_path, body)


def test_fifo_letters_keep_their_order_and_give_up_their_id(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        dead = await sqs.queue("dead.fifo", FifoQueue="true", MessageRetentionPeriod=60)
        url = await sqs.queue("q.fifo", FifoQueue="true", VisibilityTimeout=1, RedrivePolicy=policy("dead.fifo"))
        sent = [await sqs.send(url, text, MessageGroupId="g", MessageDeduplicationId=text) for text in "abc"]
        await sqs.clock.advance(50)
        await die(sqs, url)
        await sqs.clock.advance(50)
        letters = await sqs.receive(dead)
        assert [one["Body"] for one in letters] == ["a", "b", "c"]
        system = letters[0]["Attributes"]
        assert system["MessageDeduplicationId"] == sent[0]["MessageId"]
        assert system["SentTimestamp"] == str(int(NOW * 1000))
        assert system["SequenceNumber"] > sent[2]["SequenceNumber"]

    with_sqs(tmp_path, body)


def test_redrive_policies_are_checked(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        await sqs.queue("dead")
        await sqs.queue("dead.fifo", FifoQueue="true")
        url = await sqs.queue("q")

        async def reason(text: str) -> str:
            code, said = await sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": text})
            assert code == "InvalidParameterValue"
            return said.partition("Reason: ")[2]

        assert await reason("{}") == "Redrive policy does not contain mandatory attribute: maxReceiveCount."
        assert (await reason("[")).startswith("Amazon SQS can't create the redrive policy")
        assert await reason(policy("nowhere")) == "Dead letter target does not exist."
        assert await reason(policy("dead.fifo")) == "Dead-letter queue must be same type of queue as the source."
        expected = "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."
        assert await reason(policy("dead", 0)) == expected
        for allow in ('{"redrivePermission":"denyAll"}', '{"redrivePermission":"byQueue","sourceQueueArns":["x"]}'):
            changed = {"RedriveAllowPolicy": allow}
            await sqs.call("SetQueueAttributes", QueueUrl=f"{URL}/{HERE.account}/dead", Attributes=changed)
            assert "does not allow" in await reason(policy("dead"))
        await sqs.call(
            "SetQueueAttributes", QueueUrl=f"{URL}/{HERE.account}/dead", Attributes={"RedriveAllowPolicy": ""}
        )
        await sqs.call("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": policy("dead", "5")})
        assert json.loads((await sqs.attributes(url))["RedrivePolicy"])["maxReceiveCount"] == 5
        sources = await sqs.call("ListDeadLetterSourceQueues", QueueUrl=f"{URL}/{HERE.account}/dead")
        assert sources["queueUrls"] == [url]
        await sqs.call("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": ""})
        assert "RedrivePolicy" not in await sqs.attributes(url)

    with_sqs(tmp_path, body)


async def status(sqs: Sqs, source: str = "dead") -> dict[str, Any]:
    async def ended() -> dict[str, Any] | None:
        found = (await sqs.call("ListMessageMoveTasks", SourceArn=arn(source)))["Results"][0]
        return None if found["Status"] in {"RUNNING", "CANCELLING"} else dict(found)

    found: dict[str, Any] = await until(ended)
    return found


def test_letters_go_back_to_where_they_came_from_as_new_messages(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url, _ = await pair(sqs)
        sent = {(await sqs.send(url, str(number)))["MessageId"] for number in range(250)}
        await die(sqs, url)
        assert "TaskHandle" in await sqs.call("StartMessageMoveTask", SourceArn=arn("dead"))
        found = await status(sqs)
        assert found["Status"] == "COMPLETED"
        assert (found["ApproximateNumberOfMessagesMoved"], found["ApproximateNumberOfMessagesToMove"]) == (250, 250)
        back = [one for _ in range(25) for one in await sqs.receive(url)]
        assert sorted(int(one["Body"]) for one in back) == list(range(250))
        assert not sent & {one["MessageId"] for one in back}
        assert {one["Attributes"]["ApproximateReceiveCount"] for one in back} == {"1"}
        assert "DeadLetterQueueSourceArn" not in back[0]["Attributes"]

    with_sqs(tmp_path, body)


def test_a_task_has_a_rate_is_cancelled_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url, dead = await pair(sqs)
        for number in range(30):
            await sqs.send(url, str(number))
        await die(sqs, url)
        await sqs.queue("other")
        started = await sqs.call(
            "StartMessageMoveTask", SourceArn=arn("dead"), DestinationArn=arn("other"), MaxNumberOfMessagesPerSecond=10
        )
        other = f"{URL}/{HERE.account}/other"

        async def moved() -> bool:
            return (await sqs.counts(other))[0] == 10

        await until(moved)
        assert await sqs.counts(other) == (10, 0, 0)
        busy = await sqs.refused("StartMessageMoveTask", SourceArn=arn("dead"))
        assert busy[1].startswith("There is already a task running.")
        assert (await sqs.counts(dead))[0] == 20
        handle = started["TaskHandle"]
        assert await sqs.call("CancelMessageMoveTask", TaskHandle=handle) == {"ApproximateNumberOfMessagesMoved": 10}
        await sqs.clock.advance(1)
        assert (await status(sqs))["Status"] == "CANCELLED"
        assert (await sqs.refused("CancelMessageMoveTask", TaskHandle=handle))[
            1
        ] == "Only active tasks can be cancelled."
        await sqs.call("StartMessageMoveTask", SourceArn=arn("dead"), MaxNumberOfMessagesPerSecond=5)

    async def after(sqs: Sqs) -> None:
        async def completed() -> bool:
            await sqs.clock.advance(1)
            found = (await sqs.call("ListMessageMoveTasks", SourceArn=arn("dead")))["Results"][0]
            return bool(found["Status"] == "COMPLETED")

        await until(completed)
        assert (await status(sqs))["Status"] == "COMPLETED"
        assert len([one for _ in range(3) for one in await sqs.receive(f"{URL}/{HERE.account}/q")]) == 20

    with_sqs(tmp_path, body, after)


def test_tasks_are_refused(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        await pair(sqs)
        assert await sqs.refused("StartMessageMoveTask", SourceArn=arn("none")) == (
            "ResourceNotFoundException",
            "The resource that you specified for the SourceArn parameter doesn't exist.",
        )
        assert await sqs.refused("StartMessageMoveTask", SourceArn=arn("q")) == (
            "InvalidParameterValue",
            "Source queue must be configured as a Dead Letter Queue.",
        )
        code, _ = await sqs.refused("StartMessageMoveTask", SourceArn=arn("dead"), DestinationArn=arn("none"))
        assert code == "ResourceNotFoundException"
        assert (await sqs.refused("CancelMessageMoveTask", TaskHandle="x"))[0] == "InvalidParameterValue"

    with_sqs(tmp_path, body)
