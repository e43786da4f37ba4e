"""What is configured, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from lambent.gateway.hosts import Hosts
from lambent.model.scope import Scope
from lambent.services.apigateway.operations import OPERATIONS, REFUSED
from lambent.store.resources import Resource
from tests.unit.rest_json import model_of
from tests.unit.services_apigateway.api_kit import FUNCTION, HERE, NOW, URI, Api, with_api

ROLE, THEIRS = (f"arn:aws:iam::{account}:role/r" for account in ("111111111111", "222222222222"))


def test_a_new_api(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.call("CreateRestApi", name="shop", description="d", tags={"a": "b"})
        assert len(made["id"]) == 10 and len(made["rootResourceId"]) == 10
        assert made["createdDate"].timestamp() == NOW
        assert made["endpointConfiguration"]["types"] == ["EDGE"]
        assert await api.call("GetRestApi", restApiId=made["id"]) == made
        resources = await api.call("GetResources", restApiId=made["id"])
        assert resources["items"] == [{"id": made["rootResourceId"], "path": "/"}]
        models = await api.call("GetModels", restApiId=made["id"])
        assert [one["name"] for one in models["items"]] == ["Empty", "Error"]
        assert (await api.call("GetRestApis"))["items"] == [made]
        code, text = await api.refused("GetRestApi", restApiId="nothing")
        assert (code, text) == ("NotFoundException", "Invalid API identifier specified 111111111111:nothing")

    with_api(tmp_path, scene)


def test_an_account_and_region_sees_its_own(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        await api.api()
        assert (await api.call("GetRestApis", Scope("222222222222", HERE.region)))["items"] == []
        assert (await api.call("GetRestApis", Scope(HERE.account, "us-east-1")))["items"] == []

    with_api(tmp_path, scene)


def test_resources(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name}
        pets = await api.call("CreateResource", **at, parentId=root, pathPart="pets")
        assert pets["path"] == "/pets"
        one = await api.call("CreateResource", **at, parentId=pets["id"], pathPart="{id}")
        assert one["path"] == "/pets/{id}"
        rest = await api.call("CreateResource", **at, parentId=one["id"], pathPart="{proxy+}")
        code, text = await api.refused("CreateResource", **at, parentId=root, pathPart="pets")
        assert (code, text) == (
            "ConflictException",
            "Another resource with the same parent already has this name: pets",
        )
        assert (await api.refused("CreateResource", **at, parentId=pets["id"], pathPart="{x}"))[
            0
        ] == "BadRequestException"
        assert (await api.refused("CreateResource", **at, parentId=rest["id"], pathPart="x"))[
            0
        ] == "BadRequestException"
        assert (await api.refused("CreateResource", **at, parentId=root, pathPart="a/b"))[0] == "BadRequestException"
        moved = await api.call(
            "UpdateResource", **at, resourceId=pets["id"],
            patchOperations=[{"op": "replace", "path": "/pathPart", "value": "dogs"}],
        )  # fmt: skip
        assert moved["path"] == "/dogs"
        assert (await api.call("GetResource", **at, resourceId=rest["id"]))["path"] == "/dogs/{id}/{proxy+}"
        await api.call("DeleteResource", **at, resourceId=pets["id"])
        assert [one["path"] for one in (await api.call("GetResources", **at))["items"]] == ["/"]

    with_api(tmp_path, scene)


def test_methods_and_integrations(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name, "resourceId": root, "httpMethod": "GET"}
        assert await api.refused("GetMethod", **at) == ("NotFoundException", "Invalid Method identifier specified")
        made = await api.call("PutMethod", **at, authorizationType="NONE")
        assert made == {"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": False}
        assert await api.refused("PutMethod", **at, authorizationType="NONE") == (
            "ConflictException",
            "Method already exists for this resource",
        )
        assert (await api.refused("GetIntegration", **at))[1] == "Invalid Integration identifier specified"
        integration = await api.call("PutIntegration", **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI)
        assert integration["timeoutInMillis"] == 29000 and integration["httpMethod"] == "POST"
        assert integration["passthroughBehavior"] == "WHEN_NO_MATCH" and integration["cacheNamespace"] == root
        await api.call("PutMethodResponse", **at, statusCode="200", responseModels={"application/json": "Empty"})
        code = await api.refused("PutIntegrationResponse", **at, statusCode="404")
        assert code == ("NotFoundException", "Invalid Response status code specified")
        await api.call("PutIntegrationResponse", **at, statusCode="200", responseTemplates={"application/json": ""})
        whole = await api.call("GetMethod", **at)
        assert whole["methodIntegration"]["integrationResponses"]["200"]["statusCode"] == "200"
        patched = await api.call(
            "UpdateIntegration", **at,
            patchOperations=[
                {"op": "replace", "path": "/timeoutInMillis", "value": "50"},
                {"op": "add", "path": "/requestTemplates/application~1json", "value": "{}"},
                {"op": "add", "path": "/cacheKeyParameters/method.request.path.x"},
            ],
        )  # fmt: skip
        assert patched["timeoutInMillis"] == 50 and patched["requestTemplates"] == {"application/json": "{}"}
        assert patched["cacheKeyParameters"] == ["method.request.path.x"]
        await api.call("DeleteMethod", **at)
        assert await api.call("GetResource", restApiId=name, resourceId=root) == {"id": root, "path": "/"}

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"type": "AWS_PROXY", "uri": URI}, "BadRequestException"),
        ({"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": "x"}, "BadRequestException"),
        ({"type": "HTTP", "integrationHttpMethod": "GET", "uri": "nowhere"}, "BadRequestException"),
        ({"type": "MOCK", "timeoutInMillis": 49}, "BadRequestException"),
        ({"type": "MOCK", "timeoutInMillis": 29001}, "BadRequestException"),
        (
            {
                "type": "AWS",
                "integrationHttpMethod": "POST",
                "uri": "arn:aws:apigateway:eu-west-1:sqs:path/111111111111/q",
            },
            "BadRequestException",
        ),
        ({"type": "MOCK", "connectionType": "VPC_LINK"}, "NotImplementedException"),
    ],
)
def test_what_no_integration_can_be(tmp_path: Path, given: dict[str, Any], code: str) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name, "resourceId": root, "httpMethod": "GET"}
        await api.call("PutMethod", **at, authorizationType="NONE")
        assert (await api.refused("PutIntegration", **at, **given))[0] == code

    with_api(tmp_path, scene)


def test_a_deployment_is_a_snapshot_and_a_stage_serves_it(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        assert (await api.refused("CreateDeployment", restApiId=name))[1] == "The REST API doesn't contain any methods"
        await api.method(name, root)
        first = await api.call("CreateDeployment", restApiId=name, stageName="dev", variables={"a": "1"})
        assert "apiSummary" not in first
        stage = await api.call("GetStage", restApiId=name, stageName="dev")
        assert (stage["deploymentId"], stage["variables"]) == (first["id"], {"a": "1"})
        whole = await api.call("GetDeployment", restApiId=name, deploymentId=first["id"], embed=["apisummary"])
        assert whole["apiSummary"] == {"/": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}
        refused = await api.refused("DeleteDeployment", restApiId=name, deploymentId=first["id"])
        assert refused[1] == "Active stages pointing to this deployment must be moved or deleted"
        second = await api.call("CreateDeployment", restApiId=name)
        role = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::111111111111:role/r"}]
        logs = [{"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"}]
        refused = await api.refused("UpdateStage", restApiId=name, stageName="dev", patchOperations=logs)
        assert refused[1] == "CloudWatch Logs role ARN must be set in account settings to enable logging"
        await api.call("UpdateAccount", patchOperations=role)
        changed = await api.call(
            "UpdateStage", restApiId=name, stageName="dev",
            patchOperations=[
                {"op": "replace", "path": "/deploymentId", "value": second["id"]},
                {"op": "replace", "path": "/variables/b", "value": "2"},
                {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "5.5"},
                {"op": "replace", "path": "/~1pets~1{id}/GET/logging/loglevel", "value": "INFO"},
            ],
        )  # fmt: skip
        assert changed["deploymentId"] == second["id"] and changed["variables"] == {"a": "1", "b": "2"}
        assert changed["methodSettings"]["*/*"]["throttlingRateLimit"] == 5.5
        assert changed["methodSettings"]["pets/{id}/GET"]["loggingLevel"] == "INFO"
        await api.call("DeleteDeployment", restApiId=name, deploymentId=first["id"])
        await api.call("DeleteRestApi", restApiId=name)
        assert [one.kind for one in api.store.resources] == ["apigateway:account"]

    with_api(tmp_path, scene)


def test_what_has_no_effect_is_said(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, _ = await api.api(endpointConfiguration={"types": ["PRIVATE"]})
        assert [name in one.resource and "PRIVATE" in one.message for one in api.findings.all()] == [True]
        await api.call("DeleteRestApi", restApiId=name)
        assert api.findings.all() == []

    with_api(tmp_path, scene)


def test_a_wrong_path_of_a_patch(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, _ = await api.api(binaryMediaTypes=["a/b"])
        wrong = [{"op": "replace", "path": "/nothing", "value": "x"}]
        code, text = await api.refused("UpdateRestApi", restApiId=name, patchOperations=wrong)
        assert (code, text) == ("BadRequestException", "Invalid patch path /nothing")
        right = [
            {"op": "add", "path": "/binaryMediaTypes/image~1png"},
            {"op": "remove", "path": "/binaryMediaTypes/a~1b"},
            {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"},
            {"op": "replace", "path": "/minimumCompressionSize", "value": "10"},
            {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"},
        ]
        changed = await api.call("UpdateRestApi", restApiId=name, patchOperations=right)
        assert changed["binaryMediaTypes"] == ["image/png"] and changed["minimumCompressionSize"] == 10
        assert changed["endpointConfiguration"]["types"] == ["REGIONAL"] and changed["disableExecuteApiEndpoint"]
        for none in ({"value": ""}, {}):  # as Chalice and Terraform say that nothing is compressed
            operations = [right[3], {"op": "replace", "path": "/minimumCompressionSize", **none}]
            changed = await api.call("UpdateRestApi", restApiId=name, patchOperations=operations)
            assert "minimumCompressionSize" not in changed

    with_api(tmp_path, scene)


def test_keys_and_plans(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        await api.method(name, root)
        await api.call("CreateDeployment", restApiId=name, stageName="dev")
        key = await api.call("CreateApiKey", name="k", enabled=True)
        assert len(key["value"]) == 40
        assert "value" not in await api.call("GetApiKey", apiKey=key["id"])
        shown = await api.call("GetApiKeys", includeValues=True, nameQuery="k")
        assert shown["items"][0]["value"] == key["value"]
        assert (await api.refused("CreateApiKey", value="short"))[0] == "BadRequestException"
        plan = await api.call(
            "CreateUsagePlan", name="p", apiStages=[{"apiId": name, "stage": "dev"}],
            throttle={"rateLimit": 1.0, "burstLimit": 2}, quota={"limit": 3, "period": "DAY"},
        )  # fmt: skip
        await api.call("CreateUsagePlanKey", usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
        assert [one["id"] for one in (await api.call("GetUsagePlans", keyId=key["id"]))["items"]] == [plan["id"]]
        assert (await api.refused("DeleteUsagePlan", usagePlanId=plan["id"]))[0] == "BadRequestException"
        patched = await api.call(
            "UpdateUsagePlan", usagePlanId=plan["id"],
            patchOperations=[
                {"op": "replace", "path": f"/apiStages/{name}:dev/throttle/~1pets/GET/rateLimit", "value": "7"},
                {"op": "replace", "path": "/quota/limit", "value": "9"},
                {"op": "remove", "path": "/throttle"},
            ],
        )  # fmt: skip
        assert patched["apiStages"][0]["throttle"] == {"/pets/GET": {"rateLimit": 7.0}}
        assert patched["quota"] == {"limit": 9, "period": "DAY", "offset": 0} and "throttle" not in patched
        emptied = await api.call(
            "UpdateUsagePlan", usagePlanId=plan["id"],
            patchOperations=[{"op": "remove", "path": "/apiStages", "value": f"{name}:dev"}],
        )  # fmt: skip
        assert emptied["apiStages"] == []
        usage = await api.call("GetUsage", usagePlanId=plan["id"], startDate="2026-01-01", endDate="2026-01-02")
        assert usage["items"] == {key["id"]: [[0, 9], [0, 9]]}
        await api.call("DeleteUsagePlan", usagePlanId=plan["id"])
        await api.call("DeleteApiKey", apiKey=key["id"])

    with_api(tmp_path, scene)


def test_the_other_kinds(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name}
        assert (await api.refused("CreateAuthorizer", **at, name="t", type="TOKEN", authorizerUri=URI))[0]
        made = await api.call(
            "CreateAuthorizer", **at, name="t", type="TOKEN", authorizerUri=URI,
            identitySource="method.request.header.Authorization",
        )  # fmt: skip
        assert made["authorizerResultTtlInSeconds"] == 300 and made["authType"] == "custom"
        method = {**at, "resourceId": root, "httpMethod": "GET"}
        assert (await api.refused("PutMethod", **method, authorizationType="CUSTOM"))[0] == "BadRequestException"
        await api.call("PutMethod", **method, authorizationType="CUSTOM", authorizerId=made["id"])
        assert (await api.refused("DeleteAuthorizer", **at, authorizerId=made["id"]))[0] == "ConflictException"
        await api.call("CreateModel", **at, name="Pet", contentType="application/json", schema='{"type":"object"}')
        code = await api.refused("GetModel", **at, modelName="Cat")
        assert code == ("NotFoundException", "Invalid model name specified: Cat")
        validator = await api.call("CreateRequestValidator", **at, name="v", validateRequestBody=True)
        assert validator["validateRequestParameters"] is False
        await api.call("PutGatewayResponse", **at, responseType="DEFAULT_4XX", statusCode="418")
        answers = await api.call("GetGatewayResponses", **at)
        assert len(answers["items"]) == 21
        domain = await api.call("CreateDomainName", domainName="api.example.com", regionalCertificateArn="arn:x",
                                endpointConfiguration={"types": ["REGIONAL"]})  # fmt: skip
        assert domain["regionalDomainName"].endswith(".execute-api.eu-west-1.amazonaws.com")
        await api.call("CreateBasePathMapping", domainName="api.example.com", restApiId=name, basePath="v1")
        mappings = await api.call("GetBasePathMappings", domainName="api.example.com")
        assert mappings["items"] == [{"basePath": "v1", "restApiId": name}]
        arn = f"arn:aws:apigateway:eu-west-1::/restapis/{name}"
        await api.call("TagResource", resourceArn=arn, tags={"x": "y"})
        assert (await api.call("GetTags", resourceArn=arn))["tags"] == {"x": "y"}
        account = await api.call(
            "UpdateAccount", patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}]
        )
        assert account["cloudwatchRoleArn"] == ROLE

    with_api(tmp_path, scene)


def test_no_role_of_another_account_is_taken(tmp_path: Path) -> None:
    refusal = ("BadRequestException", "Cross-account pass role is not allowed.")

    async def scene(api: Api) -> None:
        name, _root = await api.api()
        logs = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": THEIRS}]
        assert await api.refused("UpdateAccount", patchOperations=logs) == refusal
        given = {"restApiId": name, "name": "a", "type": "REQUEST", "authorizerUri": URI, "identitySource": "context.x"}
        assert await api.refused("CreateAuthorizer", authorizerCredentials=THEIRS, **given) == refusal
        made = await api.call("CreateAuthorizer", authorizerCredentials=ROLE, **given)
        to_theirs = [{"op": "replace", "path": "/authorizerCredentials", "value": THEIRS}]
        there = {"restApiId": name, "authorizerId": made["id"]}
        assert await api.refused("UpdateAuthorizer", patchOperations=to_theirs, **there) == refusal

    with_api(tmp_path, scene)


def test_pages(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        for _ in range(3):
            await api.api()
        first = await api.call("GetRestApis", limit=2)
        second = await api.call("GetRestApis", limit=2, position=first["position"])
        assert len(first["items"]) == 2 and len(second["items"]) == 1 and "position" not in second
        assert (await api.refused("GetRestApis", position="%"))[0] == "BadRequestException"

    with_api(tmp_path, scene)


def test_every_operation_is_one_of_the_models() -> None:
    assert set(OPERATIONS) | set(REFUSED) <= set(model_of("apigateway").operation_names)
    assert not set(OPERATIONS) & set(REFUSED)
    assert FUNCTION in URI


def test_no_domain_name_is_one_of_the_endpoint_or_of_another_account(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        api.env.is_own = Hosts().is_own
        for name in ("127.0.0.1", "*.amazonaws.com"):
            assert (await api.refused("CreateDomainName", domainName=name))[0] == "BadRequestException"
        theirs = Scope("222222222222", "us-east-1")
        for kind, name in (("apigateway", "a.example.com"), ("apigatewayv2", "*.example.org")):
            await api.env.resources.put(Resource(f"{kind}:domainname", theirs, "", name, "1", {}))
        for name in ("a.example.com", "b.example.org", "*.example.org"):
            assert (await api.refused("CreateDomainName", domainName=name))[0] == "ConflictException"

    with_api(tmp_path, scene)
