"""Published versions: numbers, guards, what is copied, what is removed."""

import asyncio
from pathlib import Path

import pytest
from plane import HERE, Plane, package, play

from lambent.model.scope import Caller
from lambent.services.lambda_.functions import settling
from lambent.services.lambda_.lookup import running_version
from lambent.wire.fault import Fault

ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"


async def ready(plane: Plane, **params) -> None:
    await plane.create(**params)
    await plane.settle()


async def publish(plane: Plane, **params) -> dict:
    """Change something, so that there is something to publish, and publish it."""
    count = len(plane.env.functions)
    await plane.call("UpdateFunctionConfiguration", FunctionName="f", Description=f"the {count}th")
    await plane.settle()
    return await plane.call("PublishVersion", FunctionName="f", **params)


def test_a_version_is_a_copy_that_stays_as_it_is(stage) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane, Environment={"Variables": {"A": "1"}}, Timeout=5)
        made = await plane.call("PublishVersion", FunctionName="f", Description="first")
        assert (made["Version"], made["FunctionArn"], made["Description"]) == ("1", f"{ARN}:1", "first")
        assert (made["State"], made["LastUpdateStatus"]) == ("Active", "Successful")
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
        await plane.settle()
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package("2"))
        await plane.settle()
        assert await plane.call("GetFunctionConfiguration", FunctionName="f", Qualifier="1") == made
        latest = await plane.call("GetFunctionConfiguration", FunctionName="f")
        assert (latest["Timeout"], latest["Description"]) == (9, "")

    stage(scene)


def test_only_a_change_makes_another_version(stage) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane)
        first = await plane.call("PublishVersion", FunctionName="f", Description="first")
        assert await plane.call("PublishVersion", FunctionName="f", Description="again") == first
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package())
        await plane.settle()
        assert await plane.call("PublishVersion", FunctionName="f") == first
        assert (await publish(plane))["Version"] == "2"
        same = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package(), Publish=True)
        assert same["Version"] == "2"
        await plane.settle()
        other = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package("3"), Publish=True)
        assert (other["Version"], other["State"], other["FunctionArn"]) == ("3", "Pending", f"{ARN}:3")
        await plane.settle()
        found = await plane.call("GetFunctionConfiguration", FunctionName=f"{ARN}:3")
        assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful")

    stage(scene)


def test_what_may_not_be_published(stage) -> None:
    async def scene(plane: Plane) -> None:
        missing = await plane.refused("PublishVersion", FunctionName="f")
        assert missing.message == f"Function not found: {ARN}"
        await plane.create()
        pending = await plane.refused("PublishVersion", FunctionName="f")
        assert pending.code == "ResourceConflictException"
        await plane.settle()
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
        changing = await plane.refused("PublishVersion", FunctionName="f")
        assert str(changing.message).endswith(f"An update is in progress for resource: {ARN}")
        await plane.settle()
        stale = await plane.refused("PublishVersion", FunctionName="f", RevisionId="x")
        assert stale.code == "PreconditionFailedException"
        managed = await plane.refused("PublishVersion", FunctionName="f", PublishTo="LATEST_PUBLISHED")
        assert "PublishTo" in str(managed.message)

    stage(scene)


def test_versions_are_listed_by_number(stage) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane)
        for _ in range(11):
            await publish(plane)
        seen, marker = [], None
        while True:
            more = {"Marker": marker} if marker else {}
            page = await plane.call("ListVersionsByFunction", FunctionName="f", MaxItems=4, **more)
            seen += [one["Version"] for one in page["Versions"]]
            marker = page.get("NextMarker")
            if marker is None:
                break
        assert seen == ["$LATEST", *map(str, range(1, 12))]
        every = await plane.call("ListFunctions", FunctionVersion="ALL")
        assert [one["Version"] for one in every["Functions"]] == seen
        assert len((await plane.call("ListFunctions"))["Functions"]) == 1
        bad = await plane.refused("ListFunctions", Marker="WyJmIiwgIngiXQ==")
        assert bad.code == "InvalidParameterValueException"

    stage(scene)


def test_a_version_is_deleted_unless_an_alias_leads_to_it(stage) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane)
        for _ in range(3):
            await publish(plane)
        weights = {"AdditionalVersionWeights": {"2": 0.1}}
        await plane.call("CreateAlias", FunctionName="f", Name="a", FunctionVersion="1", RoutingConfig=weights)
        await plane.call("CreateAlias", FunctionName="f", Name="b", FunctionVersion="1")
        for version, aliases in (("1", "a, b"), ("2", "a")):
            fault = await plane.refused("DeleteFunction", FunctionName="f", Qualifier=version)
            assert fault.code == "ResourceConflictException"
            assert fault.message == (
                f"Unable to delete version because the following aliases reference it: [{aliases}]"
            )
        await plane.call("DeleteFunction", FunctionName=f"{ARN}:3")
        gone = await plane.refused("GetFunction", FunctionName="f", Qualifier="3")
        assert gone.message == f"Function not found: {ARN}:3"
        assert (await publish(plane))["Version"] == "4", "numbers are not used again"

    stage(scene)


def test_a_version_that_was_deleted_can_be_published_again(stage) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane)
        await plane.call("PublishVersion", FunctionName="f")
        await plane.call("DeleteFunction", FunctionName="f", Qualifier="1")
        assert (await plane.call("PublishVersion", FunctionName="f"))["Version"] == "2"

    stage(scene)


def test_numbers_go_on_where_a_deleted_function_ended(tmp_path: Path) -> None:
    async def before(plane: Plane) -> None:
        await ready(plane, Publish=True)
        await publish(plane)
        await plane.call("DeleteFunction", FunctionName="f")
        assert [one.kind for one in plane.env.resources] == ["version-numbers"]

    async def after(plane: Plane) -> None:
        assert (await plane.create(Publish=True))["Version"] == "3"
        await plane.settle()
        await plane.call("DeleteFunction", FunctionName="f")
        assert (await plane.create(Publish=True))["Version"] == "4"

    play(tmp_path, before)
    play(tmp_path, after)


def test_a_number_published_while_the_function_is_deleted_is_not_used_again(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        await plane.settle()
        published, _ = await asyncio.gather(
            plane.call("PublishVersion", FunctionName="f"), plane.call("DeleteFunction", FunctionName="f")
        )
        assert published["Version"] == "1"
        made = await plane.create(Publish=True)
        assert made["Version"] == "2"

    stage(scene)


def test_a_killed_server_finishes_versions_too(tmp_path: Path) -> None:
    async def before(plane: Plane) -> None:
        await plane.create(Publish=True)

    async def after(plane: Plane) -> None:
        assert settling.resume(plane.env) == 2
        await plane.settle()
        for qualifier in ("1", "$LATEST"):
            said = await plane.call("GetFunctionConfiguration", FunctionName="f", Qualifier=qualifier)
            assert (said["State"], said["LastUpdateStatus"]) == ("Active", "Successful")
        assert (await plane.call("PublishVersion", FunctionName="f"))["Version"] == "1"

    play(tmp_path, before)
    play(tmp_path, after)


def test_environments_of_a_version_outlive_changes_of_latest(stage) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane)
        caller = Caller(HERE, "request")
        latest = running_version(plane.env, caller, "f", None).function
        await plane.call("PublishVersion", FunctionName="f")
        assert running_version(plane.env, caller, "f", None).function == latest, "publishing keeps environments"
        version = running_version(plane.env, caller, "f", "1").function
        assert version.revision_id != latest.revision_id
        await publish(plane)
        assert running_version(plane.env, caller, "f:1", None).function == version
        assert set(plane.retired_versions) == {"$LATEST"}
        await plane.call("DeleteFunction", FunctionName="f", Qualifier="1")
        assert plane.retired_versions[-1] == "1"

    stage(scene)


def test_code_of_versions_counts(tmp_path: Path) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane, Publish=True)
        settings = await plane.call("GetAccountSettings")
        assert settings["AccountUsage"] == {"TotalCodeSize": 2 * len(package()), "FunctionCount": 1}

    play(tmp_path, scene)


@pytest.mark.parametrize("operation", ["PublishVersion", "UpdateFunctionConfiguration", "DeleteFunction"])
def test_of_two_at_once_exactly_one_wins(stage, operation: str) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane)
        call = plane.call(operation, FunctionName="f")
        answers = await asyncio.gather(call, plane.call(operation, FunctionName="f"), return_exceptions=True)
        faults = [one for one in answers if isinstance(one, Fault)]
        if operation == "DeleteFunction":
            assert [fault.code for fault in faults] == ["ResourceNotFoundException"]
        else:
            assert [fault.code for fault in faults] == ["ResourceConflictException"]
        await plane.settle()

    stage(scene)


def test_of_two_creates_exactly_one_wins(stage) -> None:
    async def scene(plane: Plane) -> None:
        answers = await asyncio.gather(*(plane.create(Publish=True) for _ in range(3)), return_exceptions=True)
        faults = [one for one in answers if isinstance(one, Fault)]
        assert [fault.message for fault in faults] == ["Function already exist: f"] * 2
        assert len(plane.env.functions) == 2

    stage(scene)


def test_edge_replicas_are_none(stage) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane, Publish=True)
        every = await plane.call("ListFunctions", FunctionVersion="ALL", MasterRegion="ALL")
        assert len(every["Functions"]) == 2
        assert await plane.call("ListFunctions", FunctionVersion="ALL", MasterRegion="us-east-1") == {"Functions": []}
        assert "FunctionVersion ALL" in str((await plane.refused("ListFunctions", MasterRegion="ALL")).message)

    stage(scene)


@pytest.mark.parametrize("qualifier", ["1", "live"])
def test_what_changes_a_function_takes_no_version(stage, qualifier: str) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane, Publish=True)
        for operation, more in (
            ("UpdateFunctionConfiguration", {}),
            ("UpdateFunctionCode", {"ZipFile": package()}),
            ("PublishVersion", {}),
            ("GetAlias", {"Name": "live"}),
        ):
            fault = await plane.refused(operation, FunctionName=f"f:{qualifier}", **more)
            assert str(fault.message).startswith("This operation is permitted on Lambda functions only.")

    stage(scene)
