"""What a function needs and can't get is told by name, until it can be got."""

from dataclasses import replace

from plane import Plane

from lambent.model.function import FunctionVersion


def test_a_function_that_can_not_be_made_ready_says_why(stage) -> None:
    async def scene(plane: Plane) -> None:
        async def fails(function: FunctionVersion) -> None:
            raise RuntimeError("the registry does not answer")

        plane.env = replace(plane.env, prepare=fails)
        await plane.create()
        await plane.settle()
        assert (await plane.call("GetFunctionConfiguration", FunctionName="f"))["State"] == "Failed"
        assert [(one.code, one.message) for one in plane.findings] == [
            ("function-not-ready", "it can't be run: the registry does not answer")
        ]

        async def works(function: FunctionVersion) -> None:
            return None

        plane.env = replace(plane.env, prepare=works)
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
        await plane.settle()
        assert (await plane.call("GetFunctionConfiguration", FunctionName="f"))["State"] == "Active"
        assert plane.findings == []

    stage(scene)
