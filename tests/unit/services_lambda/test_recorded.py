"""What AWS answered, beside what we answer."""

from plane import ANSWERS, HERE, Plane, package, same, same_fault

ARN = "arn:aws:lambda:us-east-1:111111111111:function:"
LIFE = "test_function_lifecycle"


def test_the_life_of_a_function(stage) -> None:
    async def scene(plane: Plane) -> None:
        bound: dict[str, str] = {}
        made = await plane.create(Timeout=5, MemorySize=256, Environment={"Variables": {}})
        same(ANSWERS[f"{LIFE}/create_response"], made, bound)
        await plane.settle()
        found = await plane.call("GetFunction", FunctionName="f")
        same(ANSWERS[f"{LIFE}/get_function_response"], found, bound)
        said = await plane.call(
            "UpdateFunctionConfiguration",
            FunctionName="f", Runtime="python3.11", Description="Changed-Description", MemorySize=512,
            Timeout=10, Environment={"Variables": {"ENV_A": "a"}},
        )  # fmt: skip
        same(ANSWERS[f"{LIFE}/update_func_conf_response"], said, bound)
        await plane.settle()
        found = await plane.call("GetFunction", FunctionName=f"{ARN}f")
        same(ANSWERS[f"{LIFE}/get_function_response_postupdate"], found, bound)
        said = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package("other"))
        same(ANSWERS[f"{LIFE}/update_code_response"], said, bound)
        await plane.settle()
        found = await plane.call("GetFunction", FunctionName="111111111111:function:f")
        same(ANSWERS[f"{LIFE}/get_function_response_postcodeupdate"], found, bound)
        same(ANSWERS[f"{LIFE}/delete_response"], await plane.call("DeleteFunction", FunctionName="f"), bound)
        same_fault(f"{LIFE}/delete_postdelete", await plane.refused("DeleteFunction", FunctionName="f"))
        revisions = {value for name, value in bound.items() if name.startswith("<uuid")}
        assert len(revisions) == 6
        assert plane.retired == ["f", "f", "f"]

    stage(scene)


def test_lists(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create("a", Timeout=30, Environment={"Variables": {}})
        await plane.settle()
        shown = ANSWERS["test_list_functions/list_default"]["Functions"][0]
        page = await plane.call("ListFunctions")
        same(shown, page["Functions"][0], {})
        every = await plane.call("ListFunctions", FunctionVersion="ALL")
        same(ANSWERS["test_list_functions/list_all"]["Functions"][0], every["Functions"][0], {})
        versions = await plane.call("ListVersionsByFunction", FunctionName="a")
        assert versions == {"Versions": every["Functions"]}

    stage(scene)


def test_a_function_asked_for_by_latest_shows_it_in_the_arn(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create(Handler="index.handler")
        await plane.settle()
        found = await plane.call("GetFunction", FunctionName="f", Qualifier="$LATEST")
        same(ANSWERS["test_publish_version_on_create/get_function_latest_result"], found, {})

    stage(scene)


def test_from_a_bucket(stage) -> None:
    async def scene(plane: Plane) -> None:
        plane.objects["b", "k"] = package()
        made = await plane.create(Handler="index.handler", Code={"S3Bucket": "b", "S3Key": "k"})
        same(ANSWERS["test_lambda_code_location_s3/create_response_s3"], made, {})
        fault = await plane.refused("UpdateFunctionCode", FunctionName="f", S3Bucket="b", S3Key="k")
        assert fault.code == "ResourceConflictException"
        await plane.settle()
        same_fault(
            "test_lambda_code_location_s3_errors/create-error-wrong-key",
            await plane.refused("UpdateFunctionCode", FunctionName="f", S3Bucket="b", S3Key="no"),
        )

    stage(scene)


def test_names_of_elsewhere(stage) -> None:
    async def scene(plane: Plane) -> None:
        region = "arn:aws:lambda:ap-southeast-1:111111111111:function:f"
        account = "arn:aws:lambda:us-east-1:222222222222:function:f"
        for operation in ("GetFunction", "DeleteFunction", "GetFunctionConfiguration", "UpdateFunctionCode"):
            fault = await plane.refused(operation, FunctionName=region)
            same_fault("test_function_arns/function_arn_other_region_exc", fault)
            fault = await plane.refused(operation, FunctionName=account)
            same_fault("test_function_arns/function_arn_other_account_exc", fault)

    stage(scene)


def test_a_name_too_long(stage) -> None:
    async def scene(plane: Plane) -> None:
        fault = await _refused_create(plane, FunctionName="a" * 65)
        same_fault("test_function_arns/long_function_name_exc", fault)

    stage(scene)


async def _refused_create(plane: Plane, **params):
    said = {
        "FunctionName": "f", "Runtime": "python3.12", "Handler": "h.h",
        "Role": "arn:aws:iam::111111111111:role/r", "Code": {"ZipFile": package()},
    }  # fmt: skip
    return await plane.refused("CreateFunction", HERE, **(said | params))


def test_packages_that_are_refused(stage) -> None:
    async def scene(plane: Plane) -> None:
        fault = await _refused_create(plane, Code={"ZipFile": b"no zip"})
        same_fault("test_create_lambda_exceptions/invalid_zip_exc", fault)
        fault = await _refused_create(plane, Code={"ZipFile": bytes(52_428_801)})
        same_fault("test_oversized_zipped_create_lambda/invalid_param_exc", fault)

    stage(scene)


def test_an_update_while_another_is_under_way(stage) -> None:
    async def scene(plane: Plane) -> None:
        made = await plane.create()
        same(ANSWERS["test_lambda_concurrent_code_updates/create-function-response"], made, {})
        await plane.settle()
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=package("2"))
        fault = await plane.refused("UpdateFunctionCode", FunctionName="f", ZipFile=package("3"))
        same_fault("test_lambda_concurrent_code_updates/update-during-in-progress-update-exc", fault)

    stage(scene)


def test_a_stale_revision(stage) -> None:
    async def scene(plane: Plane) -> None:
        made = await plane.create()
        await plane.settle()
        stale = {"FunctionName": "f", "RevisionId": made["RevisionId"]}
        for operation, more in (
            ("UpdateFunctionCode", {"ZipFile": package("2")}),
            ("UpdateFunctionConfiguration", {"Timeout": 9}),
        ):
            fault = await plane.refused(operation, **stale, **more)
            same_fault("test_function_revisions_basic/update_function_revision_exception", fault)

    stage(scene)


def test_tags_that_are_refused(stage) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        many = {f"{n}_key": "v" for n in range(51)}
        limit = "test_tag_limits/tag_lambda_too_many_tags"
        same_fault(limit, await plane.refused("TagResource", Resource=f"{ARN}f", Tags=many))
        same_fault(limit, await _refused_create(plane, FunctionName="g", Tags=many))
        aliased = await plane.refused("TagResource", Resource=f"{ARN}f:alias", Tags={"a": "b"})
        same_fault("test_tag_exceptions[lambda_function]/aliased_arn_exception", aliased)
        missing = await plane.refused("TagResource", Resource=f"{ARN}no", Tags={"a": "b"})
        same_fault("test_tag_exceptions[lambda_function]/not_found_exception_tag", missing)
        mapping = "arn:aws:lambda:us-east-1:111111111111:event-source-mapping:00000000-0000-0000-0000-000000000000"
        missing = await plane.refused("ListTags", Resource=mapping)
        same_fault("test_tag_exceptions[event_source_mapping]/not_found_exception_list", missing)

    stage(scene)


def test_logging_config(stage) -> None:
    switch = "test_advanced_logging_configuration_format_switch"
    partial = "test_function_partial_advanced_logging_configuration_update[partial_config3]"

    async def change(plane: Plane, sent: dict[str, str], recorded: str) -> None:
        said = await plane.call("UpdateFunctionConfiguration", FunctionName="f", LoggingConfig=sent)
        same(ANSWERS[recorded]["LoggingConfig"], said["LoggingConfig"], {})
        await plane.settle()

    async def scene(plane: Plane) -> None:
        await plane.create()
        await plane.settle()
        await change(plane, {"LogFormat": "JSON"}, f"{switch}/updated_config")
        await change(plane, {"LogFormat": "Text"}, f"{switch}/updated_config_v2")
        await change(plane, {"LogGroup": "cool_lambda"}, f"{partial}/updated_config")

    stage(scene)
