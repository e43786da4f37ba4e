"""Alarms that roll stacks back, on a clock moved by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lambent.clock import ManualClock
from lambent.deploy import triggers
from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.stack import Stack
from tests.unit.deploy.test_engine_of_stacks import SCOPE, House, queue, wanted

ALARM = {"Arn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a", "Type": "AWS::CloudWatch::Alarm"}
WATCHED: dict[str, Any] = {"RollbackTriggers": [ALARM], "MonitoringTimeInMinutes": 5}


def with_house(story: Callable[[House, ManualClock], Awaitable[None]]) -> None:
    async def play() -> None:
        clock = ManualClock()
        await story(House(clock=clock), clock)

    asyncio.run(play())


async def begun(house: House, resources: dict[str, Any], **more: Any) -> Stack:
    """A stack of which everything is made."""
    stack = await house.stacks.create(SCOPE, wanted(resources, "s", **more))
    await made(house, stack)
    return stack


async def made(house: House, stack: Stack) -> None:
    for _ in range(200):
        await asyncio.sleep(0)
    assert all(one.status.endswith("COMPLETE") for one in house.records.resources(stack).values())


def test_an_alarm_that_rings_while_a_new_stack_is_monitored_takes_it_back() -> None:
    async def story(house: House, clock: ManualClock) -> None:
        house.services.alarms["a"] = "OK"
        stack = await begun(house, {"Q": queue()}, rollback=WATCHED)
        await clock.advance(240)
        assert house.records.get(stack).status == "CREATE_IN_PROGRESS"
        house.services.alarms["a"] = "ALARM"
        await clock.advance(20)
        assert (await house.stacks.wait(stack)).status == "ROLLBACK_COMPLETE"
        assert any(one.reason == "Rollback triggers: a is ALARM." for one in house.records.events(stack))
        assert house.services.queues == {}

    with_house(story)


def test_when_the_time_has_passed_the_stack_is_complete_and_an_update_is_watched_too() -> None:
    async def story(house: House, clock: ManualClock) -> None:
        house.services.alarms["a"] = "INSUFFICIENT_DATA"
        stack = await begun(house, {"Q": queue()}, rollback=WATCHED)
        await clock.advance(301)
        assert (await house.stacks.wait(stack)).status == "CREATE_COMPLETE"
        await house.stacks.update(SCOPE, wanted({"Q": queue(DelaySeconds=5)}, "s"))
        await made(house, stack)
        house.services.alarms["a"] = "ALARM"
        await clock.advance(20)
        assert (await house.stacks.wait(stack)).status == "UPDATE_ROLLBACK_COMPLETE"
        again = await house.stacks.update(SCOPE, wanted({"Q": queue(DelaySeconds=6)}, "s", rollback={}))
        assert (await house.stacks.wait(again)).status == "UPDATE_COMPLETE"

    with_house(story)


def test_an_alarm_that_is_not_there_fails_the_stack_before_anything_is_made() -> None:
    async def story(house: House, _clock: ManualClock) -> None:
        stack = await house.make({"Q": queue()}, rollback={"RollbackTriggers": [ALARM]})
        assert stack.status == "ROLLBACK_COMPLETE"
        assert "CreateQueue" not in [operation for operation, _ in house.services.asked]

    with_house(story)


@pytest.mark.parametrize(
    "said",
    [
        {"RollbackTriggers": [ALARM] * 6},
        {"RollbackTriggers": [{**ALARM, "Type": "AWS::SNS::Topic"}]},
        {"MonitoringTimeInMinutes": 181},
    ],
)
def test_what_is_no_configuration_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(TemplateInvalid):
        triggers.check(said)
