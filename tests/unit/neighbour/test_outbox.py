"""The requests that carry an event's record to its destination."""

import asyncio
import json
from urllib.parse import parse_qs

import pytest

from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Scope
from lambent.neighbour.outbox import Outbox
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

HERE = Scope("111111111111", "us-east-1")
FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:f:$LATEST"
URL = b'{"QueueUrl": "http://q"}'


def send(target: str, *answers: Response | Exception, **more) -> list[Request]:
    """The requests that are made of a delivery."""
    seen: list[Request] = []
    waiting = list(answers)

    async def endpoint(request: Request) -> Response:
        seen.append(request)
        answer = waiting.pop(0) if waiting else Response(200, [], b"{}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    said = {"detail_type": "type", "attributes": {}} | more
    arn = said.pop("arn", FUNCTION)
    delivery = Delivery(HERE, target, b'{"a":1}', "f", arn, "trace", "unique", 1_573_755_365.5, **said)
    asyncio.run(Outbox(endpoint)(delivery))
    return seen


def test_to_a_queue() -> None:
    attributes = {"RequestID": ("String", "id"), "ErrorCode": ("Number", "200")}
    asked, sent = send("arn:aws:sqs:eu-west-1:222222222222:q", Response(200, [], URL), attributes=attributes)
    assert asked.headers["x-amz-target"] == "AmazonSQS.GetQueueUrl"
    assert json.loads(asked.body) == {"QueueName": "q", "QueueOwnerAWSAccountId": "222222222222"}
    assert "Credential=111111111111/20260101/eu-west-1/sqs/" in sent.headers["authorization"]
    assert sent.headers["x-amz-target"] == "AmazonSQS.SendMessage"
    assert json.loads(sent.body) == {
        "QueueUrl": "http://q",
        "MessageBody": '{"a":1}',
        "MessageAttributes": {
            "RequestID": {"DataType": "String", "StringValue": "id"},
            "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        },
        "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "trace"}},
    }


def test_what_services_send_to_a_queue_is_sent_in_its_account() -> None:
    """Their own name, which a queue's policy would have to allow, is no account's."""
    _, sent = send("arn:aws:sqs:eu-west-1:222222222222:q", Response(200, [], URL), arn="arn:aws:sns:us-east-1:111:t")
    assert "Credential=222222222222/20260101/eu-west-1/sqs/" in sent.headers["authorization"]


def test_to_a_topic() -> None:
    topic = "arn:aws:sns:us-east-1:111111111111:t"
    [sent] = send(topic, attributes={"ErrorCode": ("Number", "200")})
    form = {key: value for key, [value] in parse_qs(sent.body.decode()).items()}
    assert form == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": topic,
        "Message": '{"a":1}',
        "MessageAttributes.entry.1.Name": "ErrorCode",
        "MessageAttributes.entry.1.Value.DataType": "Number",
        "MessageAttributes.entry.1.Value.StringValue": "200",
    }
    assert sent.headers["x-amzn-trace-id"] == "trace"


@pytest.mark.parametrize(("account", "name"), [("111111111111", "mine"), ("222222222222", None)])
def test_to_a_bus(account: str, name: str | None) -> None:
    bus = f"arn:aws:events:us-east-1:{account}:event-bus/mine"
    [sent] = send(bus)
    assert sent.headers["x-amz-target"] == "AWSEvents.PutEvents"
    [entry] = json.loads(sent.body)["Entries"]
    assert entry == {
        "Source": "lambda",
        "DetailType": "type",
        "Detail": '{"a":1}',
        "Resources": [bus, FUNCTION],
        "EventBusName": name or bus,
    }


def test_to_a_bucket() -> None:
    [sent] = send("arn:aws:s3:::bucket")
    assert (sent.method, sent.body) == ("PUT", b'{"a":1}')
    assert sent.path == "/bucket/aws/lambda/async/f/2019/11/14/2019-11-14T18.16.05-unique"


def test_to_a_function() -> None:
    other = "arn:aws:lambda:us-east-1:111111111111:function:g"
    [sent] = send(other)
    assert sent.path == "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Ag/invocations"
    assert sent.headers["x-amz-invocation-type"] == "Event"
    assert sent.headers["x-amzn-trace-id"] == "trace"


@pytest.mark.parametrize(
    ("target", "answers", "reason", "passing"),
    [
        ("arn:aws:sqs:us-east-1:111111111111:q.fifo", [], "a FIFO queue takes no message without a group", False),
        ("arn:aws:sns:us-east-1:111111111111:t.fifo", [], "a FIFO topic takes no events", False),
        ("arn:aws:dynamodb:us-east-1:111111111111:table/t", [], "is nothing that events are sent to", False),
        ("nonsense", [], "is nothing that events are sent to", False),
        (
            "arn:aws:sqs:us-east-1:111111111111:q",
            [Response(400, [], b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no"}')],
            "sqs answered 400: QueueDoesNotExist: no",
            False,
        ),
        (
            "arn:aws:s3:::bucket",
            [Response(404, [], b"<Error><Code>NoSuchBucket</Code>\n<Message>none</Message></Error>")],
            "s3 answered 404: NoSuchBucket: none",
            False,
        ),
        ("arn:aws:s3:::bucket", [Response(503, [], b"<Code>SlowDown</Code>")], "s3 answered 503: SlowDown: ", True),
        ("arn:aws:s3:::bucket", [Fault("ServiceUnavailable", "down", status=503)], "ServiceUnavailable: down", True),
        (
            "arn:aws:events:us-east-1:111111111111:event-bus/b",
            [
                Response(
                    200, [], b'{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"x"}]}'
                )
            ],
            "InternalFailure: x",
            True,
        ),
        (
            "arn:aws:lambda:us-east-1:111111111111:function:g",
            [Response(413, [], b'{"message": "too large"}')],
            "lambda answered 413: too large",
            False,
        ),
    ],
)
def test_refusals(target: str, answers: list[Response | Exception], reason: str, passing: bool) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        send(target, *answers)
    assert reason in caught.value.reason
    assert caught.value.passing is passing


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("service", ["sqs", "sns", "lambda", "events", "s3"])
def test_what_the_sender_keeps_is_said_to_who_takes_it(service: str, kept: bool) -> None:
    target = f"arn:aws:{service}:us-east-1:111111111111:{'function:f' if service == 'lambda' else 'one'}"
    assert {sent.kept for sent in send(target, kept=kept)} == {kept}
