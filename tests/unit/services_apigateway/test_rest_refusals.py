"""What the control plane refuses, in AWS's words, and which members it shows by default."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.services_apigateway.api_kit import URI, Api, with_api

BAD, MISSING, TAKEN = "BadRequestException", "NotFoundException", "ConflictException"
NO_OPERATION = "Invalid patch path  '{}' specified for op '{}'. Please choose supported operations"
OTHER_PATH = "Invalid patch path  '{}' specified for op 'replace'. Must be one of: [{}]"


def patch(op: str, path: str, value: str | None = None, **more: str) -> dict[str, Any]:
    return {"op": op, "path": path} | ({} if value is None else {"value": value}) | more


def test_patches_of_one_kind_are_refused_with_the_paths_that_there_are(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name}
        child = await api.call("CreateResource", **at, parentId=root, pathPart="a")
        validator = await api.call("CreateRequestValidator", **at, name="v")
        part = await api.call("CreateDocumentationPart", **at, location={"type": "API"}, properties="{}")
        for operation, params, paths in (
            ("UpdateModel", {"modelName": "Empty"}, "/description, /schema"),
            ("UpdateResource", {"resourceId": child["id"]}, "/parentId, /pathPart"),
            (
                "UpdateRequestValidator",
                {"requestValidatorId": validator["id"]},
                "/name, /validateRequestParameters, /validateRequestBody",
            ),
            ("UpdateDocumentationPart", {"documentationPartId": part["id"]}, "/properties"),
        ):
            first = paths.split(",")[0]
            refused = await api.refused(operation, **at, **params, patchOperations=[patch("add", first, "x")])
            assert refused == (BAD, NO_OPERATION.format(first, "add"))
            refused = await api.refused(operation, **at, **params, patchOperations=[patch("replace", "/no", "x")])
            assert refused == (BAD, OTHER_PATH.format("/no", paths))

    with_api(tmp_path, scene)


def test_patches_of_the_other_kinds_are_refused_with_the_path(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api(binaryMediaTypes=["a/a", "b/b", "c/c"])
        await api.method(name, root)
        at = {"restApiId": name}
        method = at | {"resourceId": root, "httpMethod": "GET"}
        response = at | {"responseType": "THROTTLED"}
        only_replace = "Invalid patch operation specified. Must be one of: [replace]"
        for operation, params, one, text in (
            ("UpdateRestApi", at, patch("add", "/minimumCompressionSize", "1"), only_replace),
            ("UpdateRestApi", at, patch("replace", "/id", "1"), "Invalid patch path /id"),
            ("UpdateRestApi", at, patch("add", "/binaryMediaTypes", "d/d"), "Invalid patch path /binaryMediaTypes"),
            (
                "UpdateRestApi",
                at,
                patch("replace", "/minimumCompressionSize", "x"),
                "Invalid minimum compression size, must be between 0 and 10485760",
            ),
            ("UpdateMethod", method, patch("add", "/authorizationType", "NONE"), only_replace),
            ("UpdateMethod", method, patch("remove", "/requestValidatorId"), only_replace),
            ("UpdateMethod", method, patch("replace", "/no", "x"), "Invalid patch path /no"),
            (
                "UpdateMethod",
                method,
                patch("add", "/requestModels/application/json", "Empty"),
                "Invalid patch path /requestModels/application/json",
            ),
            (
                "UpdateMethod",
                method,
                patch("replace", "/requestValidatorId", "none"),
                "Invalid Request Validator identifier specified",
            ),
            ("UpdateGatewayResponse", response, patch("add", "/statusCode", "1"), "Invalid patch path /statusCode"),
            ("UpdateGatewayResponse", response, patch("replace", "/no", "1"), "Invalid patch path /no"),
            (
                "UpdateGatewayResponse",
                response,
                patch("add", "/responseParameters/gatewayresponse.header.a"),
                "Invalid null or empty value in responseParameters",
            ),
        ):
            assert await api.refused(operation, **params, patchOperations=[one]) == (BAD, text)
        lacking = patch("replace", "/responseParameters/gatewayresponse.header.a", "'b'")
        refused = await api.refused("UpdateGatewayResponse", **response, patchOperations=[lacking])
        assert refused == (MISSING, "Invalid parameter name specified")
        moved = [patch("replace", "/binaryMediaTypes/a~1a", "z/z")]
        changed = await api.call("UpdateRestApi", **at, patchOperations=moved)
        assert changed["binaryMediaTypes"] == ["b/b", "c/c", "z/z"] and changed["tags"] == {}

    with_api(tmp_path, scene)


def test_a_method_takes_what_it_can_use(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        await api.method(name, root)
        validator = await api.call("CreateRequestValidator", restApiId=name, name="v")
        at = {"restApiId": name, "resourceId": root, "httpMethod": "GET"}
        changed = await api.call(
            "UpdateMethod",
            **at,
            patchOperations=[
                patch("replace", "/requestValidatorId", validator["id"]),
                patch("replace", "/authorizerId", "nobody"),
                patch("add", "/requestParameters/method.request.header.a", "yes"),
            ],
        )
        assert changed["requestValidatorId"] == validator["id"] and "authorizerId" not in changed
        assert changed["requestParameters"] == {"method.request.header.a": False}
        emptied = [
            patch("replace", "/requestValidatorId", ""),
            patch("remove", "/requestParameters/method.request.header.a"),
        ]
        changed = await api.call("UpdateMethod", **at, patchOperations=emptied)
        assert "requestValidatorId" not in changed and "requestParameters" not in changed
        twice = {"method.request.header.a": True, "method.request.querystring.a": True}
        refused = await api.refused(
            "PutMethod", **(at | {"httpMethod": "POST"}), authorizationType="none", requestParameters=twice
        )
        assert refused == (BAD, "Parameter names must be unique across querystring, header and path")

    with_api(tmp_path, scene)


def _wrong(what: str, said: str) -> tuple[str, str]:
    text = f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{what}: {said}]"
    return BAD, text


UNDECLARED, NONE = "Invalid mapping expression parameter specified", "Invalid mapping expression specified"


@pytest.mark.parametrize(
    ("target", "source", "what"),
    [
        ("integration.request.path.id", "method.request.path.id", ""),
        ("integration.request.querystring.q", "method.request.multivaluequerystring.q", ""),
        ("integration.request.header.A", "method.request.header.x-a", ""),
        ("integration.request.header.A", "method.request.body.a[0]", ""),
        ("integration.request.header.A", "method.request.body", ""),
        ("integration.request.header.A", "'text, \n too'", ""),
        ("integration.request.header.A", "context.requestId", ""),
        ("integration.request.header.A", "stageVariables.a", ""),
        ("integration.request.header.A", "method.request.header.x-b", UNDECLARED),
        ("integration.request.path.proxy", "method.request.path.proxy", UNDECLARED),
        ("integration.request.querystring.q", "method.request.querystring.r", UNDECLARED),
        ("integration.request.header.A", "text", NONE),
        ("integration.request.header.A", "integration.response.header.a", NONE),
        ("integration.request.body.a", "'x'", NONE),
    ],
)
def test_what_an_integration_may_map(tmp_path: Path, target: str, source: str, what: str) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name, "resourceId": root, "httpMethod": "GET"}
        declared = {f"method.request.{one}": False for one in ("path.id", "querystring.q", "header.X-A")}
        await api.call("PutMethod", **at, authorizationType="NONE", requestParameters=declared)
        await api.call("PutIntegration", **at, type="MOCK")
        given = {"type": "MOCK", "requestParameters": {target: source}}
        added = [patch("add", "/requestParameters/" + target.replace("/", "~1"), source)]
        if not what:
            assert (await api.call("PutIntegration", **at, **given))["requestParameters"] == {target: source}
            await api.call("UpdateIntegration", **at, patchOperations=added)
            return
        wrong = _wrong(what, source if "body.a" not in target else target)
        assert await api.refused("PutIntegration", **at, **given) == wrong
        assert await api.refused("UpdateIntegration", **at, patchOperations=added) == wrong

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    ("target", "source", "what"),
    [
        ("method.response.header.a", "integration.response.header.b", ""),
        ("method.response.header.A", "integration.response.body[0].c", ""),
        ("method.response.header.A", "'*'", ""),
        ("method.response.header.B", "'*'", UNDECLARED),
        ("method.response.header.A", "*", NONE),
        ("method.response.header.A", "method.request.header.a", NONE),
    ],
)
def test_what_an_integration_response_may_map(tmp_path: Path, target: str, source: str, what: str) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name, "resourceId": root, "httpMethod": "GET"}
        await api.call("PutMethod", **at, authorizationType="NONE")
        await api.call("PutIntegration", **at, type="MOCK")
        declared = {"method.response.header.A": False}
        await api.call("PutMethodResponse", **at, statusCode="200", responseParameters=declared)
        given = {"statusCode": "200", "responseParameters": {target: source}}
        if not what:
            assert (await api.call("PutIntegrationResponse", **at, **given))["responseParameters"] == {target: source}
            return
        wrong = _wrong(what, target if what == UNDECLARED else source)
        assert await api.refused("PutIntegrationResponse", **at, **given) == wrong

    with_api(tmp_path, scene)


def test_a_stage_and_its_canary(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        await api.method(name, root)
        at = {"restApiId": name, "stageName": "dev"}
        refused = await api.refused("CreateDeployment", restApiId=name, canarySettings={"percentTraffic": 1.0})
        assert refused == (
            BAD,
            "Invalid deployment content specified.Non null and non empty stageName must be provided for canary "
            "deployment. Provided value is null",
        )
        await api.call("CreateDeployment", **at, variables={"a": "1"})
        new = await api.call("CreateDeployment", restApiId=name)

        async def patched(*operations: dict[str, Any]) -> tuple[str, str]:
            return await api.refused("UpdateStage", **at, patchOperations=list(operations))

        code, text = await patched(patch("replace", "/no/where", "1"))
        assert code == BAD and text.startswith(
            "Invalid method setting path: /no/where. Must be one of: [/deploymentId, /description, /cacheClusterEnabled"
        )
        assert "/*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching" in text
        assert "burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/cach" in text
        assert (await patched(patch("remove", "/*/*")))[1] == (
            "Cannot remove method setting */* because there is no method setting for this method "
        )
        assert (await patched(patch("add", "/canarySettings/percentTraffic", "1")))[1] == (
            "Invalid add operation with path: /canarySettings/percentTraffic"
        )
        assert (await patched(patch("add", "/canarySettings/no", "1")))[1] == (
            "Cannot add method setting canarySettings/no because there is no method setting for this method "
        )
        assert (await patched(patch("replace", "/deploymentId", "none")))[1] == "Deployment id does not exist"
        promote = patch("copy", "/deploymentId", **{"from": "/canarySettings/deploymentId"})
        assert (await patched(promote))[1] == "Promotion not available. Canary does not exist."
        assert (await patched(patch("copy", "/variables", **{"from": "/variables"})))[1] == (
            "Invalid copy operation with path: /variables and from /variables. Valid copy:path are [/deploymentId, "
            "/variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
        )
        made = [
            patch("replace", "/canarySettings/deploymentId", new["id"]),
            patch("replace", "/canarySettings/stageVariableOverrides/b", "2"),
        ]
        stage = await api.call("UpdateStage", **at, patchOperations=made)
        assert stage["canarySettings"] == {
            "deploymentId": new["id"],
            "percentTraffic": 0.0,
            "useStageCache": False,
            "stageVariableOverrides": {"b": "2"},
        }
        variables = patch("copy", "/variables", **{"from": "/canarySettings/stageVariableOverrides"})
        stage = await api.call(
            "UpdateStage", **at, patchOperations=[promote, variables, patch("remove", "/canarySettings")]
        )
        assert stage["deploymentId"] == new["id"] and stage["variables"] == {"a": "1", "b": "2"}
        assert "canarySettings" not in stage

    with_api(tmp_path, scene)


def test_what_is_not_there_is_said_in_the_words_of_what_was_asked_for(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        at = {"restApiId": "nothing"}
        here = at | {"resourceId": "r", "httpMethod": "GET"}
        no_resource = (MISSING, "Invalid Resource identifier specified")
        assert await api.refused("PutMethod", **here, authorizationType="NONE") == no_resource
        assert await api.refused("GetMethod", **here) == no_resource
        assert await api.refused("GetModel", **at, modelName="M") == (MISSING, "Invalid model name specified: M")
        assert await api.refused("GetRequestValidator", **at, requestValidatorId="v") == (
            MISSING,
            "Invalid Request Validator identifier specified",
        )
        assert await api.refused("CreateRequestValidator", **at) == (BAD, "Invalid REST API identifier specified")
        assert (await api.refused("CreateAuthorizer", **at, name="a", type="TOKEN"))[0] == TAKEN
        assert await api.refused("GetResources", **at) == (
            MISSING,
            "Invalid API identifier specified 111111111111:nothing",
        )
        name, _ = await api.api()
        assert await api.refused("DeleteGatewayResponse", restApiId=name, responseType="THROTTLED") == (
            MISSING,
            "Gateway response type not defined on api",
        )

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    ("operation", "params", "text"),
    [
        ("CreateRestApi", {"name": "a", "description": ""}, "Description cannot be an empty string"),
        (
            "CreateRestApi",
            {"name": "a", "endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}},
            "Cannot create an api with multiple Endpoint Types.",
        ),
        (
            "CreateRestApi",
            {"name": "a", "endpointConfiguration": {"types": []}},
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
        ),
    ],
)
def test_what_can_not_be_created(tmp_path: Path, operation: str, params: dict[str, Any], text: str) -> None:
    async def scene(api: Api) -> None:
        assert await api.refused(operation, **params) == (BAD, text)

    with_api(tmp_path, scene)


def test_models_and_the_small_kinds(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name}
        kind = {"contentType": "application/json"}
        no_schema = (BAD, "Model schema must have at least 1 property or array items defined")
        assert await api.refused("CreateModel", **at, **kind, name="", schema="{}") == (
            BAD,
            "Model name must be non-empty",
        )
        assert await api.refused("CreateModel", **at, **kind, name="M") == no_schema
        made = await api.call("CreateModel", **at, **kind, name="M", schema="{}", description="")
        assert "description" not in made
        emptied = [patch("replace", "/schema", "")]
        assert await api.refused("UpdateModel", **at, modelName="M", patchOperations=emptied) == no_schema
        validator = await api.call("CreateRequestValidator", **at, name="v")
        assert await api.refused(
            "UpdateRequestValidator", **at, requestValidatorId=validator["id"],
            patchOperations=[patch("replace", "/name", "")],
        ) == (BAD, "Request Validator name cannot be blank")  # fmt: skip
        part = await api.call("CreateDocumentationPart", **at, location={"type": "API"}, properties="{}")
        assert await api.refused(
            "UpdateDocumentationPart", **at, documentationPartId=part["id"],
            patchOperations=[patch("replace", "/properties", "")],
        ) == (BAD, "Documentation part properties must be non-empty")  # fmt: skip
        child = await api.call("CreateResource", **at, parentId=root, pathPart="a")
        beneath = await api.call("CreateResource", **at, parentId=child["id"], pathPart="b")
        assert await api.refused(
            "UpdateResource", **at, resourceId=child["id"],
            patchOperations=[patch("replace", "/parentId", beneath["id"])],
        ) == (BAD, "Resources cannot be cyclical.")  # fmt: skip

    with_api(tmp_path, scene)


def test_what_is_shown_by_default(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.call("CreateRestApi", name="a", binaryMediaTypes=[], tags={})
        assert set(made) == {
            "id", "name", "createdDate", "apiKeySource", "endpointConfiguration", "disableExecuteApiEndpoint",
            "rootResourceId",
        }  # fmt: skip
        at = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
        await api.call("PutMethod", **at, authorizationType="NONE")
        web = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "https://example.com"}
        assert await api.call("PutIntegration", **at, **web) == {
            "type": "HTTP_PROXY",
            "httpMethod": "GET",
            "uri": "https://example.com",
            "connectionType": "INTERNET",
            "passthroughBehavior": "WHEN_NO_MATCH",
            "timeoutInMillis": 29000,
            "cacheNamespace": made["rootResourceId"],
            "cacheKeyParameters": [],
            "responseTransferMode": "BUFFERED",
        }
        plan = await api.call("CreateUsagePlan", name="p", quota={"limit": 1, "period": "DAY"})
        assert plan["quota"] == {"limit": 1, "period": "DAY", "offset": 0} and "tags" not in plan
        assert (await api.call("GetUsagePlan", usagePlanId=plan["id"]))["tags"] == {}
        for value, text in (
            ("x", "Invalid API Stage specified"),
            ("x:y", f"Invalid API Stage {{api: x, stage: y}} specified for usageplan {plan['id']}"),
        ):
            operations = [patch("remove", "/apiStages", value)]
            refused = await api.refused("UpdateUsagePlan", usagePlanId=plan["id"], patchOperations=operations)
            assert refused[1] == text
        put = await api.call("PutGatewayResponse", restApiId=made["id"], responseType="THROTTLED")
        assert put == {
            "responseType": "THROTTLED",
            "statusCode": "429",
            "responseParameters": {},
            "responseTemplates": {"application/json": '{"message":$context.error.messageString}'},
            "defaultResponse": False,
        }

    with_api(tmp_path, scene)


def test_a_domain_name_is_there_once(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        await api.call("CreateDomainName", domainName="a.example.com")
        refused = await api.refused("CreateDomainName", domainName="a.example.com")
        assert refused == (BAD, "The domain name you provided already exists.")

    with_api(tmp_path, scene)


def test_what_the_model_refuses(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name, "resourceId": root, "httpMethod": "GET"}
        for operation, params, text in (
            (
                "PutIntegration",
                at | {"type": "X"},
                "Value 'X' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value "
                "set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]",
            ),
            (
                "CreateRestApi",
                {"name": "a", "endpointConfiguration": {"types": ["X"]}},
                "Value '[X]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member "
                "must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]",
            ),
            (
                "UpdateGatewayResponse",
                {"restApiId": name, "responseType": "THROTTLED", "patchOperations": [patch("x", "/statusCode")]},
                "Value 'x' at 'updateGatewayResponseInput.patchOperations.1.member.op' failed to satisfy constraint: "
                "Member must satisfy enum value set: [add, remove, move, test, replace, copy]",
            ),
        ):
            refused = await api.refused(operation, **params)
            assert refused == ("ValidationException", f"1 validation error detected: {text}")
        code, text = await api.refused("GetGatewayResponse", restApiId=name, responseType="X")
        assert code == "ValidationException" and "Value 'X' at 'responseType' failed" in text

    with_api(tmp_path, scene)


def test_an_integration_that_streams_may_take_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        at = {"restApiId": name, "resourceId": root, "httpMethod": "POST"}
        await api.call("PutMethod", **at, authorizationType="NONE")
        proxy = {"type": "AWS_PROXY", "integrationHttpMethod": "POST"}
        streamed = {"uri": URI.replace("/invocations", "/response-streaming-invocations")}
        given = proxy | streamed | {"responseTransferMode": "STREAM"}
        assert (await api.call("PutIntegration", **at, **given, timeoutInMillis=900_000))["timeoutInMillis"] == 900_000
        for more, most in ((given, 900_000), (proxy | {"uri": URI}, 29_000)):
            for millis in (49, most + 1):
                refused = await api.refused("PutIntegration", **at, **more, timeoutInMillis=millis)
                assert refused == (BAD, f"Timeout should be between 50 ms and {most} ms")

    with_api(tmp_path, scene)
