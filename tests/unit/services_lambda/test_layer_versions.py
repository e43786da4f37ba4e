"""Layers: what AWS answered, beside what we answer, and the rules that no recorded answer shows."""

import asyncio
import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plane import HERE, Plane, package, play, same, same_refusal

from lambent.model.limits import AWS_2026
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_.functions import code
from lambent.services.lambda_.layers import layer_lookup
from lambent.store.open import open_store, sweep
from lambent.wire.fault import Fault

LAYER = "arn:aws:lambda:us-east-1:111111111111:layer:"
OTHER = Scope("222222222222", "us-east-1")
RECORDED = json.loads((Path(__file__).parents[2] / "recorded" / "answers" / "api.json").read_text())


async def publish(plane: Plane, name: str = "l", text: str = "layer", **params: Any) -> dict[str, Any]:
    said = {"LayerName": name, "Content": {"ZipFile": package(text)}}
    return await plane.call("PublishLayerVersion", **(said | params))


async def resolve(plane: Plane, *arns: str, scope: Scope = HERE) -> list[layer_lookup.LayerUse]:
    return await layer_lookup.resolve(plane.env, Caller(scope, "r"), arns)


async def refused(plane: Plane, *arns: str, scope: Scope = HERE) -> Fault:
    with pytest.raises(Fault) as caught:
        await resolve(plane, *arns, scope=scope)
    return caught.value


def recorded(name: str) -> dict[str, Any]:
    test, _, key = name.partition("/")
    answer: dict[str, Any] = RECORDED[f"TestLambdaLayer::{test}"][key]
    return answer


def test_the_life_of_a_layer(stage) -> None:
    life = "test_layer_lifecycle/"

    async def scene(plane: Plane) -> None:
        said = {
            "Description": "d", "LicenseInfo": "MIT", "CompatibleRuntimes": ["python3.12"],
            "CompatibleArchitectures": ["x86_64"],
        }  # fmt: skip
        bound: dict[str, str] = {}
        first = await publish(plane, **said)
        same(recorded(f"{life}publish_result"), first, bound)
        by_number = await plane.call("GetLayerVersion", LayerName="l", VersionNumber=1)
        same(recorded(f"{life}get_layer_ver_result"), by_number, bound)
        by_arn = await plane.call("GetLayerVersionByArn", Arn=first["LayerVersionArn"])
        same(recorded(f"{life}get_layer_by_arn_version"), by_arn, bound)
        assert first["Content"]["CodeSize"] == len(package("layer"))
        digest = hashlib.sha256(package("layer"))
        assert first["Content"]["CodeSha256"] == base64.b64encode(digest.digest()).decode()
        assert first["Content"]["Location"] == f"http://localhost/{digest.hexdigest()}"
        same(recorded(f"{life}publish_result_2"), await publish(plane, **said), bound)
        listed = await plane.call("ListLayerVersions", LayerName="l")
        same(recorded(f"{life}list_layer_versions_predelete"), listed, bound)
        for number in (1, 2):
            same(
                recorded(f"{life}delete_layer_{number}"),
                await plane.call("DeleteLayerVersion", LayerName="l", VersionNumber=number),
                bound,
            )
        listed = await plane.call("ListLayerVersions", LayerName="l")
        same(recorded(f"{life}list_layer_versions_postdelete"), listed, bound)
        same(recorded(f"{life}publish_result_3"), await publish(plane, **said), bound)

    stage(scene)


def test_what_is_not_said_of_a_layer_is_not_shown(stage) -> None:
    async def scene(plane: Plane) -> None:
        plane.objects["b", "k"] = package()
        made = await publish(plane, Content={"S3Bucket": "b", "S3Key": "k"})
        same(recorded("test_layer_s3_content/publish_layer_result"), made, {})
        made = await publish(plane, CompatibleRuntimes=[], CompatibleArchitectures=["x86_64"])
        assert (made["CompatibleRuntimes"], "LicenseInfo" in made) == ([], False)

    stage(scene)


@pytest.mark.parametrize("number", range(3))
def test_every_runtime_that_a_layer_may_fit(stage, number: int) -> None:
    async def scene(plane: Plane) -> None:
        said = recorded(f"test_layer_compatibilities[runtimes{number}]/publish_result")
        members = ("CompatibleRuntimes", "CompatibleArchitectures")
        made = await publish(plane, **{member: said[member] for member in members})
        same(said, made, {})

    stage(scene)


def test_layers_that_a_function_cannot_have(stage) -> None:
    odd = "test_layer_function_exceptions/"

    async def scene(plane: Plane) -> None:
        for _ in range(3):
            await publish(plane)
        v1, v2, v3 = (f"{LAYER}l:{number}" for number in (1, 2, 3))
        check(f"{odd}two_layer_versions_single_function_exc", await refused(plane, v1, v2))
        check(f"{odd}three_layer_versions_single_function_exc", await refused(plane, v1, v2, v3))
        check(f"{odd}two_identical_layer_versions_single_function_exc", await refused(plane, v1, v1))
        check(f"{odd}add_nonexistent_layer_exc", await refused(plane, f"{LAYER}doesnotexist:1"))
        check(f"{odd}add_nonexistent_layer_version_exc", await refused(plane, f"{LAYER}l:9"))
        there = "arn:aws:lambda:eu-central-1:111111111111:layer:l:1"
        check(f"{odd}create_function_with_layer_in_different_region", await refused(plane, there))
        six = [f"{LAYER}{name}:1" for name in "abcdef"]
        assert (await refused(plane, *six)).message == "Cannot reference more than 5 layers."

    stage(scene)


def check(name: str, fault: Fault) -> None:
    same_refusal(recorded(name), fault)


def test_a_function_is_given_packages_in_order(stage) -> None:
    async def scene(plane: Plane) -> None:
        await publish(plane, "a", "one")
        await publish(plane, "b", "two")
        uses = await resolve(plane, f"{LAYER}b:1", f"{LAYER}a:1")
        assert [(use.arn, use.size) for use in uses] == [
            (f"{LAYER}b:1", len(package("two"))),
            (f"{LAYER}a:1", len(package("one"))),
        ]
        assert [use.digest for use in uses] == [hashlib.sha256(package(text)).hexdigest() for text in ("two", "one")]

    stage(scene)


def test_layers_and_code_have_one_limit(tmp_path: Path) -> None:
    async def scene(plane: Plane) -> None:
        for name in "abc":
            await publish(plane, name, name * 40)
        two = [use.digest for use in await resolve(plane, f"{LAYER}a:1", f"{LAYER}b:1")]
        fault = await refused(plane, *(f"{LAYER}{name}:1" for name in "abc"))
        assert fault.message == "Layers consume more than the available size of 100 bytes"
        async with code.keep(plane.env, package("f" * 20)) as small, code.keep(plane.env, package("f" * 21)) as large:
            await layer_lookup.check_size(plane.env, small.digest, two)
            with pytest.raises(Fault) as caught:
                await layer_lookup.check_size(plane.env, large.digest, two)
        assert caught.value.message == (
            "Function code combined with layers exceeds the maximum allowed size of 100 bytes. "
            "The actual size is 101 bytes."
        )

    play(tmp_path, scene, replace(AWS_2026, zip_unzipped=100))


def test_the_policy_of_a_version(stage) -> None:
    life = "test_layer_policy_lifecycle/"
    version = {"LayerName": "l", "VersionNumber": 1}

    async def scene(plane: Plane) -> None:
        bound: dict[str, str] = {}

        async def add(sid: str, **more: Any) -> dict[str, Any]:
            said = {"StatementId": sid, "Action": "lambda:GetLayerVersion", "Principal": "*"}
            return read(await plane.call("AddLayerVersionPermission", **version, **said, **more), "Statement")

        async def policy() -> dict[str, Any]:
            return read(await plane.call("GetLayerVersionPolicy", **version), "Policy")

        await publish(plane)
        fault = await plane.refused("GetLayerVersionPolicy", **version)
        assert fault.message == "No policy is associated with the given resource."
        same(recorded(f"{life}add_policy_s1"), await add("s1"), bound)
        same(recorded(f"{life}get_layer_version_policy"), await policy(), bound)
        stale = await policy()
        same(recorded(f"{life}add_policy_s2"), await add("s2", RevisionId=stale["RevisionId"]), bound)
        same(recorded(f"{life}get_layer_version_policy_postadd2"), await policy(), bound)
        remove = {**version, "StatementId": "s2"}
        fault = await plane.refused("RemoveLayerVersionPermission", **remove, RevisionId=stale["RevisionId"])
        assert fault.code == "PreconditionFailedException"
        gone = await plane.call("RemoveLayerVersionPermission", **remove)
        same(recorded(f"{life}remove_s2"), gone, bound)
        same(recorded(f"{life}get_layer_version_policy_postdeletes2"), await policy(), bound)
        fault = await plane.refused("RemoveLayerVersionPermission", **remove)
        assert fault.message == "Statement s2 is not found in resource policy."
        await plane.call("RemoveLayerVersionPermission", **version, StatementId="s1")
        fault = await plane.refused("RemoveLayerVersionPermission", **remove)
        assert fault.message == "No policy is associated with the given resource."
        await add("s1")
        fault = await plane.refused(
            "AddLayerVersionPermission",
            **version,
            StatementId="s1",
            Action="lambda:GetLayerVersion",
            Principal="222222222222",
        )
        assert fault.code == "ResourceConflictException"

    stage(scene)


def read(answer: dict[str, Any], member: str) -> dict[str, Any]:
    return answer | {member: json.loads(answer[member])}


def test_another_accounts_layer_needs_its_permission(stage) -> None:
    arn = f"{LAYER}l:1"
    text = (
        "User: arn:aws:iam::222222222222:root is not authorized to perform: lambda:GetLayerVersion on resource: "
        f"{arn} because no resource-based policy allows the lambda:GetLayerVersion action"
    )

    async def scene(plane: Plane) -> None:
        await publish(plane)
        for fault in (
            await refused(plane, arn, scope=OTHER),
            await plane.refused("GetLayerVersionByArn", OTHER, Arn=arn),
            await plane.refused("GetLayerVersion", OTHER, LayerName=f"{LAYER}l", VersionNumber=1),
        ):
            assert (fault.code, fault.status, fault.message) == ("AccessDeniedException", 403, text)
        missing = await refused(plane, f"{LAYER}none:1", scope=OTHER)
        assert missing.code == "AccessDeniedException"
        assert "This layer is not here" in (missing.message or "")
        assert "PublishLayerVersion in account 111111111111" in (missing.message or "")
        for operation, more in (
            ("PublishLayerVersion", {"Content": {"ZipFile": package()}}),
            ("ListLayerVersions", {}),
            ("DeleteLayerVersion", {"VersionNumber": 1}),
        ):
            fault = await plane.refused(operation, OTHER, LayerName=f"{LAYER}l", **more)
            assert fault.code == "AccessDeniedException"
        said = {"LayerName": "l", "VersionNumber": 1, "Action": "lambda:GetLayerVersion"}
        organization = {"Principal": "*", "StatementId": "o", "OrganizationId": "o-abcdefghij"}
        made = await plane.call("AddLayerVersionPermission", **said, **organization)
        assert json.loads(made["Statement"])["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}
        await plane.call("AddLayerVersionPermission", **said, Principal="333333333333", StatementId="x")
        assert (await refused(plane, arn, scope=OTHER)).message == text
        made = await plane.call("AddLayerVersionPermission", **said, Principal="222222222222", StatementId="a")
        assert json.loads(made["Statement"])["Principal"] == {"AWS": "arn:aws:iam::222222222222:root"}
        assert [use.arn for use in await resolve(plane, arn, scope=OTHER)] == [arn]
        assert (await plane.call("GetLayerVersionByArn", OTHER, Arn=arn))["LayerVersionArn"] == arn

    stage(scene)


def test_layers_that_are_not_there(stage) -> None:
    async def scene(plane: Plane) -> None:
        await publish(plane)
        for number in (2, 9):
            fault = await plane.refused("GetLayerVersion", LayerName="l", VersionNumber=number)
            assert (fault.code, fault.message) == (
                "ResourceNotFoundException",
                "The resource you requested does not exist.",
            )
        fault = await plane.refused("GetLayerVersion", LayerName="l", VersionNumber=0)
        assert fault.code == "InvalidParameterValueException"
        for operation in ("AddLayerVersionPermission", "GetLayerVersionPolicy", "RemoveLayerVersionPermission"):
            said = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "*"}
            fault = await plane.refused(operation, LayerName="l", VersionNumber=9, **said)
            assert fault.message == f"Layer version {LAYER}l:9 does not exist."
        assert await plane.call("ListLayerVersions", LayerName="none") == {"LayerVersions": []}
        assert await plane.call("DeleteLayerVersion", LayerName="none", VersionNumber=1) == {}
        fault = await plane.refused("PublishLayerVersion", LayerName="l", Content={})
        assert fault.code == "InvalidParameterValueException"

    stage(scene)


def test_lists_are_filtered_and_paged(stage) -> None:
    async def scene(plane: Plane) -> None:
        await publish(plane, "a", CompatibleRuntimes=["python3.12"], CompatibleArchitectures=["arm64"])
        await publish(plane, "a", CompatibleRuntimes=["python3.13"])
        await publish(plane, "b")
        for _ in range(12):
            await publish(plane, "c", CompatibleRuntimes=["python3.13"])
        await plane.call("DeleteLayerVersion", LayerName="b", VersionNumber=1)

        async def names(**params: Any) -> list[tuple[str, int]]:
            found = (await plane.call("ListLayers", **params))["Layers"]
            return [(one["LayerName"], one["LatestMatchingVersion"]["Version"]) for one in found]

        assert await names() == [("a", 2), ("c", 12)]
        assert await names(CompatibleRuntime="python3.12") == [("a", 1)]
        assert await names(CompatibleRuntime="python3.13", CompatibleArchitecture="arm64") == []
        first = await plane.call("ListLayers", MaxItems=1)
        assert [one["LayerArn"] for one in first["Layers"]] == [f"{LAYER}a"]
        rest = await plane.call("ListLayers", MaxItems=1, Marker=first["NextMarker"])
        assert [one["LayerName"] for one in rest["Layers"]] == ["c"] and "NextMarker" not in rest
        numbers: list[int] = []
        marker: dict[str, str] = {}
        while True:
            page = await plane.call("ListLayerVersions", LayerName="c", MaxItems=5, **marker)
            numbers += [one["Version"] for one in page["LayerVersions"]]
            if "NextMarker" not in page:
                break
            marker = {"Marker": page["NextMarker"]}
        assert numbers == list(range(12, 0, -1))

    stage(scene)


def test_of_many_versions_published_at_once_each_has_its_number(stage) -> None:
    async def scene(plane: Plane) -> None:
        made = await asyncio.gather(*(publish(plane, text=str(number)) for number in range(8)))
        assert sorted(one["Version"] for one in made) == list(range(1, 9))

    stage(scene)


def test_a_deleted_versions_policy_is_gone_with_it(stage) -> None:
    async def scene(plane: Plane) -> None:
        await publish(plane)
        said = {"LayerName": "l", "VersionNumber": 1}
        more = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "*"}
        await plane.call("AddLayerVersionPermission", **said, **more)
        await plane.call("DeleteLayerVersion", **said)
        assert [one.kind for one in plane.env.resources] == ["layer"]

    stage(scene)


def test_a_package_stays_as_long_as_a_layer_version_needs_it(tmp_path: Path) -> None:
    digest = hashlib.sha256(package("layer")).hexdigest()

    async def first(plane: Plane) -> None:
        await publish(plane)
        await publish(plane)
        await plane.call("DeleteLayerVersion", LayerName="l", VersionNumber=1)

    async def again() -> None:
        store = await open_store(tmp_path)
        plane = Plane(store)
        try:
            assert await sweep(store) == []
            assert digest in store.blobs
            await plane.call("DeleteLayerVersion", LayerName="l", VersionNumber=2)
            assert await sweep(store) == [digest]
            assert (await publish(plane))["Version"] == 3
        finally:
            await store.close()

    play(tmp_path, first)
    asyncio.run(again())


def test_layers_count_against_the_code_storage(tmp_path: Path) -> None:
    async def scene(plane: Plane) -> None:
        await publish(plane)
        fault = await plane.refused("PublishLayerVersion", LayerName="m", Content={"ZipFile": package("layer")})
        assert fault.code == "CodeStorageExceededException"
        await plane.call("DeleteLayerVersion", LayerName="l", VersionNumber=1)
        await publish(plane, "m")

    play(tmp_path, scene, replace(AWS_2026, code_storage=len(package("layer")) + 1))
