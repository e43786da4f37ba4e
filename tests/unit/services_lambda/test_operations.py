"""Rules that no single recorded answer shows."""

import asyncio
import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import botocore.session
import pytest
from plane import HERE, ROLE, Plane, package, play

from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.limits import AWS_2026
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import operations
from lambent.services.lambda_.functions import settling
from lambent.services.lambda_.functions.lifecycle import TRANSITIONS, Phase
from lambent.services.lambda_.lookup import running_version
from lambent.store.errors import StoreFull
from lambent.wire.fault import Fault

ARN = "arn:aws:lambda:us-east-1:111111111111:function:"
MODEL = botocore.session.get_session().get_service_model("lambda")


def test_every_operation_is_the_models_and_named_as_its_file() -> None:
    assert set(operations.OPERATIONS) <= set(MODEL.operation_names)
    for operation in operations.OPERATIONS.values():
        assert operation.__module__.rpartition(".")[2] == operation.__name__


def test_every_phase_is_reached_by_the_table() -> None:
    assert set(TRANSITIONS.values()) | {Phase.CREATING} == set(Phase)


def test_answers_hold_only_members_of_the_model(stage) -> None:
    async def scene(plane: Plane) -> None:
        made = await plane.create(Tags={"a": "b"})
        known = MODEL.operation_model("CreateFunction").output_shape.members
        assert set(made) <= set(known)
        settings = await plane.call("GetAccountSettings")
        shape = MODEL.operation_model("GetAccountSettings").output_shape
        assert set(settings["AccountLimit"]) == set(shape.members["AccountLimit"].members)
        assert settings["AccountUsage"] == {"TotalCodeSize": len(package()), "FunctionCount": 1}
        digest = base64.b64encode(hashlib.sha256(package()).digest()).decode()
        assert (made["CodeSha256"], made["CodeSize"]) == (digest, len(package()))
        assert made["LastModified"] == "2026-11-21T10:00:00.000+0000"
        assert "Environment" not in made

    stage(scene)


def test_of_eight_creates_of_one_name_one_wins(stage) -> None:
    async def scene(plane: Plane) -> None:
        made = await asyncio.gather(*(plane.create() for _ in range(8)), return_exceptions=True)
        faults = [result for result in made if isinstance(result, Fault)]
        assert len(faults) == 7
        assert {(fault.code, fault.message) for fault in faults} == {
            ("ResourceConflictException", "Function already exist: f")
        }

    stage(scene)


def test_invoke_needs_an_active_function_and_sees_each_deployment(stage) -> None:
    async def scene(plane: Plane) -> None:
        caller = Caller(HERE, "r")
        with pytest.raises(Fault) as missing:
            running_version(plane.env, caller, "f", None)
        assert missing.value.message == f"Function not found: {ARN}f:$LATEST"
        await plane.create(Environment={"Variables": {"A": "1"}})
        with pytest.raises(Fault) as pending:
            running_version(plane.env, caller, "f", None)
        assert pending.value.code == "ResourceConflictException"
        await plane.settle()
        first = running_version(plane.env, caller, "f", None)
        assert (first.arn, first.function.environment, first.function.timeout) == (f"{ARN}f", {"A": "1"}, 3)
        assert running_version(plane.env, caller, f"{ARN}f:$LATEST", None).arn == f"{ARN}f:$LATEST"
        await plane.call("TagResource", Resource=f"{ARN}f", Tags={"a": "b"})
        assert running_version(plane.env, caller, "f", None).function == first.function
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
        second = running_version(plane.env, caller, "f", None).function
        assert second.timeout == 9
        assert second.revision_id != first.function.revision_id
        await plane.settle()
        assert running_version(plane.env, caller, "f", None).function == second

    stage(scene)


def test_pages_cover_everything_once(stage) -> None:
    async def scene(plane: Plane) -> None:
        for number in range(7):
            await plane.create(f"f{number}")
        seen, marker = [], None
        while True:
            page = await plane.call("ListFunctions", MaxItems=3, **({"Marker": marker} if marker else {}))
            seen += [found["FunctionName"] for found in page["Functions"]]
            marker = page.get("NextMarker")
            if marker is None:
                break
        assert seen == [f"f{number}" for number in range(7)]
        other = await plane.call("ListFunctions", Scope("111111111111", "eu-west-1"))
        assert other == {"Functions": []}
        for bad in ("x", "bm8=", "W10="):
            fault = await plane.refused("ListFunctions", Marker=bad)
            assert fault.code == "InvalidParameterValueException"

    stage(scene)


def test_the_version_list_pages_too(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        await plane.settle()
        latest = plane.env.functions.current(HERE, "f")
        assert latest is not None
        for number in ("1", "2"):
            await plane.env.functions.insert(replace(latest, version=number))
        first = await plane.call("ListVersionsByFunction", FunctionName="f", MaxItems=2)
        assert len(first["Versions"]) == 2
        rest = await plane.call("ListVersionsByFunction", FunctionName="f", Marker=first["NextMarker"])
        assert [found["FunctionArn"] for found in rest["Versions"]] == [f"{ARN}f:2"]
        assert "NextMarker" not in rest

    stage(scene)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"Code": {"ZipFile": b"z", "SourceKMSKeyArn": "k"}}, "SourceKMSKeyArn"),
        ({"PublishTo": "LATEST_PUBLISHED"}, "PublishTo"),
        ({"DurableConfig": {"ExecutionTimeout": 60}}, "DurableConfig"),
        (  # before its wider limits are held against those of all others
            {
                "CapacityProviderConfig": {
                    "LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "x"}
                },
                "MemorySize": 32_768,
                "Timeout": 5_400,
            },
            "CapacityProviderConfig",
        ),
        ({"SomethingNew": {"Size": 0}}, "SomethingNew"),
    ],
)
def test_a_setting_that_would_have_no_effect_is_refused_by_name(stage, params, named) -> None:
    async def scene(plane: Plane) -> None:
        with pytest.raises(Fault, match=named) as caught:
            await plane.create(**params)
        assert caught.value.code == "InvalidParameterValueException"
        assert "not supported by Lambent yet" in str(caught.value.message)

    stage(scene)


def test_settings_that_ask_for_nothing_pass(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create(
            VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}, TracingConfig={"Mode": "PassThrough"},
            Layers=[], FileSystemConfigs=[], SnapStart={"ApplyOn": "None"}, PackageType="Zip",
            Architectures=["x86_64"], Publish=False, DeadLetterConfig={"TargetArn": ""}, KMSKeyArn="",
        )  # fmt: skip

    stage(scene)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"Role": "arn:aws:iam::111111111111:roles"}, "The role defined for the function cannot be assumed"),
        ({"Environment": {"Variables": {"AWS_REGION": "x", "OK": "y"}}}, "used in this request: AWS_REGION'"),
        ({"Environment": {"Variables": {"LARGE_VAR": "x" * 4081}}}, 'measured: {"LARGE_VAR":"xxx'),
        ({"Handler": ""}, "Runtime and Handler are mandatory"),
        ({"Code": {}}, "Please provide a source for function code"),
        ({"Code": {"ZipFile": b"z", "S3Bucket": "b"}}, "Please do not provide other FunctionCode parameters"),
        ({"Code": {"ZipFile": b""}}, "Uploaded file must be a non-empty zip"),
    ],
)
def test_what_aws_calls_an_invalid_parameter_value(stage, params, text) -> None:
    async def scene(plane: Plane) -> None:
        with pytest.raises(Fault, match=text) as caught:
            await plane.create(**params)
        assert caught.value.code == "InvalidParameterValueException"
        assert len(plane.env.functions) == 0

    stage(scene)


def test_variables_of_exactly_the_limit_are_taken(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create(Environment={"Variables": {"LARGE_VAR": "x" * 4080}})

    stage(scene)


def test_too_much_code(tmp_path: Path) -> None:
    async def scene(plane: Plane) -> None:
        with pytest.raises(Fault) as caught:
            await plane.create(Code={"ZipFile": package("x" * 2000)})
        assert caught.value.message == "Unzipped size must be smaller than 1000 bytes"
        await plane.create("a")
        with pytest.raises(Fault) as caught:
            await plane.create("b")
        assert caught.value.code == "CodeStorageExceededException"

    limits = replace(AWS_2026, zip_unzipped=1000, code_storage=len(package()) + 1)
    play(tmp_path, scene, limits)


def test_a_dry_run_changes_nothing(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        await plane.settle()
        before = await plane.call("GetFunctionConfiguration", FunctionName="f")
        said = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package("2"), DryRun=True)
        assert said["CodeSha256"] != before["CodeSha256"]
        assert await plane.call("GetFunctionConfiguration", FunctionName="f") == before

    stage(scene)


def test_tags_come_and_go_under_new_revisions(stage) -> None:
    async def scene(plane: Plane) -> None:
        made = await plane.create(Tags={"a": "1"})
        await plane.call("TagResource", Resource=f"{ARN}f", Tags={"a": "2", "b": "3"})
        found = await plane.call("GetFunction", FunctionName="f")
        assert found["Tags"] == {"a": "2", "b": "3"}
        assert found["Configuration"]["RevisionId"] != made["RevisionId"]
        await plane.settle()
        assert (await plane.call("GetFunction", FunctionName="f"))["Configuration"]["State"] == "Active"
        await plane.call("UntagResource", Resource=f"{ARN}f", TagKeys=["a", "b", "c"])
        assert await plane.call("ListTags", Resource=f"{ARN}f") == {"Tags": {}}
        assert "Tags" not in await plane.call("GetFunction", FunctionName="f")

    stage(scene)


@pytest.mark.parametrize(
    ("qualifier", "text"),
    [
        ("alias", "Deletion of aliases is not currently supported."),
        ("$LATEST", "$LATEST version cannot be deleted without deleting the function."),
    ],
)
def test_delete_with_a_qualifier(stage, qualifier, text) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        fault = await plane.refused("DeleteFunction", FunctionName="f", Qualifier=qualifier)
        assert (fault.code, fault.message) == ("InvalidParameterValueException", text)
        assert await plane.call("DeleteFunction", FunctionName="f", Qualifier="7") == {"StatusCode": 204}
        assert len(plane.env.functions) == 1

    stage(scene)


@pytest.mark.parametrize("changed", [False, True])
def test_what_a_killed_server_left_is_finished_at_the_next_start(tmp_path: Path, changed: bool) -> None:
    async def before(plane: Plane) -> None:
        await plane.create()
        if changed:
            await plane.settle()
            await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)

    async def after(plane: Plane) -> None:
        assert settling.resume(plane.env) == 1
        await plane.settle()
        said = await plane.call("GetFunctionConfiguration", FunctionName="f")
        assert (said["State"], said["LastUpdateStatus"]) == ("Active", "Successful")
        assert settling.resume(plane.env) == 0

    play(tmp_path, before)
    play(tmp_path, after)


def test_a_package_lost_meanwhile_fails_the_function_loudly(tmp_path: Path) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        await plane.env.blobs.sweep(lambda digest: False)
        await plane.settle()
        said = await plane.call("GetFunctionConfiguration", FunctionName="f")
        assert (said["State"], said["LastUpdateStatus"]) == ("Failed", "Failed")
        assert said["StateReason"] == "Its code package is no longer in Lambent's store: deploy it again."
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package())
        await plane.settle()
        said = await plane.call("GetFunctionConfiguration", FunctionName="f")
        assert (said["State"], said["LastUpdateStatus"]) == ("Active", "Successful")
        assert "StateReason" not in said

    play(tmp_path, scene)


def test_what_keeps_a_function_from_running_is_its_reason(stage) -> None:
    async def scene(plane: Plane) -> None:
        async def refuse(function: FunctionVersion) -> None:
            raise RuntimeError("cannot write to /home/me/.cache/lambent: Permission denied")

        plane.env = replace(plane.env, prepare=refuse)
        await plane.create()
        await plane.settle()
        said = await plane.call("GetFunctionConfiguration", FunctionName="f")
        assert (said["State"], said["StateReasonCode"]) == ("Failed", "InternalError")
        assert said["StateReason"] == said["LastUpdateStatusReason"]
        assert said["StateReason"] == (
            "It can't be run on this machine: cannot write to /home/me/.cache/lambent: Permission denied"
        )

    stage(scene)


def test_a_disk_that_is_full_is_found_while_the_function_waits(stage) -> None:
    async def scene(plane: Plane) -> None:
        async def prepare(function: FunctionVersion) -> None:
            if not told:
                raise StoreFull("No space left on device: blobs")

        told: list[Finding] = []
        plane.env = replace(plane.env, prepare=prepare, report=told.append)
        await plane.create()
        await plane.settle()
        assert [one.message for one in told] == [f"it is not ready yet: {StoreFull('No space left on device: blobs')}"]

    stage(scene)


def test_a_function_deleted_before_it_settled_stays_deleted(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create(Role=ROLE)
        await plane.call("DeleteFunction", FunctionName="f")
        await plane.settle()
        assert len(plane.env.functions) == 0

    stage(scene)
