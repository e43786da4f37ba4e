"""SNS with real clients: to functions, queues and the web, through restarts."""

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from lambent.server.reset import reset
from tests.e2e.conftest import ROLE, RUNTIME, Server, package, start

TELLS = """
import boto3, json, os

def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["RESULTS"], MessageBody=json.dumps(event))
"""
CONFIRMS = """
import urllib.request

def handler(event, context):
    return urllib.request.urlopen(event["url"], timeout=10).read().decode()
"""
ARN = "arn:aws:{}:us-east-1:000000000000:{}"
SECONDS = 60.0


class Subscriber:
    """A web server that keeps what it is posted, and answers with each of `statuses` in turn."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        subscriber = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                subscriber.got.append(({**headers, ":path": self.path}, body))
                self.send_response(subscriber.statuses.pop(0) if subscriber.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.where = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def message(self, number: int) -> tuple[dict[str, str], Any]:
        """What was posted as that one, counted from 0."""
        end = time.monotonic() + SECONDS
        while len(self.got) <= number:
            assert time.monotonic() < end, f"{len(self.got)} were posted"
            time.sleep(0.02)
        headers, body = self.got[number]
        return headers, json.loads(body)


class Platform:
    """A server that is stopped and started again on its folder."""

    def __init__(self, folder: Path, subscriber: Subscriber) -> None:
        self.folder, self.subscriber = folder, subscriber
        self.server = self.begin()

    def begin(self) -> Server:
        return start(self.folder, "--clock", "manual", env={"LAMBENT_REACH": self.subscriber.where})

    def again(self, how: int) -> None:
        self.server.stop(how, 20)
        self.server = self.begin()

    def client(self, service: str) -> Any:
        return self.server.client(service)

    def advance(self, seconds: float) -> None:
        body = json.dumps({"advance": seconds}).encode()
        request = urllib.request.Request(f"{self.server.endpoint}/_lambent/clock", body, method="POST")
        urllib.request.urlopen(request, timeout=90).read()

    def queue(self, name: str, **attributes: str) -> str:
        return str(self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def bodies(self, url: str, count: int) -> list[str]:
        found: list[str] = []
        end = time.monotonic() + SECONDS
        sqs = self.client("sqs")
        while len(found) < count and time.monotonic() < end:
            for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages", []):
                found.append(one["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        assert len(found) == count, found
        return found


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    running = Platform(tmp_path_factory.mktemp("topics") / "data", Subscriber())
    yield running
    assert running.server.stop() == 0, "".join(running.server.output)
    reset(running.folder)
    assert not running.folder.exists(), "a server keeps something there that is not emptied"


def verify(message: dict[str, Any], names: tuple[str, ...]) -> None:
    """The signature, by the certificate that the message names. Raises InvalidSignature."""
    with urllib.request.urlopen(message["SigningCertURL"], timeout=10) as answer:
        certificate = x509.load_pem_x509_certificate(answer.read())
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()
    kind = {"1": hashes.SHA1(), "2": hashes.SHA256()}[message["SignatureVersion"]]
    key: Any = certificate.public_key()
    key.verify(base64.b64decode(message["Signature"]), text, padding.PKCS1v15(), kind)


def test_a_web_endpoint_confirms_gets_signed_messages_and_unsubscribes(platform: Platform) -> None:
    sns, subscriber = platform.client("sns"), platform.subscriber
    topic = sns.create_topic(Name="web", Attributes={"SignatureVersion": "2"})["TopicArn"]
    url = f"http://{subscriber.where}/a?b=%2F"
    assert sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)["SubscriptionArn"] == "pending confirmation"
    headers, asked = subscriber.message(0)
    assert headers["x-amz-sns-message-type"] == asked["Type"] == "SubscriptionConfirmation"
    verify(asked, ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"))
    with urllib.request.urlopen(asked["SubscribeURL"], timeout=10) as answer:
        said = answer.read().decode()
    [subscription] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert f"<SubscriptionArn>{subscription['SubscriptionArn']}</SubscriptionArn>" in said
    platform.again(15)
    sns = platform.client("sns")
    subscriber.statuses = [503]
    sent = sns.publish(TopicArn=topic, Message="hé\n", Subject="s")
    subscriber.message(1)
    platform.advance(20)
    headers, message = subscriber.message(2)
    assert subscriber.got[1] == subscriber.got[2]
    assert headers["x-amz-sns-subscription-arn"] == subscription["SubscriptionArn"]
    assert (headers["content-type"], headers[":path"]) == ("text/plain; charset=UTF-8", "/a?b=%2F")
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert (message["MessageId"], message["Message"], message["Subject"]) == (sent["MessageId"], "hé\n", "s")
    verify(message, ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"))
    urllib.request.urlopen(message["UnsubscribeURL"], timeout=10).read()
    assert subscriber.message(3)[1]["Type"] == "UnsubscribeConfirmation"
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_what_nobody_takes_is_a_dead_letter_after_its_retries(platform: Platform) -> None:
    sns = platform.client("sns")
    dead = platform.queue("dead")
    topic = sns.create_topic(Name="dead")["TopicArn"]
    url = f"http://{platform.subscriber.where}/dead"
    before = len(platform.subscriber.got)
    sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=url,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": ARN.format("sqs", "dead")})},
    )
    token = platform.subscriber.message(before)[1]["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    platform.subscriber.statuses = [500] * 4
    sns.publish(TopicArn=topic, Message="m")
    platform.subscriber.message(before + 1)
    platform.again(9)
    platform.advance(61)
    [letter] = platform.bodies(dead, 1)
    assert json.loads(letter)["Message"] == "m"
    assert len(platform.subscriber.got) == before + 5
    assert not platform.subscriber.statuses


def test_topics_fan_out_filter_and_keep_order_through_a_kill(platform: Platform) -> None:
    sns = platform.client("sns")
    plain, filtered, ordered, results = (
        platform.queue("plain"),
        platform.queue("filtered"),
        platform.queue("ordered.fifo", FifoQueue="true"),
        platform.queue("results"),
    )
    client = platform.client("lambda")
    client.create_function(
        FunctionName="tells", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Timeout=30,
        Code={"ZipFile": package({"app.py": TELLS})}, Environment={"Variables": {"RESULTS": results}},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="tells", WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    topic = sns.create_topic(Name="fan")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=ARN.format("sqs", "plain"), Attributes={"RawMessageDelivery": "true"}
    )
    policy = {"FilterPolicy": json.dumps({"kind": [{"prefix": "a"}]}), "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ARN.format("sqs", "filtered"), Attributes=policy)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN.format("lambda", "function:tells"))
    settings = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    fifo = sns.create_topic(Name="fan.fifo", Attributes=settings)["TopicArn"]
    sns.subscribe(
        TopicArn=fifo, Protocol="sqs", Endpoint=ARN.format("sqs", "ordered.fifo"),
        Attributes={"RawMessageDelivery": "true"},
    )  # fmt: skip
    platform.again(9)
    sns = platform.client("sns")
    kind = {"kind": {"DataType": "String", "StringValue": "abc"}}
    sns.publish(TopicArn=topic, Message="1", MessageAttributes=kind)
    sns.publish(TopicArn=topic, Message="2")
    for start_at in range(0, 30, 10):
        entries = [{"Id": str(n), "Message": str(n), "MessageGroupId": "g"} for n in range(start_at, start_at + 10)]
        assert len(sns.publish_batch(TopicArn=fifo, PublishBatchRequestEntries=entries)["Successful"]) == 10
    platform.again(9)
    assert sorted(platform.bodies(plain, 2)) == ["1", "2"]
    assert platform.bodies(filtered, 1) == ["1"]
    assert platform.bodies(ordered, 30) == [str(n) for n in range(30)]
    told = [json.loads(body)["Records"][0]["Sns"]["Message"] for body in platform.bodies(results, 2)]
    assert sorted(told) == ["1", "2"]


def test_a_function_may_visit_what_a_message_names(platform: Platform) -> None:
    """The certificate, and the link that confirms: without a signature, also from inside."""
    sns, client = platform.client("sns"), platform.client("lambda")
    client.create_function(
        FunctionName="confirms", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Timeout=30,
        Code={"ZipFile": package({"app.py": CONFIRMS})},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(
        FunctionName="confirms", WaiterConfig={"Delay": 0.1, "MaxAttempts": 600}
    )
    topic = sns.create_topic(Name="inside")["TopicArn"]
    before = len(platform.subscriber.got)
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://{platform.subscriber.where}/inside")
    asked = platform.subscriber.message(before)[1]

    def visit(url: str) -> str:
        answer = client.invoke(FunctionName="confirms", Payload=json.dumps({"url": url}))
        return str(json.load(answer["Payload"]))

    assert "BEGIN CERTIFICATE" in visit(asked["SigningCertURL"])
    assert "<SubscriptionArn>arn:aws:sns" in visit(asked["SubscribeURL"])
    [subscription] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert subscription["SubscriptionArn"].startswith(topic)


def test_the_command_line_of_aws(platform: Platform, tmp_path: Path) -> None:
    aws = shutil.which("aws", path=str(Path(sys.executable).parent)) or shutil.which("aws")
    if aws is None:
        pytest.skip("the AWS CLI is not installed")
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "AWS_ENDPOINT_URL": platform.server.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    def run(*words: str) -> Any:
        done = subprocess.run([aws, "sns", *words], env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    platform.queue("cli")
    topic = run("create-topic", "--name", "cli", "--tags", "Key=a,Value=b")["TopicArn"]
    run("subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", ARN.format("sqs", "cli"))
    sent = run("publish", "--topic-arn", topic, "--message", "m")
    [body] = platform.bodies(f"{platform.server.endpoint}/000000000000/cli", 1)
    assert json.loads(body)["MessageId"] == sent["MessageId"]


def test_what_is_not_built_is_refused_by_name(platform: Platform) -> None:
    sns = platform.client("sns")
    calls: list[Callable[[], Any]] = [
        lambda: sns.create_platform_application(Name="a", Platform="GCM", Attributes={}),
        lambda: sns.publish(PhoneNumber="+15550100", Message="m"),
        lambda: sns.set_sms_attributes(attributes={"a": "b"}),
        lambda: sns.put_data_protection_policy(ResourceArn=ARN.format("sns", "t"), DataProtectionPolicy="{}"),
    ]
    for call in calls:
        with pytest.raises(ClientError, match="Lambent does not support") as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "NotImplementedException"
