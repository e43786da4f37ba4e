"""What Lambda and S3 send is asked of the policies when it is sent."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.push import Push, RetryPolicy
from lambent.model.scope import Scope
from lambent.permissions.ledger import record
from lambent.server import deliveries, push_roles
from tests.unit.permissions.test_gate import ACCOUNT, ROLE, World

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f:$LATEST"
MAY = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}


@dataclass
class Sent:
    """What arrives."""

    came: list[str] = field(default_factory=list)

    async def __call__(self, message: Delivery) -> None:
        self.came.append(message.target)


def resolve(_scope: Scope, name: str, qualifier: str) -> Any:
    assert (name, qualifier) == ("f", "")
    return SimpleNamespace(function=SimpleNamespace(role=ROLE))


def of_function(world: World, target: str = QUEUE) -> list[str]:
    sent = Sent()
    message = Delivery(Scope(ACCOUNT), target, b"{}", "f", FUNCTION, "")
    asyncio.run(deliveries.of_functions(world.gate, resolve, sent)(message))
    return sent.came


def of_bucket(world: World, target: str = QUEUE) -> list[str]:
    sent = Sent()
    message = Delivery(Scope(ACCOUNT), target, b"{}", "", "arn:aws:s3:::b", "")
    asyncio.run(deliveries.of_buckets(world.gate, sent)(message))
    return sent.came


def test_what_became_of_an_event_is_sent_as_the_role_may() -> None:
    assert of_function(World(MAY, mode="enforce")) == [QUEUE]
    world = World(mode="enforce")
    with pytest.raises(DeliveryFailed, match="does not have permissions to call SendMessage on SQS"):
        of_function(world)
    assert ("destination-not-reached", ROLE) in world.findings
    world = World(mode="report")
    assert of_function(world) == [QUEUE]
    assert ("destination-not-reached", ROLE) in world.findings
    assert of_function(World(mode="off")) == [QUEUE]


def test_records_go_to_a_bucket_as_the_role_may() -> None:
    bucket = "arn:aws:s3:::records"
    put = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{bucket}/*"}
    assert of_function(World(put, mode="enforce"), bucket) == [bucket]
    with pytest.raises(DeliveryFailed, match="PutObject on S3"):
        of_function(World(MAY, mode="enforce"), bucket)


def test_a_bucket_sends_as_the_queue_lets_it_although_nobody_looked_when_it_was_configured() -> None:
    with pytest.raises(DeliveryFailed, match=r"no resource-based policy allows the sqs:sendmessage action"):
        of_bucket(World(MAY, mode="enforce"))
    world = World(mode="report")
    assert of_bucket(world) == [QUEUE]
    assert ("denied/sqs:SendMessage", QUEUE) in world.findings
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    assert of_bucket(World(mode="enforce"), bus) == [bus]


def test_a_call_that_a_schedules_role_may_not_make_stands_in_the_trail() -> None:
    world = World(mode="enforce")
    scheduler = {"Service": "scheduler.amazonaws.com"}
    world.trust = {"Statement": {"Effect": "Allow", "Principal": scheduler, "Action": "sts:AssumeRole"}}
    schedule = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/s"
    for target, call in ((QUEUE, ""), ("arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "sqs:sendMessage")):
        body = f'{{"QueueUrl": "http://localhost/{ACCOUNT}/q", "MessageBody": "m"}}'.encode()
        message = Delivery(Scope(ACCOUNT), target, body, "", schedule, "", unique=f"id{call}", call=call)
        push = Push("scheduler", message, RetryPolicy(0), role=ROLE)
        asked = push_roles.may_push(world.gate, lambda _finding: None, lambda: 1_700_000_000.0, push)
        assert "not authorized to perform: sqs:sendmessage" in asyncio.run(asked)
        said = record(next(iter(world.gate.trail.calls())))
        assert (said["eventName"], said["errorCode"], said["requestID"]) == ("SendMessage", "AccessDenied", f"id{call}")
        assert said["userIdentity"]["invokedBy"] == "scheduler.amazonaws.com"
        assert said["userIdentity"]["arn"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/")
        assert world.gate.trail.denials(f"id{call}")
