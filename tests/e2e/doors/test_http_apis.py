"""HTTP APIs end to end: boto3 configures, curl's kind of client calls, a function answers."""

import json
from collections.abc import Iterator

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.e2e.conftest import ROLE, Server
from tests.e2e.doors.behind import Asking, function_of

CODE = """
import json, time

def handler(event, context):
    said = json.loads(event["body"]) if event.get("body", "")[:1] == "{" else {}
    if "sleep" in said:
        time.sleep(said["sleep"])
    if "answer" in said:
        return said["answer"]
    return event
"""


class Gate(Asking):
    """An API and a client for it."""

    def __init__(self, server: Server, api: str) -> None:
        self.server, self.api = server, api


@pytest.fixture(scope="module")
def function(server: Server) -> Iterator[str]:
    yield from function_of(server, "http-door", CODE)


@pytest.fixture
def gate(server: Server, function: str) -> Iterator[Gate]:
    client = server.client("apigatewayv2")
    api = client.create_api(Name="gate", ProtocolType="HTTP", Target=function)
    yield Gate(server, api["ApiId"])
    client.delete_api(ApiId=api["ApiId"])


def test_from_a_host_name_to_a_function_and_back(gate: Gate) -> None:
    status, headers, body = gate.ask("/a%20b?x=1&x=2", "POST", "hello", Content_Type="text/plain", Cookie="a=1; b=2")
    event = json.loads(body)
    assert (status, headers["content-type"]) == (200, "application/json") and headers["apigw-requestid"]
    assert (event["rawPath"], event["rawQueryString"], event["cookies"]) == ("/a b", "x=1&x=2", ["a=1", "b=2"])
    assert event["body"] == "hello" and event["requestContext"]["apiId"] == gate.api
    answer = {
        "statusCode": 201,
        "headers": {"x-a": "1"},
        "cookies": ["c=1", "d=2"],
        "body": "aGk=",
        "isBase64Encoded": True,
    }
    status, headers, body = gate.ask("/", "POST", json.dumps({"answer": answer}), Content_Type="application/json")
    assert (status, headers["x-a"], body) == (201, "1", b"hi")


def test_by_the_url_that_the_api_tells_and_by_path(gate: Gate) -> None:
    client = gate.server.client("apigatewayv2")
    port = gate.server.endpoint.rpartition(":")[2]
    told = client.get_api(ApiId=gate.api)["ApiEndpoint"]
    assert told == f"http://{gate.api}.execute-api.us-east-1.localhost:{port}"
    assert gate.ask("/x", host=told.partition("//")[2])[0] == 200
    status, _, body = gate.ask(f"/_aws/execute-api/{gate.api}/y", host=f"127.0.0.1:{port}")
    assert status == 200 and json.loads(body)["rawPath"] == "/y"
    assert gate.ask("/", host="aaaaaaaaaa.execute-api.us-east-1.amazonaws.com")[0] == 403


def test_a_signed_request_and_a_users_token(server: Server, function: str) -> None:
    client = server.client("apigatewayv2")
    api = client.create_api(Name="guarded", ProtocolType="HTTP")["ApiId"]
    client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    users = server.client("cognito-idp")
    pool = users.create_user_pool(PoolName="p")["UserPool"]["Id"]
    app = users.create_user_pool_client(
        UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    users.admin_create_user(UserPoolId=pool, Username="u", TemporaryPassword="Secret-123")
    users.admin_set_user_password(UserPoolId=pool, Username="u", Password="Secret-123", Permanent=True)
    tokens = users.admin_initiate_auth(
        UserPoolId=pool, ClientId=app, AuthFlow="ADMIN_NO_SRP_AUTH",
        AuthParameters={"USERNAME": "u", "PASSWORD": "Secret-123"},
    )["AuthenticationResult"]  # fmt: skip
    authorizer = client.create_authorizer(
        ApiId=api, Name="users", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": f"https://cognito-idp.us-east-1.amazonaws.com/{pool}", "Audience": [app]},
    )["AuthorizerId"]  # fmt: skip
    integration = client.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )
    target = f"integrations/{integration['IntegrationId']}"
    client.create_route(ApiId=api, RouteKey="GET /me", Target=target, AuthorizationType="JWT", AuthorizerId=authorizer)
    client.create_route(ApiId=api, RouteKey="GET /signed", Target=target, AuthorizationType="AWS_IAM")
    gate = Gate(server, api)
    assert gate.ask("/me")[0] == 401 and gate.ask("/me", Authorization="Bearer x.y.z")[0] == 401
    status, _, body = gate.ask("/me", Authorization=f"Bearer {tokens['IdToken']}")
    claims = json.loads(body)["requestContext"]["authorizer"]["jwt"]["claims"]
    assert (status, claims["token_use"], claims["aud"]) == (200, "id", app)
    assert gate.ask("/me", Authorization=f"Bearer {tokens['AccessToken']}")[0] == 200
    assert gate.ask("/signed")[0] == 403
    request = AWSRequest("GET", f"http://{api}.execute-api.us-east-1.amazonaws.com/signed")
    SigV4Auth(Credentials("test", "test"), "execute-api", "us-east-1").add_auth(request)
    status, _, body = gate.ask("/signed", **{name: value for name, value in request.headers.items() if name != "Host"})
    assert status == 200 and json.loads(body)["requestContext"]["authorizer"]["iam"]["accountId"] == "000000000000"
    client.delete_api(ApiId=api)


def test_services_behind_routes(server: Server) -> None:
    client, sqs = server.client("apigatewayv2"), server.client("sqs")
    queue = sqs.create_queue(QueueName="behind-http")["QueueUrl"]
    api = client.create_api(Name="services", ProtocolType="HTTP")["ApiId"]
    client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    integration = client.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationSubtype="SQS-SendMessage", PayloadFormatVersion="1.0",
        CredentialsArn=ROLE, RequestParameters={"QueueUrl": queue, "MessageBody": "$request.body"},
    )  # fmt: skip
    client.create_route(ApiId=api, RouteKey="POST /in", Target=f"integrations/{integration['IntegrationId']}")
    status, _, body = Gate(server, api).ask("/in", "POST", "hello & goodbye")
    assert status == 200 and b"MessageId" in body
    assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]["Body"] == "hello & goodbye"
    client.delete_api(ApiId=api)
    sqs.delete_queue(QueueUrl=queue)
