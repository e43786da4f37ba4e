"""OpenAPI documents as HTTP APIs."""

from pathlib import Path

import pytest

from tests.unit.services_apigatewayv2.http_kit import FUNCTION, URI, Api, document, with_api

PETS = f"""
openapi: 3.0.1
info: {{title: pets, version: 2020-01-01, description: all of them}}
x-amazon-apigateway-cors: {{allowOrigins: ["https://a.test"], allowMethods: [GET], maxAge: 5}}
tags: [{{name: team, x-amazon-apigateway-tag-value: one}}]
components:
  securitySchemes:
    jwt:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration: {{issuer: "https://issuer.test", audience: [me]}}
    fn:
      type: apiKey
      name: x
      in: header
      x-amazon-apigateway-authorizer:
        type: request
        authorizerUri: {URI}
        authorizerPayloadFormatVersion: 2.0
        enableSimpleResponses: true
        identitySource: "$request.header.x, $request.querystring.y"
  x-amazon-apigateway-integrations:
    shared: {{type: AWS_PROXY, httpMethod: POST, uri: "{FUNCTION}", payloadFormatVersion: "2.0"}}
paths:
  /pets/{{id}}:
    get:
      operationId: getPet
      security: [{{jwt: [read]}}]
      x-amazon-apigateway-integration: {{$ref: "#/components/x-amazon-apigateway-integrations/shared"}}
    x-amazon-apigateway-any-method:
      security: [{{fn: []}}]
      x-amazon-apigateway-integration: {{$ref: "#/components/x-amazon-apigateway-integrations/shared"}}
  /web:
    get:
      x-amazon-apigateway-integration: {{type: http_proxy, httpMethod: GET, uri: "https://example.com"}}
  /$default:
    x-amazon-apigateway-any-method:
      isDefaultRoute: true
      x-amazon-apigateway-integration: {{$ref: "#/components/x-amazon-apigateway-integrations/shared"}}
"""


def test_a_document_becomes_an_api(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.call("ImportApi", Body=PETS)
        assert (made["Name"], made["Version"], made["Tags"]) == ("pets", "2020-01-01", {"team": "one"})
        assert made["CorsConfiguration"] == {"AllowOrigins": ["https://a.test"], "AllowMethods": ["GET"], "MaxAge": 5}
        key = {"ApiId": made["ApiId"]}
        routes = {one["RouteKey"]: one for one in (await api.call("GetRoutes", **key))["Items"]}
        assert set(routes) == {"GET /pets/{id}", "ANY /pets/{id}", "GET /web", "$default"}
        get = routes["GET /pets/{id}"]
        assert (get["AuthorizationType"], get["AuthorizationScopes"], get["OperationName"]) == (
            "JWT",
            ["read"],
            "getPet",
        )
        assert routes["ANY /pets/{id}"]["AuthorizationType"] == "CUSTOM"
        assert get["Target"] == routes["$default"]["Target"]
        integrations = (await api.call("GetIntegrations", **key))["Items"]
        assert sorted(one["IntegrationType"] for one in integrations) == ["AWS_PROXY", "HTTP_PROXY"]
        authorizers = {one["Name"]: one for one in (await api.call("GetAuthorizers", **key))["Items"]}
        assert authorizers["fn"]["IdentitySource"] == ["$request.header.x", "$request.querystring.y"]
        assert authorizers["jwt"]["JwtConfiguration"] == {"Issuer": "https://issuer.test", "Audience": ["me"]}
        await api.call("CreateStage", **key, StageName="$default", AutoDeploy=True)
        assert document(await api.ask(made["ApiId"], "/x"))["routeKey"] == "$default"
        assert (await api.ask(made["ApiId"], "/pets/1")).status == 401

    with_api(tmp_path, scene)


def test_a_document_takes_the_place_of_what_there_was(tmp_path: Path) -> None:
    new = f"""{{"openapi": "3.0.1", "info": {{"title": "new"}}, "paths": {{"/a": {{"get": {{
      "x-amazon-apigateway-integration": {{"type": "aws_proxy", "uri": "{FUNCTION}",
      "payloadFormatVersion": "2.0"}}}}}}}}}}"""

    async def scene(api: Api) -> None:
        made = await api.call("ImportApi", Body=PETS)
        key = {"ApiId": made["ApiId"]}
        await api.call("CreateStage", **key, StageName="$default", AutoDeploy=True)
        again = await api.call("ReimportApi", **key, Body=new)
        assert (again["ApiId"], again["Name"], "CorsConfiguration" in again) == (made["ApiId"], "new", False)
        assert [one["RouteKey"] for one in (await api.call("GetRoutes", **key))["Items"]] == ["GET /a"]
        assert [(await api.ask(made["ApiId"], path)).status for path in ("/a", "/x")] == [200, 404]

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "{", "openapi: 2", '{"openapi": "3.0.1", "x-amazon-apigateway-cors": {"allowOrigins": "*"}}',
        '{"openapi": "3.0.1", "paths": []}', '{"openapi": "3.0.1", "paths": {"/a": 1}}',
        '{"openapi": "3.0.1", "paths": {"/a": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}}',
        '{"openapi": "3.0.1", "paths": {"/a": {"get": {"x-amazon-apigateway-integration": {"$ref": "#/no"}}}}}',
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_and_leaves_nothing(tmp_path: Path, body: str) -> None:
    async def scene(api: Api) -> None:
        assert (await api.refused("ImportApi", Body=body))[0] == "BadRequestException"
        assert (await api.call("GetApis"))["Items"] == []

    with_api(tmp_path, scene)


def test_warnings_can_fail_an_import(tmp_path: Path) -> None:
    body = '{"openapi": "3.0.1", "info": {"title": "x"}, "paths": {"/a": {"get": {}}}}'

    async def scene(api: Api) -> None:
        assert (await api.call("ImportApi", Body=body))["Warnings"] == [
            "No integration is defined for the route GET /a"
        ]
        assert (await api.refused("ImportApi", Body=body, FailOnWarnings=True))[0] == "BadRequestException"

    with_api(tmp_path, scene)
