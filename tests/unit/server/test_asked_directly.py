"""What is sent to a service of this process goes without a wire form: what arrives, and every error, is the same."""

import asyncio
from typing import Any

import pytest

from lambent.gateway.chain import Gateway, account_of
from lambent.gateway.exchange import Here
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Caller, Scope
from lambent.neighbour.outbox import Outbox
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.service import Service

HERE = Scope("111111111111", "us-east-1")
ARN = "arn:aws:{}:us-east-1:111111111111:{}"
QUEUE, TOPIC, FUNCTION = ARN.format("sqs", "q"), ARN.format("sns", "t"), ARN.format("lambda", "function:f")
PLAIN = Delivery(HERE, QUEUE, b'{"a": "\xc3\xa9"}', "", ARN.format("s3", "b"), "Root=1-1-1", "u", 1.0, kept=True)
TEXTS = {"one": ("String", "x"), "two": ("Number", "2")}
Said = list[tuple[str, Caller, dict[str, Any]]]


class Side:
    """A gateway with some services, and what they were asked for; it may be asked directly or not."""

    def __init__(self, fault: Fault | None, check: Fault | None = None) -> None:
        self.said: Said = []
        self.wires = 0
        self._fault, self._denies = fault, check
        names = {"sqs": ("SendMessage", "GetQueueUrl"), "sns": ("Publish",), "lambda": ("Invoke",)}
        here = {name: Here({one: self._operation(one) for one in those}, None) for name, those in names.items()}
        self.gateway = Gateway(here, {}, self._forward, account_of, lambda _: None, lambda: "id", check=self._check)

    def _operation(self, name: str) -> Any:
        async def run(_env: None, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
            if name == "GetQueueUrl":
                return {"QueueUrl": "http://sqs/111111111111/q"}
            self.said.append((name, caller, params))
            if self._fault is not None:
                raise self._fault
            return {"StatusCode": 202} if name == "Invoke" else {"MessageId": "m"}

        return run

    async def _check(self, _request: Request, _caller: Caller, _service: Service, name: str, _params: Any) -> None:
        if self._denies is not None and name != "GetQueueUrl":
            raise self._denies

    async def _forward(self, _request: Request, _caller: Caller, _service: str) -> Response:
        raise AssertionError("it is answered here")

    async def wire(self, request: Request) -> Response:
        self.wires += 1
        return await self.gateway(request)


def sent(delivery: Delivery, *, directly: bool, fault: Fault | None = None, check: Fault | None = None) -> Any:
    """What a service was asked for, or what went wrong; and how many requests had a wire form."""
    side = Side(fault, check)
    outbox = Outbox(side.wire, ask=side.gateway.ask) if directly else Outbox(side.wire)
    try:
        asyncio.run(outbox(delivery))
    except DeliveryFailed as failed:
        return (str(failed), failed.passing, failed.code), side.wires
    return side.said, side.wires


CALL = b'{"QueueUrl": "http://sqs/111111111111/q", "MessageBody": "hello", "MessageGroupId": "g"}'
DELIVERIES = [
    PLAIN,
    PLAIN._replace(attributes=TEXTS, trace_id=""),
    PLAIN._replace(target=f"{QUEUE}.fifo", group="g", deduplication="d"),
    PLAIN._replace(arn=f"{FUNCTION}:1", scope=Scope("222222222222", "us-east-1")),
    PLAIN._replace(target=TOPIC, subject="s", attributes=TEXTS),
    PLAIN._replace(target=FUNCTION),
    PLAIN._replace(target=f"{FUNCTION}:alias", kept=False),
    PLAIN._replace(call="sqs:SendMessage", body=CALL),
    PLAIN._replace(call="sns:Publish", target=TOPIC, body=b'{"TopicArn": "%b", "Message": "m"}' % TOPIC.encode()),
]


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_what_arrives_is_the_same(delivery: Delivery) -> None:
    said, wires = sent(delivery, directly=True)
    other, before = sent(delivery, directly=False)
    assert said == other
    assert len(said) == 1
    assert wires == before - 1


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (Fault("QueueDoesNotExist", "no such queue", status=400), None),
        (Fault("TooManyRequestsException", "later", status=429), None),
        (Fault("ServiceUnavailable", "the disk is full", status=503), None),
        (None, Fault("AccessDeniedException", "no policy allows it", status=403)),
    ],
)
def test_every_error_is_the_same(delivery: Delivery, fault: Fault | None, check: Fault | None) -> None:
    said = sent(delivery, directly=True, fault=fault, check=check)
    other = sent(delivery, directly=False, fault=fault, check=check)
    assert said[0] == other[0]
    assert isinstance(said[0], tuple)


@pytest.mark.parametrize(
    "delivery",
    [
        PLAIN._replace(attributes={"b": ("Binary", "AAEC")}),
        PLAIN._replace(call="sqs:SendMessage", body=CALL.replace(b'"g"', b"1")),
        PLAIN._replace(call="sqs:SendMessage", body=CALL.replace(b"MessageGroupId", b"messageGroupId")),
        PLAIN._replace(call="sqs:sendMessage", body=CALL),
    ],
)
def test_what_json_says_otherwise_than_the_model_has_a_wire_form(delivery: Delivery) -> None:
    said, wires = sent(delivery, directly=True)
    assert (said, wires) == sent(delivery, directly=False)


@pytest.mark.parametrize("body", [b"", b"\x00", b"x" * (1 << 20)])
def test_a_message_that_no_model_allows(body: bytes) -> None:
    delivery = PLAIN._replace(body=body)
    assert sent(delivery, directly=True)[0] == sent(delivery, directly=False)[0]


def test_what_is_answered_elsewhere_is_sent() -> None:
    side = Side(None)
    assert asyncio.run(side.gateway.ask(Request("POST", "/"), "kinesis", "PutRecord", {})) is None
    assert asyncio.run(side.gateway.ask(Request("POST", "/"), "sqs", "DeleteMessage", {})) is None
