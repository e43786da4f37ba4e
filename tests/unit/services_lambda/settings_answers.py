"""Answers recorded from AWS on the settings of functions, and on what reads from queues and streams."""

import json
from pathlib import Path

from plane import ANSWERS, Plane, same, same_fault

SAID = json.loads((Path(__file__).parent / "recorded_settings.json").read_text("utf-8"))["answers"]
ANSWERS.update(SAID)

ARN = "arn:aws:lambda:us-east-1:111111111111:function:"


class Recorded:
    """The answers of one recorded test; placeholders keep what they stood for."""

    def __init__(self, plane: Plane, test: str) -> None:
        self._plane = plane
        self._test = test
        self._bound: dict[str, str] = {}

    async def __call__(self, key: str, operation: str, **params):
        """Call, and assert that the answer is the recorded one."""
        answer = await self._plane.call(operation, **params)
        same(SAID[f"{self._test}/{key}"], answer, self._bound)
        return answer

    async def refused(self, key: str, operation: str, **params) -> None:
        """Call, and assert that it is refused as recorded."""
        same_fault(f"{self._test}/{key}", await self._plane.refused(operation, **params))


async def function(plane: Plane, name: str = "f", version: bool = False, **params) -> None:
    """An active function, with a version 1 on request."""
    await plane.create(name, **params)
    await plane.settle()
    if version:
        await plane.call("PublishVersion", FunctionName=name)
        await plane.settle()
