"""What is sent when an event has ended, and what happens when it can't be."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from queue_kit import DONE, FAILED, SCOPE, handling

from lambent.engine import async_event
from lambent.engine.async_event import Condition
from lambent.engine.invocation_record import Ending
from lambent.events.destinations import Destinations
from lambent.events.sending import PAUSES
from lambent.model.async_event import AsyncEvent, Attempts
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.finding import Finding
from lambent.observe.metrics import Metrics

EVENT = AsyncEvent(1, SCOPE, "f", "live", "id", b'{"a":1}', "Root=1", None, Attempts(0, 0))
SUCCESS = Ending(Condition.SUCCESS, 1, DONE, "1")
FAILURE = Ending(Condition.RETRIES, 3, FAILED, "1")


@dataclass
class World:
    """Services that refuse as often as they are told to."""

    refusals: list[Exception] = field(default_factory=list)
    sent: list[Delivery] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    metrics: Metrics = field(default_factory=lambda: Metrics(lambda: 0.0))

    async def _send(self, delivery: Delivery) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent.append(delivery)

    async def _pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def deliver(self, ending: Ending, **settings: Any) -> bool:
        made = Destinations(self._send, self.findings.append, self.metrics, lambda: 0.0, self._pause)
        handled = handling("f", **settings)
        targets = async_event.targets(ending.condition, handled.policy)
        return asyncio.run(made.deliver(EVENT, handled, ending, "trace", targets))


def test_a_success_sends_its_record_alone() -> None:
    world = World()
    world.deliver(SUCCESS, on_success="s", on_failure="f", dead_letter="d")
    [sent] = world.sent
    assert (sent.target, sent.trace_id, sent.attributes) == ("s", "trace", {})
    assert json.loads(sent.body)["requestContext"]["condition"] == "Success"
    assert sent.detail_type.endswith("Success")


def test_a_failure_sends_its_record_and_the_event_itself() -> None:
    world = World()
    world.deliver(FAILURE, on_success="s", on_failure="f", dead_letter="d")
    record, letter = sorted(world.sent, key=lambda one: one.target, reverse=True)
    assert (record.target, json.loads(record.body)["requestPayload"]) == ("f", {"a": 1})
    assert (letter.target, letter.body) == ("d", b'{"a":1}')
    assert letter.attributes["ErrorMessage"] == ("String", "no")


def test_nothing_is_sent_where_nobody_asked_for_it() -> None:
    world = World()
    world.deliver(SUCCESS, on_failure="f", dead_letter="d")
    world.deliver(FAILURE, on_success="s")
    assert world.sent == []


def test_what_passes_is_tried_again() -> None:
    world = World([DeliveryFailed("busy", passing=True)] * 2)
    assert world.deliver(SUCCESS, on_success="s")
    assert (len(world.sent), world.paused, world.findings) == (1, list(PAUSES[:2]), [])


@pytest.mark.parametrize(
    ("refusals", "pauses", "reason"),
    [
        ([DeliveryFailed("busy", passing=True)] * 9, list(PAUSES), "busy"),
        ([DeliveryFailed("no such queue", passing=False)], [], "no such queue"),
        ([OSError("broken")], [], "OSError('broken')"),
    ],
)
def test_what_can_not_be_delivered_is_counted_and_reported(refusals, pauses, reason) -> None:
    world = World(list(refusals))
    assert not world.deliver(FAILURE, dead_letter="arn")
    assert (world.sent, world.paused) == ([], pauses)
    [finding] = world.findings
    assert finding.code == "undelivered/DeadLetterErrors"
    assert finding.message == f"A dead letter could not be delivered to arn: {reason}"
    assert world.metrics.total("DeadLetterErrors", SCOPE, "f") == 1
    assert world.metrics.total("DeadLetterErrors", SCOPE, "f", "f:live") == 1
    assert world.metrics.total("DestinationDeliveryFailures", SCOPE, "f") == 0


def test_one_that_fails_does_not_keep_the_other_back() -> None:
    world = World([DeliveryFailed("no", passing=False)])
    world.deliver(FAILURE, on_failure="f", dead_letter="d")
    assert len(world.sent) == 1
    assert len(world.findings) == 1
