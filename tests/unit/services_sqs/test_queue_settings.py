"""Queues themselves: names, attributes, tags, permissions, what is refused, and both protocols."""

import json
from pathlib import Path

from lambent.model.scope import Scope
from tests.unit.services_sqs.sqs_kit import HERE, NOW, URL, Sqs, arn, with_sqs

DEFAULTS = {
    "ApproximateNumberOfMessages": "0",
    "ApproximateNumberOfMessagesDelayed": "0",
    "ApproximateNumberOfMessagesNotVisible": "0",
    "CreatedTimestamp": str(int(NOW)),
    "DelaySeconds": "0",
    "LastModifiedTimestamp": str(int(NOW)),
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "QueueArn": arn("q"),
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


def test_attributes_have_defaults_and_are_changed(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        assert await sqs.attributes(url) == DEFAULTS
        assert await sqs.attributes(url, "QueueArn", "DelaySeconds") == {"QueueArn": arn("q"), "DelaySeconds": "0"}
        assert await sqs.call("GetQueueAttributes", QueueUrl=url) == {}
        await sqs.clock.advance(5)
        await sqs.call("SetQueueAttributes", QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
        found = await sqs.attributes(url)
        assert (found["VisibilityTimeout"], found["LastModifiedTimestamp"]) == ("7", str(int(NOW) + 5))
        fifo = await sqs.attributes(await sqs.queue("q.fifo", FifoQueue="true"))
        assert (
            fifo.items()
            >= {
                "FifoQueue": "true",
                "ContentBasedDeduplication": "false",
                "DeduplicationScope": "queue",
                "FifoThroughputLimit": "perQueue",
            }.items()
        )

    with_sqs(tmp_path, body)


def test_wrong_attributes_are_refused(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()

        async def refused(name: str, value: str) -> tuple[str, str]:
            return await sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes={name: value})

        for name, value in (
            ("VisibilityTimeout", "43201"),
            ("DelaySeconds", "-1"),
            ("MessageRetentionPeriod", "59"),
            ("MaximumMessageSize", "1048577"),
            ("ReceiveMessageWaitTimeSeconds", "x"),
            ("Policy", "no"),
            ("SqsManagedSseEnabled", "maybe"),
        ):
            assert await refused(name, value) == ("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
        for name in ("Nonsense", "FifoQueue", "ContentBasedDeduplication", "QueueArn"):
            assert await refused(name, "true") == ("InvalidAttributeName", f"Unknown Attribute {name}.")
        assert (await sqs.refused("GetQueueAttributes", QueueUrl=url, AttributeNames=["Nonsense"]))[
            0
        ] == "InvalidAttributeName"
        fifo = {"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId"}
        code, _ = await sqs.refused("CreateQueue", QueueName="x.fifo", Attributes=fifo)
        assert code == "InvalidAttributeValue"

    with_sqs(tmp_path, body)


def test_names_are_checked_and_taken_once(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        for name, attributes in (("a b", {}), ("x" * 81, {}), ("q.fifo", {}), ("q", {"FifoQueue": "true"})):
            code, text = await sqs.refused("CreateQueue", QueueName=name, Attributes=attributes)
            assert code == "InvalidParameterValue" and "1 to 80 in length" in text
        assert await sqs.refused("CreateQueue", QueueName="") == (
            "MissingParameter",
            "The request must contain the parameter QueueName.",
        )
        url = await sqs.queue(VisibilityTimeout=5)
        assert await sqs.queue() == await sqs.queue(VisibilityTimeout=5) == url
        assert await sqs.refused("CreateQueue", QueueName="q", Attributes={"VisibilityTimeout": "6"}) == (
            "QueueAlreadyExists",
            "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
        )

    with_sqs(tmp_path, body)


def test_a_deleted_queue_is_gone_and_its_name_free_in_a_minute(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue()
        await sqs.send(url, "x")
        handle = (await sqs.receive(url))[0]["ReceiptHandle"]
        await sqs.call("DeleteQueue", QueueUrl=url)
        for operation in ("DeleteQueue", "PurgeQueue", "ListQueueTags"):
            assert await sqs.refused(operation, QueueUrl=url) == (
                "AWS.SimpleQueueService.NonExistentQueue",
                "The specified queue does not exist.",
            )
        await sqs.clock.advance(59)
        assert (await sqs.refused("CreateQueue", QueueName="q"))[0] == "AWS.SimpleQueueService.QueueDeletedRecently"
        await sqs.clock.advance(1)
        await sqs.queue()
        assert await sqs.receive(url) == []
        assert (await sqs.refused("DeleteMessage", QueueUrl=url, ReceiptHandle=handle))[0] == "ReceiptHandleIsInvalid"

    with_sqs(tmp_path, body)


def test_queues_are_listed_by_prefix_and_page_and_found_by_name(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        urls = [await sqs.queue(name) for name in ("a1", "a2", "a3", "b")]
        assert (await sqs.call("ListQueues"))["QueueUrls"] == urls
        page = await sqs.call("ListQueues", QueueNamePrefix="a", MaxResults=2)
        assert page["QueueUrls"] == urls[:2]
        rest = await sqs.call("ListQueues", QueueNamePrefix="a", MaxResults=2, NextToken=page["NextToken"])
        assert rest == {"QueueUrls": urls[2:3]}
        assert await sqs.call("GetQueueUrl", QueueName="b") == {"QueueUrl": urls[3]}
        other = Scope("222222222222", HERE.region)
        shared = {"Label": "l", "AWSAccountIds": [other.account], "Actions": ["GetQueueUrl"]}
        await sqs.call("AddPermission", QueueUrl=urls[3], **shared)
        owner = await sqs.call("GetQueueUrl", other, QueueName="b", QueueOwnerAWSAccountId=HERE.account)
        assert owner == {"QueueUrl": urls[3]}
        code, _ = await sqs.refused("ReceiveMessage", QueueUrl="http://localhost/")
        assert code == "InvalidAddress"
        for unknown in ("http://no-such-address", "http://localhost/nonsense", "nonsense"):
            code, _ = await sqs.refused("ReceiveMessage", QueueUrl=unknown)
            assert code.endswith("NonExistentQueue"), unknown
        assert await sqs.receive("b") == [], "a queue's name is taken for its URL"
        assert await sqs.receive("https://sqs.eu-west-1.amazonaws.com/111111111111/b") == []

    with_sqs(tmp_path, body)


def test_tags_and_permissions_are_kept(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = (await sqs.call("CreateQueue", QueueName="q", tags={"a": "1"}))["QueueUrl"]
        await sqs.call("TagQueue", QueueUrl=url, Tags={"b": "2", "a": "3"})
        assert await sqs.call("ListQueueTags", QueueUrl=url) == {"Tags": {"a": "3", "b": "2"}}
        await sqs.call("UntagQueue", QueueUrl=url, TagKeys=["a", "b", "c"])
        assert await sqs.call("ListQueueTags", QueueUrl=url) == {}

        given = {"QueueUrl": url, "Label": "l", "AWSAccountIds": ["222222222222"]}
        await sqs.call("AddPermission", **given, Actions=["SendMessage"])
        policy = json.loads((await sqs.attributes(url))["Policy"])
        assert policy == {
            "Version": "2008-10-17",
            "Id": f"{arn('q')}/SQSDefaultPolicy",
            "Statement": [
                {
                    "Sid": "l",
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
                    "Action": "SQS:SendMessage",
                    "Resource": arn("q"),
                }
            ],
        }
        assert sqs.findings.all() == []
        again = await sqs.refused("AddPermission", **given, Actions=["SendMessage"])
        assert again == ("InvalidParameterValue", "Value l for parameter Label is invalid. Reason: Already exists.")
        code, _ = await sqs.refused("AddPermission", **given, Actions=["SendMessage"] * 8)
        assert code == "OverLimit"
        await sqs.call("RemovePermission", QueueUrl=url, Label="l")
        assert "Policy" not in await sqs.attributes(url)
        assert sqs.findings.all() == []
        assert (await sqs.refused("RemovePermission", QueueUrl=url, Label="l"))[0] == "InvalidParameterValue"

    with_sqs(tmp_path, body)


def test_a_key_is_kept_and_said_to_have_no_effect(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        await sqs.queue(KmsMasterKeyId="alias/aws/sqs", KmsDataKeyReusePeriodSeconds=60)
        assert [one.code for one in sqs.findings.all()] == ["queue-not-encrypted"]

    async def after(sqs: Sqs) -> None:
        assert [(one.code, one.resource) for one in sqs.findings.all()] == [("queue-not-encrypted", arn("q"))]

    with_sqs(tmp_path, body, after)


def test_messages_that_may_not_be_sent(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue(MaximumMessageSize=1024)

        async def refused(text: str, **more: object) -> tuple[str, str]:
            return await sqs.refused("SendMessage", QueueUrl=url, MessageBody=text, **more)

        assert await refused("") == ("MissingParameter", "The request must contain the parameter MessageBody.")
        assert (await refused("\x00"))[0] == "InvalidMessageContents"
        assert "Error" not in await sqs.call("SendMessage", QueueUrl=url, MessageBody="\t\n\r😀")
        too_long = "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
        assert await refused("x" * 1025) == ("InvalidParameterValue", too_long)
        attribute = {"a": {"DataType": "String", "StringValue": "x"}}
        assert (await refused("x" * 1020, MessageAttributes=attribute))[1] == too_long
        assert (await refused("x", DelaySeconds=901))[0] == "InvalidParameterValue"
        for value in (
            {"DataType": "Text", "StringValue": "x"},
            {"DataType": "String"},
            {"DataType": "Number", "StringValue": "x"},
        ):
            assert (await refused("x", MessageAttributes={"a": value}))[0] == "InvalidParameterValue"
        assert (await refused("x", MessageAttributes={"AWS.x": attribute["a"]}))[0] == "InvalidParameterValue"
        for name, value in (("MaxNumberOfMessages", 11), ("WaitTimeSeconds", 21), ("VisibilityTimeout", 43_201)):
            code, text = await sqs.refused("ReceiveMessage", QueueUrl=url, **{name: value})
            assert code == "InvalidParameterValue" and text.startswith(
                f"Value {value} for parameter {name} is invalid."
            )

    with_sqs(tmp_path, body)


def test_batches_succeed_and_fail_by_entry(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        url = await sqs.queue(MaximumMessageSize=1024)
        answer = await sqs.call(
            "SendMessageBatch",
            QueueUrl=url,
            Entries=[{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "x" * 2000}],
        )
        assert [one["Id"] for one in answer["Successful"]] == ["good"]
        assert answer["Failed"] == [
            {
                "Id": "bad",
                "SenderFault": True,
                "Code": "InvalidParameterValue",
                "Message": "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
            }
        ]
        handle = (await sqs.receive(url))[0]["ReceiptHandle"]
        entries = [
            {"Id": "1", "ReceiptHandle": handle, "VisibilityTimeout": 5},
            {"Id": "2", "ReceiptHandle": "x", "VisibilityTimeout": 5},
            {"Id": "3", "ReceiptHandle": handle, "VisibilityTimeout": 50_000},
        ]
        changed = await sqs.call("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=entries)
        assert changed["Successful"] == [{"Id": "1"}]
        assert [one["Code"] for one in changed["Failed"]] == ["ReceiptHandleIsInvalid", "InvalidParameterValue"]
        gone = [{"Id": "1", "ReceiptHandle": handle}, {"Id": "2", "ReceiptHandle": "x"}]
        deleted = await sqs.call("DeleteMessageBatch", QueueUrl=url, Entries=gone)
        assert deleted["Successful"] == [{"Id": "1"}] and len(deleted["Failed"]) == 1

        async def refused(*ids: str, text: str = "x") -> str:
            given = [{"Id": one, "MessageBody": text} for one in ids]
            return (await sqs.refused("SendMessageBatch", QueueUrl=url, Entries=given))[0].rpartition(".")[2]

        assert await refused() == "EmptyBatchRequest"
        assert await refused("a", "a") == "BatchEntryIdsNotDistinct"
        assert await refused("a.b") == "InvalidBatchEntryId"
        assert await refused(*map(str, range(11))) == "TooManyEntriesInBatchRequest"
        assert await refused("a", "b", text="x" * 600_000) == "BatchRequestTooLong"

    with_sqs(tmp_path, body)


def test_older_clients_are_answered_in_xml(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        made = await sqs.form(
            "/",
            {
                **{"Action": "CreateQueue", "QueueName": "q", "Version": "2012-11-05"},
                **{
                    "Attribute.1.Name": "VisibilityTimeout",
                    "Attribute.1.Value": "40",
                    "Tag.1.Key": "k",
                    "Tag.1.Value": "v",
                },
            },
        )
        url = f"{URL}/{HERE.account}/q"
        assert f"<CreateQueueResult><QueueUrl>{url}</QueueUrl></CreateQueueResult>" in made
        assert (await sqs.call("ListQueueTags", QueueUrl=url))["Tags"] == {"k": "v"}
        at = f"/{HERE.account}/q"
        sent = await sqs.form(
            at,
            {
                **{"Action": "SendMessage", "MessageBody": "<hello>", "Version": "2012-11-05"},
                **{"MessageAttribute.1.Name": "a", "MessageAttribute.1.Value.DataType": "String"},
                "MessageAttribute.1.Value.StringValue": "v",
            },
        )
        assert "<MD5OfMessageBody>" in sent and "<MessageId>" in sent
        names = {"AttributeName.1": "All", "MessageAttributeName.1": "All"}
        got = await sqs.form(at, {"Action": "ReceiveMessage", **names})
        assert "<Body>&lt;hello&gt;</Body>" in got
        assert "<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>" in got
        assert "<MessageAttribute><Name>a</Name><Value>" in got and "<StringValue>v</StringValue>" in got
        handle = got.partition("<ReceiptHandle>")[2].partition("<")[0]
        batch = {"DeleteMessageBatchRequestEntry.1.Id": "1", "DeleteMessageBatchRequestEntry.1.ReceiptHandle": handle}
        gone = await sqs.form(at, {"Action": "DeleteMessageBatch", **batch})
        assert "<DeleteMessageBatchResultEntry><Id>1</Id></DeleteMessageBatchResultEntry>" in gone
        shown = await sqs.form(
            "/", {"Action": "GetQueueAttributes", "QueueUrl": url, "AttributeName.1": "VisibilityTimeout"}
        )
        assert "<Attribute><Name>VisibilityTimeout</Name><Value>40</Value></Attribute>" in shown
        absent = await sqs.form(f"{at}x", {"Action": "ReceiveMessage"})
        assert "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in absent

    with_sqs(tmp_path, body)
