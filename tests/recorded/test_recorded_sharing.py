"""Layers, permissions, code signing and tags."""

from typing import Any

from tests.recorded.replaying import REGION, Endpoint, Said, package, replays, variant, variants

SHAPE: dict[str, Any] = {"Timeout": 30, "Environment": {"Variables": {}}}
LAYER = "api::TestLambdaLayer::test_layer_"
CONTENT = {"ZipFile": package({"python/shared.py": "VALUE = 1\n"})}


@replays(*variants(LAYER + "compatibilities["))
def test_what_layers_fit(aws: Endpoint, said: Said) -> None:
    asked = {key: said.answers["publish_result"][key] for key in ("CompatibleRuntimes", "CompatibleArchitectures")}
    said("publish_result", aws.lambda_.publish_layer_version(LayerName="l", Content=CONTENT, **asked))


@replays(LAYER + "s3_content")
def test_layers_from_a_bucket(aws: Endpoint, said: Said) -> None:
    s3, bucket = aws.client("s3"), f"layers-{aws.account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="l.zip", Body=CONTENT["ZipFile"])
    place = {"S3Bucket": bucket, "S3Key": "l.zip"}
    said("publish_layer_result", aws.lambda_.publish_layer_version(LayerName="l", Content=place))


@replays(LAYER + "function_exceptions")
def test_layers_that_are_refused(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    fits = {"CompatibleRuntimes": [], "CompatibleArchitectures": ["x86_64"]}
    arns = []
    for suffix in ("", "_2", "_3"):
        published = client.publish_layer_version(LayerName="l", Content=CONTENT, **fits)
        said(f"publish_result{suffix}", published)
        arns.append(published["LayerVersionArn"])
    aws.made("f", **SHAPE)
    said("get_fn_result", client.get_function(**one))

    def refused(key: str, *layers: str) -> None:
        said.refused(key, client.update_function_configuration, **one, Layers=list(layers))

    layer = arns[0].removesuffix(":1")
    refused("two_layer_versions_single_function_exc", *arns[:2])
    refused("three_layer_versions_single_function_exc", *arns)
    refused("two_identical_layer_versions_single_function_exc", arns[0], arns[0])
    refused("add_nonexistent_layer_exc", layer.removesuffix("l") + "doesnotexist:1")
    refused("add_nonexistent_layer_version_exc", f"{layer}:9")
    refused("add_layer_arn_without_version_exc", layer)
    other = aws.client("lambda", region="eu-west-1").publish_layer_version(LayerName="l", Content=CONTENT)
    far = [other["LayerVersionArn"]]
    said.refused("create_function_with_layer_in_different_region", aws.create, name="g", Layers=far)


@replays(LAYER + "lifecycle")
def test_the_life_of_a_layer(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f", **SHAPE)
    said("get_fn_result", client.get_function(**one))
    said("get_fn_config_result", client.get_function_configuration(**one))

    def publish(key: str) -> str:
        published = client.publish_layer_version(
            LayerName="l",
            Content=CONTENT,
            Description="about it",
            LicenseInfo="free",
            CompatibleRuntimes=["python3.12"],
            CompatibleArchitectures=["x86_64"],
        )
        said(key, published)
        return str(published["LayerVersionArn"])

    arn = publish("publish_result")
    publish("publish_result_2")
    said("update_fn_config", client.update_function_configuration(**one, Layers=[arn]))
    aws.settled("f")
    said("get_fn_config", client.get_function_configuration(**one))
    said("get_layer_ver_result", client.get_layer_version(LayerName="l", VersionNumber=1))
    said("get_layer_by_arn_version", client.get_layer_version_by_arn(Arn=arn))
    said("list_layer_versions_predelete", client.list_layer_versions(LayerName="l"))
    said("delete_layer_1", client.delete_layer_version(LayerName="l", VersionNumber=1))
    said("delete_layer_2", client.delete_layer_version(LayerName="l", VersionNumber=2))
    said("get_fn_config_postdelete", client.get_function_configuration(**one))
    said("list_layer_versions_postdelete", client.list_layer_versions(LayerName="l"))
    publish("publish_result_3")


@replays(LAYER + "policy_lifecycle")
def test_the_policy_of_a_layer(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"LayerName": "l", "VersionNumber": 1}
    fits = {"CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["x86_64"]}
    said("publish_result", client.publish_layer_version(LayerName="l", Content=CONTENT, **fits))
    allowed = {"Action": "lambda:GetLayerVersion", "Principal": "*"}
    add, get = client.add_layer_version_permission, client.get_layer_version_policy
    said("add_policy_s1", add(**one, **allowed, StatementId="s1"))
    said("get_layer_version_policy", get(**one))
    revision = get(**one)["RevisionId"]
    said("add_policy_s2", add(**one, **allowed, StatementId="s2", RevisionId=revision))
    said("get_layer_version_policy_postadd2", get(**one))
    said("remove_s2", client.remove_layer_version_permission(**one, StatementId="s2"))
    said("get_layer_version_policy_postdeletes2", get(**one))


PERMISSION = "api::TestLambdaPermissions::test_"


@replays(PERMISSION + "add_lambda_permission_fields")
def test_what_a_permission_says(aws: Endpoint, said: Said) -> None:
    aws.made("f")
    user = aws.client("iam").create_user(UserName=f"user-{aws.account}")["User"]["Arn"]
    account = {"SourceAccount": aws.account}

    def add(key: str, statement: str, principal: str, action: str = "lambda:InvokeFunction", **more: Any) -> None:
        sent = {"StatementId": statement, "Principal": principal, "Action": action, **more}
        said(f"add_permission_{key}", aws.lambda_.add_permission(FunctionName="f", **sent))

    add("principal_wildcard", "wilcard", "*", **account)
    add("principal_service", "lambda", "lambda.amazonaws.com", **account)
    add("principal_account", "account-id", aws.account)
    add("principal_arn", "user-arn", user, **account)
    add(
        "optional_fields",
        "urlPermission",
        "*",
        "lambda:InvokeFunctionUrl",
        SourceArn="arn:aws:s3:::some-bucket",
        PrincipalOrgID="o-1234567890",
        FunctionUrlAuthType="NONE",
        **account,
    )
    token = "amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
    add("alexa_skill", "alexaSkill", "*", EventSourceToken=token)


@replays(PERMISSION + "lambda_permission_fn_versioning")
def test_permissions_of_versions_and_aliases(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    add, get = client.add_permission, client.get_policy
    aws.made("f", **SHAPE)
    allowed = {
        "Action": "lambda:InvokeFunction",
        "StatementId": "s3",
        "Principal": "s3.amazonaws.com",
        "SourceArn": "arn:aws:s3:::some-bucket",
    }
    said("add_permission", add(**one, **allowed))
    said("get_policy", get(**one))
    said("publish_version_result", client.publish_version(**one))
    said("get_policy_after_publishing_latest", get(**one))
    said("get_function_result_after_publishing", client.get_function(**one))
    said.refused("get_policy_after_publishing_new_version", get, **one, Qualifier="1")
    add(**one, **allowed, Qualifier="1")
    said("get_policy_version", get(**one, Qualifier="1"))
    said("get_policy_after_adding_to_new_version", get(**one))
    alias = {**one, "Qualifier": "permission-alias"}
    created = client.create_alias(**one, Name="permission-alias", FunctionVersion="1")
    said("create_alias_response", created)
    said("get_alias", client.get_alias(**one, Name="permission-alias"))
    said.refused("add_permission_alias_revision_exception", add, **alias, **allowed, RevisionId="wrong")
    add(**alias, **allowed)
    said("get_policy_alias", get(**alias))
    revision = get(**one)["RevisionId"]
    add(**one, **(allowed | {"StatementId": "s3_2"}), RevisionId=revision)
    said("get_policy_after_adding_2", get(**one))


@replays(PERMISSION + "permission_exceptions")
def test_permissions_that_are_refused(aws: Endpoint, said: Said) -> None:
    client, one, none = aws.lambda_, {"FunctionName": "f"}, {"FunctionName": "doesnotexist"}
    add, remove = client.add_permission, client.remove_permission
    aws.made("f")
    allowed = {"Action": "lambda:InvokeFunction", "StatementId": "s3", "Principal": "s3.amazonaws.com"}

    def refused(key: str, **sent: Any) -> None:
        said.refused(f"add_permission_{key}", add, **(one | allowed | sent))

    said.refused("remove_permission_policy_doesnotexist", remove, **one, StatementId="s3")
    refused("invalid_statement_id", StatementId="example.com")
    refused("principal_invalid", Principal="invalid.nonaws.com")
    refused("fn_doesnotexist", **none)
    refused("fn_alias_doesnotexist", Qualifier="alias-doesnotexist")
    refused("fn_version_doesnotexist", Qualifier="42")
    refused("fn_qualifier_invalid", Qualifier="invalid-qualifier-with-?-char")
    refused("fn_qualifier_valid_doesnotexist", Qualifier="valid-with-$-but-doesnotexist")
    refused("fn_qualifier_latest", Qualifier="$LATEST")
    arn = f"arn:aws:lambda:{REGION}:{aws.account}:function:f:alias-not-42"
    refused("fn_qualifier_mismatch", FunctionName=arn, Qualifier="42")
    add(**one, **allowed)
    refused("conflicting_statement_id")
    said.refused("get_policy_fn_doesnotexist", client.get_policy, **none)
    said.refused("get_policy_fn_version_doesnotexist", client.get_policy, **one, Qualifier="42")
    said.refused("remove_permission_fn_doesnotexist", remove, **none, StatementId="s3")
    alias = {**one, "Qualifier": "alias-doesnotexist"}
    said.refused("remove_permission_fn_alias_doesnotexist", remove, **alias, StatementId="s3")


SIGNING = "api::TestCodeSigningConfig::test_"


def _signing(aws: Endpoint) -> dict[str, Any]:
    profile = f"arn:aws:signer:{REGION}:{aws.account}:/signing-profiles/test"
    return {
        "Description": "Testing CodeSigning Config",
        "AllowedPublishers": {"SigningProfileVersionArns": [profile]},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
    }


@replays(SIGNING + "function_code_signing_config")
def test_code_signing(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f")
    created = client.create_code_signing_config(**_signing(aws))
    said("create_code_signing_config", created)
    config = {"CodeSigningConfigArn": created["CodeSigningConfig"]["CodeSigningConfigArn"]}
    warn = {"UntrustedArtifactOnDeployment": "Warn"}
    said("update_code_signing_config", client.update_code_signing_config(**config, CodeSigningPolicies=warn))
    said("get_code_signing_config", client.get_code_signing_config(**config))
    said("put_function_code_signing_config", client.put_function_code_signing_config(**config, **one))
    said("get_function_code_signing_config", client.get_function_code_signing_config(**one))
    said("list_code_signing_configs", client.list_code_signing_configs()["CodeSigningConfigs"][0])
    said("list_functions_by_code_signing_config", client.list_functions_by_code_signing_config(**config))
    said("delete_function_code_signing_config", client.delete_function_code_signing_config(**one))
    said("delete_code_signing_config", client.delete_code_signing_config(**config))


@replays(SIGNING + "code_signing_not_found_excs")
def test_code_signing_that_is_refused(aws: Endpoint, said: Said) -> None:
    client, one, none = aws.lambda_, {"FunctionName": "f"}, {"FunctionName": "csc-test-doesnotexist"}
    aws.made("f")
    created = client.create_code_signing_config(**_signing(aws))
    said("create_code_signing_config", created)
    config = {"CodeSigningConfigArn": created["CodeSigningConfig"]["CodeSigningConfigArn"]}
    arn = f"arn:aws:lambda:{REGION}:{aws.account}:code-signing-config:csc-{'0' * 17}"
    wrong = {"CodeSigningConfigArn": arn}
    said.refused("delete_csc_notfound", client.delete_code_signing_config, **wrong)
    said.refused("get_csc_invalid", client.get_code_signing_config, **wrong)
    update = client.update_code_signing_config
    said("update_csc_noupdate_response", update(**config))
    said.refused("update_csc_noupdates", update, **wrong)
    said.refused("update_csc_invalid_csc_arn", update, **wrong, Description="new")
    listed = client.list_functions_by_code_signing_config
    said("list_functions_by_csc_fnwithoutcsc", listed(**config))
    said.refused("list_functions_by_csc_invalid_cscarn", listed, **wrong)
    get, put = client.get_function_code_signing_config, client.put_function_code_signing_config
    said("get_function_csc_fnwithoutcsc", get(**one), lambda ours: ours)
    said.refused("get_function_csc_nonexistingfn", get, **none)
    said.refused("put_function_csc_invalid_csc_arn", put, **wrong, **one)
    said.refused("put_function_csc_invalid_fnname", put, **config, **none)
    said.refused("put_function_csc_invalid_both", put, **wrong, **none)
    delete = client.delete_function_code_signing_config
    said("nothing_to_delete_response", delete(**one))
    said.refused("delete_function_csc_fnnotfound", delete, **none)


TAG = "api::TestLambdaTag::test_"


@replays(TAG + "create_tag_on_fn_create")
def test_tags_from_the_start(aws: Endpoint, said: Said) -> None:
    made = aws.made("f", Tags={"testtag": "some value"}, **SHAPE)
    said("get_function_result", aws.lambda_.get_function(FunctionName="f"))
    said("list_tags_result", aws.lambda_.list_tags(Resource=made["FunctionArn"]))


@replays(TAG + "tag_lifecycle", *variants(TAG + "tag_lifecycle["))
def test_the_life_of_tags(aws: Endpoint, said: Said, recorded: str) -> None:
    client = aws.lambda_
    arn = aws.made("f")["FunctionArn"]
    if recorded.endswith("[event_source_mapping]"):
        queue = aws.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        assert queue
        source = f"arn:aws:sqs:{REGION}:{aws.account}:q"
        made = client.create_event_source_mapping(FunctionName="f", EventSourceArn=source)
        arn = made["EventSourceMappingArn"]

    def listed(key: str, answer: Any) -> None:
        said(f"{key}_response", answer)
        said(f"{key}_response_listtags", client.list_tags(Resource=arn))

    def tag(key: str, tags: dict[str, str]) -> None:
        listed(key, client.tag_resource(Resource=arn, Tags=tags))

    def untag(key: str, *keys: str) -> None:
        listed(key, client.untag_resource(Resource=arn, TagKeys=list(keys)))

    tag("tag_single", {"A": "tag-a"})
    tag("tag_multiple", {"B": "tag-b", "C": "tag-c"})
    tag("tag_overlap", {"C": "tag-c-newsuffix", "D": "tag-d"})
    untag("untag_single", "A")
    untag("untag_multiple", "B", "C")
    untag("untag_nonexisting", "F")
    untag("untag_existing_and_nonexisting", "D", "F")


NAMES_OF_RESOURCES = {
    "capacity_provider": "capacity-provider:none",
    "event_source_mapping": "event-source-mapping:00000000-0000-4000-8000-000000000000",
    "lambda_function": "function:none",
}


@replays(*variants(TAG + "tag_exceptions["))
def test_tags_that_are_refused(aws: Endpoint, said: Said, recorded: str) -> None:
    client, prefix = aws.lambda_, f"arn:aws:lambda:{REGION}:{aws.account}:"
    arn, tags = prefix + NAMES_OF_RESOURCES[variant(recorded)], {"A": "tag-a"}
    said.refused("not_found_exception_tag", client.tag_resource, Resource=arn, Tags=tags)
    said.refused("not_found_exception_untag", client.untag_resource, Resource=arn, TagKeys=["A"])
    said.refused("not_found_exception_list", client.list_tags, Resource=arn)
    said.refused("invalid_arn_exception", client.tag_resource, Resource=f"{prefix}foobar:none", Tags=tags)
    said.refused("aliased_arn_exception", client.tag_resource, Resource=f"{arn}:alias", Tags=tags)


TAGS = "api::TestLambdaTags::test_tag_"


@replays(TAGS + "lifecycle")
def test_tags_and_functions(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    arn = aws.made("f", Tags={"key_a": "value_a"}, **SHAPE)["FunctionArn"]

    def seen(when: str) -> None:
        said(f"list_tags_response_{when}", client.list_tags(Resource=arn))
        said(f"get_fn_response_{when}", client.get_function(FunctionName="f"))

    seen("postfncreate")
    more = {f"key_{letter}": f"value_{letter}" for letter in "bcde"}
    said("tag_resource_response", client.tag_resource(Resource=arn, Tags=more))
    seen("postaddtags")
    said("tag_resource_overwrite", client.tag_resource(Resource=arn, Tags={"key_c": "value_x"}))
    seen("overwrite")
    client.untag_resource(Resource=arn, TagKeys=["key_c", "key_d"])
    seen("postuntag")
    client.untag_resource(Resource=arn, TagKeys=["key_a", "key_b", "key_e"])
    seen("postuntagall")
    client.delete_function(FunctionName="f")
    said.refused("list_tags_postdelete", client.list_tags, Resource=arn)


@replays(TAGS + "limits")
def test_too_many_tags(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    arn = aws.made("f", **SHAPE)["FunctionArn"]
    tags = {f"{number}_key": f"{number}_value" for number in range(51)}
    said.refused("tag_lambda_too_many_tags", client.tag_resource, Resource=arn, Tags=tags)
    del tags["50_key"]
    said("tag_response", client.tag_resource(Resource=arn, Tags=tags))
    said("list_tags_response", client.list_tags(Resource=arn))
    said("get_fn_response", client.get_function(FunctionName="f"))
    one = {"51_key": "51_value"}
    said.refused("tag_lambda_too_many_tags_additional", client.tag_resource, Resource=arn, Tags=one)
    said.refused("create_function_invalid_tags", aws.create, name="g", Tags=tags | one)


@replays(TAGS + "versions")
def test_tags_on_versions(aws: Endpoint, said: Said) -> None:
    client, tags = aws.lambda_, {"key_a": "value_a"}
    arn = aws.made("f", Publish=True)["FunctionArn"]
    said.refused("tag_resource_exception", client.tag_resource, Resource=f"{arn}:1", Tags=tags)
    said.refused("tag_resource_latest_exception", client.tag_resource, Resource=f"{arn}:$LATEST", Tags=tags)
