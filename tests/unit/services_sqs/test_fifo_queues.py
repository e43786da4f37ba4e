"""FIFO queues: order within a group, a group's lock, deduplication."""

from pathlib import Path
from typing import Any

from lambent.model.limits import AWS_2022
from tests.unit.services_sqs.sqs_kit import HERE, URL, Sqs, with_sqs

FIFO = {"FifoQueue": "true"}


async def put(sqs: Sqs, url: str, body: str, group: str, deduplication: str = "", **more: Any) -> dict[str, Any]:
    return await sqs.send(
        url, body, MessageGroupId=group, MessageDeduplicationId=deduplication or f"{group}-{body}", **more
    )


def test_groups_are_in_order_and_locked_while_in_flight(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue("q.fifo", **FIFO, VisibilityTimeout=10)
        sequence = [(await put(sqs, url, text, text[0]))["SequenceNumber"] for text in ("a1", "b1", "a2", "b2", "a3")]
        assert sequence == sorted(sequence) and {len(one) for one in sequence} == {20}
        first = await sqs.receive(url, 2)
        assert [one["Body"] for one in first] == ["a1", "a2"]  # as many as possible of one group
        assert first[0]["Attributes"]["MessageGroupId"] == "a"
        assert first[0]["Attributes"]["MessageDeduplicationId"] == "a-a1"
        assert first[0]["Attributes"]["SequenceNumber"] == sequence[0]
        assert await sqs.bodies(url) == ["b1", "b2"]
        await sqs.delete(url, first[0])
        assert await sqs.bodies(url) == []  # a2 is still in flight: a3 waits
        await sqs.delete(url, first[1])
        assert await sqs.bodies(url) == ["a3"]
        await sqs.clock.advance(10)
        assert await sqs.bodies(url) == ["b1", "b2", "a3"]

    with_sqs(tmp_path, body)


def test_what_comes_back_comes_first_again(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue("q.fifo", **FIFO)
        for text in ("1", "2", "3"):
            await put(sqs, url, text, "g")
        one, two = await sqs.receive(url, 2)
        for message in (two, one):
            await sqs.call(
                "ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        assert await sqs.bodies(url) == ["1", "2", "3"]
        code, text = await sqs.refused("DeleteMessage", QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        assert (code, text.partition("Reason: ")[2]) == ("InvalidParameterValue", "The receipt handle has expired.")

    with_sqs(tmp_path, body)


def test_the_queue_delay_holds_its_group_back(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue("q.fifo", **FIFO, DelaySeconds=5)
        await put(sqs, url, "1", "g")
        await sqs.call("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "0"})
        await put(sqs, url, "2", "g")
        assert await sqs.bodies(url) == []
        await sqs.clock.advance(5)
        assert await sqs.bodies(url) == ["1", "2"]
        code, _ = await sqs.refused("SendMessage", QueueUrl=url, MessageBody="x", MessageGroupId="g", DelaySeconds=1)
        assert code == "InvalidParameterValue"

    with_sqs(tmp_path, body)


def test_duplicates_are_accepted_and_not_delivered_for_five_minutes(tmp_path: Path) -> None:
    sent: dict[str, Any] = {}

    async def body(sqs: Sqs) -> None:
        url = await sqs.queue("q.fifo", **FIFO)
        sent.update(await put(sqs, url, "x", "g", "id"))
        await sqs.delete(url, (await sqs.receive(url))[0])
        again = await put(sqs, url, "y", "h", "id")
        assert (again["MessageId"], again["SequenceNumber"]) == (sent["MessageId"], sent["SequenceNumber"])
        assert await sqs.bodies(url) == []
        await sqs.clock.advance(299)

    async def after(sqs: Sqs) -> None:  # a restart forgets nothing
        url = f"{URL}/{HERE.account}/q.fifo"
        assert (await put(sqs, url, "x", "g", "id"))["MessageId"] == sent["MessageId"]
        await sqs.clock.advance(1)
        await put(sqs, url, "z", "g", "id")
        assert await sqs.bodies(url) == ["z"]

    with_sqs(tmp_path, body, after)


def test_deduplication_by_content_and_by_group(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue("content.fifo", **FIFO, ContentBasedDeduplication="true")
        for text in ("x", "x", "y"):
            await sqs.send(url, text, MessageGroupId="g")
        await sqs.send(url, "x", MessageGroupId="g", MessageDeduplicationId="own")
        assert await sqs.bodies(url) == ["x", "y", "x"]

        url = await sqs.queue(
            "group.fifo", **FIFO, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId"
        )
        for group in ("g", "h", "g"):
            await put(sqs, url, group, group, "same")
        assert await sqs.bodies(url) == ["g", "h"]

        url = await sqs.queue("none.fifo", **FIFO)
        missing = await sqs.refused("SendMessage", QueueUrl=url, MessageBody="x", MessageDeduplicationId="d")
        assert missing == ("MissingParameter", "The request must contain the parameter MessageGroupId.")
        assert await sqs.refused("SendMessage", QueueUrl=url, MessageBody="x", MessageGroupId="g") == (
            "InvalidParameterValue",
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly",
        )

    with_sqs(tmp_path, body)


def test_duplicates_within_a_batch(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue("q.fifo", **FIFO)
        entry = {"MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
        answer = await sqs.call("SendMessageBatch", QueueUrl=url, Entries=[{"Id": "1", **entry}, {"Id": "2", **entry}])
        assert len({one["MessageId"] for one in answer["Successful"]}) == 1
        assert len(await sqs.bodies(url)) == 1

    with_sqs(tmp_path, body)


def test_a_receive_is_repeated_by_its_attempt_id(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue("q.fifo", **FIFO, VisibilityTimeout=10)
        await put(sqs, url, "x", "g")
        first = await sqs.receive(url, ReceiveRequestAttemptId="a")
        await sqs.clock.advance(9)
        again = await sqs.receive(url, ReceiveRequestAttemptId="a")
        assert [one["ReceiptHandle"] for one in again] == [one["ReceiptHandle"] for one in first]
        await sqs.clock.advance(9)
        assert await sqs.bodies(url) == []  # the timeout began anew
        await sqs.clock.advance(1)
        assert (await sqs.receive(url, ReceiveRequestAttemptId="a"))[0]["Attributes"]["ApproximateReceiveCount"] == "2"

    with_sqs(tmp_path, body)


def test_standard_queues_take_groups_since_2025(tmp_path: Path) -> None:
    async def today(sqs: Sqs) -> None:
        url = await sqs.queue()
        await sqs.send(url, "x", MessageGroupId="tenant")
        await sqs.send(url, "y", MessageGroupId="tenant")
        found = await sqs.receive(url, 1) + await sqs.receive(url, 1)
        assert [one["Attributes"]["MessageGroupId"] for one in found] == ["tenant", "tenant"]

    async def then(sqs: Sqs) -> None:
        url = await sqs.queue("old")
        refused = await sqs.refused("SendMessage", QueueUrl=url, MessageBody="x", MessageGroupId="g")
        assert "The request include parameter that is not valid for this queue type." in refused[1]
        assert (await sqs.attributes(url))["MaximumMessageSize"] == "262144"

    with_sqs(tmp_path / "today", today)
    with_sqs(tmp_path / "then", then, limits=AWS_2022)
