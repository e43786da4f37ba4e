"""Powertools' event handler, unmodified, behind an HTTP API and its named stage, in both payload versions."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.e2e.clients.installed import installed
from tests.e2e.conftest import ROLE, RUNTIME, Server, package
from tests.e2e.doors.test_http_apis import Gate

CODE = """
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, APIGatewayRestResolver, Response

second, first = APIGatewayHttpResolver(), APIGatewayRestResolver(strip_prefixes=["/dev"])


def pet(app, id):
    seen = app.current_event
    body = {"id": id, "q": seen.get_query_string_value("q"), "name": seen.json_body["name"]}
    return Response(status_code=201, content_type="application/json", body=__import__("json").dumps(body),
                    headers={"X-Own": "1"}, cookies=[])


second.post("/pets/<id>")(lambda id: pet(second, id))
first.post("/pets/<id>")(lambda id: pet(first, id))


def handler(event, context):
    return (second if event["version"] == "2.0" else first).resolve(event, context)
"""


@pytest.fixture(scope="module")
def function(server: Server) -> Iterator[str]:
    folder = installed("aws-lambda-powertools>=3,<4")
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    packed = {name: path.read_bytes() for name, path in files.items() if not re.search(r"\.pyc$|^bin/", name)}
    client = server.client("lambda")
    made = client.create_function(
        FunctionName="powertools-http", Runtime=RUNTIME, Role=ROLE, Handler="app.handler", Timeout=30, MemorySize=256,
        Code={"ZipFile": package({"app.py": CODE, **packed})},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="powertools-http", WaiterConfig={"Delay": 1})
    client.add_permission(
        FunctionName="powertools-http", StatementId="gate", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )  # fmt: skip
    yield made["FunctionArn"]
    client.delete_function(FunctionName="powertools-http")


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_its_routes_are_found(server: Server, function: str, version: str) -> None:
    client = server.client("apigatewayv2")
    api = client.create_api(Name="pets", ProtocolType="HTTP")["ApiId"]
    client.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    integration = client.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion=version
    )
    client.create_route(ApiId=api, RouteKey="ANY /{proxy+}", Target=f"integrations/{integration['IntegrationId']}")
    status, headers, body = Gate(server, api).ask(
        "/dev/pets/7?q=x%20y", "POST", '{"name": "rex"}', Content_Type="application/json"
    )
    assert (status, headers["x-own"], json.loads(body)) == (201, "1", {"id": "7", "q": "x y", "name": "rex"})
    assert Gate(server, api).ask("/dev/none")[0] == 404
    client.delete_api(ApiId=api)
