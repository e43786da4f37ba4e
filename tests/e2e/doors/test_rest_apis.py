"""REST APIs end to end: boto3 configures, curl's kind of client calls, a function answers."""

import base64
import http.client
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, Server, package
from tests.e2e.doors.behind import Asking, function_of

CODE = """
import base64, json, time

def handler(event, context):
    if event.get("type") == "TOKEN":
        return authorizer(event)
    body = event.get("body") if isinstance(event, dict) else None
    said = json.loads(body) if body and not event.get("isBase64Encoded") and body[:1] == "{" else {}
    if "sleep" in said:
        time.sleep(said["sleep"])
    if "answer" in said:
        return said["answer"]
    if "fail" in event:
        raise ValueError(event["fail"])
    if "requestContext" not in event:
        return {"got": event}
    return {"statusCode": 200, "headers": {"X-Own": "1"}, "body": json.dumps(event)}

def authorizer(event):
    token = event["authorizationToken"]
    if token == "unknown":
        raise Exception("Unauthorized")
    effect = "Allow" if token.startswith("good") else "Deny"
    arn = event["methodArn"]
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "me", "policyDocument": policy, "context": {"n": 1, "made": str(time.time())}}
"""


@dataclass
class Gate(Asking):
    """The API of these tests."""

    server: Server
    client: Any
    api: str
    root: str
    function: str

    def resource(self, part: str, parent: str | None = None) -> str:
        made = self.client.create_resource(restApiId=self.api, parentId=parent or self.root, pathPart=part)
        return str(made["id"])

    def proxy(self, resource: str, method: str = "ANY", timeout: int = 29000, **more: Any) -> None:
        at = {"restApiId": self.api, "resourceId": resource, "httpMethod": method}
        self.client.put_method(**at, **({"authorizationType": "NONE"} | more))
        self.client.put_integration(
            **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=self.uri, timeoutInMillis=timeout
        )

    @property
    def uri(self) -> str:
        return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{self.function}/invocations"

    def deploy(self, stage: str = "dev", **more: Any) -> str:
        return str(self.client.create_deployment(restApiId=self.api, stageName=stage, **more)["id"])


@pytest.fixture(scope="module")
def function(server: Server) -> Iterator[str]:
    yield from function_of(server, "rest-door", CODE)


@pytest.fixture
def gate(server: Server, function: str) -> Iterator[Gate]:
    client = server.client("apigateway")
    api = client.create_rest_api(name="gate", binaryMediaTypes=["image/png"])
    yield Gate(server, client, api["id"], api["rootResourceId"], function)
    client.delete_rest_api(restApiId=api["id"])


def test_a_proxy_from_host_name_to_function_and_back(gate: Gate) -> None:
    gate.proxy(gate.resource("{proxy+}"))
    assert gate.ask("/dev/a")[0] == 403, "what is not deployed is not served"
    gate.deploy(variables={"env": "dev"})
    status, headers, body = gate.ask("/dev/a%20b/c?x=1&x=2&y=", "POST", b"hello", X_One="1", Content_Type="text/plain")
    assert (status, headers["x-own"], headers["content-type"]) == (200, "1", "application/json")
    assert headers["x-amzn-requestid"] and headers["x-amz-apigw-id"] and headers["x-amzn-trace-id"]
    event = json.loads(body)
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/{proxy+}", "/a%20b/c", "POST")
    assert event["pathParameters"] == {"proxy": "a%20b/c"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": [""]}
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    assert event["stageVariables"] == {"env": "dev"}
    assert (event["body"], event["isBase64Encoded"]) == ("hello", False)
    context = event["requestContext"]
    assert (context["stage"], context["apiId"], context["path"]) == ("dev", gate.api, "/dev/a%20b/c")
    assert context["requestId"] == headers["x-amzn-requestid"]
    assert context["domainName"] == f"{gate.api}.execute-api.us-east-1.amazonaws.com"
    status, _, body = gate.ask(f"/restapis/{gate.api}/dev/_user_request_/z", host="localhost")
    assert status == 200 and json.loads(body)["path"] == "/z"


def test_a_change_is_served_when_it_is_deployed(gate: Gate) -> None:
    gate.proxy(gate.resource("one"), "GET")
    gate.deploy()
    gate.proxy(gate.resource("two"), "GET")
    assert gate.ask("/dev/one")[0] == 200
    missing = gate.ask("/dev/two")
    assert missing[0] == 403 and missing[2] == b'{"message":"Missing Authentication Token"}'
    assert missing[1]["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    gate.deploy()
    assert gate.ask("/dev/two")[0] == 200
    assert gate.ask("/dev/two", "POST")[0] == 403
    assert gate.ask("/nostage/two")[2] == b'{"message":"Forbidden"}'


def test_binary_bodies_both_ways(gate: Gate) -> None:
    gate.proxy(gate.root, "POST")
    gate.deploy()
    raw = bytes(range(256))
    _, _, body = gate.ask("/dev", "POST", raw, Content_Type="image/png")
    event = json.loads(body)
    assert event["isBase64Encoded"] and base64.b64decode(event["body"]) == raw
    answer = {"statusCode": 201, "isBase64Encoded": True, "body": base64.b64encode(raw).decode()}
    answer["headers"] = {"Content-Type": "image/png"}
    asked = json.dumps({"answer": answer})
    assert gate.ask("/dev", "POST", asked, Accept="image/png")[2] == raw
    assert gate.ask("/dev", "POST", asked, Accept="text/html")[2] == base64.b64encode(raw)


@pytest.mark.parametrize("answer", ["text", None, [1], {"message": "x"}, {"statusCode": "x"}, {"body": {"a": 1}}])
def test_a_malformed_answer_is_a_502(gate: Gate, answer: Any) -> None:
    gate.proxy(gate.root, "POST")
    gate.deploy()
    status, _, body = gate.ask("/dev", "POST", json.dumps({"answer": answer}))
    assert (status, body) == (502, b'{"message": "Internal server error"}')
    found = [one for one in gate.server.page("findings")["findings"] if one["code"] == "api-gateway-malformed-answer"]
    assert found and found[-1]["resource"] == gate.function


def test_the_door_cuts_and_the_function_runs_on(gate: Gate) -> None:
    gate.proxy(gate.root, "POST", timeout=300)
    gate.deploy()
    began = time.monotonic()
    status, _, body = gate.ask("/dev", "POST", '{"sleep": 1.5}')
    assert (status, body) == (504, b'{"message": "Endpoint request timed out"}')
    assert time.monotonic() - began < 1.4
    found = [one for one in gate.server.page("findings")["findings"] if one["code"] == "api-gateway-timeout"]
    assert "ran on (its own timeout is 30 s)" in found[-1]["message"]
    logs = gate.server.client("logs")
    for _ in range(40):
        reports = logs.filter_log_events(logGroupName="/aws/lambda/rest-door", filterPattern="REPORT")["events"]
        if any(float(one["message"].split("Duration: ")[1].split(" ")[0]) > 1400 for one in reports):
            return
        time.sleep(0.1)
    raise AssertionError("the function did not run on")


def test_without_permission_it_is_a_500(gate: Gate) -> None:
    client = gate.server.client("lambda")
    client.create_function(
        FunctionName="rest-closed", Runtime=RUNTIME, Role=ROLE, Handler="f.handler",
        Code={"ZipFile": package({"f.py": CODE})},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="rest-closed", WaiterConfig={"Delay": 1})
    gate.function = gate.function.replace("rest-door", "rest-closed")
    gate.proxy(gate.root, "GET")
    gate.deploy()
    status, _, body = gate.ask("/dev")
    assert (status, body) == (500, b'{"message": "Internal server error"}')
    other = f"arn:aws:execute-api:us-east-1:000000000000:{gate.api}/*/POST/"
    client.add_permission(
        FunctionName="rest-closed", StatementId="s", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com", SourceArn=other,
    )  # fmt: skip
    assert gate.ask("/dev")[0] == 500
    client.add_permission(
        FunctionName="rest-closed", StatementId="t", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com", SourceArn=other.replace("POST", "GET"),
    )  # fmt: skip
    assert gate.ask("/dev")[0] == 200
    client.delete_function(FunctionName="rest-closed")


def test_an_authorizer_and_what_it_has_said(gate: Gate) -> None:
    uri = gate.uri
    authorizer = gate.client.create_authorizer(
        restApiId=gate.api, name="t", type="TOKEN", authorizerUri=uri, authorizerResultTtlInSeconds=60,
        identitySource="method.request.header.Auth", identityValidationExpression="[a-z]+\\\\d?".replace("\\\\", "\\"),
    )  # fmt: skip
    more = {"authorizationType": "CUSTOM", "authorizerId": authorizer["id"]}
    gate.proxy(gate.resource("a"), "GET", **more)
    gate.proxy(gate.resource("b"), "GET", **more)
    gate.deploy()
    first = gate.ask("/dev/a", Auth="good")
    assert first[0] == 200
    said = json.loads(first[2])["requestContext"]["authorizer"]
    assert said["principalId"] == "me" and said["n"] == "1"
    again = json.loads(gate.ask("/dev/a", Auth="good")[2])["requestContext"]["authorizer"]
    assert again["made"] == said["made"], "kept"
    other = gate.ask("/dev/b", Auth="good")
    assert other[0] == 403, "the kept policy names another path"
    codes = [one["code"] for one in gate.server.page("findings")["findings"]]
    assert "authorizer-cache-other-path" in codes
    assert gate.ask("/dev/a", Auth="bad")[2] == (
        b'{"Message":"User is not authorized to access this resource with an explicit deny"}'
    )
    assert gate.ask("/dev/a")[0] == 401
    assert gate.ask("/dev/a", Auth="unknown")[2] == b'{"message":"Unauthorized"}'
    assert gate.ask("/dev/a", Auth="NOT")[0] == 401
    gate.client.flush_stage_authorizers_cache(restApiId=gate.api, stageName="dev")
    assert json.loads(gate.ask("/dev/a", Auth="good")[2])["requestContext"]["authorizer"]["made"] != said["made"]
    tried = gate.client.test_invoke_authorizer(
        restApiId=gate.api, authorizerId=authorizer["id"], headers={"Auth": "good"}
    )
    assert (tried["clientStatus"], tried["principalId"]) == (0, "me")


def test_templates_around_a_function(gate: Gate) -> None:
    at = {"restApiId": gate.api, "resourceId": gate.resource("{id}"), "httpMethod": "GET"}
    gate.client.put_method(**at, authorizationType="NONE")
    template = '{"id": "$input.params(\'id\')"#if($input.params("fail") != ""), "fail": "$input.params("fail")"#end}'
    gate.client.put_integration(
        **at, type="AWS", integrationHttpMethod="POST", uri=gate.uri, requestTemplates={"application/json": template}
    )
    for status, pattern in (("200", ""), ("404", "no such.*")):
        gate.client.put_method_response(**at, statusCode=status, responseParameters={"method.response.header.A": True})
        gate.client.put_integration_response(
            **at, statusCode=status, selectionPattern=pattern,
            responseParameters={"method.response.header.A": "'*'"},
            responseTemplates={"application/json": "" if status == "200" else "$input.path('$.errorMessage')"},
        )  # fmt: skip
    gate.deploy()
    status, headers, body = gate.ask("/dev/7")
    assert (status, headers["a"], json.loads(body)) == (200, "*", {"got": {"id": "7"}})
    status, _, body = gate.ask("/dev/7?fail=no+such+thing")
    assert (status, body) == (404, b"no such thing")
    status, headers, body = gate.ask("/dev/a%22b")
    assert (status, headers["x-amzn-errortype"]) == (400, "BadRequestException")
    assert json.loads(body)["message"].startswith("Could not parse request body into json: ")
    tried = gate.client.test_invoke_method(**at, pathWithQueryString="/9?fail=no+such")
    assert tried["status"] == 404 and "Method completed with status: 404" in tried["log"]


def test_a_mock_for_browsers(gate: Gate) -> None:
    at = {"restApiId": gate.api, "resourceId": gate.root, "httpMethod": "OPTIONS"}
    gate.client.put_method(**at, authorizationType="NONE")
    gate.client.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 204}'})
    name = "method.response.header.Access-Control-Allow-Origin"
    gate.client.put_method_response(**at, statusCode="204", responseParameters={name: True})
    gate.client.put_integration_response(**at, statusCode="204", responseParameters={name: "'*'"})
    gate.deploy()
    status, headers, _ = gate.ask("/dev", "OPTIONS", Origin="https://x.example")
    assert (status, headers["access-control-allow-origin"]) == (204, "*")


def test_keys_quotas_and_throttles(gate: Gate) -> None:
    gate.proxy(gate.root, "GET", apiKeyRequired=True)
    gate.deploy()
    assert gate.ask("/dev")[2] == b'{"message":"Forbidden"}'
    key = gate.client.create_api_key(name="k", enabled=True)
    plan = gate.client.create_usage_plan(
        name="p", apiStages=[{"apiId": gate.api, "stage": "dev"}], quota={"limit": 2, "period": "DAY"}
    )
    gate.client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    asked = [gate.ask("/dev", x_api_key=key["value"]) for _ in range(3)]
    assert [one[0] for one in asked] == [200, 200, 429]
    assert asked[2][2] == b'{"message":"Limit Exceeded"}'
    assert json.loads(asked[0][2])["requestContext"]["identity"]["apiKeyId"] == key["id"]
    gate.client.update_usage_plan(
        usagePlanId=plan["id"],
        patchOperations=[{"op": "remove", "path": "/apiStages", "value": f"{gate.api}:dev"}],
    )
    gate.client.delete_usage_plan(usagePlanId=plan["id"])
    gate.client.delete_api_key(apiKey=key["id"])


def test_validators_and_gateway_responses(gate: Gate) -> None:
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    gate.client.create_model(restApiId=gate.api, name="Pet", contentType="application/json", schema=json.dumps(schema))
    validator = gate.client.create_request_validator(
        restApiId=gate.api, name="v", validateRequestBody=True, validateRequestParameters=True
    )
    gate.proxy(
        gate.root, "POST", requestValidatorId=validator["id"], requestModels={"application/json": "Pet"},
        requestParameters={"method.request.querystring.q": True},
    )  # fmt: skip
    gate.deploy()
    assert gate.ask("/dev", "POST", "{}")[2] == b'{"message": "Missing required request parameters: [q]"}'
    wrong = gate.ask("/dev?q=1", "POST", '{"name": 1}', Content_Type="application/json")
    assert (wrong[0], wrong[2]) == (400, b'{"message": "Invalid request body"}')
    assert gate.ask("/dev?q=1", "POST", '{"name": "x"}', Content_Type="application/json")[0] == 200
    gate.client.put_gateway_response(
        restApiId=gate.api, responseType="BAD_REQUEST_BODY", statusCode="422",
        responseParameters={"gatewayresponse.header.X-Why": "'body'"},
        responseTemplates={"application/json": '{"why":"$context.error.validationErrorString"}'},
    )  # fmt: skip
    gate.deploy()
    status, headers, body = gate.ask("/dev?q=1", "POST", '{"name": 1}', Content_Type="application/json")
    assert (status, headers["x-why"], body) == (422, "body", _WHY)


_WHY = b'{"why":"[instance type (integer) does not match any allowed primitive type (allowed: ["string"])]"}'


def test_a_queue_behind_a_path(gate: Gate) -> None:
    sqs = gate.server.client("sqs")
    url = sqs.create_queue(QueueName="behind-rest")["QueueUrl"]
    at = {"restApiId": gate.api, "resourceId": gate.root, "httpMethod": "POST"}
    gate.client.put_method(**at, authorizationType="NONE")
    gate.client.put_integration(
        **at, type="AWS", integrationHttpMethod="POST", credentials=ROLE,
        uri="arn:aws:apigateway:us-east-1:sqs:path/000000000000/behind-rest",
        requestParameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        requestTemplates={"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
    )  # fmt: skip
    gate.client.put_method_response(**at, statusCode="200")
    gate.client.put_integration_response(**at, statusCode="200")
    gate.deploy()
    status, _, body = gate.ask("/dev", "POST", '{"a": "b c"}', Content_Type="application/json")
    assert status == 200, body
    got = sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]
    assert got == '{"a": "b c"}'
    sqs.delete_queue(QueueUrl=url)


def test_a_domain_name_of_ones_own(gate: Gate) -> None:
    gate.proxy(gate.resource("x"), "GET")
    gate.deploy()
    gate.client.create_domain_name(domainName="api.rest.example", regionalCertificateArn="arn:aws:acm:x",
                                   endpointConfiguration={"types": ["REGIONAL"]})  # fmt: skip
    try:
        assert gate.ask("/v1/x", host="api.rest.example")[0] == 403
        gate.client.create_base_path_mapping(
            domainName="api.rest.example", basePath="v1", restApiId=gate.api, stage="dev"
        )
        status, _, body = gate.ask("/v1/x", host="api.rest.example")
        event = json.loads(body)
        assert (status, event["path"], event["requestContext"]["path"]) == (200, "/v1/x", "/v1/x")
        assert event["requestContext"]["domainName"] == "api.rest.example"
    finally:
        gate.client.delete_domain_name(domainName="api.rest.example")
    with pytest.raises(ClientError):
        gate.client.get_domain_name(domainName="api.rest.example")


def test_access_logs(gate: Gate) -> None:
    gate.proxy(gate.root, "GET")
    gate.deploy()
    logs = gate.server.client("logs")
    logs.create_log_group(logGroupName="rest-access")
    gate.client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}])
    gate.client.update_stage(
        restApiId=gate.api, stageName="dev",
        patchOperations=[
            {"op": "replace", "path": "/accessLogSettings/destinationArn",
             "value": "arn:aws:logs:us-east-1:000000000000:log-group:rest-access"},
            {"op": "replace", "path": "/accessLogSettings/format",
             "value": "$context.requestId $context.status $context.identity.caller"},
        ],
    )  # fmt: skip
    _, headers, _ = gate.ask("/dev")
    for _ in range(30):
        events = logs.filter_log_events(logGroupName="rest-access")["events"]
        if events:
            break
        time.sleep(0.1)
    assert [one["message"] for one in events] == [f"{headers['x-amzn-requestid']} 200 -"]
    logs.delete_log_group(logGroupName="rest-access")


STREAMS = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const head = {statusCode: 201, headers: {"Content-Type": "text/plain"}, cookies: ["a=1"]};
  stream = awslambda.HttpResponseStream.from(stream, head);
  stream.write("one");
  await new Promise((done) => setTimeout(done, 600));
  stream.write("two");
  stream.end();
});
"""


def test_a_stream_leaves_as_it_is_written(gate: Gate) -> None:
    if shutil.which("node") is None:
        pytest.skip("Node.js is not on this machine")
    client = gate.server.client("lambda")
    made = client.create_function(
        FunctionName="rest-stream", Runtime="nodejs22.x", Role=ROLE, Handler="f.handler", Timeout=10,
        Code={"ZipFile": package({"f.mjs": STREAMS})},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="rest-stream", WaiterConfig={"Delay": 1})
    client.add_permission(
        FunctionName="rest-stream", StatementId="gate", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )  # fmt: skip
    at = {"restApiId": gate.api, "resourceId": gate.root, "httpMethod": "GET"}
    gate.client.put_method(**at, authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/{made['FunctionArn']}"
    gate.client.put_integration(
        **at, type="AWS_PROXY", integrationHttpMethod="POST", responseTransferMode="STREAM",
        uri=f"{uri}/response-streaming-invocations", timeoutInMillis=60000,
    )  # fmt: skip
    gate.deploy()
    connection = http.client.HTTPConnection(gate.server.endpoint.removeprefix("http://"), timeout=20)
    connection.request("GET", "/dev", headers={"Host": f"{gate.api}.execute-api.us-east-1.amazonaws.com"})
    answer = connection.getresponse()
    first, began = answer.read1(), time.monotonic()
    assert (answer.status, answer.headers["Content-Type"], first) == (201, "text/plain", b"one")
    assert answer.headers["Set-Cookie"] == "a=1"
    assert answer.read() == b"two" and time.monotonic() - began > 0.3
    connection.close()
    client.delete_function(FunctionName="rest-stream")
