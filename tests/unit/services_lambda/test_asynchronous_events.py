"""Asynchronous invocations: accepted at once, run in the background, and reported when that goes wrong."""

import dataclasses

import pytest
from plane import Plane
from settings_answers import ARN, function

from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled


class Invoker:
    """Does what it is told."""

    def __init__(self, does: Outcome | Exception) -> None:
        self._does = does
        self.ran: list[Invocation] = []

    async def invoke(self, function: FunctionVersion, invocation: Invocation) -> Outcome:
        self.ran.append(invocation)
        if isinstance(self._does, Exception):
            raise self._does
        return self._does


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (Outcome(b"1"), None),
        (Outcome(b"{}", "Unhandled"), "failed"),
        (Throttled("Reserved"), "was throttled (Reserved)"),
        (OSError("broken"), "could not be run"),
    ],
)
@pytest.mark.parametrize("operation", ["Invoke", "InvokeAsync"])
def test_an_event_that_is_lost_is_reported(stage, operation, does, words) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        invoker = Invoker(does)
        plane.env = dataclasses.replace(plane.env, invoker=invoker)
        if operation == "Invoke":
            asked = {"InvocationType": "Event", "Payload": b'{"a": 1}'}
            answer = {"StatusCode": 202, "Payload": b""}
        else:
            asked, answer = {"InvokeArgs": b'{"a": 1}'}, {"Status": 202}
        assert await plane.call(operation, FunctionName="f", **asked) == answer
        assert not invoker.ran
        await plane.settle()
        assert [one.payload for one in invoker.ran] == [b'{"a": 1}']
        said = [(one.code, one.resource) for one in plane.findings]
        assert said == ([("event-lost", f"{ARN}f")] if words else [])
        assert words is None or f"An event {words} and" in plane.findings[0].message

    stage(scene)
