"""Asynchronous invocations: what the queue gets, and what a function's settings say about its events."""

import dataclasses
from typing import Any

import pytest
from plane import Plane
from settings_answers import ARN, function

from lambent.model import lineage
from lambent.model.async_event import Handling, NewEvent, Policy
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_.invoking import asynchronous, loops
from lambent.services.lambda_.lookup import running_version
from lambent.services.lambda_.operations import OPERATIONS
from lambent.wire.fault import Fault

HERE = Scope("111111111111", "us-east-1")
QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"
TOPIC = "arn:aws:sns:us-east-1:111111111111:t"


def listening(plane: Plane) -> list[NewEvent]:
    """What the queue is given from now on."""
    taken: list[NewEvent] = []

    async def accept(event: NewEvent) -> None:
        taken.append(event)

    plane.env = dataclasses.replace(plane.env, accept=accept)
    return taken


@pytest.mark.parametrize("operation", ["Invoke", "InvokeAsync"])
def test_an_event_is_accepted_with_its_request_id(stage, operation) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        taken = listening(plane)
        if operation == "Invoke":
            asked = {"InvocationType": "Event", "Payload": b'{"a": 1}'}
            answer = {"StatusCode": 202, "Payload": b""}
        else:
            asked, answer = {"InvokeArgs": b'{"a": 1}'}, {"Status": 202}
        assert await plane.call(operation, FunctionName="f", **asked) == answer
        event = taken[0]
        assert (event.scope, event.function, event.qualifier, event.request_id) == (HERE, "f", "", "request")
        assert (event.payload, event.client_context) == (b'{"a": 1}', None)
        assert event.trace_id.startswith("Root=1-")

    stage(scene)


def test_the_qualifier_that_was_asked_for_goes_along(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane, version=True)
        taken = listening(plane)
        event = {"InvocationType": "Event", "Payload": b""}
        await plane.call("Invoke", FunctionName="f", Qualifier="1", **event)
        await plane.call("Invoke", FunctionName=f"{ARN}f:$LATEST", **event)
        assert [(one.function, one.qualifier, one.payload) for one in taken] == [
            ("f", "1", b"{}"),
            ("f", "$LATEST", b"{}"),
        ]

    stage(scene)


def test_what_is_refused_at_once_never_gets_there(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        taken = listening(plane)
        event = {"FunctionName": "f", "InvocationType": "Event"}
        too_large = await plane.refused("Invoke", **event, Payload=b'"' + b"a" * (1 << 20) + b'"')
        assert (too_large.code, too_large.status) == ("RequestTooLargeException", 413)
        assert (await plane.refused("Invoke", **event, Payload=b"{")).code == "InvalidRequestContentException"
        missing = await plane.refused("Invoke", FunctionName="no", InvocationType="Event")
        assert missing.code == "ResourceNotFoundException"
        assert taken == []

    stage(scene)


def test_events_are_handled_as_the_settings_say_now(stage) -> None:
    def handling(plane: Plane, qualifier: str = "") -> Handling:
        found = asynchronous.handling(plane.env, HERE, "f", qualifier)
        assert found is not None
        return found

    async def scene(plane: Plane) -> None:
        await function(plane, version=True, DeadLetterConfig={"TargetArn": QUEUE})
        plain = handling(plane)
        assert (plain.arn, plain.record_arn) == (f"{ARN}f", f"{ARN}f:$LATEST")
        assert plain.policy == Policy(2, 21_600.0, dead_letter=QUEUE)
        assert (plain.ready, plain.disabled, plain.stops_loops) == (True, False, True)
        await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
        await plane.call(
            "PutFunctionEventInvokeConfig",
            FunctionName="f",
            Qualifier="live",
            MaximumRetryAttempts=0,
            MaximumEventAgeInSeconds=60,
            DestinationConfig={"OnFailure": {"Destination": TOPIC}},
        )
        live = handling(plane, "live")
        assert (live.arn, live.record_arn, live.function.version) == (f"{ARN}f:live", f"{ARN}f:live", "1")
        assert live.policy == Policy(0, 60.0, on_failure=TOPIC, dead_letter=QUEUE)
        assert handling(plane).policy.on_failure == ""
        await plane.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
        await plane.call("PutFunctionRecursionConfig", FunctionName="f", RecursiveLoop="Allow")
        assert (handling(plane).disabled, handling(plane).stops_loops) == (True, False)
        assert asynchronous.handling(plane.env, HERE, "f", "9") is None
        await plane.call("DeleteFunction", FunctionName="f")
        assert asynchronous.handling(plane.env, HERE, "f", "") is None

    stage(scene)


def test_a_loop_is_refused_in_its_seventeenth_round(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        counted: list[tuple[Any, ...]] = []
        plane.env = dataclasses.replace(plane.env, count=lambda *sample: counted.append(sample))
        target = running_version(plane.env, Caller(HERE, "id"), "f", None)
        header = "Root=1"
        for _ in range(16):
            header = loops.enter(plane.env, target, header, "id")
        assert (counted, plane.findings) == ([], [])
        with pytest.raises(Fault) as refused:
            loops.enter(plane.env, target, header, "id")
        assert (refused.value.code, refused.value.members) == ("RecursiveInvocationException", {"Type": "User"})
        assert counted == [("RecursiveInvocationsDropped", HERE, "f")]
        assert [one.code for one in plane.findings] == ["recursive-loop"]
        behind = lineage.unwatched(header, "events")
        assert loops.enter(plane.env, target, behind, "id").endswith(":0")
        assert [one.code for one in plane.findings] == ["recursive-loop", "unseen-loop"]
        plane.findings.clear()
        await plane.call("PutFunctionRecursionConfig", FunctionName="f", RecursiveLoop="Allow")
        assert loops.enter(plane.env, target, header, "id").endswith(":16")
        assert loops.enter(plane.env, target, behind, "id").endswith(":0")
        assert plane.findings == []

    stage(scene)


def test_what_the_caller_keeps_goes_along(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        taken = listening(plane)
        asked = {"FunctionName": "f", "InvocationType": "Event", "Payload": b"{}"}
        for kept in (False, True):
            caller = Caller(HERE, "request", kept=kept)
            await OPERATIONS["Invoke"](plane.env, caller, asked)
        assert [one.kept for one in taken] == [False, True]

    stage(scene)
