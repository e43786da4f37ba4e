"""What subscribers get of a message."""

import asyncio
import base64
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from sns_kit import FUNCTION, QUEUE, TOPIC, URL, WEB, Sns

from lambent.store.errors import StoreFull
from tests.unit.waiting import turns

FIFO = f"{TOPIC}.fifo"
FIFO_QUEUE = f"{QUEUE}.fifo"


def test_a_queue_gets_the_envelope(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        arn = await sns.subscribe()
        attributes = {"colour": {"DataType": "String", "StringValue": "réd"}}
        sent = await sns.publish(message='he said "ü"', Subject="s", MessageAttributes=attributes)
        [push] = sns.pushed
        said = json.loads(push.delivery.body)
        assert list(said) == [
            *("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature"),
            *("SigningCertURL", "UnsubscribeURL", "MessageAttributes"),
        ]
        assert (said["MessageId"], said["Message"]) == (sent["MessageId"], 'he said "ü"')
        assert said["Timestamp"] == "2026-03-31T23:33:20.000Z"
        assert said["MessageAttributes"] == {"colour": {"Type": "String", "Value": "réd"}}
        assert said["UnsubscribeURL"] == f"{URL}/?Action=Unsubscribe&SubscriptionArn={arn}"
        text = push.delivery.body.decode()
        assert text.startswith('{\n  "Type" : "Notification",\n')
        assert text.endswith('  "MessageAttributes" : {\n    "colour" : {"Type":"String","Value":"réd"}\n  }\n}')
        assert (push.kind, push.delivery.target, push.delivery.trace_id) == ("sns", QUEUE, "Root=1")
        assert (push.delivery.attributes, push.policy.attempts) == ({}, 100_015)

    stage(scene)


def test_signatures_are_verifiable_in_both_versions(stage) -> None:
    async def scene(sns: Sns) -> None:
        certificate = x509.load_pem_x509_certificate(sns.signer.keys.certificate)
        await sns.topic()
        await sns.subscribe()
        for version, kind in (("1", hashes.SHA1()), ("2", hashes.SHA256())):
            await sns.call(
                "SetTopicAttributes", TopicArn=TOPIC, AttributeName="SignatureVersion", AttributeValue=version
            )
            await sns.publish(Subject="s")
            said = sns.bodies()[-1]
            names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
            text = "".join(f"{name}\n{said[name]}\n" for name in names).encode()
            signature = base64.b64decode(said["Signature"])
            certificate.public_key().verify(signature, text, padding.PKCS1v15(), kind)
            assert said["SignatureVersion"] == version

    stage(scene)


def test_a_function_gets_an_event(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        arn = await sns.subscribe(protocol="lambda", endpoint=FUNCTION)
        await sns.publish()
        [record] = sns.bodies()[0]["Records"]
        assert list(record) == ["EventSource", "EventVersion", "EventSubscriptionArn", "Sns"]
        assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", arn)
        assert list(record["Sns"]) == [
            *("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature"),
            *("SigningCertUrl", "UnsubscribeUrl", "MessageAttributes"),
        ]
        assert (record["Sns"]["Subject"], record["Sns"]["MessageAttributes"]) == (None, {})

    stage(scene)


def test_raw_delivery_to_a_queue(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.subscribe(RawMessageDelivery="true")
        attributes = {
            "n": {"DataType": "Number", "StringValue": "1"},
            "b": {"DataType": "Binary", "BinaryValue": b"\xff"},
        }
        await sns.publish(message="plain", MessageAttributes=attributes)
        [push] = sns.pushed
        assert push.delivery.body == b"plain"
        assert push.delivery.attributes == {"n": ("Number", "1"), "b": ("Binary", "/w==")}

    stage(scene)


def test_a_web_endpoint_gets_headers_once_it_has_confirmed(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        said = await sns.call("Subscribe", TopicArn=TOPIC, Protocol="http", Endpoint=WEB)
        assert said == {"SubscriptionArn": "pending confirmation"}
        [asked] = sns.bodies()
        assert (asked["Type"], sns.pushed[0].delivery.target) == ("SubscriptionConfirmation", WEB)
        expected = f"{URL}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={asked['Token']}"
        assert asked["SubscribeURL"] == expected
        headers = {name: value for name, (_, value) in sns.pushed[0].delivery.attributes.items()}
        assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
        await sns.publish()
        assert len(sns.pushed) == 1
        confirmed = await sns.call("ConfirmSubscription", TopicArn=TOPIC, Token=asked["Token"], signed=False)
        await sns.publish()
        push = sns.pushed[1]
        headers = {name: value for name, (_, value) in push.delivery.attributes.items()}
        assert headers == {
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-message-id": sns.bodies()[1]["MessageId"],
            "x-amz-sns-topic-arn": TOPIC,
            "x-amz-sns-subscription-arn": confirmed["SubscriptionArn"],
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
        }
        assert (push.policy.attempts, push.policy.pauses) == (4, (20.0, 20.0, 20.0))

    stage(scene)


def test_message_structure_gives_each_protocol_its_text(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.subscribe(RawMessageDelivery="true")
        await sns.subscribe(protocol="lambda", endpoint=FUNCTION)
        said = json.dumps({"default": "d", "sqs": "for queues", "x": 1})
        await sns.publish(message=said, MessageStructure="json")
        assert sns.texts()[0] == "for queues"
        assert json.loads(sns.texts()[1])["Records"][0]["Sns"]["Message"] == "d"
        for text in ("{}", "[]", '{"default": 1}'):
            error = await sns.refused("Publish", TopicArn=TOPIC, Message=text, MessageStructure="json")
            expected = "Invalid parameter: Message Structure - No default entry in JSON message body"
            assert error == ("InvalidParameter", expected)
        error = await sns.refused("Publish", TopicArn=TOPIC, Message="{", MessageStructure="json")
        assert error[1] == "Invalid parameter: Message Structure - JSON message body failed to parse"

    stage(scene)


def test_filters_on_attributes_and_on_the_body(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.subscribe(FilterPolicy='{"colour": ["red"], "n": [{"numeric": [">", 5]}]}', RawMessageDelivery="true")
        body = '{"a": {"b": [{"prefix": "x"}]}}'
        await sns.subscribe(
            endpoint=f"{QUEUE}2", FilterPolicy=body, FilterPolicyScope="MessageBody", RawMessageDelivery="true"
        )
        red = {"colour": {"DataType": "String.Array", "StringValue": '["blue", "red"]'}}
        await sns.publish(message="no", MessageAttributes=red)
        await sns.publish(message="yes", MessageAttributes={**red, "n": {"DataType": "Number", "StringValue": "6"}})
        await sns.publish(message='{"a": {"b": "xy"}}')
        await sns.publish(message='{"a": {"b": "y"}}')
        assert sns.texts() == ["yes", '{"a": {"b": "xy"}}']

    stage(scene)


def test_fifo_topics_number_and_deduplicate(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic("t.fifo", FifoTopic="true", ContentBasedDeduplication="true")
        await sns.subscribe(FIFO, endpoint=FIFO_QUEUE)
        await sns.subscribe(FIFO, endpoint=QUEUE, RawMessageDelivery="true")
        first = await sns.publish(FIFO, "one", MessageGroupId="g")
        again = await sns.publish(FIFO, "one", MessageGroupId="h")
        second = await sns.publish(FIFO, "one", MessageGroupId="g", MessageDeduplicationId="other")
        assert again == first
        assert int(second["SequenceNumber"]) == int(first["SequenceNumber"]) + 1000
        assert len(first["SequenceNumber"]) == 20
        to_fifo, to_standard = sns.pushed[0].delivery, sns.pushed[1].delivery
        assert (to_fifo.group, len(to_fifo.deduplication)) == ("g", 64)
        assert (to_standard.group, to_standard.deduplication) == ("", "")
        said = json.loads(to_fifo.body)
        assert said["SequenceNumber"] == first["SequenceNumber"]
        assert "Signature" not in said
        await sns.clock.advance(301)
        await sns.publish(FIFO, "one", MessageGroupId="g")
        assert len(sns.pushed) == 6

    stage(scene)


def test_a_group_may_have_ids_of_its_own(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic("t.fifo", FifoTopic="true", FifoThroughputScope="MessageGroup")
        await sns.subscribe(FIFO, endpoint=FIFO_QUEUE)
        for group in ("g", "h", "g"):
            await sns.publish(FIFO, "m", MessageGroupId=group, MessageDeduplicationId="d")
        assert [push.delivery.group for push in sns.pushed] == ["g", "h"]

    stage(scene)


def test_a_duplicate_is_not_acknowledged_before_the_first_is_on_disk(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic("t.fifo", FifoTopic="true", ContentBasedDeduplication="true")
        await sns.subscribe(FIFO, endpoint=FIFO_QUEUE)
        sns.hold = asyncio.Event()
        first = asyncio.ensure_future(sns.call("Publish", TopicArn=FIFO, Message="m", MessageGroupId="g"))
        second = asyncio.ensure_future(sns.call("Publish", TopicArn=FIFO, Message="m", MessageGroupId="g"))
        await turns()
        assert not first.done() and not second.done()
        sns.broken = StoreFull("full")
        sns.hold.set()
        for one in (first, second):
            try:
                await one
            except StoreFull:
                continue
            raise AssertionError("it was acknowledged")
        sns.broken = None
        await sns.publish(FIFO, "m", MessageGroupId="g")
        assert len(sns.pushed) == 1

    stage(scene)


def test_a_group_goes_to_standard_queues_alone(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.subscribe()
        await sns.subscribe(protocol="lambda", endpoint=FUNCTION)
        await sns.publish(MessageGroupId="tenant")
        assert [push.delivery.group for push in sns.pushed] == ["tenant", ""]

    stage(scene)


def test_a_batch_is_published_but_for_what_is_refused(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.subscribe(RawMessageDelivery="true")
        entries = [
            {"Id": "a", "Message": "1"},
            {"Id": "b", "Message": "2", "Subject": "x\n"},
            {"Id": "c", "Message": "3"},
        ]
        said = await sns.call("PublishBatch", TopicArn=TOPIC, PublishBatchRequestEntries=entries)
        assert [one["Id"] for one in said["Successful"]] == ["a", "c"]
        failed = {"Id": "b", "Code": "InvalidParameter", "Message": "Invalid parameter: Subject", "SenderFault": True}
        assert said["Failed"] == [failed]
        assert sns.texts() == ["1", "3"]

    stage(scene)


def test_batches_that_are_refused_as_a_whole(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        one = {"Id": "a", "Message": "m"}

        async def code(entries: list[dict[str, str]]) -> str:
            return (await sns.refused("PublishBatch", TopicArn=TOPIC, PublishBatchRequestEntries=entries))[0]

        assert await code([]) == "EmptyBatchRequest"
        assert await code([one, one]) == "BatchEntryIdsNotDistinct"
        assert await code([{"Id": "a b", "Message": "m"}]) == "InvalidBatchEntryId"
        assert await code([{"Id": str(n), "Message": "m"} for n in range(11)]) == "TooManyEntriesInBatchRequest"
        assert await code([{"Id": str(n), "Message": "x" * 200_000} for n in range(2)]) == "BatchRequestTooLong"

    stage(scene)


def test_what_is_no_message(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.topic("t.fifo", FifoTopic="true")

        async def text(topic: str = TOPIC, message: str = "m", **params: object) -> str:
            return (await sns.refused("Publish", TopicArn=topic, Message=message, **params))[1]

        assert await text(message="") == "Invalid parameter: Empty message"
        assert await text(message="x" * 262_145) == "Invalid parameter: Message too long"
        assert await text(Subject="s" * 101) == "Invalid parameter: Subject"
        assert "MessageDeduplicationId Reason: The request includes" in await text(MessageDeduplicationId="d")
        assert await text(FIFO) == "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
        assert "ContentBasedDeduplication enabled or" in await text(FIFO, MessageGroupId="g")
        assert await text(f"{TOPIC}x") == "Topic does not exist"
        for value in ("x", "nan", "1_0"):
            number = {"n": {"DataType": "Number", "StringValue": value}}
            assert await text(MessageAttributes=number) == "Could not cast message attribute 'n' value to number."
        assert "type prefixes is Binary, Number" in await text(MessageAttributes={"n": {"DataType": "Text"}})
        assert "non-empty message attribute value" in await text(MessageAttributes={"n": {"DataType": "String"}})
        assert (await sns.refused("Publish", PhoneNumber="+1", Message="m"))[0] == "NotImplementedException"
        assert sns.pushed == []

    stage(scene)


def test_large_messages_where_the_topic_takes_them(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic(MaximumMessageSize="1048576")
        await sns.subscribe(RawMessageDelivery="true")
        await sns.publish(message="x" * 1_048_576)
        assert (await sns.refused("Publish", TopicArn=TOPIC, Message="x" * 1_048_577))[0] == "InvalidParameter"
        error = await sns.refused("Subscribe", TopicArn=TOPIC, Protocol="http", Endpoint=WEB)
        assert error[0] == "InvalidParameter"

    stage(scene)


def test_dead_letters_go_to_the_subscription_s_queue(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.subscribe(RedrivePolicy=json.dumps({"deadLetterTargetArn": f"{QUEUE}-dead"}))
        await sns.publish()
        assert sns.pushed[0].dead_letter == f"{QUEUE}-dead"

    stage(scene)


RECORDED = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def test_a_topic_that_traces_has_a_segment_between_publisher_and_subscriber(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic(TracingConfig="Active")
        await sns.subscribe()
        sns.trace_id, sns.may_trace = RECORDED, True
        sent = await sns.publish()
        [segment] = sns.segments
        said = json.loads(segment.document)
        assert (said["name"], said["origin"], said["resource_arn"]) == ("t", "AWS::SNS", TOPIC)
        assert (said["trace_id"], said["parent_id"]) == ("1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8")
        assert said["aws"]["message_id"] == sent["MessageId"]
        [push] = sns.pushed
        assert push.delivery.trace_id == RECORDED.replace("53995c3f42cd8ad8", said["id"])
        sns.trace_id = RECORDED.replace("Sampled=1", "Sampled=0")
        await sns.publish()
        assert len(sns.segments) == 1

    stage(scene)


def test_without_a_resource_policy_of_x_ray_no_segment_is_sent_and_a_finding_says_so(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic(TracingConfig="Active")
        await sns.subscribe()
        sns.trace_id = RECORDED
        await sns.publish()
        assert (sns.segments, sns.pushed[0].delivery.trace_id) == ([], RECORDED)
        assert "topic-not-traced" in [one.code for one in sns.findings.all()]
        sns.may_trace = True
        await sns.publish()
        assert "topic-not-traced" not in [one.code for one in sns.findings.all()]

    stage(scene)
