"""Functions: their life, and what is refused."""

from typing import Any

from tests.recorded.held import Held
from tests.recorded.replaying import HANDLER, REGION, Endpoint, Said, package, replays, variant, variants, without

FUNCTION = "api::TestLambdaFunction::test_"
ELSEWHERE = "ap-southeast-1"
OTHER_HANDLER = "def handler(event, context):\n    return 'other'\n"


@replays(FUNCTION + "function_lifecycle")
def test_function_lifecycle(aws: Endpoint, said: Said) -> None:
    client, name = aws.lambda_, "life"
    made = aws.made(name, Timeout=5, MemorySize=256, Environment={"Variables": {}})
    said.created("create_response", made)
    said("get_function_response", client.get_function(FunctionName=name))
    said(
        "update_func_conf_response",
        client.update_function_configuration(
            FunctionName=name,
            Runtime="python3.11",
            Description="Changed-Description",
            MemorySize=512,
            Timeout=10,
            Environment={"Variables": {"ENV_A": "a"}},
        ),
    )
    aws.settled(name)
    said("get_function_response_postupdate", client.get_function(FunctionName=name))
    answer = client.update_function_code(FunctionName=name, ZipFile=package(OTHER_HANDLER))
    said("update_code_response", answer)
    aws.settled(name)
    said("get_function_response_postcodeupdate", client.get_function(FunctionName=name))
    said("delete_response", client.delete_function(FunctionName=name))
    said.refused("delete_postdelete", client.delete_function, FunctionName=name)


@replays(FUNCTION + "function_arns")
def test_function_arns(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    arn = f"arn:aws:lambda:{REGION}:{aws.account}:function:"
    shape = {"Timeout": 30, "Environment": {"Variables": {}}}
    said.created("create-function-arn-response", aws.create(f"{arn}one", **shape))
    partial = aws.create(f"{aws.account}:function:two", Code={"ZipFile": package(OTHER_HANDLER)}, **shape)
    said.created("create-function-partial-arn-response", partial)
    said.refused("invalid_function_name_exc", aws.create, name="invalid:function:name")
    said.refused("long_function_name_exc", aws.create, name="a" * 65)
    said.refused("long_function_arn_exc", aws.create, name=arn + "a" * 170)
    other = arn.replace(REGION, ELSEWHERE)
    said.refused("function_arn_other_region_exc", client.get_function, FunctionName=f"{other}one")
    other = arn.replace(aws.account, "222222222222")
    said.refused("function_arn_other_account_exc", client.get_function, FunctionName=f"{other}one")


@replays(*variants(FUNCTION + "get_function_wrong_region["))
def test_a_function_of_another_region(aws: Endpoint, said: Said, recorded: str) -> None:
    method = variant(recorded)
    arn = f"arn:aws:lambda:{ELSEWHERE}:{aws.account}:function:one"
    said.refused("wrong_region_exception", getattr(aws.lambda_, method), FunctionName=arn)


@replays(*variants(FUNCTION + "ops_on_nonexisting_fn["))
def test_no_such_function(aws: Endpoint, said: Said, recorded: str) -> None:
    said.refused("not_found_exception", getattr(aws.lambda_, variant(recorded)), FunctionName="none")


@replays(*variants(FUNCTION + "ops_on_nonexisting_version["))
def test_no_such_version(aws: Endpoint, said: Said, recorded: str) -> None:
    aws.made("here")
    call = getattr(aws.lambda_, variant(recorded))
    said.refused("version_not_found_exception", call, FunctionName="here", Qualifier="1221")


@replays(FUNCTION + "create_lambda_exceptions")
def test_creates_that_are_refused(aws: Endpoint, said: Said) -> None:
    said.refused("invalid_role_arn_exc", aws.create, name="f", Role="r1")
    said.refused("invalid_runtime_exc", aws.create, name="f", Runtime="non-existent-runtime")
    said.refused("uppercase_runtime_exc", aws.create, name="f", Runtime="PYTHON3.9")
    said.refused("multiple_architectures", aws.create, name="f", Architectures=["x86_64", "arm64"])
    said.refused("uppercase_architecture", aws.create, name="f", Architectures=["X86_64"])
    said.refused("invalid_zip_exc", aws.create, name="f", Code={"ZipFile": b"this is not a zip file"})
    said.refused(
        "empty_architectures",
        aws.client("lambda").create_function,
        FunctionName="f",
        Runtime="python3.12",
        Role=aws.role,
        Handler="handler.handler",
        Code={"ZipFile": package()},
        Architectures=[],
    )


@replays(FUNCTION + "update_lambda_exceptions")
def test_updates_that_are_refused(aws: Endpoint, said: Said) -> None:
    aws.made("f")
    update = aws.lambda_.update_function_configuration
    said.refused("invalid_role_arn_exc", update, FunctionName="f", Role="r1")
    said.refused("invalid_runtime_exc", update, FunctionName="f", Runtime="non-existent-runtime")
    said.refused("uppercase_runtime_exc", update, FunctionName="f", Runtime="PYTHON3.9")


@replays(FUNCTION + "invalid_vpc_config_subnet")
def test_subnets_that_are_refused(aws: Endpoint, said: Said) -> None:
    group = "sg-0123456789abcdef0"
    config = {"SubnetIds": ["subnet-12345678901234567"], "SecurityGroupIds": [group]}
    said.refused("create-response-non-existent-subnet-id", aws.create, name="f", VpcConfig=config)
    config = {"SubnetIds": ["bad-format-12345678"], "SecurityGroupIds": [group]}
    said.refused("create-response-invalid-format-subnet-id", aws.create, name="f", VpcConfig=config)


@replays(FUNCTION + "invalid_vpc_config_security_group")
def test_security_groups_that_are_refused(aws: Endpoint, said: Said) -> None:
    ec2 = aws.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    config = {"SubnetIds": [subnet], "SecurityGroupIds": ["sg-12345678901234567"]}
    said.refused("create-response-non-existent-security-group", aws.create, name="f", VpcConfig=config)
    config = {"SubnetIds": [subnet], "SecurityGroupIds": ["bad-format-12345678"]}
    said.refused("create-response-invalid-format-security-group", aws.create, name="f", VpcConfig=config)


@replays(FUNCTION + "lambda_code_location_s3_errors")
def test_packages_that_are_not_in_a_bucket(aws: Endpoint, said: Said) -> None:
    aws.client("s3").create_bucket(Bucket=f"here-{aws.account}")
    no_bucket = {"S3Bucket": f"none-{aws.account}", "S3Key": "function.zip"}
    no_key = {"S3Bucket": f"here-{aws.account}", "S3Key": "function.zip"}
    said.refused("create-error-wrong-bucket", aws.create, name="f", Code=no_bucket)
    said.refused("create-error-wrong-key", aws.create, name="f", Code=no_key)
    aws.made("f")
    update = aws.lambda_.update_function_code
    said.refused("update-error-wrong-bucket", update, FunctionName="f", **no_bucket)
    said.refused("update-error-wrong-key", update, FunctionName="f", **no_key)


@replays(FUNCTION + "lambda_concurrent_code_updates")
def test_two_updates_at_once(held: Endpoint, said: Said) -> None:
    said("create-function-response", held.made("f"))
    update = held.lambda_.update_function_code
    update(FunctionName="f", ZipFile=package(OTHER_HANDLER))
    said.refused("update-during-in-progress-update-exc", update, FunctionName="f", ZipFile=package(HANDLER))


@replays(FUNCTION + "lambda_code_location_s3")
def test_packages_from_a_bucket(held: Endpoint, held_plane: Held, said: Said) -> None:
    client, objects = held.lambda_, held_plane.plane.objects
    objects["code", "f.zip"] = package()
    place = {"S3Bucket": "code", "S3Key": "f.zip"}
    said("create_response_s3", held.made("f", Handler="index.handler", Code=place))
    said("get-function-response", client.get_function(FunctionName="f"))
    objects["code", "f.zip"] = package(OTHER_HANDLER)
    said("update-function-response", client.update_function_code(FunctionName="f", **place))
    said("get-function-response-updated", client.get_function(FunctionName="f"))


@replays(FUNCTION + "list_functions")
def test_lists(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    shape = {"Timeout": 30, "Environment": {"Variables": {}}}
    said.created("create_response_1", aws.made("a", Publish=True, **shape))
    said.created("create_response_2", aws.made("b", Code={"ZipFile": package(OTHER_HANDLER)}, **shape))
    aws.settled("a", "1")
    said("list_all", _functions(client.list_functions(FunctionVersion="ALL")))
    said("list_default", _functions(client.list_functions()))
    said.refused("list_functions_invalid_functionversion", client.list_functions, FunctionVersion="invalid")


def _functions(answer: Any) -> Any:
    return {"Functions": answer["Functions"]}


REVISIONS = "api::TestLambdaRevisions::test_function_revisions_"


@replays(REVISIONS + "basic")
def test_revisions(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    shape = {"Timeout": 30, "Environment": {"Variables": {}}, "Handler": "index.handler"}
    made = aws.made("f", **shape)
    said.created("create_function_response_rev1", made)
    found = client.get_function(**one)
    said("get_function_response_rev2", found)
    code, stale = {"ZipFile": package()}, made["RevisionId"]
    said.refused("update_function_revision_exception", client.update_function_code, **one, **code, RevisionId=stale)
    now = found["Configuration"]["RevisionId"]
    said("update_function_code_response_rev3", client.update_function_code(**one, **code, RevisionId=now))
    aws.settled("f")
    found = client.get_function(**one)
    said("get_function_response_rev4", found)
    update = client.update_function_configuration
    said.refused("update_function_configuration_revision_exception", update, **one, Runtime="python3.8", RevisionId=now)
    now = found["Configuration"]["RevisionId"]
    said("update_function_configuration_response_rev5", update(**one, Runtime="python3.8", RevisionId=now))
    aws.settled("f")
    said("get_function_response_rev6", client.get_function(**one))


@replays(REVISIONS + "version_and_alias")
def test_revisions_of_versions_and_aliases(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    made = aws.made("f", Timeout=30, Environment={"Variables": {}})
    said.created("create_function_response_rev1", made)
    found = client.get_function(**one)
    said("get_function_active_rev2", found)
    publish, stale = client.publish_version, made["RevisionId"]
    said.refused("publish_version_revision_exception", publish, **one, RevisionId=stale)
    published = publish(**one, RevisionId=found["Configuration"]["RevisionId"])
    said("publish_version_response_rev_v1", published)
    aws.settled("f", "1")
    said("get_function_latest_rev3", client.get_function(**one))
    said("get_function_published_version_rev_v2", client.get_function(**one, Qualifier="1"))
    alias = {**one, "Name": "revision_alias"}
    pointed = client.create_alias(**alias, FunctionVersion="1")
    said("create_alias_response_rev_a1", pointed)
    said("get_function_latest_rev4", client.get_function(**one))
    said("get_function_published_version_rev_v3", client.get_function(**one, Qualifier="1"))
    wrong = published["RevisionId"]
    said.refused("update_alias_revision_exception", client.update_alias, **alias, RevisionId=wrong)
    changed = client.update_alias(**alias, RevisionId=pointed["RevisionId"], Description="something changed")
    said("update_alias_response_rev_a2", changed)


LOGGING = "api::TestLoggingConfig::test_"
LOGGED = {"Timeout": 5, "MemorySize": 256, "Environment": {"Variables": {}}}


@replays(LOGGING + "advanced_logging_configuration_format_switch")
def test_the_log_format_there_and_back(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    said.created("create_response", aws.made("f", **LOGGED))
    said("get_function_response", client.get_function(FunctionName="f"))
    said("function_config", client.get_function_configuration(FunctionName="f"))
    for form, suffix in (("JSON", ""), ("Text", "_v2")):
        update = client.update_function_configuration(FunctionName="f", LoggingConfig={"LogFormat": form})
        said(f"updated_config{suffix}", update)
        aws.settled("f")
        said(f"received_config{suffix}", client.get_function_configuration(FunctionName="f"))


@replays(LOGGING + "function_advanced_logging_configuration")
def test_the_log_group(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    said.created("create_response", aws.made("f", LoggingConfig={"LogFormat": "JSON"}, **LOGGED))
    said("get_function_response", client.get_function(FunctionName="f"))
    said("function_config", client.get_function_configuration(FunctionName="f"))
    group = {"LogFormat": "JSON", "LogGroup": "cool_lambda"}
    said("updated_config", client.update_function_configuration(FunctionName="f", LoggingConfig=group))
    aws.settled("f")
    said("received_config", client.get_function_configuration(FunctionName="f"))


PARTS = {
    "partial_config0": {"LogFormat": "JSON"},
    "partial_config1": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"},
    "partial_config2": {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"},
    "partial_config3": {"LogGroup": "cool_lambda"},
}


@replays(*variants(LOGGING + "function_partial_advanced_logging_configuration_update["))
def test_a_part_of_the_logging_config(aws: Endpoint, said: Said, recorded: str) -> None:
    client = aws.lambda_
    said.created("create_response", aws.made("f", **LOGGED))
    said("get_function_response", client.get_function(FunctionName="f"))
    said("function_config", client.get_function_configuration(FunctionName="f"))
    part = PARTS[variant(recorded)]
    said("updated_config", client.update_function_configuration(FunctionName="f", LoggingConfig=part))
    aws.settled("f")
    said("received_config", client.get_function_configuration(FunctionName="f"))


@replays(*variants("api::TestRuntimeValidation::test_create_deprecated_function_runtime_with_validation_enabled["))
def test_runtimes_of_the_past(aws: Endpoint, said: Said, recorded: str) -> None:
    said.refused("deprecation_error", aws.create, name="f", Runtime=variant(recorded))


SNAPSTART = "api::TestLambdaSnapStart::test_snapstart_"


@replays(SNAPSTART + "exceptions")
def test_snapstart_that_is_refused(aws: Endpoint, said: Said) -> None:
    wrong = {"ApplyOn": "invalidOption"}
    said.refused("create_function_invalid_snapstart_apply", aws.create, name="f", SnapStart=wrong)


@replays(*variants(SNAPSTART + "update_function_configuration["))
def test_snapstart(aws: Endpoint, said: Said, recorded: str) -> None:
    handler = said.answers["create_function_response"]["Handler"]
    made = aws.made("f", Runtime=variant(recorded), Handler=handler, MemorySize=1024, Timeout=5)
    said("create_function_response", made)
    on = {"ApplyOn": "PublishedVersions"}
    said("update_function_response", aws.lambda_.update_function_configuration(FunctionName="f", SnapStart=on))


LIMITS = "api::TestLambdaSizeLimits::test_"


@replays(LIMITS + "lambda_envvars_near_limit_succeeds")
def test_variables_just_within_the_limit(aws: Endpoint, said: Said) -> None:
    recorded = said.answers["successful_create_fn_result"]["CreateFunctionResponse"]
    shape = {key: recorded[key] for key in ("Environment", "Timeout", "MemorySize", "Handler")}
    said.created("successful_create_fn_result", aws.create("f", **shape))


@replays(LIMITS + "large_environment_variables_fails")
def test_variables_over_the_limit(aws: Endpoint, said: Said) -> None:
    message = said.answers["failed_create_fn_result"]["message"]
    text = message.partition('{"LARGE_VAR":"')[2].rpartition('"}')[0]
    said.refused("failed_create_fn_result", aws.create, name="f", Environment={"Variables": {"LARGE_VAR": text}})


@replays(LIMITS + "oversized_request_create_lambda")
def test_a_request_that_is_too_large(aws: Endpoint, said: Said) -> None:
    said.refused("invalid_param_exc", aws.create, name="f", Code={"ZipFile": bytes(55_000_000)})


@replays(LIMITS + "oversized_zipped_create_lambda")
def test_a_package_that_is_too_large(aws: Endpoint, said: Said) -> None:
    said.refused("invalid_param_exc", aws.create, name="f", Code={"ZipFile": bytes(52_428_801)})


@replays(LIMITS + "oversized_lambda")
def test_a_package_that_unpacks_too_large(aws: Endpoint, said: Said) -> None:
    code = {"ZipFile": package({"handler.py": HANDLER, "large": bytes(262_144_000)})}
    said.refused("invalid_param_exc", aws.create, name="f", Code=code)


@replays(LIMITS + "large_lambda")
def test_a_large_package(aws: Endpoint, said: Said) -> None:
    code = {"ZipFile": package({"handler.py": HANDLER, "large": bytes(100_000_000)})}
    said("create_function_large_zip", aws.create("f", Code=code, Timeout=10))


VERSIONS = "api::TestLambdaVersions::test_publish_"


@replays(VERSIONS + "version_on_create")
def test_publish_on_create(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    said("create_response", aws.made("f", Handler="index.handler", Publish=True))
    aws.settled("f", "1")
    said("get_function_result", client.get_function(**one))
    said("get_function_version_result", client.get_function(**one, Qualifier="1"))
    said("get_function_latest_result", client.get_function(**one, Qualifier="$LATEST"))
    said("list_versions_result", client.list_versions_by_function(**one))
    said("repeated_publish_response", client.publish_version(**one))
    said("list_versions_result_after_publish", client.list_versions_by_function(**one))


@replays(VERSIONS + "with_update")
def test_publish_with_an_update(held: Endpoint, said: Said) -> None:
    client, one = held.lambda_, {"FunctionName": "f"}
    said("create_response", held.made("f", Handler="index.handler"))
    said("get_function_result", client.get_function(**one))
    answer = client.update_function_code(**one, ZipFile=package(OTHER_HANDLER), Publish=True)
    said("update_function_code_result", answer)
    said("get_function_version_result", client.get_function(**one, Qualifier="1"))
    said("get_function_latest_result", client.get_function(**one, Qualifier="$LATEST"))


@replays(VERSIONS + "with_wrong_sha256")
def test_publish_of_other_code(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    said("create_response", aws.made("f", Handler="index.handler"))
    found = client.get_function(**one)
    said("get_fn_response", found)
    publish = client.publish_version
    said.refused("publish_wrong_sha256_exc", publish, **one, CodeSha256="somenonexistentsha256")
    said("publish_result", publish(**one, CodeSha256=found["Configuration"]["CodeSha256"]))


@replays(VERSIONS + "with_wrong_revisionid")
def test_publish_of_another_revision(aws: Endpoint, said: Said) -> None:
    """Recorded in 2022: what functions have been shown with since then is left out."""
    client, one, younger = (
        aws.lambda_,
        {"FunctionName": "f"},
        without("LoggingConfig", "RuntimeVersionConfig", "SnapStart"),
    )
    said("create_response", aws.made("f", Handler="index.handler", Runtime="python3.9"), younger)
    found = client.get_function(**one)
    said("get_fn_response", found, lambda ours: ours | {"Configuration": younger(ours["Configuration"])})
    said.refused("publish_wrong_revisionid_exc", client.publish_version, **one, RevisionId="doesntexist")
    published = client.publish_version(**one, RevisionId=found["Configuration"]["RevisionId"])
    said("publish_result", published, younger)


IMAGES = "api::TestLambdaImages::test_lambda_"


@replays(IMAGES + "zip_file_to_image")
def test_an_image_for_a_function_of_a_zip_file(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    said("create-image-response", aws.made("f"))
    said("get-function-code-response", client.get_function(**one))
    said("get-function-config-response", client.get_function_configuration(**one))
    image = f"{aws.account}.dkr.ecr.{REGION}.amazonaws.com/repository:latest"
    said.refused("zipfile-to-image-error", client.update_function_code, **one, ImageUri=image)
    said("get-function-code-response-after-update", client.get_function(**one))
    said("get-function-config-response-after-update", client.get_function_configuration(**one))


def _image(endpoint: Endpoint, repository: str = "one") -> str:
    return f"{endpoint.account}.dkr.ecr.{REGION}.amazonaws.com/{repository}:latest"


def _imaged(held: Endpoint, **settings: Any) -> Any:
    """A function of an image."""
    environment = {"Variables": {"CUSTOM_ENV": "test"}}
    code = {"ImageUri": _image(held)}
    shape = {"Runtime": None, "Handler": None, "PackageType": "Image", "Code": code, "Environment": environment}
    return held.made("f", **shape, **settings)


@replays(IMAGES + "image_crud")
def test_a_function_of_an_image(held: Endpoint, said: Said) -> None:
    client, one = held.lambda_, {"FunctionName": "f"}
    said("create-image-response", _imaged(held))
    said("get-function-code-response", client.get_function(**one))
    said("get-function-config-response", client.get_function_configuration(**one))
    said.refused("image-to-zipfile-error", client.update_function_code, **one, ZipFile=package())
    said("update-function-code-response", client.update_function_code(**one, ImageUri=_image(held, "two")))
    held.settled("f")
    said("get-function-code-response-after-update", client.get_function(**one))
    said("get-function-config-response-after-update", client.get_function_configuration(**one))


@replays(IMAGES + "image_and_image_config_crud")
def test_how_an_image_is_started(held: Endpoint, said: Said) -> None:
    client, one = held.lambda_, {"FunctionName": "f"}

    def seen(when: str) -> None:
        said(f"get-function-code-{when}", client.get_function(**one))
        said(f"get-function-config-{when}", client.get_function_configuration(**one))

    def change(config: dict[str, Any]) -> Any:
        return client.update_function_configuration(**one, ImageConfig=config)

    config = {"EntryPoint": ["sh"], "Command": ["-c", "echo test"], "WorkingDirectory": "/app1"}
    said("create-image-with-config-response", _imaged(held, ImageConfig=config))
    seen("with-config-response")
    other = {"Command": ["-c", "echo test1"], "WorkingDirectory": "/app1"}
    said("update-function-code-response", change(other))
    held.settled("f")
    seen("response-after-update")
    said("update-function-code-delete-imageconfig-response", change({}))
    held.settled("f")
    seen("response-after-delete-imageconfig")
