"""What a function needs and can't get is told by name, until it can be got."""

from dataclasses import replace

from plane import Plane, package

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


def test_a_file_that_only_its_owner_reads_is_a_finding(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create(Code={"ZipFile": package(mode=0o600)})
        await plane.settle()
        found = [(one.code, one.message) for one in plane.findings]
        assert [code for code, _ in found] == ["unreadable-file"]
        assert "denied permission to read /var/task/handler.py:" in found[0][1]
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package())
        await plane.settle()
        assert plane.findings == []

    stage(scene)
