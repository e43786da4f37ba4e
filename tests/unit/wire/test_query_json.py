"""What an integration gets of services that speak XML."""

import asyncio

import orjson

from lambent.services import aws_backends
from lambent.wire import serialize, service
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.query_json import translated


def test_a_message_that_was_sent() -> None:
    result = {"MD5OfMessageBody": "md5", "MessageId": "id"}
    xml = serialize.output(service.load("sqs", "query"), "SendMessage", result, "rid")

    async def send(_request: Request) -> Response:
        return xml

    headers = {"accept": "application/json", "content-type": aws_backends.FORM}
    asked = Request("POST", "/1/q", "", headers, b"Action=SendMessage&MessageBody=b")
    answer = asyncio.run(aws_backends.ask(send, asked, "sqs"))
    assert orjson.loads(answer.body) == {
        "SendMessageResponse": {
            "SendMessageResult": {
                "MD5OfMessageBody": "md5",
                "MD5OfMessageAttributes": None,
                "MD5OfMessageSystemAttributes": None,
                "MessageId": "id",
                "SequenceNumber": None,
            },
            "ResponseMetadata": {"RequestId": "rid"},
        }
    }
    assert ("Content-Type", "application/json") in answer.headers
    as_xml = Request("POST", "/1/q", "", headers | {"accept": "text/xml"}, asked.body)
    assert asyncio.run(aws_backends.ask(send, as_xml, "sqs")).body == xml.body


def test_messages_that_were_received() -> None:
    spoken = service.load("sqs", "query")
    empty = serialize.output(spoken, "ReceiveMessage", {}, "rid")
    one = serialize.output(spoken, "ReceiveMessage", {"Messages": [{"MessageId": "id", "Body": "<b>"}]}, "rid")
    answers = [orjson.loads(translated("sqs", "ReceiveMessage", 200, xml.body) or b"") for xml in (empty, one)]
    results = [answer["ReceiveMessageResponse"]["ReceiveMessageResult"] for answer in answers]
    assert results == [
        {"messages": None},
        {
            "messages": [
                {
                    "MessageId": "id",
                    "Body": "<b>",
                    "ReceiptHandle": None,
                    "MD5OfBody": None,
                    "Attributes": None,
                    "MD5OfMessageAttributes": None,
                    "MessageAttributes": None,
                }
            ]
        },
    ]


def test_an_error() -> None:
    refused = serialize.fault(
        service.load("sns", "query"), "Publish", Fault("NotFound", "Topic does not exist", status=404), "rid"
    )
    assert isinstance(refused.body, bytes)
    answer = translated("sns", "Publish", 404, refused.body)
    error = {"Code": "NotFound", "Message": "Topic does not exist", "Type": "Sender"}
    assert answer is not None and orjson.loads(answer) == {"Error": error, "RequestId": "rid"}


def test_what_is_no_answer_of_the_kind_stays() -> None:
    for body in (b'{"a": 1}', b"", b"<html></html>"):
        assert translated("sqs", "NoAction", 200, body) is None
