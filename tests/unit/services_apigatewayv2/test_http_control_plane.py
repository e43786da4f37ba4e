"""What boto3 gets of the operations of HTTP APIs."""

from pathlib import Path
from typing import Any

import pytest

from lambent.gateway.hosts import Hosts
from lambent.model.scope import Scope
from lambent.store.resources import Resource
from tests.unit.services_apigatewayv2.http_kit import FUNCTION, HERE, URI, Api, Refused, with_api

THEIRS = "arn:aws:logs:eu-west-1:222222222222:log-group:theirs"


def test_an_api_has_awss_defaults(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.call("CreateApi", Name="pets", ProtocolType="HTTP")
        assert len(made["ApiId"]) == 10
        assert made["ApiEndpoint"] == f"http://{made['ApiId']}.execute-api.eu-west-1.localhost:4566"
        assert made["RouteSelectionExpression"] == "$request.method $request.path"
        assert made["ApiKeySelectionExpression"] == "$request.header.x-api-key"
        assert made["DisableExecuteApiEndpoint"] is False and made["CreatedDate"].year == 2026
        assert await api.call("GetApi", ApiId=made["ApiId"]) == made
        assert (await api.call("GetApis"))["Items"] == [made]
        renamed = await api.call("UpdateApi", ApiId=made["ApiId"], Name="dogs")
        assert (renamed["Name"], renamed["CreatedDate"]) == ("dogs", made["CreatedDate"])

    with_api(tmp_path, scene)


def test_an_unknown_one_is_told_as_aws_tells_it(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        said = await api.refused("GetApi", ApiId="nope")
        assert said == ("NotFoundException", "Invalid API identifier specified 111111111111:nope")
        assert (await api.refused("GetRoutes", ApiId="nope"))[0] == "NotFoundException"
        made = await api.quick()
        with pytest.raises(Refused, match="Invalid API identifier"):
            await api.call("GetApi", HERE.__class__("222222222222", "eu-west-1"), ApiId=made)
        assert await api.refused("GetStage", ApiId=made, StageName="x") == (
            "NotFoundException", "Invalid stage identifier specified",
        )  # fmt: skip

    with_api(tmp_path, scene)


def test_quick_create_makes_what_serves(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()
        (route,) = (await api.call("GetRoutes", ApiId=made))["Items"]
        (integration,) = (await api.call("GetIntegrations", ApiId=made))["Items"]
        (stage,) = (await api.call("GetStages", ApiId=made))["Items"]
        (deployment,) = (await api.call("GetDeployments", ApiId=made))["Items"]
        assert route["RouteKey"] == "$default" and route["Target"] == f"integrations/{integration['IntegrationId']}"
        assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")
        assert integration["TimeoutInMillis"] == 30000 and integration["ConnectionType"] == "INTERNET"
        assert stage["StageName"] == "$default" and stage["AutoDeploy"] and stage["ApiGatewayManaged"]
        assert stage["DeploymentId"] == deployment["DeploymentId"] and deployment["AutoDeployed"]

    with_api(tmp_path, scene)


def test_routes_of_one_key_and_of_no_form_are_refused(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        await api.route(made, "GET /pets/{id}")
        assert await api.refused("CreateRoute", ApiId=made, RouteKey="GET /pets/{id}") == (
            "ConflictException", "Route with key GET /pets/{id} already exists for this API",
        )  # fmt: skip
        for key in ("pets", "FETCH /pets", "GET pets", "GET /{a+}/b", "GET /{a}/{a}", "GET /x{a}"):
            assert (await api.refused("CreateRoute", ApiId=made, RouteKey=key))[0] == "BadRequestException", key
        assert (await api.refused("CreateRoute", ApiId=made, RouteKey="GET /x", Target="integrations/none"))[0] == (
            "BadRequestException"
        )

    with_api(tmp_path, scene)


def test_an_integration_that_a_route_leads_to_stays(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        route = await api.route(made, "GET /a")
        (integration,) = (await api.call("GetIntegrations", ApiId=made))["Items"]
        key = {"ApiId": made, "IntegrationId": integration["IntegrationId"]}
        assert (await api.refused("DeleteIntegration", **key))[0] == "ConflictException"
        await api.call("DeleteRoute", ApiId=made, RouteId=route)
        await api.call("DeleteIntegration", **key)
        assert (await api.call("GetIntegrations", ApiId=made))["Items"] == []

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    "given",
    [
        {"IntegrationType": "MOCK"},
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": "https://example.com"},
        {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://example.com"},
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "TimeoutInMillis": 30001},
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "3.0"},
        {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-Nothing"},
        {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage", "PayloadFormatVersion": "1.0"},
    ],
)
def test_what_is_no_integration_of_an_http_api_is_refused(tmp_path: Path, given: dict[str, object]) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        assert (await api.refused("CreateIntegration", ApiId=made, **given))[0] == "BadRequestException"

    with_api(tmp_path, scene)


def test_what_is_not_built_is_refused_by_name(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        link = {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "IntegrationUri": "http://x"}
        said = await api.refused("CreateIntegration", ApiId=made, ConnectionType="VPC_LINK", **link)
        assert said == ("NotImplementedException", "Lambent does not support integrations through a VPC link yet.")

    with_api(tmp_path, scene)


def test_pages_hold_what_was_asked_for(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        for name in "abc":
            await api.call("CreateApi", Name=name, ProtocolType="HTTP")
        first = await api.call("GetApis", MaxResults="2")
        rest = await api.call("GetApis", MaxResults="2", NextToken=first["NextToken"])
        assert (len(first["Items"]), len(rest["Items"]), "NextToken" in rest) == (2, 1, False)
        assert (await api.refused("GetApis", MaxResults="0"))[0] == "BadRequestException"
        assert (await api.refused("GetApis", NextToken="%%%"))[0] == "BadRequestException"

    with_api(tmp_path, scene)


def test_a_deployment_needs_a_route_and_one_that_is_served_stays(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = str((await api.call("CreateApi", Name="a", ProtocolType="HTTP"))["ApiId"])
        await api.call("CreateStage", ApiId=made, StageName="prod")
        said = await api.refused("CreateDeployment", ApiId=made, StageName="prod")
        assert said == ("BadRequestException", "At least one route is required before deploying the Api.")
        await api.route(made, "$default")
        deployment = await api.call("CreateDeployment", ApiId=made, StageName="prod", Description="one")
        assert deployment["DeploymentStatus"] == "DEPLOYED" and deployment["AutoDeployed"] is False
        key = {"ApiId": made, "DeploymentId": deployment["DeploymentId"]}
        assert (await api.refused("DeleteDeployment", **key))[0] == "BadRequestException"
        await api.call("DeleteStage", ApiId=made, StageName="prod")
        await api.call("DeleteDeployment", **key)

    with_api(tmp_path, scene)


def test_an_api_goes_with_everything_that_is_its(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()
        await api.call("DeleteApi", ApiId=made)
        assert (await api.refused("GetRoutes", ApiId=made))[0] == "NotFoundException"
        assert not [one for one in api.store.resources if one.kind.startswith("apigatewayv2:")]

    with_api(tmp_path, scene)


def test_it_is_all_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    made = {}

    async def scene(api: Api) -> None:
        made["id"] = await api.quick()

    async def again(api: Api) -> None:
        assert (await api.ask(made["id"], "/x")).status == 200

    with_api(tmp_path, scene)
    with_api(tmp_path, again)


def test_parameter_mappings_are_changed_one_by_one(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        given = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0"}
        mapped = {"append:header.a": "1", "append:header.b": "2"}
        one = await api.call("CreateIntegration", ApiId=made, RequestParameters=mapped, **given)
        key = {"ApiId": made, "IntegrationId": one["IntegrationId"]}
        new = await api.call(
            "UpdateIntegration", **key, RequestParameters={"append:header.a": "", "append:header.c": "3"}
        )
        assert new["RequestParameters"] == {"append:header.b": "2", "append:header.c": "3"}

    with_api(tmp_path, scene)


def test_authorizers_are_checked(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        token = {"Name": "j", "AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"]}
        assert (await api.refused("CreateAuthorizer", ApiId=made, **token))[0] == "BadRequestException"
        jwt = {"Issuer": "https://issuer.test", "Audience": ["me"]}
        one = await api.call("CreateAuthorizer", ApiId=made, JwtConfiguration=jwt, **token)
        assert len(one["AuthorizerId"]) == 6
        await api.route(made, "GET /a", AuthorizationType="JWT", AuthorizerId=one["AuthorizerId"])
        key = {"ApiId": made, "AuthorizerId": one["AuthorizerId"]}
        assert (await api.refused("DeleteAuthorizer", **key))[0] == "ConflictException"
        asked = {"Name": "l", "AuthorizerType": "REQUEST", "AuthorizerUri": URI, "IdentitySource": []}
        assert (await api.refused("CreateAuthorizer", ApiId=made, **asked))[0] == "BadRequestException"
        theirs = {
            "AuthorizerPayloadFormatVersion": "2.0",
            "AuthorizerCredentialsArn": "arn:aws:iam::222222222222:role/r",
        }
        refused = await api.refused("CreateAuthorizer", ApiId=made, **theirs, **asked)
        assert refused[1] == "Cross-account pass role is not allowed."
        other = await api.call("CreateAuthorizer", ApiId=made, AuthorizerPayloadFormatVersion="2.0", **asked)
        assert other["AuthorizerResultTtlInSeconds"] == 0
        bad = await api.refused(
            "CreateRoute", ApiId=made, RouteKey="GET /b", AuthorizationType="JWT", AuthorizerId="none"
        )
        assert bad[0] == "BadRequestException"

    with_api(tmp_path, scene)


def test_domain_names_mappings_and_tags(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick(Tags={"a": "1"})
        domain = await api.call(
            "CreateDomainName", DomainName="api.example.com", DomainNameConfigurations=[{"CertificateArn": "arn:x"}]
        )
        assert domain["DomainNameConfigurations"][0]["DomainNameStatus"] == "AVAILABLE"
        assert (await api.refused("CreateDomainName", DomainName="api.example.com"))[0] == "ConflictException"
        place = {"DomainName": "api.example.com", "ApiId": made, "Stage": "$default"}
        mapping = await api.call("CreateApiMapping", ApiMappingKey="v1/pets", **place)
        assert (await api.refused("CreateApiMapping", ApiMappingKey="v1/pets", **place))[0] == "ConflictException"
        got = await api.call("GetApiMapping", DomainName="api.example.com", ApiMappingId=mapping["ApiMappingId"])
        assert got["ApiMappingKey"] == "v1/pets"
        arn = f"arn:aws:apigateway:eu-west-1::/apis/{made}"
        await api.call("TagResource", ResourceArn=arn, Tags={"b": "2"})
        await api.call("UntagResource", ResourceArn=arn, TagKeys=["a"])
        assert (await api.call("GetTags", ResourceArn=arn))["Tags"] == {"b": "2"}

    with_api(tmp_path, scene)


def test_no_domain_name_is_one_of_the_endpoint_or_of_another_account(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        api.env.is_own = Hosts().is_own
        for name in ("127.0.0.1", "*.amazonaws.com"):
            assert (await api.refused("CreateDomainName", DomainName=name))[0] == "BadRequestException"
        theirs = Scope("222222222222", "us-east-1")
        for kind, name in (("apigateway", "a.example.com"), ("apigatewayv2", "*.example.org")):
            await api.env.resources.put(Resource(f"{kind}:domainname", theirs, "", name, "1", {}))
        for name in ("a.example.com", "b.example.org", "*.example.org"):
            assert (await api.refused("CreateDomainName", DomainName=name))[0] == "ConflictException"

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    ("member", "said", "error"),
    [
        ("RequestParameters", {"append:header.a": "1", "remove:querystring.b": "''", "overwrite:path": "/x"}, ""),
        ("RequestParameters", {"append:path": "/x"}, "Invalid Request Actioned Parameter: append:path"),
        ("RequestParameters", {"header.a": "1"}, "Invalid Request Actioned Parameter: header.a"),
        ("RequestParameters", {"overwrite:header.Authorization": "1"}, "Operations on header authorization are restr"),
        ("RequestParameters", {"append:header.X-Amz-Date": "1"}, "Operations on header x-amz-date are restricted"),
        ("ResponseParameters", {"200": {"overwrite:statuscode": "404"}, "5XX": {"append:header.a": "b"}}, ""),
        (
            "ResponseParameters",
            {"200": {"append:overwrite.static": "1"}},
            "Invalid Response Actioned Parameter: append:",
        ),
        (
            "ResponseParameters",
            {"200": {"append:header.Access-Control-A": "1"}},
            "Operations on header access-control-a",
        ),
        ("ResponseParameters", {"100": {"append:header.a": "1"}}, "Invalid status code specified: 100"),
    ],
)
def test_mappings_are_of_the_documented_forms(member: str, said: dict[str, Any], error: str, tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()
        given = {
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": FUNCTION,
            "PayloadFormatVersion": "2.0",
            member: said,
        }
        if not error:
            await api.call("CreateIntegration", ApiId=made, **given)
            return
        code, text = await api.refused("CreateIntegration", ApiId=made, **given)
        assert code == "BadRequestException"
        assert text.startswith("Invalid mapping expression specified: Validation Result: warnings : [], errors : [")
        assert error in text

    with_api(tmp_path, scene)


def test_quick_create_is_updated_where_it_is(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()
        before = (await api.call("GetStage", ApiId=made, StageName="$default"))["DeploymentId"]
        other = f"{FUNCTION}2"
        await api.call("UpdateApi", ApiId=made, Target=other, RouteKey="GET /a", Name="b")
        (route,) = (await api.call("GetRoutes", ApiId=made))["Items"]
        (integration,) = (await api.call("GetIntegrations", ApiId=made))["Items"]
        assert (route["RouteKey"], integration["IntegrationUri"]) == ("GET /a", other)
        assert (await api.call("GetApi", ApiId=made))["Name"] == "b"
        assert (await api.call("GetStage", ApiId=made, StageName="$default"))["DeploymentId"] != before
        await api.call("UpdateApi", ApiId=made, Target="https://example.com")
        (integration,) = (await api.call("GetIntegrations", ApiId=made))["Items"]
        assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("HTTP_PROXY", "1.0")
        plain = await api.empty()
        assert (await api.refused("UpdateApi", ApiId=plain, Target=other))[0] == "BadRequestException"

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DefaultRouteSettings": {"LoggingLevel": "INFO"}}, "Execution logs are not supported on protocolType HTTP"),
        ({"DefaultRouteSettings": {"ThrottlingRateLimit": -1.0}}, "Throttling limits must not be negative"),
        ({"StageVariables": {"a-b": "c"}}, "Stage variable a-b has an invalid name or value"),
        ({"StageVariables": {"a": "(c)"}}, "Stage variable a has an invalid name or value"),
        ({"ClientCertificateId": "c"}, "ClientCertificateId is not currently supported for HTTP APIs"),
        (
            {"RouteSettings": {"GET /nothing": {"ThrottlingRateLimit": 1.0}}},
            "Unable to find Route by key GET /nothing within the provided RouteSettings",
        ),
        (
            {"AccessLogSettings": {"DestinationArn": "here", "Format": "$context.requestId"}},
            "Invalid ARN specified in the request. A destination is the ARN of a log group of yours, not here",
        ),
        (
            {"AccessLogSettings": {"DestinationArn": THEIRS, "Format": "$context.requestId"}},
            f"Invalid ARN specified in the request. A destination is the ARN of a log group of yours, not {THEIRS}",
        ),
    ],
)
def test_settings_that_a_stage_cannot_have(settings: dict[str, Any], said: str, tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()
        assert (await api.refused("UpdateStage", ApiId=made, StageName="$default", **settings))[1] == said

    with_api(tmp_path, scene)


def test_maps_are_changed_part_by_part(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        await api.route(made, "GET /a")
        await api.route(made, "GET /b")
        at = {"ApiId": made, "StageName": "$default"}
        await api.call("UpdateStage", **at, StageVariables={"a": "1", "b": "2"})
        changed = await api.call("UpdateStage", **at, StageVariables={"a": "", "c": "3"})
        assert changed["StageVariables"] == {"b": "2", "c": "3"}
        await api.call("UpdateStage", **at, RouteSettings={"GET /a": {"ThrottlingRateLimit": 1.0}})
        changed = await api.call("UpdateStage", **at, RouteSettings={"GET /b": {"ThrottlingRateLimit": 2.0}})
        assert set(changed["RouteSettings"]) == {"GET /a", "GET /b"}
        (integration, *_) = (await api.call("GetIntegrations", ApiId=made))["Items"]
        at = {"ApiId": made, "IntegrationId": integration["IntegrationId"]}
        both = {"200": {"append:header.a": "1"}, "404": {"append:header.b": "2"}}
        await api.call("UpdateIntegration", **at, ResponseParameters=both)
        changed = await api.call("UpdateIntegration", **at, ResponseParameters={"404": {}})
        assert changed["ResponseParameters"] == {"200": {"append:header.a": "1"}}

    with_api(tmp_path, scene)


def test_models_have_names_of_their_own_and_schemas(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.call(
            "CreateApi", Name="w", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.a"
        )
        at = {"ApiId": made["ApiId"]}
        first = await api.call("CreateModel", **at, Name="M", Schema="{}")
        assert first["ContentType"] == "application/json"
        assert (await api.refused("CreateModel", **at, Name="M", Schema="{}"))[0] == "ConflictException"
        for name, schema in (("a-b", "{}"), ("N", "{"), ("N", "[]")):
            assert (await api.refused("CreateModel", **at, Name=name, Schema=schema))[0] == "BadRequestException"
        await api.call("UpdateModel", **at, ModelId=first["ModelId"], Schema='{"type": "object"}')

    with_api(tmp_path, scene)


def test_what_nothing_stands_for_is_refused_by_name(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.call("CreateApi", Name="a", ProtocolType="HTTP")
        kind, text = await api.refused(
            "CreateIntegration", ApiId=made["ApiId"], IntegrationType="AWS_PROXY", PayloadFormatVersion="1.0",
            IntegrationSubtype="AppConfig-GetConfiguration", CredentialsArn="arn:aws:iam::111111111111:role/r",
        )  # fmt: skip
        assert kind == "NotImplementedException" and "AppConfig-GetConfiguration" in text
        place = {"CertificateArn": "arn:aws:acm:eu-west-1:111111111111:certificate/x", "EndpointType": "REGIONAL"}
        name = {"DomainName": "a.example.com"}
        await api.call("CreateDomainName", **name, DomainNameConfigurations=[place])
        for given, said in (
            ({"MutualTlsAuthentication": {"TruststoreUri": "s3://a/b"}}, "mutual TLS"),
            ({"RoutingMode": "ROUTING_RULE_ONLY"}, "routing rules"),
        ):
            for operation, more in (("CreateDomainName", {"DomainName": "b.example.com"}), ("UpdateDomainName", name)):
                kind, text = await api.refused(operation, **more, **given)
                assert kind == "NotImplementedException" and said in text

    with_api(tmp_path, scene)
