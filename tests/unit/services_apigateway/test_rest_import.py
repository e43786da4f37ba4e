"""OpenAPI documents, of both versions."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lambent.services.apigateway import openapi
from lambent.wire import openapi_text
from tests.unit.services_apigateway.api_kit import URI, Api, with_api

PET = {"type": "object", "properties": {"owner": {"$ref": "#/definitions/Owner"}}}
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "pets", "version": "2026"},
    "basePath": "/v1",
    "x-amazon-apigateway-binary-media-types": ["image/*"],
    "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}},
    "x-amazon-apigateway-request-validator": "all",
    "x-amazon-apigateway-gateway-responses": {"DEFAULT_4XX": {"responseParameters": {}, "statusCode": 418}},
    "securityDefinitions": {
        "lambda": {
            "type": "apiKey", "name": "Auth", "in": "header", "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": URI},
        },
        "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "iam": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
    },
    "definitions": {"Pet": PET, "Owner": {"type": "string"}},
    "paths": {
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True}],
            "post": {
                "operationId": "makePet",
                "parameters": [{"in": "body", "name": "b", "schema": {"$ref": "#/definitions/Pet"}}],
                "security": [{"lambda": []}, {"key": []}],
                "responses": {"200": {"schema": {"$ref": "#/definitions/Pet"}, "headers": {"A": {}}}},
                "x-amazon-apigateway-integration": {
                    "type": "aws", "httpMethod": "POST", "uri": URI, "passthroughBehavior": "when_no_templates",
                    "responses": {"default": {"statusCode": 200}, "no.*": {"statusCode": "404"}},
                },
            },
            "x-amazon-apigateway-any-method": {
                "security": [{"iam": []}],
                "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": URI},
            },
        },
        "/": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}},
    },
}  # fmt: skip
OPENAPI = """
openapi: 3.0.1
info: {title: pets3, version: 2026-01-01}
components:
  schemas:
    Pet: {type: object}
  securitySchemes:
    pool:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: cognito_user_pools
      x-amazon-apigateway-authorizer:
        type: cognito_user_pools
        providerARNs: ["arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_a"]
paths:
  /pets:
    get:
      security: [{pool: [read]}]
      parameters: [{name: q, in: query, required: true}]
      responses:
        200: {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "https://example.com/pets"}
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      x-amazon-apigateway-integration: {type: mock}
"""


def test_swagger(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.call("ImportRestApi", body=json.dumps(SWAGGER).encode())
        assert (made["name"], made["version"], made["binaryMediaTypes"]) == ("pets", "2026", ["image/*"])
        at = {"restApiId": made["id"]}
        resources = (await api.call("GetResources", **at, embed=["methods"]))["items"]
        by_path = {one["path"]: one for one in resources}
        assert set(by_path) == {"/", "/pets", "/pets/{id}"}
        post = by_path["/pets/{id}"]["resourceMethods"]["POST"]
        authorizer = (await api.call("GetAuthorizers", **at))["items"][0]
        assert authorizer["identitySource"] == "method.request.header.Auth"
        assert (post["authorizationType"], post["authorizerId"]) == ("CUSTOM", authorizer["id"])
        assert post["apiKeyRequired"] and post["operationName"] == "makePet"
        assert post["requestModels"] == {"application/json": "Pet"}
        assert post["requestParameters"] == {"method.request.path.id": True}
        assert post["methodResponses"]["200"]["responseParameters"] == {"method.response.header.A": False}
        integration = post["methodIntegration"]
        assert (integration["type"], integration["passthroughBehavior"]) == ("AWS", "WHEN_NO_TEMPLATES")
        assert integration["integrationResponses"]["404"]["selectionPattern"] == "no.*"
        assert "selectionPattern" not in integration["integrationResponses"]["200"]
        any_method = by_path["/pets/{id}"]["resourceMethods"]["ANY"]
        assert any_method["authorizationType"] == "AWS_IAM"
        pet = await api.call("GetModel", **at, modelName="Pet")
        link = f"https://apigateway.amazonaws.com/restapis/{made['id']}/models/Owner"
        assert json.loads(pet["schema"])["properties"]["owner"] == {"$ref": link}
        answer = await api.call("GetGatewayResponse", **at, responseType="DEFAULT_4XX")
        assert answer["statusCode"] == "418"
        await api.call("CreateDeployment", **at, stageName="dev")

    with_api(tmp_path, scene)


def test_what_stands_in_a_document_itself_is_a_model(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/definitions/Owner"}}}
    post = {
        "parameters": [{"in": "body", "name": "b", "schema": schema}],
        "responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}},
        "x-amazon-apigateway-integration": {"type": "mock"},
    }

    async def scene(api: Api) -> None:
        made = await api.call("ImportRestApi", body=json.dumps(SWAGGER | {"paths": {"/": {"post": post}}}).encode())
        method = await api.call("GetMethod", restApiId=made["id"], resourceId=made["rootResourceId"], httpMethod="POST")
        name = method["requestModels"]["application/json"]
        assert name.startswith("MODEL") and name.isalnum()
        model = await api.call("GetModel", restApiId=made["id"], modelName=name)
        assert json.loads(model["schema"])["required"] == ["a"]
        other = method["methodResponses"]["200"]["responseModels"]["application/json"]
        assert other.startswith("MODEL") and other != name

    with_api(tmp_path, scene)


def test_documentation_comes_in_and_goes_out_with_the_document(tmp_path: Path) -> None:
    whole = {"location": {"type": "API"}, "properties": {"description": "pets"}}
    method = {"location": {"type": "METHOD", "path": "/pets", "method": "GET"}, "properties": {"summary": "s"}}

    def document(*parts: Any) -> bytes:
        said = {"version": "1", "documentationParts": list(parts)}
        return json.dumps(SWAGGER | {"x-amazon-apigateway-documentation": said}).encode()

    async def scene(api: Api) -> None:
        made = await api.call("ImportRestApi", body=document(whole))
        at = {"restApiId": made["id"]}
        await api.call("CreateDocumentationVersion", **at, documentationVersion="1.0")
        await api.call("CreateDeployment", **at, stageName="dev")
        version = [{"op": "replace", "path": "/documentationVersion", "value": "1.0"}]
        await api.call("UpdateStage", **at, stageName="dev", patchOperations=version)

        async def parts() -> list[dict[str, Any]]:
            found = (await api.call("GetDocumentationParts", **at))["items"]
            return [{"location": one["location"], "properties": json.loads(one["properties"])} for one in found]

        async def exported() -> Any:
            how = {"exportType": "swagger", "parameters": {"extensions": "documentation"}}
            body = (await api.call("GetExport", **at, stageName="dev", **how))["body"]
            return json.loads(body)["x-amazon-apigateway-documentation"]

        assert await parts() == [whole]
        changed = whole | {"properties": {"description": "dogs"}}
        await api.call("PutRestApi", **at, mode="merge", body=document(changed, method))
        assert sorted(await parts(), key=str) == sorted([changed, method], key=str)
        assert await exported() == {"version": "1.0", "documentationParts": [whole]}
        ignored = {"ignore": "documentation"}
        await api.call("PutRestApi", **at, mode="overwrite", body=document(), parameters=ignored)
        assert len(await parts()) == 2
        await api.call("PutRestApi", **at, mode="overwrite", body=document(method))
        assert await parts() == [method]

    with_api(tmp_path, scene)


def test_what_an_imported_integration_may_map(tmp_path: Path) -> None:
    header = "method.response.header.A"
    response = {"statusCode": "200", "responseParameters": {header: "'x'"}}
    mapped = {"type": "mock", "requestParameters": {"integration.request.path.p": "method.request.path.p"}}
    wrong = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping "

    async def scene(api: Api) -> None:
        async def refused(**operation: Any) -> str:
            document = SWAGGER | {"paths": {"/{p}": {"get": operation}}}
            return (await api.refused("ImportRestApi", body=json.dumps(document).encode()))[1]

        place = "on 'GET' for resource at path '/{p}'"
        assert await refused(**{"x-amazon-apigateway-integration": mapped}) == (
            f"Errors found during import:\n\tUnable to put integration {place}: {wrong}expression parameter specified: "
            "method.request.path.p]"
        )
        answers = {"type": "mock", "responses": {"default": response}}
        assert await refused(**{"x-amazon-apigateway-integration": answers}) == (
            f"Errors found during import:\n\tUnable to put integration response {place}: {wrong}expression parameter "
            f"specified: {header}]"
        )

    with_api(tmp_path, scene)


def test_openapi_in_yaml(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.call(
            "ImportRestApi", body=OPENAPI.encode(), parameters={"endpointConfigurationTypes": "REGIONAL"}
        )
        assert (made["version"], made["endpointConfiguration"]["types"]) == ("2026-01-01", ["REGIONAL"])
        resources = (await api.call("GetResources", restApiId=made["id"], embed=["methods"]))["items"]
        methods = next(one for one in resources if one["path"] == "/pets")["resourceMethods"]
        assert methods["GET"]["authorizationScopes"] == ["read"]
        assert methods["GET"]["authorizationType"] == "COGNITO_USER_POOLS"
        assert methods["GET"]["requestParameters"] == {"method.request.querystring.q": True}
        assert methods["GET"]["methodResponses"]["200"]["responseModels"] == {"application/json": "Pet"}
        assert methods["POST"]["requestModels"] == {"application/json": "Pet"}

    with_api(tmp_path, scene)


@pytest.mark.parametrize(("how", "paths"), [("prepend", {"/", "/v1", "/v1/a"}), ("ignore", {"/", "/a"})])
def test_the_base_path(tmp_path: Path, how: str, paths: set[str]) -> None:
    document = {"swagger": "2.0", "info": {"title": "t"}, "basePath": "/v1", "paths": {"/a": {}}}

    async def scene(api: Api) -> None:
        made = await api.call("ImportRestApi", body=json.dumps(document).encode(), parameters={"basepath": how})
        resources = await api.call("GetResources", restApiId=made["id"])
        assert {one["path"] for one in resources["items"]} == paths

    with_api(tmp_path, scene)


def test_put_over_what_is_there(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api()
        old = await api.call("CreateResource", restApiId=name, parentId=root, pathPart="old")
        await api.method(name, old["id"])
        await api.call("CreateDeployment", restApiId=name, stageName="dev")
        body = json.dumps(SWAGGER).encode()
        merged = await api.call("PutRestApi", restApiId=name, mode="merge", body=body)
        paths = {one["path"] for one in (await api.call("GetResources", restApiId=name))["items"]}
        assert paths == {"/", "/old", "/pets", "/pets/{id}"} and merged["name"] == "pets"
        await api.call("PutRestApi", restApiId=name, mode="overwrite", body=body)
        await api.call("PutRestApi", restApiId=name, mode="overwrite", body=body)
        items = (await api.call("GetResources", restApiId=name))["items"]
        assert {one["path"] for one in items} == {"/", "/pets", "/pets/{id}"}
        assert root in {one["id"] for one in items}
        assert len((await api.call("GetAuthorizers", restApiId=name))["items"]) == 1
        assert (await api.call("GetStage", restApiId=name, stageName="dev"))["deploymentId"]

    with_api(tmp_path, scene)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[",
        "[]",
        "nonsense",
        "{}",
        "openapi: 3.1.0\npaths: {}",
        "swagger: '2.0'\npaths: {/a: {get: [1]}}",
        "swagger: '2.0'\npaths: 1",
        "swagger: '2.0'\ninfo: []\npaths: {/a: {get: {parameters: 7}}}",
        f"swagger: '2.0'\npaths: {{}}\n{BOMB}",
        "swagger: '2.0'\npaths: {/a: {get: {x-amazon-apigateway-integration: {type: http, uri: nowhere}}}}",
        "swagger: '2.0'\npaths: {}\nx-amazon-apigateway-gateway-responses: {DEFAULT_4XX: {statusCode: x}}",
        "!!python/object/apply:os.system ['true']",
    ],
)
def test_what_is_no_document(tmp_path: Path, body: str) -> None:
    async def scene(api: Api) -> None:
        if body:
            assert (await api.refused("ImportRestApi", body=body.encode()))[0] == "BadRequestException"
        assert [one.kind for one in api.store.resources] == []

    with_api(tmp_path, scene)


def test_warnings(tmp_path: Path) -> None:
    document = {
        "openapi": "3.0.0", "info": {"title": "t"}, "paths": {},
        "components": {"schemas": {"not-plain": {}, "Other": {"$ref": "file:///etc/passwd"}}},
    }  # fmt: skip

    async def scene(api: Api) -> None:
        body = json.dumps(document).encode()
        code, text = await api.refused("ImportRestApi", body=body, failOnWarnings=True)
        assert code == "BadRequestException" and "not-plain" in text
        assert len((await api.call("ImportRestApi", body=body))["warnings"]) == 2

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 8)}]\n" for n in range(20)),
        "a: &a {" + ", ".join(f"k{n}: 1" for n in range(900)) + "}\n"
        + "".join(f"x{n}:\n  <<: [{', '.join(['*a'] * 200)}]\n" for n in range(500)),
        "[" * 50_000,
        "paths:\n" + "".join(" " * n + "a:\n" for n in range(1, 400)),
        "a: &a\n  b: *a\n",
        '{"a":' * 50_000,
    ],
)  # fmt: skip
def test_a_document_that_is_a_bomb_is_refused_in_a_moment(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=r"unfolds|deep|neither"):
        openapi_text.read(text.encode())
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [" + "x, " * openapi_text.VALUES + "]", "too many values"),
        ("a: 0x" + "f" * 40, "too large"),
        ("a: " + "[" * 300 + "]" * 300, "nested too deeply"),
    ],
    ids=["values", "number", "depth"],
)
def test_what_no_definition_of_an_api_has_is_refused_by_what_it_is(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        openapi_text.read(text.encode())


@pytest.mark.parametrize("servers", [{"variables": {"basePath": {"default": "/v1"}}}, ["https://a"], "https://a"])
def test_servers_of_another_shape_are_passed_over(servers: Any) -> None:
    document = {"openapi": "3.0.1", "info": {"title": "a"}, "servers": servers, "paths": {"/a": {"get": {}}}}
    assert set(openapi.read(document, "prepend").methods) == {"/a"}


FULL = "Maximum number of resources for this API"


def test_an_api_has_as_many_resources_as_on_aws(tmp_path: Path) -> None:
    def document(number: int) -> bytes:
        paths = {f"/a{one}/b{one}": {"get": {}} for one in range(number)}
        return json.dumps({"openapi": "3.0.1", "info": {"title": "many", "version": "1"}, "paths": paths}).encode()

    async def scene(api: Api) -> None:
        began = time.process_time()
        for number in (151, 20_000):
            code, text = await api.refused("ImportRestApi", body=document(number))
            assert (code, text.split(" has ")[0]) == ("LimitExceededException", FULL)
        assert time.process_time() - began < 8
        made = await api.call("ImportRestApi", body=document(150))
        root = (await api.call("GetResources", restApiId=made["id"], limit=500))["items"]
        assert len(root) == 301
        child = {"restApiId": made["id"], "parentId": made["rootResourceId"], "pathPart": "c"}
        assert (await api.refused("CreateResource", **child))[1].startswith(FULL)

    with_api(tmp_path, scene)
