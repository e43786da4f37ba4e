"""Every setting of a function: stored and answered as sent, refused as AWS does, reported where nothing acts on it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from plane import HERE, ROLE, Plane, package

from lambent.model.function import Image
from lambent.model.scope import Caller
from lambent.services.lambda_.functions import stored_settings
from lambent.wire.http import Request, Response

ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"
KEY = "arn:aws:kms:us-east-1:111111111111:key/k"
POINT = "arn:aws:elasticfilesystem:us-east-1:111111111111:access-point/fsap-12345678901234567"
FILES = [{"Arn": POINT, "LocalMountPath": "/mnt/f"}]
VPC = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
URI = "111111111111.dkr.ecr.us-east-1.amazonaws.com/team/app:latest"
DIGEST = "ab" * 32


def with_ec2(plane: Plane, vpc: Callable[[str], str] = lambda name: "vpc-1") -> list[str]:
    """Answer EC2's describe operations; what was asked is in the list that is returned."""
    bodies: list[str] = []

    async def forward(request: Request, caller: Caller, service: str) -> Response:
        body = request.body.decode()
        bodies.append(body)
        assert (service, caller.scope) == ("ec2", HERE)
        names = [part.partition("=")[2] for part in body.split("&") if "Id." in part]
        if "subnet-no" in names:
            code = "<Code>InvalidSubnetID.NotFound</Code><Message>The subnet ID 'subnet-no' does not exist</Message>"
            return Response(400, [], f"<Response><Errors><Error>{code}</Error></Errors></Response>".encode())
        return Response(200, [], "".join(f"<item><vpcId>{vpc(name)}</vpcId></item>" for name in names).encode())

    plane.env = replace(plane.env, forward=forward)
    return bodies


def with_images(plane: Plane) -> None:
    async def resolve(caller: Caller, uri: str) -> str:
        return DIGEST

    plane.env = replace(plane.env, resolve_image=resolve)


async def image(plane: Plane, **params: Any) -> dict[str, Any]:
    said = {"FunctionName": "f", "Role": ROLE, "PackageType": "Image", "Code": {"ImageUri": URI}}
    return await plane.call("CreateFunction", **(said | params))


@pytest.mark.parametrize(
    ("sent", "shown", "none", "code"),
    [
        ({"KMSKeyArn": KEY}, None, {"KMSKeyArn": ""}, "kms-key"),
        (
            {"VpcConfig": VPC},
            {"VpcConfig": VPC | {"VpcId": "vpc-1", "Ipv6AllowedForDualStack": False}},
            {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}},
            "vpc",
        ),
        ({"FileSystemConfigs": FILES, "VpcConfig": VPC}, {"FileSystemConfigs": FILES}, {"FileSystemConfigs": []},
         "file-system"),
    ],
)  # fmt: skip
def test_what_nothing_acts_on_is_stored_answered_and_reported(stage, sent, shown, none, code) -> None:
    async def scene(plane: Plane) -> None:
        with_ec2(plane)
        made = await plane.create(**sent)
        expected = shown or sent
        assert {member: made[member] for member in expected} == expected
        assert (f"stored-only/{code}", ARN) in [(one.code, one.resource) for one in plane.findings]
        await plane.settle()
        plane.findings.clear()
        stored_settings.resume(plane.env)
        assert f"stored-only/{code}" in [one.code for one in plane.findings]
        said = await plane.call("UpdateFunctionConfiguration", FunctionName="f", **none)
        assert all(said.get(member) != value for member, value in expected.items())
        assert f"stored-only/{code}" not in [one.code for one in plane.findings]

    stage(scene)


def test_a_finding_stays_while_a_version_asks_for_it(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create(KMSKeyArn="arn:aws:kms:us-east-1:000000000000:key/k", Publish=True)
        await plane.settle()
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", KMSKeyArn="")
        assert [one.code for one in plane.findings] == ["stored-only/kms-key"]
        await plane.call("DeleteFunction", FunctionName="f", Qualifier="1")
        assert plane.findings == []

    stage(scene)


def test_a_function_of_another_machine(stage) -> None:
    async def scene(plane: Plane) -> None:
        made = await plane.create(Architectures=["arm64"])
        assert made["Architectures"] == ["arm64"]
        assert [one.code for one in plane.findings] == ["architecture"]
        await plane.settle()
        plane.env = replace(plane.env, check_runtime=lambda runtime: None)
        native = await plane.refused("UpdateFunctionConfiguration", FunctionName="f", Runtime="provided.al2023")
        assert "Architectures ['arm64'] on this x86_64 machine is not supported" in str(native.message)
        said = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package(), Architectures=["x86_64"])
        assert plane.findings == []
        assert said["RuntimeVersionConfig"] != made["RuntimeVersionConfig"]

    stage(scene)


def test_a_vpc_is_asked_of_ec2(stage) -> None:
    async def scene(plane: Plane) -> None:
        bodies = with_ec2(plane, lambda name: "vpc-2" if name == "sg-2" else "vpc-1")
        await plane.create(VpcConfig=VPC)
        assert bodies[0] == "Action=DescribeSubnets&Version=2016-11-15&SubnetId.1=subnet-1&SubnetId.2=subnet-2"
        assert bodies[1].startswith("Action=DescribeSecurityGroups&")
        await plane.settle()
        for subnets, groups, text in (
            (["subnet-no"], ["sg-1"], "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. "
             "EC2 Error Message: The subnet ID 'subnet-no' does not exist"),
            (["subnet-1"], [], "SecurityGroupIds and SubnetIds must coexist or be both empty list."),
            (["subnet-1"], ["sg-2"], "Subnets and security groups must be of one VPC, these are of vpc-1, vpc-2."),
        ):  # fmt: skip
            sent = {"SubnetIds": subnets, "SecurityGroupIds": groups}
            fault = await plane.refused("UpdateFunctionConfiguration", FunctionName="f", VpcConfig=sent)
            assert (fault.code, fault.message) == ("InvalidParameterValueException", text)

    stage(scene)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"FileSystemConfigs": FILES}, f"Function must be configured to execute in a VPC to reference .* {POINT}"),
        ({"DeadLetterConfig": {"TargetArn": KEY}}, "must be an SQS queue or an SNS topic"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}, "Runtime": "python3.11"}, "python3.11 is not supported for"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}, "EphemeralStorage": {"Size": 513}}, "Ephemeral storage over"),
        ({"ImageConfig": {"Command": ["c"]}}, "Please don't provide ImageConfig"),
        ({"Code": {"ImageUri": URI}}, "Please don't provide ImageUri when creating"),
        ({"PackageType": "Image"}, "Please don't provide Handler or Runtime or Layer"),
        ({"PackageType": "Image", "Runtime": "", "Handler": ""}, "Please provide ImageUri when creating"),
    ],
)
def test_settings_that_do_not_go_together(stage, params, text) -> None:
    async def scene(plane: Plane) -> None:
        with pytest.raises(Exception, match=text) as caught:
            await plane.create(**params)
        assert caught.value.code == "InvalidParameterValueException"
        assert len(plane.env.functions) == 0

    stage(scene)


def test_snap_start_shows_on_versions(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create(SnapStart={"ApplyOn": "PublishedVersions"})
        await plane.settle()
        made = await plane.call("PublishVersion", FunctionName="f")
        assert (made["State"], made["SnapStart"]["OptimizationStatus"]) == ("Pending", "Off")
        await plane.settle()
        version = await plane.call("GetFunctionConfiguration", FunctionName="f", Qualifier="1")
        assert (version["State"], version["SnapStart"]["OptimizationStatus"]) == ("Active", "On")
        latest = await plane.call("GetFunctionConfiguration", FunctionName="f")
        assert latest["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}

    stage(scene)


def test_layers_are_kept_with_the_function(stage) -> None:
    async def scene(plane: Plane) -> None:
        layers = [
            await plane.call("PublishLayerVersion", LayerName=name, Content={"ZipFile": package(name)})
            for name in ("one", "two")
        ]
        arns = [layer["LayerVersionArn"] for layer in layers]
        made = await plane.create(Layers=arns)
        sizes = [layer["Content"]["CodeSize"] for layer in layers]
        assert made["Layers"] == [{"Arn": arn, "CodeSize": size} for arn, size in zip(arns, sizes, strict=True)]
        await plane.settle()
        record = plane.env.functions.current(HERE, "f")
        assert record is not None and len(record.running.layers) == 2
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Layers=arns[1:])
        changed = plane.env.functions.current(HERE, "f")
        assert changed is not None and changed.layers == record.layers[1:]
        await plane.settle()
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=5)
        await plane.settle()
        version = await plane.call("PublishVersion", FunctionName="f")
        assert [one["Arn"] for one in version["Layers"]] == arns[1:]
        said = await plane.call("UpdateFunctionConfiguration", FunctionName="f", Layers=[])
        assert "Layers" not in said
        published = plane.env.functions.current(HERE, "f", "1")
        assert published is not None and published.layers == record.layers[1:]

    stage(scene)


def test_a_function_from_an_image(stage) -> None:
    async def scene(plane: Plane) -> None:
        refused = await plane.refused(
            "CreateFunction", FunctionName="f", Role=ROLE, PackageType="Image", Code={"ImageUri": URI}
        )
        assert "container image (Code.ImageUri) is not supported by Lambent yet" in str(refused.message)
        with_images(plane)
        made = await image(plane, ImageConfig={"Command": ["app.handler"], "EntryPoint": [], "WorkingDirectory": "/w"})
        assert (made["PackageType"], made["CodeSha256"], made["CodeSize"]) == ("Image", DIGEST, 0)
        assert made["ImageConfigResponse"] == {"ImageConfig": {"Command": ["app.handler"], "WorkingDirectory": "/w"}}
        assert not {"Runtime", "Handler", "RuntimeVersionConfig"} & set(made)
        await plane.settle()
        record = plane.env.functions.current(HERE, "f")
        assert record is not None
        assert record.running.image == Image(URI, DIGEST, (), ("app.handler",), "/w")
        found = await plane.call("GetFunction", FunctionName="f")
        assert found["Code"] == {
            "RepositoryType": "ECR",
            "ImageUri": URI,
            "ResolvedImageUri": f"111111111111.dkr.ecr.us-east-1.amazonaws.com/team/app@sha256:{DIGEST}",
        }
        zipped = await plane.refused("UpdateFunctionCode", FunctionName="f", ZipFile=package())
        assert zipped.message == "Please provide ImageUri when updating a function with packageType Image."
        handler = await plane.refused("UpdateFunctionConfiguration", FunctionName="f", Handler="h.h")
        assert str(handler.message).startswith("Please don't provide Handler or Runtime or Layer")
        said = await plane.call("UpdateFunctionConfiguration", FunctionName="f", ImageConfig={})
        assert "ImageConfigResponse" not in said
        await plane.settle()
        code = await plane.call("UpdateFunctionCode", FunctionName="f", ImageUri=URI, Publish=True)
        assert (code["Version"], code["CodeSha256"]) == ("1", DIGEST)

    stage(scene)


def test_what_is_reserved_shows_in_get_function(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        assert "Concurrency" not in await plane.call("GetFunction", FunctionName="f")
        await plane.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
        found = await plane.call("GetFunction", FunctionName="f")
        assert found["Concurrency"] == {"ReservedConcurrentExecutions": 0}

    stage(scene)
