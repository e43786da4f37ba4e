"""Aliases, function URLs and the settings that functions and aliases have."""

from typing import Any

from tests.recorded.replaying import REGION, Endpoint, Said, package, replays

ALIAS = "api::TestLambdaAlias::test_"
NONE = {"FunctionName": "doesnotexist"}
SHAPE: dict[str, Any] = {"Timeout": 30, "Environment": {"Variables": {}}}


@replays(ALIAS + "non_existent_alias_update")
def test_an_alias_that_is_not_there(aws: Endpoint, said: Said) -> None:
    shape = {"Handler": "index.handler", "Environment": {"Variables": {"testenv": "staging"}}}
    said("create_response", aws.made("f", **shape))
    said.refused("update_alias_response", aws.lambda_.update_alias, FunctionName="f", Name="non-existent")


@replays(ALIAS + "notfound_and_invalid_routingconfigs")
def test_weights_that_are_refused(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    shape = {"Handler": "index.handler", "Environment": {"Variables": {"testenv": "staging"}}}
    said("create_response", aws.made("f", Publish=True, **shape))
    aws.settled("f", "1")
    said("publish_v1", client.publish_version(**one))
    client.update_function_configuration(**one, Environment={"Variables": {"testenv": "prod"}})
    aws.settled("f")
    said("publish_v2", client.publish_version(**one))
    alias = {**one, "Name": "custom", "FunctionVersion": "1"}
    create = client.create_alias

    def routed(key: str, weights: dict[str, float], **other: Any) -> None:
        routing = {"AdditionalVersionWeights": weights}
        said.refused(key, create, **{**alias, **other}, RoutingConfig=routing)

    said("create_alias_response", create(**alias, RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}}))
    said.refused("routing_config_exc_already_exist", create, **alias)
    routed("routing_config_exc_toomany", {"1": 0.2, "2": 0.2}, Name="other")
    routed("routing_config_exc_toohigh", {"2": 2.0}, Name="other")
    routed("routing_config_exc_subzero", {"2": -1.0}, Name="other")
    routed("routing_config_exc_sameversion", {"1": 0.5}, Name="other")
    routed("routing_config_exc_version_doesnotexist", {"10": 0.5}, Name="other")
    routed("routing_config_exc_version_latest", {"$LATEST": 0.5}, Name="other")
    routed("target_version_exc_version_latest", {"1": 0.5}, Name="other", FunctionVersion="$LATEST")
    routed("target_version_doesnotexist", {"2": 0.5}, Name="other", FunctionVersion="10")
    routed("routing_config_exc_fn_doesnotexist", {"2": 0.5}, FunctionName="f-unknown")
    said.refused("alias_does_not_exist_esc", client.get_alias, **one, Name="non-existent")
    latest = create(**one, Name="custom-latest", FunctionVersion="$LATEST")
    said("create-alias-latest", latest)
    empty = create(**one, Name="custom-empty-routingconfig", FunctionVersion="1", RoutingConfig={})
    said("create_alias_empty_routingconfig", empty)


@replays("api::TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_lifecycle")
def test_event_invoke_configs(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    put, update = client.put_function_event_invoke_config, client.update_function_event_invoke_config
    get, listed = client.get_function_event_invoke_config, client.list_function_event_invoke_configs
    aws.made("f", **SHAPE)
    said("put_invokeconfig_retries_0", put(**one, MaximumRetryAttempts=0))
    said("put_invokeconfig_eventage_60", put(**one, MaximumEventAgeInSeconds=60))
    said("update_invokeconfig_eventage_nochange", update(**one, MaximumEventAgeInSeconds=60))
    said("update_invokeconfig_retries", update(**one, MaximumRetryAttempts=1))
    said("get_invokeconfig", get(**one))
    said("get_invokeconfig_latest", get(**one, Qualifier="$LATEST"))
    said("list_single_invokeconfig", listed(**one))
    said("publish_version_result", client.publish_version(**one))
    said.refused("get_invokeconfig_postpublish", get, **one, Qualifier="1")
    said("put_published_invokeconfig", put(**one, Qualifier="1", MaximumEventAgeInSeconds=120))
    said("get_published_invokeconfig", get(**one, Qualifier="1"))
    client.delete_function_event_invoke_config(**one)
    said("list_paging_nolimit_postdelete", listed(**one))


RESERVED = "api::TestLambdaReservedConcurrency::test_function_concurrency_"


@replays(RESERVED + "exceptions")
def test_reserved_concurrency_that_is_refused(aws: Endpoint, said: Said) -> None:
    put, key = aws.lambda_.put_function_concurrency, "put_function_concurrency_with_"
    aws.made("f")
    said.refused(f"{key}function_name_doesnotexist", put, **NONE, ReservedConcurrentExecutions=1)
    over = {"ReservedConcurrentExecutions": 1_000_000}
    said.refused(f"{key}function_name_doesnotexist_and_invalid_concurrency", put, **NONE, **over)
    arn = f"arn:aws:lambda:{REGION}:{aws.account}:function:f:1"
    said.refused(f"{key}qualified_arn", put, FunctionName=arn, ReservedConcurrentExecutions=1)


def _unreserved(client: Any) -> int:
    return int(client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"])


@replays(RESERVED + "limits")
def test_reserved_concurrency_over_the_limit(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    aws.made("f")
    free, put = _unreserved(client), client.put_function_concurrency
    for key, wanted in (("account_limit_exceeded", free + 1), ("below_unreserved_min_value", free - 100 + 1)):
        asked = {"FunctionName": "f", "ReservedConcurrentExecutions": wanted}
        said.refused(f"put_function_concurrency_{key}", put, **asked)


PROVISIONED = "api::TestLambdaProvisionedConcurrency::test_provisioned_concurrency_"


@replays(PROVISIONED + "limits")
def test_provisioned_concurrency_over_the_limit(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    aws.made("f", Publish=True)
    aws.settled("f", "1")
    free, put = _unreserved(client), client.put_provisioned_concurrency_config
    for key, wanted in (("account_limit_exceeded", free + 1), ("below_unreserved_min_value", free - 100 + 1)):
        asked = {"FunctionName": "f", "Qualifier": "1", "ProvisionedConcurrentExecutions": wanted}
        said.refused(f"put_provisioned_concurrency_{key}", put, **asked)


@replays(PROVISIONED + "exceptions")
def test_provisioned_concurrency_that_is_refused(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f", **SHAPE)
    said("publish_version_result", client.publish_version(**one))
    put, get = client.put_provisioned_concurrency_config, client.get_provisioned_concurrency_config
    delete, some = client.delete_provisioned_concurrency_config, {"ProvisionedConcurrentExecutions": 1}
    said("list_provisioned_noconfigs", client.list_provisioned_concurrency_configs(**one))
    listed = client.list_provisioned_concurrency_configs
    said.refused("list_provisioned_functionname_doesnotexist", listed, **NONE)
    nothing = {**one, "Qualifier": "1", "ProvisionedConcurrentExecutions": 0}
    said.refused("put_provisioned_invalid_param_0", put, **nothing)
    said.refused("put_provisioned_functionname_doesnotexist_alias", put, **NONE, Qualifier="noalias", **some)
    said.refused("put_provisioned_functionname_doesnotexist_version", put, **NONE, Qualifier="1", **some)
    said.refused("put_provisioned_qualifier_doesnotexist", put, **one, Qualifier="doesnotexist", **some)
    said.refused("put_provisioned_version_doesnotexist", put, **one, Qualifier="10", **some)
    said.refused("put_provisioned_latest", put, **one, Qualifier="$LATEST", **some)
    said.refused("get_provisioned_functionname_doesnotexist", get, **NONE, Qualifier="noalias")
    said.refused("delete_provisioned_functionname_doesnotexist", delete, **NONE, Qualifier="1")
    for verb, call in (("get", get), ("delete", delete)):
        said.refused(f"{verb}_provisioned_config_doesnotexist", call, **one, Qualifier="1")
        said.refused(f"{verb}_provisioned_qualifier_doesnotexist", call, **one, Qualifier="noalias")
        said.refused(f"{verb}_provisioned_version_doesnotexist", call, **one, Qualifier="10")
        said.refused(f"{verb}_provisioned_latest", call, **one, Qualifier="$LATEST")


RECURSION = "api::TestLambdaRecursion::test_put_function_recursion_config_"


@replays(RECURSION + "allow")
def test_recursion_allowed(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f")
    said("put_recursion_config_response", client.put_function_recursion_config(**one, RecursiveLoop="Allow"))
    said("get_recursion_config_response", client.get_function_recursion_config(**one))


@replays(RECURSION + "default_terminate")
def test_recursion_by_default(aws: Endpoint, said: Said) -> None:
    aws.made("f")
    said("get_recursion_default_terminate_response", aws.lambda_.get_function_recursion_config(FunctionName="f"))


@replays(RECURSION + "invalid_value")
def test_recursion_that_is_refused(aws: Endpoint, said: Said) -> None:
    aws.made("f")
    put = aws.lambda_.put_function_recursion_config
    said.refused("put_recursion_invalid_value_error", put, FunctionName="f", RecursiveLoop="InvalidValue")


@replays("api::TestLambdaAccountSettings::test_account_settings_total_code_size")
def test_the_size_of_all_code(aws: Endpoint, said: Said) -> None:
    """The packages are made as large as those of the recording."""
    client, files = aws.lambda_, said.answers

    def total() -> int:
        return int(client.get_account_settings()["AccountUsage"]["TotalCodeSize"])

    before = total()
    code = {"ZipFile": _of_size(files["total_code_size_diff_create_function"], "one")}
    aws.made("f", Code=code)
    said("total_code_size_diff_create_function", total() - before)
    other = _of_size(files["total_code_size_diff_update_function"], "two")
    client.update_function_code(FunctionName="f", ZipFile=other)
    aws.settled("f")
    said("total_code_size_diff_update_function", total() - before)
    for key in ("total_code_size_diff_publish_layer", "total_code_size_diff_publish_layer_version"):
        before = total()
        client.publish_layer_version(LayerName="l", Content={"ZipFile": _of_size(files[key], key)})
        said(key, total() - before)


def _of_size(size: int, text: str) -> bytes:
    """A package of `size` bytes: a comment fills it up."""
    whole = package({"h.py": text[-20:]})
    filling = size - len(whole)
    return whole[:-2] + filling.to_bytes(2, "little") + b" " * filling


URL = "api::TestLambdaUrl::test_url_config_"


@replays(URL + "lifecycle")
def test_function_urls(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f")
    said.refused("failed_getter", client.get_function_url_config, **one)
    said("url_creation", client.create_function_url_config(**one, AuthType="NONE"))
    said.refused("failed_duplication", client.create_function_url_config, **one, AuthType="NONE")
    said("get_url_config", client.get_function_url_config(**one))
    said("updated_url_config", client.update_function_url_config(**one, AuthType="AWS_IAM"))


@replays(URL + "deletion_without_qualifier")
def test_the_url_of_an_alias_stays(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f")
    client.create_alias(**one, Name="test-alias", FunctionVersion="$LATEST")
    alias, get = {**one, "Qualifier": "test-alias"}, client.get_function_url_config
    said("url_creation", client.create_function_url_config(**one, AuthType="NONE"))
    said("url_with_alias_creation", client.create_function_url_config(**alias, AuthType="NONE"))
    said("get_url_config", get(**one))
    said("get_url_config_with_alias", get(**alias))
    said("delete_function_url_config", client.delete_function_url_config(**one))
    said.refused("get_url_config_after_deletion", get, **one)
    said("get_url_config_with_alias_after_deletion", get(**alias))


@replays(URL + "exceptions")
def test_function_urls_that_are_refused(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f", Runtime="nodejs20.x", Handler="lambda_handler.handler", **SHAPE)
    said("fn_version_result", client.publish_version(**one))
    said("create_alias_result", client.create_alias(**one, Name="urlalias", FunctionVersion="1"))
    arn = f"arn:aws:lambda:{REGION}:{aws.account}:function:"
    for verb in ("create", "get", "update", "delete"):
        call = getattr(client, f"{verb}_function_url_config")
        auth = {"AuthType": "NONE"} if verb in {"create", "update"} else {}

        def refused(what: str, verb: str = verb, call: Any = call, auth: Any = auth, **sent: Any) -> None:
            said.refused(f"{verb}_function_url_config_{what}", call, **sent, **auth)

        refused("name_doesnotexist", **NONE)
        refused("name_doesnotexist_qualifier", **NONE, Qualifier="1")
        refused("arn_doesnotexist", FunctionName=f"{arn}doesnotexist")
        refused("qualifier_version", **one, Qualifier="1")
        refused("qualifier_version_doesnotexist", **one, Qualifier="2")
        refused("qualifier_alias_doesnotexist", **one, Qualifier="doesntexist")
        refused("qualifier_alias_doesnotmatch_arn", FunctionName=f"{arn}f:urlalias", Qualifier="my-alias")
        refused("qualifier_latest", **one, Qualifier="$LATEST")
        if verb != "create":
            refused("config_doesnotexist", **one)
