"""What a stage serves as an OpenAPI document, and the same API made of it again."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.services_apigateway.api_kit import URI, Api, with_api
from tests.unit.services_apigateway.test_rest_import import OPENAPI, SWAGGER

ALL = {"extensions": "apigateway"}


async def exported(api: Api, body: bytes, kind: str, **more: Any) -> dict[str, Any]:
    """The document of an API that was made of a document."""
    made = await api.call("ImportRestApi", body=body)
    await api.call("CreateDeployment", restApiId=made["id"], stageName="dev")
    said = await api.call("GetExport", restApiId=made["id"], stageName="dev", exportType=kind, **more)
    text = said["body"].read() if hasattr(said["body"], "read") else said["body"]
    in_yaml = str(more.get("accepts")).endswith("yaml")
    document: dict[str, Any] = yaml.safe_load(text) if in_yaml else json.loads(text)
    version, extension = document["info"]["version"], "yaml" if in_yaml else "json"
    assert said["contentType"] == "application/octet-stream"
    assert said["contentDisposition"] == f'attachment; filename="{kind}_{version}.{extension}"'
    return document


def test_swagger_comes_out_as_it_was_brought_in(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        document = await exported(api, json.dumps(SWAGGER).encode(), "swagger", parameters=ALL)
        assert (document["swagger"], document["basePath"], document["schemes"]) == ("2.0", "/dev", ["https"])
        post = document["paths"]["/pets/{id}"]["post"]
        assert post["parameters"] == [
            {"name": "id", "in": "path", "required": True, "type": "string"},
            {"in": "body", "name": "Pet", "required": True, "schema": {"$ref": "#/definitions/Pet"}},
        ]
        assert post["security"] == [{"lambda": []}, {"api_key": []}]
        assert post["x-amazon-apigateway-integration"] == {
            "type": "aws", "httpMethod": "POST", "uri": URI, "passthroughBehavior": "when_no_templates",
            "timeoutInMillis": 29000, "responses": {"default": {"statusCode": "200"}, "no.*": {"statusCode": "404"}},
        }  # fmt: skip
        assert document["paths"]["/pets/{id}"]["x-amazon-apigateway-any-method"]["security"] == [{"sigv4": []}]
        assert document["definitions"]["Pet"]["properties"]["owner"] == {"$ref": "#/definitions/Owner"}
        assert document["x-amazon-apigateway-binary-media-types"] == ["image/*"]
        authorizer = document["securityDefinitions"]["lambda"]["x-amazon-apigateway-authorizer"]
        assert (authorizer["type"], authorizer["authorizerUri"]) == ("token", URI)
        assert document["x-amazon-apigateway-gateway-responses"]["DEFAULT_4XX"] == {"statusCode": "418"}

    with_api(tmp_path, scene)


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
@pytest.mark.parametrize("body", [json.dumps(SWAGGER).encode(), OPENAPI.encode()])
def test_what_is_made_of_an_export_is_exported_alike(tmp_path: Path, body: bytes, kind: str) -> None:
    async def scene(api: Api) -> None:
        first = await exported(api, body, kind, parameters=ALL)
        second = await exported(api, json.dumps(first).encode(), kind, parameters=ALL)
        for document in (first, second):
            document.pop("host", None), document.pop("servers", None)
        assert second == first

    with_api(tmp_path, scene)


def test_openapi_3_in_yaml_and_only_the_extensions_that_are_asked_for(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        plain = await exported(api, OPENAPI.encode(), "oas30", accepts="application/yaml")
        get = plain["paths"]["/pets"]["get"]
        assert plain["openapi"] == "3.0.1" and plain["servers"][0]["variables"]["basePath"]["default"] == "/dev"
        assert get["parameters"] == [{"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}]
        assert get["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Pet"}
        assert get["security"] == [{"pool": ["read"]}]
        assert "x-amazon" not in json.dumps(plain)
        those = await exported(api, OPENAPI.encode(), "oas30", parameters={"extensions": "integrations,authorizers"})
        assert those["paths"]["/pets"]["get"]["x-amazon-apigateway-integration"]["type"] == "http_proxy"
        assert those["components"]["securitySchemes"]["pool"]["x-amazon-apigateway-authtype"] == "cognito_user_pools"

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"exportType": "wsdl"}, "BadRequestException"),
        ({"exportType": "oas30", "accepts": "text/html"}, "BadRequestException"),
        ({"exportType": "oas30", "parameters": {"extensions": "postman"}}, "NotImplementedException"),
        ({"exportType": "oas30", "stageName": "none"}, "NotFoundException"),
    ],
)
def test_what_is_not_exported(tmp_path: Path, params: dict[str, Any], code: str) -> None:
    async def scene(api: Api) -> None:
        made = await api.call("ImportRestApi", body=OPENAPI.encode())
        await api.call("CreateDeployment", restApiId=made["id"], stageName="dev")
        asked = {"restApiId": made["id"], "stageName": "dev"} | params
        assert (await api.refused("GetExport", **asked))[0] == code

    with_api(tmp_path, scene)
