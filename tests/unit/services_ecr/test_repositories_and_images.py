"""What ECR's API says of repositories and of what was pushed to them."""

import json
from pathlib import Path
from typing import Any

import pytest

from lambent.model.scope import Scope
from lambent.services.ecr.operations import OPERATIONS, REFUSED
from lambent.services.ecr.pulling import NOT_ALLOWED, Own
from lambent.store.image_layers import ImageError
from lambent.store.image_reference import RegistryReference, parse
from lambent.store.registry import ImageMissing
from lambent.wire import service
from lambent.wire.fault import Fault
from tests.unit.services_ecr.ecr_kit import HOST, OTHER, Kit, with_kit
from tests.unit.store.image_kit import Layout, config_of, digest_of, layer_of

ONE = Layout(config_of(Cmd=["one"]), layer_of({"a": "1"}))
TWO = Layout(config_of(Cmd=["two"]), layer_of({"a": "1"}), layer_of({"b": "2"}))


async def refused(kit: Kit, operation: str, **params: Any) -> tuple[str, str]:
    with pytest.raises(Fault) as error:
        await kit.ask(operation, **params)
    return error.value.code, error.value.message or ""


def test_every_operation_is_answered_or_refused() -> None:
    assert set(OPERATIONS) | set(REFUSED) == set(service.load("ecr").model.operation_names)
    assert not set(OPERATIONS) & set(REFUSED)


def test_a_repository(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        made = (await kit.ask("CreateRepository", repositoryName="team/web", tags=[{"Key": "a", "Value": "1"}]))[
            "repository"
        ]
        assert made["repositoryArn"] == "arn:aws:ecr:us-east-1:000000000000:repository/team/web"
        assert made["repositoryUri"] == f"{HOST}/team/web"
        assert (made["imageTagMutability"], made["imageScanningConfiguration"]) == ("MUTABLE", {"scanOnPush": False})
        code, text = await refused(kit, "CreateRepository", repositoryName="team/web")
        assert code == "RepositoryAlreadyExistsException"
        assert text.endswith("already exists in the registry with id '000000000000'")
        assert (await refused(kit, "CreateRepository", repositoryName="Upper"))[0] == "InvalidParameterException"
        listed = await kit.ask("DescribeRepositories", maxResults=1)
        assert [one["repositoryName"] for one in listed["repositories"]] == ["app"]
        rest = await kit.ask("DescribeRepositories", nextToken=listed["nextToken"])
        assert [one["repositoryName"] for one in rest["repositories"]] == ["team/web"]
        assert (await kit.ask("DescribeRepositories", OTHER))["repositories"] == []
        arn = {"resourceArn": made["repositoryArn"]}
        await kit.ask("TagResource", **arn, tags=[{"Key": "b", "Value": "2"}])
        await kit.ask("UntagResource", **arn, tagKeys=["a"])
        assert (await kit.ask("ListTagsForResource", **arn))["tags"] == [{"Key": "b", "Value": "2"}]
        assert (await refused(kit, "DescribeImages", repositoryName="app", registryId=OTHER.account))[0].startswith(
            "Not"
        )

    with_kit(tmp_path, test)


def test_what_was_pushed_is_described(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        await kit.push("app", ONE, "v1")
        await kit.push("app", ONE, "v2")
        await kit.push("app", TWO, TWO.manifest)
        details = (await kit.ask("DescribeImages", repositoryName="app"))["imageDetails"]
        shown = {one["imageDigest"]: one for one in details}
        assert shown[ONE.manifest]["imageTags"] == ["v1", "v2"]
        assert shown[ONE.manifest]["imageSizeInBytes"] == len(ONE.layers[0]) + len(ONE.config)
        assert "imageTags" not in shown[TWO.manifest]
        listed = (await kit.ask("ListImages", repositoryName="app", filter={"tagStatus": "TAGGED"}))["imageIds"]
        assert listed == [{"imageDigest": ONE.manifest, "imageTag": tag} for tag in ("v1", "v2")]
        untagged = await kit.ask("ListImages", repositoryName="app", filter={"tagStatus": "UNTAGGED"})
        assert untagged["imageIds"] == [{"imageDigest": TWO.manifest}]
        got = await kit.ask("BatchGetImage", repositoryName="app", imageIds=[{"imageTag": "v1"}, {"imageTag": "no"}])
        assert got["images"][0]["imageManifest"] == ONE.blobs[ONE.manifest].decode()
        assert got["failures"][0]["failureCode"] == "ImageNotFound"
        code, text = await refused(kit, "DescribeImages", repositoryName="app", imageIds=[{"imageTag": "no"}])
        assert code == "ImageNotFoundException"
        assert text.startswith("The image with imageId {imageDigest:'null', imageTag:'no'} does not exist")

    with_kit(tmp_path, test)


def test_an_image_goes_with_its_last_tag_and_its_blobs_with_it(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        await kit.push("app", ONE, "v1")
        await kit.push("app", ONE, "v2")
        await kit.push("app", TWO, "other")
        gone = await kit.ask("BatchDeleteImage", repositoryName="app", imageIds=[{"imageTag": "v1"}, {"imageTag": "x"}])
        assert gone["imageIds"] == [{"imageDigest": ONE.manifest, "imageTag": "v1"}]
        assert [one["failureCode"] for one in gone["failures"]] == ["ImageNotFound"]
        await kit.ask("BatchDeleteImage", repositoryName="app", imageIds=[{"imageTag": "v2"}])
        shared = digest_of(ONE.layers[0]).removeprefix("sha256:")
        left = {one.removeprefix("sha256:") for one in TWO.blobs if one != TWO.manifest}
        assert kit.files() == left
        assert shared in left
        code, _ = await refused(kit, "DeleteRepository", repositoryName="app")
        assert code == "RepositoryNotEmptyException"
        await kit.ask("DeleteRepository", repositoryName="app", force=True)
        assert kit.files() == set()

    with_kit(tmp_path, test)


def test_an_index_holds_its_images(tmp_path: Path) -> None:
    index = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                        "manifests": [{"digest": ONE.manifest, "size": 1,
                                       "platform": {"os": "linux", "architecture": "amd64"}}]})  # fmt: skip

    async def test(kit: Kit) -> None:
        code, _ = await refused(kit, "PutImage", repositoryName="app", imageManifest=index, imageTag="all")
        assert code == "ReferencedImagesNotFoundException"
        await kit.push("app", ONE, ONE.manifest)
        await kit.ask("PutImage", repositoryName="app", imageManifest=index, imageTag="all")
        kept = await kit.ask("BatchDeleteImage", repositoryName="app", imageIds=[{"imageDigest": ONE.manifest}])
        assert kept["failures"][0]["failureCode"] == "ImageReferencedByManifestList"

    with_kit(tmp_path, test)


def test_a_tag_that_is_immutable_stays(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        excluded = [{"filterType": "WILDCARD", "filter": "dev*"}]
        await kit.ask(
            "PutImageTagMutability",
            repositoryName="app",
            imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=excluded,
        )
        for image in (ONE, TWO):
            assert (await kit.push("app", image, "dev-1")).status == 201
        assert (await kit.push("app", ONE, "v1")).status == 201
        assert (await kit.push("app", ONE, "v1")).status == 201
        assert (await kit.push("app", TWO, "v1")).status == 400
        text = TWO.blobs[TWO.manifest].decode()
        code, said = await refused(kit, "PutImage", repositoryName="app", imageManifest=text, imageTag="v1")
        assert (code, said.partition(" cannot")[0]) == (
            "ImageTagAlreadyExistsException",
            "The image tag 'v1' already exists in the 'app' repository and",
        )

    with_kit(tmp_path, test)


def test_a_layer_by_parts(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        on = {"repositoryName": "app"}
        upload = (await kit.ask("InitiateLayerUpload", **on))["uploadId"]
        part = {**on, "uploadId": upload, "layerPartBlob": b"abc"}
        assert (await kit.ask("UploadLayerPart", **part, partFirstByte=0, partLastByte=2))["lastByteReceived"] == 2
        assert (await refused(kit, "UploadLayerPart", **part, partFirstByte=0, partLastByte=3))[0] == (
            "InvalidLayerPartException"
        )
        done = {**on, "uploadId": upload, "layerDigests": [digest_of(b"abc")]}
        assert (await kit.ask("CompleteLayerUpload", **done))["layerDigest"] == digest_of(b"abc")
        assert (await refused(kit, "CompleteLayerUpload", **done))[0] == "LayerAlreadyExistsException"
        asked = [digest_of(b"abc"), digest_of(b"no"), "x"]
        said = await kit.ask("BatchCheckLayerAvailability", **on, layerDigests=asked)
        assert [one["layerAvailability"] for one in said["layers"]] == ["AVAILABLE", "UNAVAILABLE"]
        assert said["failures"][0]["failureCode"] == "InvalidLayerDigest"

    with_kit(tmp_path, test)


def test_policies_are_kept(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        on = {"repositoryName": "app"}
        code, text = await refused(kit, "GetRepositoryPolicy", **on)
        assert code == "RepositoryPolicyNotFoundException"
        assert text.startswith("Repository policy does not exist for the repository with name 'app'")
        assert (await refused(kit, "SetRepositoryPolicy", **on, policyText="x"))[0] == "InvalidParameterException"
        await kit.ask("SetRepositoryPolicy", **on, policyText="{}")
        assert (await kit.ask("GetRepositoryPolicy", **on))["policyText"] == "{}"
        await kit.ask("DeleteRepositoryPolicy", **on)
        await kit.ask("PutLifecyclePolicy", **on, lifecyclePolicyText='{"rules": []}')
        assert (await kit.ask("GetLifecyclePolicy", **on))["lifecyclePolicyText"] == '{"rules": []}'

    with_kit(tmp_path, test)


def reference(uri: str) -> RegistryReference:
    found = parse(uri)
    assert isinstance(found, RegistryReference)
    return found


def test_functions_find_its_images(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        own = Own(kit.env)
        await kit.push("app", ONE, "v1")
        aws = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
        for host in (HOST, "localhost:4566", aws, "000000000000.dkr.ecr.us-east-1.localhost:4566"):
            named = reference(f"{host}/app:v1")
            assert own.is_ours(named, "")
            assert own.digest(named, Scope()) == ONE.digest
        found = own.fetch(reference(f"{HOST}/app:v1"), ONE.digest)
        assert found.config["config"] == {"Cmd": ["one"]}
        with found.layers[0].open() as file:
            assert file.read() == ONE.layers[0]
        with pytest.raises(ImageError, match=NOT_ALLOWED):
            own.digest(reference(f"{aws}/app:v1"), OTHER)
        with pytest.raises(ImageError, match="is in us-east-1"):
            own.digest(reference(f"{aws}/app:v1"), Scope(region="eu-west-1"))
        with pytest.raises(ImageMissing):
            own.digest(reference(f"{HOST}/app:none"), Scope())
        assert not own.is_ours(reference(f"{aws}/elsewhere:v1"), "a login")
        assert own.is_ours(reference(f"{aws}/elsewhere:v1"), "")
        assert not own.is_ours(reference("public.ecr.aws/x/app:v1"), "")

    with_kit(tmp_path, test)
