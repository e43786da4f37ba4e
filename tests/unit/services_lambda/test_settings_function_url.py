"""Function URL configs: what is stored, refused and reported."""

from typing import Any

import pytest
from plane import Plane
from settings_answers import ARN, Recorded, function

from lambent.services.lambda_.urls import function_url_config
from lambent.wire import service
from lambent.wire.fault import Fault
from lambent.wire.validate import validate

VERBS = ("create", "get", "update", "delete")
NOT_RECORDED = {("create", "config_doesnotexist"), ("delete", "qualifier_alias_doesnotmatch_arn")}
"""The first one is no refusal; to the second one AWS answered with a failure of its own."""


def operation(verb: str) -> str:
    return f"{verb.title()}FunctionUrlConfig"


def settings(verb: str) -> dict[str, str]:
    return {"AuthType": "NONE"} if verb == "create" else {}


def test_the_life_of_a_function_url(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_url_config_lifecycle")
        await function(plane)
        f = {"FunctionName": "f"}
        made = await said("url_creation", "CreateFunctionUrlConfig", **f, AuthType="NONE")
        host = made["FunctionUrl"].removeprefix("http://").split(".")
        assert (len(host[0]), host[1:]) == (32, ["lambda-url", "us-east-1", "localhost:4566/"])
        assert [(one.code, one.resource) for one in plane.findings] == [("url-public", f"{ARN}f")]
        await said("get_url_config", "GetFunctionUrlConfig", **f)
        await said.refused("failed_duplication", "CreateFunctionUrlConfig", **f, AuthType="NONE")
        updated = await said("updated_url_config", "UpdateFunctionUrlConfig", **f, AuthType="AWS_IAM")
        assert (updated["FunctionUrl"], updated["CreationTime"]) == (made["FunctionUrl"], made["CreationTime"])
        assert updated["LastModifiedTime"] > made["CreationTime"]
        listed = await plane.call("ListFunctionUrlConfigs", **f)
        assert listed["FunctionUrlConfigs"] == [await plane.call("GetFunctionUrlConfig", **f)]
        assert plane.findings == []
        await plane.call("DeleteFunctionUrlConfig", **f)
        await said.refused("failed_getter", "GetFunctionUrlConfig", **f)
        assert plane.findings == []

    stage(scene)


def test_a_function_and_its_aliases_have_urls_of_their_own(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_url_config_deletion_without_qualifier")
        await function(plane)
        f, create = {"FunctionName": "f"}, "CreateFunctionUrlConfig"
        alias = {**f, "Qualifier": "test-alias"}
        await plane.call("CreateAlias", **f, Name="test-alias", FunctionVersion="$LATEST")
        await said("url_creation", create, **f, AuthType="NONE")
        await said("url_with_alias_creation", create, **alias, AuthType="NONE")
        await said("get_url_config", "GetFunctionUrlConfig", **f)
        await said("get_url_config_with_alias", "GetFunctionUrlConfig", **alias)
        await said("delete_function_url_config", "DeleteFunctionUrlConfig", **f)
        await said.refused("get_url_config_after_deletion", "GetFunctionUrlConfig", **f)
        await said("get_url_config_with_alias_after_deletion", "GetFunctionUrlConfig", **alias)
        await plane.call("DeleteAlias", **f, Name="test-alias")
        await plane.call("GetFunctionUrlConfig", **alias)
        assert [finding.resource for finding in plane.findings] == [f"{ARN}f:test-alias"]
        await plane.call("DeleteFunction", **f)
        await plane.refused("GetFunctionUrlConfig", **alias)

    stage(scene)


def test_invoke_mode_is_shown_when_it_was_given(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_lambda_url_echo_invoke[BUFFERED]")
        await function(plane)
        mode = {"FunctionName": "f", "InvokeMode": "BUFFERED"}
        await said("create_lambda_url_config", "CreateFunctionUrlConfig", **mode, AuthType="NONE")

    stage(scene)


def test_urls_that_are_not_there(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_url_config_exceptions")
        await function(plane, version=True)
        await plane.call("CreateAlias", FunctionName="f", Name="urlalias", FunctionVersion="1")
        for verb in VERBS:
            for what, name, more in (
                ("arn_doesnotexist", f"{ARN}doesnotexist", {}),
                ("name_doesnotexist", "doesnotexist", {}),
                ("qualifier_alias_doesnotexist", "f", {"Qualifier": "doesnotexist"}),
                ("config_doesnotexist", "f", {}),
                ("qualifier_alias_doesnotmatch_arn", f"{ARN}f:urlalias", {"Qualifier": "other"}),
            ):
                if (verb, what) in NOT_RECORDED:
                    continue
                key = f"{verb}_function_url_config_{what}"
                await said.refused(key, operation(verb), FunctionName=name, **settings(verb), **more)
        said = Recorded(plane, "test_ops_on_nonexisting_fn[get_function_url_config]")
        await said.refused("not_found_exception", "GetFunctionUrlConfig", FunctionName="doesnotexist")

    stage(scene)


def test_cors(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        f, cors = {"FunctionName": "f"}, {"AllowOrigins": ["*"], "AllowMethods": ["GET", "*"], "MaxAge": 5}
        made = await plane.call("CreateFunctionUrlConfig", **f, AuthType="NONE", Cors=cors)
        assert made["Cors"] == cors
        for bad in ({"AllowOrigins": []}, {"AllowOrigins": ["*"], "AllowMethods": ["OPTIONS"]}):
            fault = await plane.refused("UpdateFunctionUrlConfig", **f, Cors=bad)
            assert fault.code == "InvalidParameterValueException"
        assert (await plane.call("GetFunctionUrlConfig", **f))["Cors"] == cors
        assert "Cors" not in await plane.call("UpdateFunctionUrlConfig", **f, Cors={})

    stage(scene)


BAD_MEMBERS = [
    ({"AuthType": "OPEN"}, "authType"),
    ({"InvokeMode": "STREAM"}, "invokeMode"),
    ({"Qualifier": "1"}, "qualifier"),
    ({"Qualifier": "$LATEST"}, "qualifier"),
    ({"Cors": {"AllowOrigins": ["*"], "MaxAge": 86401}}, "cors.maxAge"),
    ({"Cors": {"AllowOrigins": ["*"], "MaxAge": -1}}, "cors.maxAge"),
    ({"Cors": {"AllowOrigins": ["*"] * 101}}, "cors.allowOrigins"),
    ({"Cors": {"AllowOrigins": ["o" * 254]}}, "cors.allowOrigins"),
    ({"Cors": {"AllowOrigins": [""]}}, "cors.allowOrigins"),
    ({"Cors": {"AllowMethods": ["GET"] * 7}}, "cors.allowMethods"),
    ({"Cors": {"AllowHeaders": ["h"] * 101}}, "cors.allowHeaders"),
    ({"Cors": {"AllowHeaders": ["h" * 1025]}}, "cors.allowHeaders"),
    ({"Cors": {"ExposeHeaders": ["h"] * 101}}, "cors.exposeHeaders"),
]
"""What the model of CreateFunctionUrlConfig refuses, and the member that it names."""


@pytest.mark.parametrize(
    ("operation", "given", "member"),
    [
        *((f"{verb}FunctionUrlConfig", *row) for verb in ("Create", "Update") for row in BAD_MEMBERS),
        *((f"{verb}FunctionUrlConfig", {"Qualifier": "1"}, "qualifier") for verb in ("Get", "Delete")),
        ("ListFunctionUrlConfigs", {"MaxItems": 0}, "maxItems"),
        ("ListFunctionUrlConfigs", {"MaxItems": 51}, "maxItems"),
        ("CreateFunctionUrlConfig", {"AuthType": None}, "authType"),
    ],
)
def test_each_member_has_its_bounds(operation: str, given: dict[str, Any], member: str) -> None:
    params = {"FunctionName": "f"} | ({"AuthType": "NONE"} if operation.startswith("Create") else {}) | given
    with pytest.raises(Fault) as refused:
        validate(service.load("lambda"), operation, {name: one for name, one in params.items() if one is not None})
    assert refused.value.code == "ValidationException" and f"'{member}" in refused.value.message


def test_each_member_is_kept_and_changed_by_itself(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        f = {"FunctionName": "f"}
        cors = {
            "AllowCredentials": True, "AllowHeaders": ["x-a"], "AllowMethods": ["GET", "POST"],
            "AllowOrigins": ["https://a.example"], "ExposeHeaders": ["x-b"], "MaxAge": 86400,
        }  # fmt: skip
        given = {"AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM", "Cors": cors}
        made = await plane.call("CreateFunctionUrlConfig", **f, **given)
        assert {name: made[name] for name in given} == given
        for name, value in (("AuthType", "NONE"), ("InvokeMode", "BUFFERED"), ("Cors", {"AllowOrigins": ["*"]})):
            changed = await plane.call("UpdateFunctionUrlConfig", **f, **{name: value})
            given |= {name: value}
            assert {name: changed[name] for name in given} == given

    stage(scene)


def test_urls_are_listed_page_by_page(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        for alias in ("a", "b"):
            await plane.call("CreateAlias", FunctionName="f", Name=alias, FunctionVersion="$LATEST")
            await plane.call("CreateFunctionUrlConfig", FunctionName="f", Qualifier=alias, AuthType="NONE")
        first = await plane.call("ListFunctionUrlConfigs", FunctionName="f", MaxItems=1)
        second = await plane.call("ListFunctionUrlConfigs", FunctionName="f", MaxItems=1, Marker=first["NextMarker"])
        arns = [page["FunctionUrlConfigs"][0]["FunctionArn"] for page in (first, second)]
        assert arns == [f"{ARN}f:a", f"{ARN}f:b"] and "NextMarker" not in second

    stage(scene)


def test_headers_that_are_allowed_are_kept_in_lower_case() -> None:
    cors = {"AllowHeaders": ["x-Custom-Header"], "ExposeHeaders": ["x-Other"]}
    kept = function_url_config.applied({}, {"AuthType": "NONE", "Cors": cors})["Cors"]
    assert kept == {"AllowHeaders": ["x-custom-header"], "ExposeHeaders": ["x-Other"]}
