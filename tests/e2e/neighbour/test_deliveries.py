"""What SNS and S3 send reaches the functions and queues of the server, in AWS's shapes."""

import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import Deploy, Server

TELLS = """
import boto3, json, os

def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["RESULTS"], MessageBody=json.dumps(event))
"""
"""A function that tells what it got."""
ARN = "arn:aws:{}:us-east-1:000000000000:{}"
TRACE = "Root=1-69963f09-0d53825959fc8b6738f20936;Parent=60d5b6543333d209;Sampled=0;Lineage=1:e547cb94:0"
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Queue:
    """A queue and what is in it."""

    def __init__(self, server: Server, name: str, **attributes: str) -> None:
        self.client = server.client("sqs")
        self.url = self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.arn = ARN.format("sqs", name)

    def messages(self, count: int = 1, seconds: float = 60.0) -> list[dict[str, Any]]:
        """`count` messages, as soon as they are there."""
        found: list[dict[str, Any]] = []
        end = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < end:
            asked = {"MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"], "WaitTimeSeconds": 2}
            some = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, **asked).get("Messages", [])
            for one in some:
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=one["ReceiptHandle"])
            found += some
        assert len(found) == count
        return found

    def document(self) -> Any:
        """The one message that is there, read."""
        [message] = self.messages()
        return json.loads(message["Body"])

    def is_empty(self) -> bool:
        return "Messages" not in self.client.receive_message(QueueUrl=self.url)


@pytest.fixture
def queue(server: Server, request: pytest.FixtureRequest) -> Iterator[Callable[..., Queue]]:
    """Makes queues whose names begin with the test's."""
    made: list[Queue] = []

    def make(suffix: str = "q", **attributes: str) -> Queue:
        name = re.sub(r"\W", "-", request.node.name)[:60]
        made.append(Queue(server, f"{name}-{suffix}", **attributes))
        return made[-1]

    yield make
    for one in made:
        one.client.delete_queue(QueueUrl=one.url)


def traced(server: Server, service: str, trace: str = TRACE) -> Any:
    """A client whose requests carry a trace header, as the SDK sends it from inside a function."""
    client = server.client(service)
    client.meta.events.register(
        "before-sign.*", lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", trace)
    )
    return client


def found(server: Server, resource: str) -> dict[str, str]:
    """The findings about a resource: code -> message."""
    return {one["code"]: one["message"] for one in server.page("findings")["findings"] if one["resource"] == resource}


def until_found(server: Server, resource: str, code: str) -> str:
    end = time.monotonic() + 60
    while code not in found(server, resource):
        assert time.monotonic() < end, server.page("findings")
        time.sleep(0.05)
    return found(server, resource)[code]


# --- SNS


def test_a_topic_invokes_a_function(server: Server, deploy: Deploy, queue: Callable[..., Queue]) -> None:
    results = queue()
    function = ARN.format("lambda", f"function:{deploy(TELLS, Environment={'Variables': {'RESULTS': results.url}})}")
    sns = server.client("sns")
    topic = sns.create_topic(Name="to-function")["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function, ReturnSubscriptionArn=True)
    attributes = {
        "n": {"DataType": "Number", "StringValue": "1"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = sns.publish(TopicArn=topic, Message="hé", Subject="s", MessageAttributes=attributes)
    [record] = results.document()["Records"]
    notification = record.pop("Sns")
    assert record == {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription["SubscriptionArn"],
    }
    assert re.fullmatch(ISO, notification.pop("Timestamp"))
    assert notification.pop("Signature")
    page = f"{server.endpoint}/_lambent/sns/SimpleNotificationService-"
    assert notification.pop("SigningCertUrl").startswith(page)
    assert notification.pop("UnsubscribeUrl").endswith(f"SubscriptionArn={subscription['SubscriptionArn']}")
    assert notification == {
        "Type": "Notification",
        "MessageId": sent["MessageId"],
        "TopicArn": topic,
        "Subject": "s",
        "Message": "hé",
        "SignatureVersion": "1",
        "MessageAttributes": {"n": {"Type": "Number", "Value": "1"}, "b": {"Type": "Binary", "Value": "AP8="}},
    }


def test_a_topic_fans_out_to_queues(server: Server, queue: Callable[..., Queue]) -> None:
    wrapped, raw, filtered = queue("wrapped"), queue("raw"), queue("filtered")
    sns = traced(server, "sns")
    topic = sns.create_topic(Name="fan-out")["TopicArn"]
    policy = {"FilterPolicy": json.dumps({"k": ["other"]}), "RawMessageDelivery": "false"}
    for one, settings in ((wrapped, {}), (raw, {"RawMessageDelivery": "true"}), (filtered, policy)):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=one.arn, Attributes=settings)
    attributes = {"k": {"DataType": "String", "StringValue": "v"}, "b": {"DataType": "Binary", "BinaryValue": b"\x01"}}
    sent = sns.publish(TopicArn=topic, Message='{"a": 1}', MessageAttributes=attributes)
    [message] = wrapped.messages()
    document = json.loads(message["Body"])
    assert message["Body"].startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    assert (document["MessageId"], document["Message"], document["TopicArn"]) == (sent["MessageId"], '{"a": 1}', topic)
    assert document["MessageAttributes"]["k"] == {"Type": "String", "Value": "v"}
    assert "MessageAttributes" not in message
    assert message["Attributes"]["AWSTraceHeader"] == TRACE
    [message] = raw.messages()
    assert message["Body"] == '{"a": 1}'
    assert message["MessageAttributes"] == {
        "k": {"DataType": "String", "StringValue": "v"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x01"},
    }
    assert message["Attributes"]["AWSTraceHeader"] == TRACE
    assert filtered.is_empty()


def test_a_fifo_topic_keeps_group_order_and_deduplication(server: Server, queue: Callable[..., Queue]) -> None:
    fifo = queue("q.fifo", FifoQueue="true")
    sns = server.client("sns")
    settings = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="ordered.fifo", Attributes=settings)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=fifo.arn)
    for text in ("1", "2", "2", "3"):
        sns.publish(TopicArn=topic, Message=text, MessageGroupId="g")
    sns.publish(TopicArn=topic, Message="4", MessageGroupId="g", MessageDeduplicationId="own")
    messages = fifo.messages(4)
    assert [json.loads(one["Body"])["Message"] for one in messages] == ["1", "2", "3", "4"]
    assert {one["Attributes"]["MessageGroupId"] for one in messages} == {"g"}
    assert messages[3]["Attributes"]["MessageDeduplicationId"] == "own"


def test_what_a_topic_can_not_deliver_is_told_and_kept_when_there_is_a_place(
    server: Server, deploy: Deploy, queue: Callable[..., Queue]
) -> None:
    letters, well = queue("letters"), queue("well")
    sns, sqs = server.client("sns"), server.client("sqs")
    topic = sns.create_topic(Name="nowhere")["TopicArn"]
    gone, none, kept = (
        ARN.format("sqs", "gone"),
        ARN.format("lambda", f"function:{deploy(TELLS)}"),
        ARN.format("sqs", "kept"),
    )
    leaving = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("gone", "kept")]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=gone)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=none)
    mail = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True)
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": letters.arn}), "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=kept, Attributes=redrive)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=well.arn, Attributes={"RawMessageDelivery": "true"})
    for url in leaving:
        sqs.delete_queue(QueueUrl=url)
    server.client("lambda").delete_function(FunctionName=none)
    sns.publish(TopicArn=topic, Message="m")
    assert "QueueDoesNotExist" in until_found(server, gone, "undelivered/sns")
    assert "Function not found" in until_found(server, none, "undelivered/sns")
    told = until_found(server, mail["SubscriptionArn"], "subscription-not-delivered")
    assert "nothing is sent by email here" in told
    assert found(server, kept).keys() == {"denied/sqs:SendMessage"}, "on AWS the queue's policy would let no topic in"
    assert [one["Body"] for one in (*letters.messages(), *well.messages())] == ["m", "m"]


def test_a_queue_may_be_made_after_its_subscription(server: Server) -> None:
    sns = server.client("sns")
    topic = sns.create_topic(Name="early")["TopicArn"]
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ARN.format("sqs", "late"))["SubscriptionArn"]
    assert "there is no queue" in until_found(server, made, "subscription-target-missing")
    late = Queue(server, "late")
    sns.publish(TopicArn=topic, Message="m")
    assert [json.loads(one["Body"])["Message"] for one in late.messages()] == ["m"]


# --- S3


def notify(server: Server, bucket: str, **configuration: Any) -> Any:
    """A bucket that notifies; its client."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    return s3


def test_a_bucket_invokes_a_function_for_what_its_prefix_says(
    server: Server, deploy: Deploy, queue: Callable[..., Queue]
) -> None:
    results = queue()
    function = ARN.format("lambda", f"function:{deploy(TELLS, Environment={'Variables': {'RESULTS': results.url}})}")
    rules = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".txt"}]}}
    one = {"Id": "mine", "LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"], "Filter": rules}
    s3 = notify(server, "invoking", LambdaFunctionConfigurations=[one])
    s3.put_object(Bucket="invoking", Key="out/a.txt", Body=b"x")
    s3.put_object(Bucket="invoking", Key="in/a.pdf", Body=b"x")
    put = s3.put_object(Bucket="invoking", Key="in/a b+ü.txt", Body=b"hello")
    [record] = results.document()["Records"]
    assert re.fullmatch(ISO, record.pop("eventTime"))
    assert set(record.pop("responseElements")) == {"x-amz-request-id", "x-amz-id-2"}
    assert record.pop("userIdentity")["principalId"]
    about = record["s3"]["object"]
    assert re.fullmatch(r"[0-9A-F]{18}", about.pop("sequencer"))
    assert record["s3"]["bucket"].pop("ownerIdentity")["principalId"]
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventName": "ObjectCreated:Put",
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "mine",
            "bucket": {"name": "invoking", "arn": "arn:aws:s3:::invoking"},
            "object": {"key": "in/a+b%2B%C3%BC.txt", "size": 5, "eTag": put["ETag"].strip('"')},
        },
    }
    assert results.is_empty()


def test_a_bucket_sends_to_a_queue_and_a_topic(server: Server, queue: Callable[..., Queue]) -> None:
    direct, behind = queue("direct"), queue("behind")
    sns = server.client("sns")
    topic = sns.create_topic(Name="of-bucket")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=behind.arn)
    s3 = notify(
        server,
        "sending",
        QueueConfigurations=[{"QueueArn": direct.arn, "Events": ["s3:ObjectCreated:*"]}],
        TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectRemoved:*"]}],
    )
    test = direct.document()
    assert (test["Service"], test["Event"], test["Bucket"]) == ("Amazon S3", "s3:TestEvent", "sending")
    assert set(test) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}
    assert json.loads(behind.document()["Message"])["Event"] == "s3:TestEvent"
    s3.put_bucket_versioning(Bucket="sending", VersioningConfiguration={"Status": "Enabled"})
    version = traced(server, "s3").put_object(Bucket="sending", Key="k", Body=b"x")["VersionId"]
    s3.delete_object(Bucket="sending", Key="k")
    [created] = direct.messages(1)
    assert created["Attributes"]["AWSTraceHeader"] == TRACE
    assert json.loads(created["Body"])["Records"][0]["s3"]["object"]["versionId"] == version
    notification = behind.document()
    assert notification["Subject"] == "Amazon S3 Notification"
    [record] = json.loads(notification["Message"])["Records"]
    assert record["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    assert set(record["s3"]["object"]) == {"key", "versionId", "sequencer"}


def test_a_bucket_that_can_not_send_takes_objects_and_says_so(server: Server) -> None:
    none = ARN.format("lambda", "function:nobody")
    topic = ARN.format("sns", "no-topic")
    s3 = server.client("s3")
    s3.create_bucket(Bucket="mute")
    s3.put_bucket_notification_configuration(
        Bucket="mute",
        SkipDestinationValidation=True,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": none, "Events": ["s3:ObjectCreated:*"]}],
            "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectRemoved:*"]}],
        },
    )
    s3.put_object(Bucket="mute", Key="gone", Body=b"x")
    s3.delete_object(Bucket="mute", Key="gone")
    s3.put_object(Bucket="mute", Key="k", Body=b"x")
    assert "Function not found" in until_found(server, none, "undelivered/s3")
    assert "NotFound" in until_found(server, topic, "undelivered/s3")
    assert s3.get_object(Bucket="mute", Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize(
    ("kind", "member", "service", "name", "called"),
    [
        ("LambdaFunctionConfigurations", "LambdaFunctionArn", "lambda", "function:nobody", "Lambda"),
        ("QueueConfigurations", "QueueArn", "sqs", "nobody", "queue"),
        ("TopicConfigurations", "TopicArn", "sns", "nobody", "topic"),
    ],
)
def test_a_notification_to_what_is_not_there_is_refused(
    server: Server, kind: str, member: str, service: str, name: str, called: str
) -> None:
    arn = ARN.format(service, name)
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations") as refused:
        notify(server, "refusing", **{kind: [{member: arn, "Events": ["s3:ObjectCreated:*"]}]})
    error = refused.value.response["Error"]
    named = f"{arn}, null" if service == "lambda" else arn  # as AWS does
    assert (error["Code"], error["ArgumentName1"]) == ("InvalidArgument", named)
    assert error["ArgumentValue1"] == f"The destination {called} does not exist"


def test_more_puts_at_once_than_moto_has_connections(server: Server, queue: Callable[..., Queue]) -> None:
    crowd = queue()
    s3 = notify(server, "crowd", QueueConfigurations=[{"QueueArn": crowd.arn, "Events": ["s3:ObjectCreated:*"]}])
    crowd.messages()
    with ThreadPoolExecutor(64) as pool:
        client = server.client("s3", max_pool_connections=64)
        list(pool.map(lambda number: client.put_object(Bucket="crowd", Key=f"{number}", Body=b"x"), range(200)))
    keys = {json.loads(one["Body"])["Records"][0]["s3"]["object"]["key"] for one in crowd.messages(200)}
    assert keys == {str(number) for number in range(200)}
    assert len(s3.list_objects_v2(Bucket="crowd")["Contents"]) == 200


# --- the process


def test_a_killed_moto_takes_nothing_with_it(own_server: Callable[..., Server]) -> None:
    server = own_server()
    queue = Queue(server, "q")
    for _ in range(2):
        end = time.monotonic() + 60
        while server.page("health")["neighbour"]["state"] not in ("not started", "ready"):
            assert time.monotonic() < end
            time.sleep(0.05)
        said = server.client("ssm").put_parameter(Name="p", Value="v", Type="String")
        assert said["Version"] == 1, "of another life of moto's there is nothing"
        pid = server.page("health")["neighbour"]["pid"]
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        assert server.client("sqs").send_message(QueueUrl=queue.url, MessageBody="{}")["MessageId"]
        assert queue.messages()[0]["Body"] == "{}"
        assert time.monotonic() - began < 5
        while server.page("health")["neighbour"]["pid"] == pid:
            assert time.monotonic() < end, "it did not notice"
            time.sleep(0.02)
    assert server.stop() == 0


def test_nothing_that_a_request_names_leads_to_this_machine(server: Server) -> None:
    """Subscribers on the host's loopback are told of, and never asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as private:
        private.settimeout(0.2)
        url = f"http://127.0.0.1:{private.getsockname()[1]}/"
        sns = server.client("sns")
        topic = sns.create_topic(Name="inwards")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
        sns.publish(TopicArn=topic, Message="m")
        assert "setting reach" in until_found(server, url, "undelivered/sns")
        with contextlib.suppress(TimeoutError):
            asked.append(private.accept()[0].recv(100))
    assert asked == []
