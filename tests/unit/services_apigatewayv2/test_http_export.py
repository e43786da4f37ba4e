"""HTTP APIs as OpenAPI documents."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.services_apigatewayv2.http_kit import FUNCTION, Api, with_api
from tests.unit.services_apigatewayv2.test_http_import import PETS


async def exported(api: Api, made: str, **more: Any) -> str:
    given = {"ApiId": made, "Specification": "OAS30", "OutputType": "JSON"} | more
    said = (await api.call("ExportApi", **given))["body"]
    assert isinstance(said, str)
    return said


async def parts(api: Api, made: str) -> Any:
    """What makes an API, without ids."""
    key = {"ApiId": made}
    integrations = {
        one.pop("IntegrationId"): one for one in (await api.call("GetIntegrations", **key, MaxResults="99"))["Items"]
    }
    authorizers = {one.pop("AuthorizerId"): one for one in (await api.call("GetAuthorizers", **key))["Items"]}
    found = {}
    for route in (await api.call("GetRoutes", **key, MaxResults="99"))["Items"]:
        route.pop("RouteId")
        target, authorizer = route.pop("Target", "").rpartition("/")[2], route.pop("AuthorizerId", None)
        found[route["RouteKey"]] = route, integrations.get(target), authorizers.get(authorizer)
    whole = await api.call("GetApi", **key)
    return found, {name: whole.get(name) for name in ("Name", "Description", "Version", "Tags", "CorsConfiguration")}


@pytest.mark.parametrize("kind", ["JSON", "YAML"])
def test_what_is_exported_makes_the_same_api_again(tmp_path: Path, kind: str) -> None:
    async def scene(api: Api) -> None:
        made = (await api.call("ImportApi", Body=PETS))["ApiId"]
        await api.route(made, "POST /signed/{proxy+}", AuthorizationType="AWS_IAM")
        text = await exported(api, made, OutputType=kind)
        again = (await api.call("ImportApi", Body=text, FailOnWarnings=True))["ApiId"]
        assert await parts(api, again) == await parts(api, made)

    with_api(tmp_path, scene)


def test_the_form_is_awss(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty("dev")
        await api.route(made, "GET /pets/{id}")
        await api.call("CreateStage", ApiId=made, StageName="idle")
        document = json.loads(await exported(api, made, StageName="dev"))
        url = f"https://{made}.execute-api.eu-west-1.amazonaws.com/{{basePath}}"
        assert document["servers"] == [{"url": url, "variables": {"basePath": {"default": "dev"}}}]
        assert document["x-amazon-apigateway-importexport-version"] == "1.0"
        assert document["paths"]["/pets/{id}"] == {
            "get": {
                "responses": {"default": {"description": "Default response for GET /pets/{id}"}},
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy", "uri": FUNCTION, "httpMethod": "POST", "payloadFormatVersion": "2.0",
                    "connectionType": "INTERNET", "timeoutInMillis": 30000,
                },
            },
            "parameters": [{
                "name": "id", "in": "path", "description": "Generated path parameter for id", "required": True,
                "schema": {"type": "string"},
            }],
        }  # fmt: skip
        plain = yaml.safe_load(await exported(api, made, OutputType="YAML", IncludeExtensions=False))
        assert "x-amazon" not in json.dumps(plain)
        given = {"ApiId": made, "Specification": "OAS30", "OutputType": "JSON"}
        assert (await api.refused("ExportApi", **given, StageName="idle"))[0] == "BadRequestException"
        assert (await api.refused("ExportApi", **given, StageName="none"))[0] == "NotFoundException"

    with_api(tmp_path, scene)
