"""Code signing configs: what AWS answered, beside what we answer, and what they forbid."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from plane import Plane, package, same, same_refusal

RECORDED = json.loads((Path(__file__).parents[2] / "recorded" / "answers" / "api.json").read_text())
PREFIX = "arn:aws:lambda:us-east-1:111111111111:"
PROFILE = "arn:aws:signer:us-east-1:111111111111:/signing-profiles/test"
NONE = f"{PREFIX}code-signing-config:csc-{'0' * 17}"
ENFORCE: dict[str, Any] = {
    "Description": "Testing CodeSigning Config",
    "AllowedPublishers": {"SigningProfileVersionArns": [PROFILE]},
    "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
}
WARN = {"UntrustedArtifactOnDeployment": "Warn"}


def recorded(test: str, key: str) -> dict[str, Any]:
    answer: dict[str, Any] = RECORDED[f"TestCodeSigningConfig::{test}"][key]
    return answer


async def made(plane: Plane, **said: Any) -> str:
    answer = await plane.call("CreateCodeSigningConfig", **(ENFORCE | said))
    return str(answer["CodeSigningConfig"]["CodeSigningConfigArn"])


def test_the_life_of_a_config(stage) -> None:
    bound: dict[str, str] = {}

    def check(key: str, answer: dict[str, Any]) -> None:
        same(recorded("test_function_code_signing_config", key), answer, bound)

    async def scene(plane: Plane) -> None:
        await plane.create()
        created = await plane.call("CreateCodeSigningConfig", **ENFORCE)
        check("create_code_signing_config", created)
        config = {"CodeSigningConfigArn": created["CodeSigningConfig"]["CodeSigningConfigArn"]}
        updated = await plane.call("UpdateCodeSigningConfig", **config, CodeSigningPolicies=WARN)
        check("update_code_signing_config", updated)
        check("get_code_signing_config", await plane.call("GetCodeSigningConfig", **config))
        put = await plane.call("PutFunctionCodeSigningConfig", **config, FunctionName="f")
        check("put_function_code_signing_config", put)
        check("get_function_code_signing_config", await plane.call("GetFunctionCodeSigningConfig", FunctionName="f"))
        listed = await plane.call("ListCodeSigningConfigs")
        check("list_code_signing_configs", listed["CodeSigningConfigs"][0])
        users = await plane.call("ListFunctionsByCodeSigningConfig", **config)
        check("list_functions_by_code_signing_config", users)
        used = await plane.refused("DeleteCodeSigningConfig", **config)
        assert used.code == "ResourceConflictException"
        gone = await plane.call("DeleteFunctionCodeSigningConfig", FunctionName="f")
        check("delete_function_code_signing_config", gone)
        check("delete_code_signing_config", await plane.call("DeleteCodeSigningConfig", **config))
        assert await plane.call("ListCodeSigningConfigs") == {"CodeSigningConfigs": []}

    stage(scene)


def test_what_is_not_there(stage) -> None:
    odd = "test_code_signing_not_found_excs"
    wrong, none = {"CodeSigningConfigArn": NONE}, {"FunctionName": "csc-test-doesnotexist"}

    async def scene(plane: Plane) -> None:
        async def refused(key: str, operation: str, **params: Any) -> None:
            same_refusal(recorded(odd, key), await plane.refused(operation, **params), key)

        await plane.create()
        config = {"CodeSigningConfigArn": await made(plane)}
        await refused("delete_csc_notfound", "DeleteCodeSigningConfig", **wrong)
        await refused("get_csc_invalid", "GetCodeSigningConfig", **wrong)
        await refused("update_csc_noupdates", "UpdateCodeSigningConfig", **wrong)
        await refused("update_csc_invalid_csc_arn", "UpdateCodeSigningConfig", **wrong, Description="new")
        await refused("list_functions_by_csc_invalid_cscarn", "ListFunctionsByCodeSigningConfig", **wrong)
        await refused("get_function_csc_nonexistingfn", "GetFunctionCodeSigningConfig", **none)
        await refused("put_function_csc_invalid_fnname", "PutFunctionCodeSigningConfig", **config, **none)
        await refused("put_function_csc_invalid_csc_arn", "PutFunctionCodeSigningConfig", **wrong, FunctionName="f")
        await refused("put_function_csc_invalid_both", "PutFunctionCodeSigningConfig", **wrong, **none)
        await refused("delete_function_csc_fnnotfound", "DeleteFunctionCodeSigningConfig", **none)
        said = {"FunctionName": "g", "Runtime": "python3.12", "Handler": "h.h"}
        more = {"Role": "arn:aws:iam::111111111111:role/r", "Code": {"ZipFile": package()}}
        await refused("put_function_csc_invalid_csc_arn", "CreateFunction", **said, **more, **wrong)
        same(
            recorded(odd, "update_csc_noupdate_response"),
            await plane.call("UpdateCodeSigningConfig", **config),
            {},
        )
        assert await plane.call("GetFunctionCodeSigningConfig", FunctionName="f") == {}
        assert await plane.call("DeleteFunctionCodeSigningConfig", FunctionName="f") == {}
        assert await plane.call("ListFunctionsByCodeSigningConfig", **config) == {"FunctionArns": []}

    stage(scene)


def signed() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", "")
        archive.writestr("META-INF/aws_signer_signature_v1.0.SF", "signature")
    return buffer.getvalue()


def test_under_enforce_nothing_is_deployed(stage) -> None:
    text = (
        "Lambda cannot deploy the function. The function or layer might be signed using a signature that the client "
        "is not configured to accept. Check the provided signature for f."
    )

    async def scene(plane: Plane) -> None:
        config = await made(plane)
        said = {
            "FunctionName": "f", "Runtime": "python3.12", "Handler": "h.h",
            "Role": "arn:aws:iam::111111111111:role/r", "CodeSigningConfigArn": config,
        }  # fmt: skip
        fault = await plane.refused("CreateFunction", **said, Code={"ZipFile": package()})
        assert (fault.code, fault.message) == ("CodeVerificationFailedException", text)
        fault = await plane.refused("CreateFunction", **said, Code={"ZipFile": signed()})
        assert "not supported by Lambent" in str(fault.message)
        await plane.create()
        await plane.settle()
        await plane.call("PutFunctionCodeSigningConfig", CodeSigningConfigArn=config, FunctionName="f")
        assert [one.code for one in plane.findings] == ["stored-only/function-code-signing"]
        fault = await plane.refused("UpdateFunctionCode", FunctionName="f", ZipFile=package("2"))
        assert fault.code == "CodeVerificationFailedException"
        layer = await plane.call("PublishLayerVersion", LayerName="l", Content={"ZipFile": package()})
        arns = [layer["LayerVersionArn"]]
        fault = await plane.refused("UpdateFunctionConfiguration", FunctionName="f", Layers=arns)
        assert fault.code == "CodeVerificationFailedException"
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)

    stage(scene)


def test_under_warn_everything_is_deployed_and_said(stage) -> None:
    async def scene(plane: Plane) -> None:
        config = await made(plane, CodeSigningPolicies={})
        shown = await plane.call("GetCodeSigningConfig", CodeSigningConfigArn=config)
        assert shown["CodeSigningConfig"]["CodeSigningPolicies"] == WARN
        await plane.create(CodeSigningConfigArn=config)
        await plane.settle()
        assert [one.resource for one in plane.findings] == [f"{PREFIX}function:f"]
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package("2"))
        found = await plane.call("GetFunctionCodeSigningConfig", FunctionName="f")
        assert found == {"CodeSigningConfigArn": config, "FunctionName": "f"}
        await plane.call("DeleteFunction", FunctionName="f")
        assert plane.findings == []
        assert await plane.call("ListFunctionsByCodeSigningConfig", CodeSigningConfigArn=config) == {"FunctionArns": []}
        await plane.create()
        assert await plane.call("GetFunctionCodeSigningConfig", FunctionName="f") == {}

    stage(scene)


def test_lists_are_paged(stage) -> None:
    async def scene(plane: Plane) -> None:
        arns = [await made(plane, CodeSigningPolicies=WARN) for _ in range(3)]
        for name in ("c", "a", "b"):
            await plane.create(name, CodeSigningConfigArn=arns[0])
        pages, marker = [], {}
        while True:
            page = await plane.call("ListCodeSigningConfigs", MaxItems=2, **marker)
            pages.append([one["CodeSigningConfigArn"] for one in page["CodeSigningConfigs"]])
            if "NextMarker" not in page:
                break
            marker = {"Marker": page["NextMarker"]}
        assert [len(page) for page in pages] == [2, 1]
        assert sorted(pages[0] + pages[1]) == sorted(arns)
        config = {"CodeSigningConfigArn": arns[0], "MaxItems": 2}
        first = await plane.call("ListFunctionsByCodeSigningConfig", **config)
        rest = await plane.call("ListFunctionsByCodeSigningConfig", **config, Marker=first["NextMarker"])
        found = [*first["FunctionArns"], *rest["FunctionArns"]]
        assert found == [f"{PREFIX}function:{name}" for name in "abc"]

    stage(scene)
