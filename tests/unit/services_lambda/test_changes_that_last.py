"""Pending and InProgress last for a while, what was before runs meanwhile, and who does not wait is noticed."""

from dataclasses import replace
from typing import Any

import pytest
from plane import HERE, Plane, package

from lambent.model.names import FunctionRef
from lambent.model.scope import Caller
from lambent.services.lambda_.haste import Haste
from lambent.services.lambda_.invoking.asynchronous import handling
from lambent.services.lambda_.lookup import running_at_once, running_version
from lambent.services.lambda_.operations import OPERATIONS

ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"
PENDING = "The operation cannot be performed at this time. The function is currently in the following state: Pending"
BUSY = f"The operation cannot be performed at this time. An update is in progress for resource: {ARN}"
NEXT = {
    "Invoke": {"Payload": b"{}"},
    "UpdateFunctionCode": {"ZipFile": package("3")},
    "UpdateFunctionConfiguration": {"Timeout": 9},
    "PublishVersion": {},
}


class Lasting:
    """A plane whose changes last half a second of a clock that only they move."""

    def __init__(self, plane: Plane) -> None:
        self.now, self.slept = 1_795_255_200.0, []
        plane.env = replace(plane.env, clock=lambda: self.now, sleep=self._sleep, state_delay=0.5)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def code_of(plane: Plane) -> str:
    """What an invocation would run, on either road, and an event."""
    target = running_version(plane.env, Caller(HERE, "id"), "f", None)
    assert running_at_once(plane.env, FunctionRef(HERE, "f")) == target
    event = handling(plane.env, HERE, "f", "")
    assert event is not None
    assert event.function == target.function
    return target.function.code


def test_a_function_that_is_pending_can_only_be_looked_at_and_deleted(stage) -> None:
    async def scene(plane: Plane) -> None:
        time = Lasting(plane)
        assert (await plane.create())["State"] == "Pending"
        assert (await plane.call("GetFunctionConfiguration", FunctionName="f"))["State"] == "Pending"
        for operation, params in NEXT.items():
            fault = await plane.refused(operation, FunctionName="f", **params)
            assert (fault.code, fault.message) == ("ResourceConflictException", PENDING)
        assert running_at_once(plane.env, FunctionRef(HERE, "f")) is None
        await plane.settle()
        assert time.slept == [0.5]
        assert (await plane.call("GetFunctionConfiguration", FunctionName="f"))["State"] == "Active"

    stage(scene)


@pytest.mark.parametrize("change", ["UpdateFunctionCode", "UpdateFunctionConfiguration"])
def test_during_an_update_what_was_before_runs(stage, change: str) -> None:
    async def scene(plane: Plane) -> None:
        time = Lasting(plane)
        await plane.create()
        await plane.settle()
        before = running_version(plane.env, Caller(HERE, "id"), "f", None).function
        said = {"ZipFile": package("2")} if change == "UpdateFunctionCode" else {"Timeout": 30}
        assert (await plane.call(change, FunctionName="f", **said))["LastUpdateStatus"] == "InProgress"
        for operation in [name for name in NEXT if name != "Invoke"]:
            fault = await plane.refused(operation, FunctionName="f", **NEXT[operation])
            assert (fault.code, fault.message) == ("ResourceConflictException", BUSY)
        assert code_of(plane) == before.code
        assert running_version(plane.env, Caller(HERE, "id"), "f", None).function is before
        assert plane.retired == []
        await plane.settle()
        assert time.slept == [0.5, 0.5]
        assert plane.retired == ["f"]
        after = running_version(plane.env, Caller(HERE, "id"), "f", None).function
        assert (after.code, after.timeout) != (before.code, before.timeout)
        assert plane.env.serving == {}

    stage(scene)


def test_what_lasted_as_long_by_itself_is_not_made_longer(stage) -> None:
    async def scene(plane: Plane) -> None:
        time = Lasting(plane)

        async def slow(function: object) -> None:
            time.now += 0.4

        plane.env = replace(plane.env, prepare=slow)
        await plane.create()
        await plane.settle()
        assert [round(seconds, 3) for seconds in time.slept] == [0.1]

    stage(scene)


def test_a_version_made_with_an_update_is_pending_as_long(stage) -> None:
    async def scene(plane: Plane) -> None:
        Lasting(plane)
        await plane.create(Publish=True)
        await plane.settle()
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package("2"), Publish=True)
        said = {"FunctionName": "f", "Qualifier": "2"}
        assert (await plane.call("GetFunctionConfiguration", **said))["State"] == "Pending"
        assert (await plane.refused("Invoke", **said, Payload=b"{}")).message == PENDING
        await plane.settle()
        assert (await plane.call("GetFunctionConfiguration", **said))["State"] == "Active"

    stage(scene)


def test_who_asks_for_it_waits_for_nothing(stage) -> None:
    async def scene(plane: Plane) -> None:
        time = Lasting(plane)
        await plane.create()
        await plane.settle()
        caller = Caller(HERE, "id", at_once=True)
        said: dict[str, Any] = {"FunctionName": "f", "ZipFile": package("2")}
        await OPERATIONS["UpdateFunctionCode"](plane.env, caller, said)
        assert plane.retired == ["f"]
        await plane.settle()
        assert time.slept == [0.5]

    stage(scene)


def test_what_is_left_of_a_deleted_function_does_not_wake_its_successor(stage) -> None:
    async def scene(plane: Plane) -> None:
        Lasting(plane)
        await plane.create()
        first = plane.spawned.pop()
        await plane.call("DeleteFunction", FunctionName="f")
        await plane.create()
        await first
        assert (await plane.call("GetFunctionConfiguration", FunctionName="f"))["State"] == "Pending"

    stage(scene)


def test_an_update_that_is_lost_leaves_nothing_to_serve(stage) -> None:
    async def scene(plane: Plane) -> None:
        Lasting(plane)
        await plane.create()
        await plane.settle()
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package("2"))
        await plane.call("DeleteFunction", FunctionName="f")
        assert (await plane.refused("Invoke", FunctionName="f", Payload=b"{}")).code == "ResourceNotFoundException"
        await plane.settle()
        assert plane.env.serving == {}

    stage(scene)


def _codes(plane: Plane) -> list[str]:
    return [finding.code for finding in plane.findings]


def test_where_nothing_lasts_a_finding_tells_who_did_not_wait(stage) -> None:
    async def scene(plane: Plane) -> None:
        now = [0.0]
        plane.env = replace(plane.env, haste=Haste(lambda: now[0]))

        async def run(*, looking: bool, seconds: float) -> list[str]:
            plane.findings.clear()
            if looking:
                await plane.call("GetFunction", FunctionName="f")
            now[0] += seconds
            running_version(plane.env, Caller(HERE, "id"), "f", None)
            return _codes(plane)

        for change in ({"FunctionName": "f", "Timeout": 4}, None):
            if change is None:
                await plane.call("DeleteFunction", FunctionName="f")
            for looking, seconds, told in (
                (False, 0.1, ["not-waited-for"]),
                (True, 0.1, []),
                (False, 2, []),
            ):
                await _again(plane, change)
                assert await run(looking=looking, seconds=seconds) == told
                assert await run(looking=False, seconds=0) == []  # said once

    stage(scene)


async def _again(plane: Plane, change: dict[str, Any] | None) -> None:
    if change is None:
        if plane.env.functions.current(HERE, "f") is not None:
            await plane.call("DeleteFunction", FunctionName="f")
        await plane.create()
    else:
        if plane.env.functions.current(HERE, "f") is None:
            await plane.create()
            await plane.settle()
            await plane.call("GetFunction", FunctionName="f")
        await plane.call("UpdateFunctionConfiguration", **change)
    await plane.settle()


def test_a_second_change_at_once_is_noticed_too(stage) -> None:
    async def scene(plane: Plane) -> None:
        plane.env = replace(plane.env, haste=Haste(lambda: 0.0))
        await plane.create()
        await plane.settle()
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=4)
        assert _codes(plane) == ["not-waited-for"]
        assert "changed right after CreateFunction" in plane.findings[0].message
        assert "function_active_v2" in plane.findings[0].hint

    stage(scene)


def test_a_mapping_takes_its_time_too(stage) -> None:
    async def scene(plane: Plane) -> None:
        time = Lasting(plane)
        await plane.create()
        await plane.settle()
        plane.elsewhere["AmazonSQS.GetQueueUrl"] = {"QueueUrl": "http://q"}
        plane.elsewhere["AmazonSQS.GetQueueAttributes"] = {"Attributes": {"VisibilityTimeout": "30"}}
        source = "arn:aws:sqs:us-east-1:111111111111:q"
        made = await plane.call("CreateEventSourceMapping", FunctionName="f", EventSourceArn=source)
        one = {"UUID": made["UUID"]}
        for change, during in ((None, "Creating"), ({"BatchSize": 5}, "Updating"), ({"Enabled": False}, "Disabling")):
            if change is not None:
                await plane.call("UpdateEventSourceMapping", **one, **change)
            assert (await plane.call("GetEventSourceMapping", **one))["State"] == during
            fault = await plane.refused("UpdateEventSourceMapping", **one, BatchSize=6)
            assert fault.code == "ResourceInUseException"
            await plane.settle()
        await plane.call("DeleteEventSourceMapping", **one)
        assert (await plane.call("GetEventSourceMapping", **one))["State"] == "Deleting"
        await plane.settle()
        assert (await plane.refused("GetEventSourceMapping", **one)).code == "ResourceNotFoundException"
        assert time.slept == [0.5] * 5

    stage(scene)
