"""Standard queues: sent, received, invisible, back again, deleted; durable."""

import asyncio
from pathlib import Path
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.sqs.operations import OPERATIONS
from tests.unit.services_sqs.sqs_kit import HERE, NOW, URL, Sqs, arn, with_sqs
from tests.unit.waiting import turns


def test_a_message_is_received_with_what_it_was_sent_with(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        assert url == f"{URL}/{HERE.account}/q"
        attributes = {
            "text": {"DataType": "String", "StringValue": "ä"},
            "number": {"DataType": "Number.int", "StringValue": "7"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        }
        sent = await sqs.send(url, "hello world", MessageAttributes=attributes)
        assert sent["MD5OfMessageBody"] == "5eb63bbbe01eeed093cb22bb8f5acdc3"
        assert "SequenceNumber" not in sent
        await sqs.clock.advance(2)
        message = (await sqs.receive(url, MessageAttributeNames=["All"]))[0]
        assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "hello world")
        assert message["MessageAttributes"] == attributes
        assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
        assert message["Attributes"] == {
            "SenderId": HERE.account,
            "SentTimestamp": str(int(NOW * 1000)),
            "ApproximateReceiveCount": "1",
            "ApproximateFirstReceiveTimestamp": str(int(NOW * 1000) + 2000),
        }
        assert (await sqs.receive(url)) == []

    with_sqs(tmp_path, body)


def test_the_digest_of_attributes_is_that_of_clients(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        value = {"timestamp": {"DataType": "Number", "StringValue": "1493147359900"}}
        sent = await sqs.send(url, "x", MessageAttributes=value)
        # The example that AWS's SDKs test their own digest with.
        assert sent["MD5OfMessageAttributes"] == "235c5c510d26fb653d073faed50ae77c"

    with_sqs(tmp_path, body)


def test_attributes_are_chosen_by_name_and_prefix_and_digested_as_chosen(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue(VisibilityTimeout=0)
        values = {name: {"DataType": "String", "StringValue": name} for name in ("a.one", "a.two", "b")}
        await sqs.send(url, "x", MessageAttributes=values)
        alone = await sqs.send(url, "y", MessageAttributes={"b": values["b"]})

        async def names(*wanted: str) -> set[str]:
            return set((await sqs.receive(url, 1, MessageAttributeNames=list(wanted)))[0].get("MessageAttributes", {}))

        assert await names() == set()
        assert await names("a.*") == {"a.one", "a.two"}
        assert await names("b", "c") == {"b"}
        assert await names(".*") == set(values)
        message = (await sqs.receive(url, 1, MessageAttributeNames=["b"]))[0]
        assert message["MD5OfMessageAttributes"] == alone["MD5OfMessageAttributes"]

    with_sqs(tmp_path, body)


def test_a_message_is_invisible_until_its_timeout_and_counted(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue(VisibilityTimeout=10)
        await sqs.send(url, "x")
        first = (await sqs.receive(url))[0]
        assert await sqs.counts(url) == (0, 1, 0)
        await sqs.clock.advance(9.9)
        assert await sqs.bodies(url) == []
        await sqs.clock.advance(0.1)
        assert await sqs.counts(url) == (1, 0, 0)
        second = (await sqs.receive(url))[0]
        assert second["Attributes"]["ApproximateReceiveCount"] == "2"
        assert second["Attributes"]["ApproximateFirstReceiveTimestamp"] == str(int(NOW * 1000))
        assert second["ReceiptHandle"] != first["ReceiptHandle"]
        # "otherwise, the request succeeds, but the message will not be deleted" (DeleteMessage)
        await sqs.delete(url, first)
        assert await sqs.counts(url) == (0, 1, 0)
        await sqs.delete(url, second)
        await sqs.delete(url, second)
        assert await sqs.counts(url) == (0, 0, 0)

    with_sqs(tmp_path, body)


def test_visibility_is_changed(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        await sqs.send(url, "x")
        message = (await sqs.receive(url))[0]
        here = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
        await sqs.clock.advance(25)
        await sqs.call("ChangeMessageVisibility", **here, VisibilityTimeout=100)
        await sqs.clock.advance(99)
        assert await sqs.bodies(url) == []
        code, text = await sqs.refused("ChangeMessageVisibility", **here, VisibilityTimeout=43_200)
        assert code == "InvalidParameterValue"
        assert "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]" in text
        await sqs.call("ChangeMessageVisibility", **here, VisibilityTimeout=0)
        code, _ = await sqs.refused("ChangeMessageVisibility", **here, VisibilityTimeout=1)
        assert code == "AWS.SimpleQueueService.MessageNotInflight"
        again = (await sqs.receive(url))[0]
        code, text = await sqs.refused("ChangeMessageVisibility", **here, VisibilityTimeout=1)
        assert code == "InvalidParameterValue" and "not available for visibility timeout change" in text
        await sqs.delete(url, again)
        code, _ = await sqs.refused("ChangeMessageVisibility", **here, VisibilityTimeout=1)
        assert code == "InvalidParameterValue"
        assert await sqs.refused("DeleteMessage", QueueUrl=url, ReceiptHandle="nonsense") == (
            "ReceiptHandleIsInvalid",
            'The input receipt handle "nonsense" is not a valid receipt handle.',
        )

    with_sqs(tmp_path, body)


def test_messages_are_delayed_by_the_queue_or_by_themselves(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue(DelaySeconds=5)
        await sqs.send(url, "queue's")
        await sqs.send(url, "at once", DelaySeconds=0)
        await sqs.send(url, "own", DelaySeconds=900)
        assert await sqs.counts(url) == (1, 0, 2)
        assert await sqs.bodies(url) == ["at once"]
        await sqs.clock.advance(5)
        assert await sqs.bodies(url) == ["queue's"]
        await sqs.clock.advance(895)
        assert "own" in await sqs.bodies(url)

    with_sqs(tmp_path, body)


def test_a_long_poll_wakes_at_once_for_what_is_sent_returns_or_ends(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue(VisibilityTimeout=3)
        polls = [asyncio.ensure_future(sqs.bodies(url, WaitTimeSeconds=20)) for _ in range(2)]
        await turns()
        await sqs.send(url, "x")
        done, waiting = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED, timeout=5)
        assert [poll.result() for poll in done] == [["x"]] and len(waiting) == 1
        await sqs.clock.advance(3)  # it turns visible again: for the other
        assert await asyncio.wait_for(waiting.pop(), 5) == ["x"]
        late = asyncio.ensure_future(sqs.bodies(url, WaitTimeSeconds=2))
        await turns()
        await sqs.clock.advance(1.5)
        assert not late.done()
        await sqs.clock.advance(0.5)
        assert await asyncio.wait_for(late, 5) == []

    with_sqs(tmp_path, body)


def test_a_poll_that_is_given_up_leaves_its_message_to_the_next(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        polls = [asyncio.ensure_future(sqs.bodies(url, WaitTimeSeconds=20)) for _ in range(2)]
        await turns()
        polls[0].cancel()
        await sqs.send(url, "x")
        assert await asyncio.wait_for(polls[1], 5) == ["x"]

    with_sqs(tmp_path, body)


def test_old_messages_go(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue(MessageRetentionPeriod=60)
        await sqs.send(url, "old")
        await sqs.clock.advance(30)
        await sqs.send(url, "young")
        await sqs.clock.advance(30)
        assert await sqs.bodies(url) == ["young"]
        await sqs.call("SetQueueAttributes", QueueUrl=url, Attributes={"MessageRetentionPeriod": "1209600"})

    async def after(sqs: Sqs) -> None:
        assert (await sqs.counts(f"{URL}/{HERE.account}/q"))[0] == 0
        assert len(await sqs.store.queues.load(sqs.env.registry.get(HERE, "q").uid)) == 1

    with_sqs(tmp_path, body, after)


def test_everything_outlives_the_server(tmp_path: Path) -> None:
    handles: dict[str, str] = {}

    async def before(sqs: Sqs) -> None:
        url = await sqs.queue(VisibilityTimeout=100)
        for text in ("held", "waits", "deleted", "delayed"):
            await sqs.send(url, text, DelaySeconds=50 if text == "delayed" else 0)
        held, _, deleted = await sqs.receive(url, 3)
        handles["held"] = held["ReceiptHandle"]
        await sqs.delete(url, deleted)
        await sqs.call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=(_["ReceiptHandle"]), VisibilityTimeout=0)

    async def after(sqs: Sqs) -> None:
        url = f"{URL}/{HERE.account}/q"
        assert await sqs.counts(url) == (1, 1, 1)
        again = (await sqs.receive(url))[0]
        assert (again["Body"], again["Attributes"]["ApproximateReceiveCount"]) == ("waits", "2")
        await sqs.clock.advance(50)
        assert await sqs.bodies(url) == ["delayed"]
        await sqs.delete(url, {"ReceiptHandle": handles["held"]})
        await sqs.clock.advance(49)
        assert await sqs.bodies(url) == []

    with_sqs(tmp_path, before, after)


def test_a_clock_that_was_ahead_holds_nothing_back(tmp_path: Path) -> None:
    async def ahead(sqs: Sqs) -> None:
        url = await sqs.queue(MessageRetentionPeriod=60)
        await sqs.clock.advance(86_400)
        for text, delay in (("received", 0), ("delayed", 20)):
            await sqs.send(url, text, DelaySeconds=delay)
        assert await sqs.bodies(url) == ["received"]

    async def behind(sqs: Sqs) -> None:
        url = f"{URL}/{HERE.account}/q"
        assert await sqs.counts(url) == (0, 1, 1)
        await sqs.clock.advance(30)
        assert await sqs.bodies(url) == ["received", "delayed"]
        await sqs.clock.advance(30)
        assert await sqs.counts(url) == (0, 0, 0)

    with_sqs(tmp_path, ahead)
    with_sqs(tmp_path, behind)


def test_purge_takes_everything_once_a_minute(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        for text in "abc":
            await sqs.send(url, text)
        await sqs.receive(url, 1)
        await sqs.call("PurgeQueue", QueueUrl=url)
        assert await sqs.counts(url) == (0, 0, 0)
        await sqs.send(url, "later")
        assert await sqs.refused("PurgeQueue", QueueUrl=url) == (
            "AWS.SimpleQueueService.PurgeQueueInProgress",
            "Only one PurgeQueue operation on q is allowed every 60 seconds.",
        )
        await sqs.clock.advance(60)
        assert "Error" not in await sqs.call("PurgeQueue", QueueUrl=url)

    with_sqs(tmp_path, body)


def test_accounts_and_regions_are_apart(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        await sqs.send(url, "x")
        other_region, other_account = Scope(HERE.account, "us-east-1"), Scope("222222222222", HERE.region)
        assert (await sqs.call("ListQueues", other_region)).get("QueueUrls") is None
        refused = await sqs.call("ReceiveMessage", other_region, QueueUrl=url)
        assert refused["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
        # The account is in the URL: queues are shared between accounts, as their policies allow.
        refused = await sqs.call("ReceiveMessage", other_account, QueueUrl=url)
        assert refused["Error"]["Code"] == "AccessDenied"
        shared = {"Label": "l", "AWSAccountIds": [other_account.account], "Actions": ["ReceiveMessage"]}
        await sqs.call("AddPermission", QueueUrl=url, **shared)
        assert "Messages" in await sqs.call("ReceiveMessage", other_account, QueueUrl=url)
        await sqs.call("CreateQueue", other_account, QueueName="q")
        assert (await sqs.call("ListQueues"))["QueueUrls"] == [url]

    with_sqs(tmp_path, body)


def test_a_trace_header_travels(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        root = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
        sqs.trace = f"{root};Lineage=a:1"
        await sqs.send(url, "by header")
        given = {"AWSTraceHeader": {"DataType": "String", "StringValue": root}}
        sent = await sqs.send(url, "by attribute", MessageSystemAttributes=given)
        same = await sqs.send(await sqs.queue("other"), "x", MessageAttributes=given)
        assert sent["MD5OfMessageSystemAttributes"] == same["MD5OfMessageAttributes"]
        found = {one["Body"]: one["Attributes"]["AWSTraceHeader"] for one in await sqs.receive(url)}
        assert found == {"by header": sqs.trace, "by attribute": root}

    with_sqs(tmp_path, body)


def test_the_rest_of_the_server_uses_queues_by_arn(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        queues = sqs.env.queues
        attributes = {"RequestID": {"DataType": "String", "StringValue": "1"}}
        sent = await queues.send(arn("q"), "x", attributes, trace="Root=1")
        message = (await sqs.receive(url, MessageAttributeNames=["All"], VisibilityTimeout=0))[0]
        assert (message["MessageId"], message["MessageAttributes"]) == (sent.id, attributes)
        delivery = (await queues.receive(arn("q"), most=100))[0]
        assert (delivery.content.trace, delivery.receives) == ("Root=1", 2)
        assert await queues.change_visibility(arn("q"), {delivery.handle: 5}) == [None]
        assert await queues.delete(arn("q"), [delivery.handle]) == [None]
        assert (await queues.attributes(arn("q"), {"QueueArn"})) == {"QueueArn": arn("q")}

    with_sqs(tmp_path, body)


def test_a_long_poll_ends_by_the_machine_s_clock_where_the_platform_s_stands_still(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        messages, queue = sqs.env.messages, sqs.env.queue(Caller(HERE, "id"), {"QueueUrl": url})
        assert await asyncio.wait_for(messages.receive(queue, 1, 0.01, 30), 5) == []

    with_sqs(tmp_path, body)


def test_a_message_that_its_sender_has_on_disk_does_not_wait_for_the_disk_again(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        seen: list[bool] = []
        write = sqs.store.queues.write

        async def noted(changes: Any, then: Any, undo: Any, *, light: bool) -> None:
            seen.append(light)
            await write(changes, then, undo, light=light)

        sqs.store.queues.write = noted  # type: ignore[method-assign, assignment]
        for kept in (False, True):
            caller = Caller(HERE, "id", kept=kept)
            await OPERATIONS["SendMessage"](sqs.env, caller, {"QueueUrl": url, "MessageBody": "x"})
        assert seen == [False, True]

    with_sqs(tmp_path, body)
