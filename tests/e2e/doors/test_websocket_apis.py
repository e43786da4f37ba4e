"""WebSocket APIs end to end: the `websockets` client, functions, boto3's management API from outside and inside."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

CODE = """
import json, boto3

def handler(event, context):
    said = event["requestContext"]
    if said["eventType"] == "CONNECT":
        return {"statusCode": 403 if "deny" in (event.get("queryStringParameters") or {}) else 200}
    if said["routeKey"] == "push":
        client = boto3.client("apigatewaymanagementapi")
        client.post_to_connection(ConnectionId=said["connectionId"], Data=b"pushed")
    return {"statusCode": 200, "body": json.dumps({"route": said["routeKey"], "id": said["connectionId"]})}
"""


@pytest.fixture(scope="module")
def api(server: Server) -> Iterator[str]:
    functions, client = server.client("lambda"), server.client("apigatewayv2")
    made = functions.create_function(
        FunctionName="sockets", Runtime=RUNTIME, Role=ROLE, Handler="f.handler", Timeout=20,
        Code={"ZipFile": package({"f.py": CODE})},
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName="sockets", WaiterConfig={"Delay": 1})
    functions.add_permission(
        FunctionName="sockets", StatementId="gate", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com", SourceArn="arn:aws:execute-api:us-east-1:000000000000:*/*",
    )  # fmt: skip
    made_api = client.create_api(
        Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    client.create_stage(ApiId=made_api, StageName="dev", AutoDeploy=True)
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{made['FunctionArn']}/invocations"
    integration = client.create_integration(ApiId=made_api, IntegrationType="AWS_PROXY", IntegrationUri=uri)
    target = f"integrations/{integration['IntegrationId']}"
    for key in ("$connect", "$default", "push"):
        route = client.create_route(
            ApiId=made_api, RouteKey=key, Target=target, RouteResponseSelectionExpression="$default"
        )
        if key != "$connect":
            client.create_route_response(ApiId=made_api, RouteId=route["RouteId"], RouteResponseKey="$default")
    yield made_api
    client.delete_api(ApiId=made_api)
    functions.delete_function(FunctionName="sockets")


def opened(server: Server, api: str, query: str = "") -> ClientConnection:
    place = server.endpoint.removeprefix("http://")
    return connect(f"ws://{place}/_aws/execute-api/{api}/dev{query}", open_timeout=30, proxy=None)


def management(server: Server, api: str, path: str = "") -> Any:
    return boto3.client(
        "apigatewaymanagementapi", endpoint_url=f"{server.endpoint}{path}", region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip


def test_a_client_is_answered_and_reached(server: Server, api: str) -> None:
    with opened(server, api) as client:
        client.send("anything")
        said = json.loads(client.recv(timeout=30))
        assert said["route"] == "$default"
        for path in ("", f"/_aws/execute-api/{api}/dev"):
            gate = management(server, api, path)
            gate.post_to_connection(ConnectionId=said["id"], Data=b"from outside")
            assert client.recv(timeout=30) == "from outside"
        assert gate.get_connection(ConnectionId=said["id"])["Identity"]["SourceIp"] == "127.0.0.1"
        client.send(json.dumps({"action": "push"}))
        assert client.recv(timeout=30) == "pushed"
        assert json.loads(client.recv(timeout=30))["route"] == "push"
        gate.delete_connection(ConnectionId=said["id"])
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=30)
        with pytest.raises(ClientError, match="GoneException"):
            gate.post_to_connection(ConnectionId=said["id"], Data=b"x")


def test_a_client_can_be_refused(server: Server, api: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(server, api, "?deny=1").close()
    assert refused.value.response.status_code == 403
