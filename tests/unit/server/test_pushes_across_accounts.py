"""What services push to another account's function, queue, topic or bus: its policy decides, whatever `iam` says."""

import asyncio
from typing import Any

import orjson
import pytest

from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Scope
from lambent.neighbour.outbox import Outbox
from lambent.permissions.attached import Attached
from lambent.permissions.gate import Gate
from lambent.permissions.identities import Identities
from lambent.permissions.ledger import Trail
from lambent.permissions.resolved import Resolved
from lambent.server import permissions
from lambent.wire.http import Request, Response

OTHER, RULE = "222222222222", "arn:aws:events:eu-west-1:111111111111:rule/r"
TARGETS = [
    f"arn:aws:sqs:eu-west-1:{OTHER}:q",
    f"arn:aws:lambda:eu-west-1:{OTHER}:function:f",
    f"arn:aws:sns:eu-west-1:{OTHER}:t",
    f"arn:aws:events:eu-west-1:{OTHER}:event-bus/default",
]


def sent(target: str, statement: dict[str, Any] | None, mode: str, sender: str = RULE) -> list[Request]:
    """What is asked of services for a delivery to a target whose policy has that statement, or none. Raises
    DeliveryFailed."""
    asked: list[Request] = []

    async def ask(_service: str, operation: str, _params: Any, _scope: Scope) -> dict[str, Any] | None:
        if statement is None:
            return {"Attributes": {}} if operation != "GetPolicy" else None
        policy = orjson.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"} | statement]}).decode()
        return (
            {"Policy": policy} if operation in ("GetPolicy", "DescribeEventBus") else {"Attributes": {"Policy": policy}}
        )

    async def send(request: Request) -> Response:
        asked.append(request)
        return Response(200, [], b'{"QueueUrl": "http://q"}')

    async def inner(_delivery: Delivery) -> None:
        asked.append(Request("POST", "/inner"))

    async def role_of(_scope: Scope, _name: str) -> str:
        return ""

    gate = Gate(
        mode, Identities(ask), Attached(ask), Resolved(ask), Trail(), lambda _f: None,
        lambda _r, _c: None, lambda _task: None, lambda: 0.0, role_of,
    )  # fmt: skip

    async def run() -> None:
        outbox = Outbox(send)
        outbox.inner = {"event-bus": inner}

        async def may_cross(delivery: Delivery) -> str:
            return await permissions.may_cross(gate, delivery)

        outbox.may_cross = may_cross
        await outbox(Delivery(Scope("111111111111", "eu-west-1"), target, b"{}", "", sender, ""))

    asyncio.run(run())
    return asked


@pytest.mark.parametrize("mode", ["off", "report", "enforce"])
@pytest.mark.parametrize("target", [*TARGETS, f"arn:aws:logs:eu-west-1:{OTHER}:log-group:g"])
def test_nothing_arrives_without_a_policy_that_lets_it(target: str, mode: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        sent(target, None, mode)
    assert not caught.value.passing


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "principal", [{"Service": "events.amazonaws.com"}, {"AWS": "arn:aws:iam::111111111111:root"}, "*"]
)
def test_what_its_policy_lets_arrives(target: str, principal: Any) -> None:
    assert sent(target, {"Principal": principal}, "report")


def test_a_condition_on_the_source_counts() -> None:
    condition = {"ArnEquals": {"aws:SourceArn": RULE}}
    statement = {"Principal": {"Service": "events.amazonaws.com"}, "Condition": condition}
    assert sent(TARGETS[0], statement, "report")
    with pytest.raises(DeliveryFailed):
        sent(TARGETS[0], statement, "report", sender=RULE + "2")


def test_within_an_account_nobody_asks() -> None:
    assert sent("arn:aws:sqs:eu-west-1:111111111111:q", None, "report")
