"""What a served API does, on the moved clock."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from lambent.model.acting import Acting
from lambent.model.door import NotPermitted
from lambent.model.finding import Finding
from lambent.model.invocation import Throttled
from lambent.model.scope import Caller
from lambent.services.apigateway.serving.trials import Trials
from lambent.wire.http import Response
from tests.unit.services_apigateway.api_kit import FUNCTION, HERE, NOW, URI
from tests.unit.services_apigateway.door_kit import Stage, with_stage


def text(answer: Response) -> str:
    assert isinstance(answer.body, bytes)
    return answer.body.decode()


def codes(stage: Stage) -> set[str]:
    return {one.code for one in said(stage)}


def said(stage: Stage) -> list[Finding]:
    """The findings of requests: what is said of every such stage has a test of its own (test_rest_advice)."""
    advice = ("function-outlives-door", "rest-api-could-be-http")
    return [one for one in stage.findings.all() if one.code not in advice]


def test_a_function_gets_the_paths_variables_as_they_were_sent(tmp_path: Path) -> None:
    """Recorded: https://github.com/aws/aws-lambda-dotnet/tree/dev/Tools/LambdaTestTool-v2/tests (Snapshots)."""

    async def scene(stage: Stage) -> None:
        await stage.proxy("/{proxy+}")
        await stage.deploy()
        await stage.ask("/dev/a%2Fb/c%20d")
        event = stage.functions.events[-1]
        assert event["path"] == "/a%2Fb/c%20d" and event["requestContext"]["path"] == "/dev/a%2Fb/c%20d"
        assert event["pathParameters"] == {"proxy": "a%2Fb/c%20d"}

    with_stage(tmp_path, scene)


def test_the_cut_at_29_seconds(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        ended = asyncio.Event()

        async def slow(event: dict[str, Any]) -> Any:
            try:
                await stage.clock.sleep(40)
            finally:
                ended.set()

        stage.functions.run = slow
        await stage.proxy()
        await stage.deploy()
        asking = asyncio.create_task(stage.ask())
        await stage.clock.advance(28.9)
        assert not asking.done()
        await stage.clock.advance(0.2)
        answer = await asking
        assert (answer.status, text(answer)) == (504, '{"message": "Endpoint request timed out"}')
        (finding,) = said(stage)
        assert finding.code == "api-gateway-timeout" and finding.resource == FUNCTION
        assert "after 29 s while the function ran on (its own timeout is 60 s)" in finding.message

    with_stage(tmp_path, scene)


def test_a_client_that_goes_away_is_no_timeout(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        async def slow(event: dict[str, Any]) -> Any:
            await stage.clock.sleep(40)

        stage.functions.run = slow
        await stage.proxy()
        await stage.deploy()
        asking = asyncio.create_task(stage.ask())
        await stage.clock.advance(1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not codes(stage)

    with_stage(tmp_path, scene)


async def authorize(stage: Stage, ttl: int = 300, kind: str = "TOKEN") -> dict[str, Any]:
    made = await stage.call(
        "CreateAuthorizer", restApiId=stage.id, name="t", type=kind, authorizerUri=URI,
        identitySource="method.request.header.Auth", authorizerResultTtlInSeconds=ttl,
    )  # fmt: skip
    return {"authorizationType": "CUSTOM", "authorizerId": made["id"]}


DENIED = '{"Message":"User is not authorized to access this resource with an explicit deny"}'


def policy(effect: str, resource: str, **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}} | more


def test_an_authorizers_answer_counts_for_its_ttl(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        asked = []

        async def run(event: dict[str, Any]) -> Any:
            if event.get("type") != "TOKEN":
                return {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"])}
            asked.append(event)
            return policy("Allow", "*", context={"n": 1, "yes": True})

        stage.functions.run = run
        await stage.proxy("/a", **await authorize(stage, 60))
        await stage.deploy()
        said = json.loads(text(await stage.ask("/dev/a", Auth="x")))
        assert said == {"principalId": "p", "integrationLatency": 0, "n": "1", "yes": "true"}
        assert asked[0]["methodArn"] == f"arn:aws:execute-api:eu-west-1:111111111111:{stage.id}/dev/GET/a"
        assert stage.functions.doors[0].source_arn.endswith(f"{stage.id}/authorizers/{stage_authorizer(stage)}")
        await stage.clock.advance(59)
        await stage.ask("/dev/a", Auth="x")
        assert len(asked) == 1
        await stage.ask("/dev/a", Auth="y")
        assert len(asked) == 2
        await stage.clock.advance(2)
        await stage.ask("/dev/a", Auth="x")
        assert len(asked) == 3

    with_stage(tmp_path, scene)


def stage_authorizer(stage: Stage) -> str:
    return next(one.name for one in stage.store.resources if one.kind == "apigateway:authorizer")


def test_a_kept_policy_that_names_one_path_refuses_the_next(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        async def run(event: dict[str, Any]) -> Any:
            return policy("Allow", event["methodArn"]) if event.get("type") else {"statusCode": 200}

        stage.functions.run = run
        more = await authorize(stage)
        await stage.proxy("/a", **more)
        await stage.proxy("/b", **more)
        await stage.deploy()
        assert (await stage.ask("/dev/a", Auth="x")).status == 200
        assert "authorizer-cache-other-path" not in codes(stage)
        answer = await stage.ask("/dev/b", Auth="x")
        assert (answer.status, text(answer)) == (403, '{"Message":"User is not authorized to access this resource"}')
        assert "authorizer-cache-other-path" in codes(stage)

    with_stage(tmp_path, scene)


@pytest.mark.parametrize(
    ("said", "status", "body"),
    [
        (policy("Deny", "*"), 403, DENIED),
        (policy("Allow", "arn:x"), 403, '{"Message":"User is not authorized to access this resource"}'),
        (RuntimeError("Unauthorized"), 401, '{"message":"Unauthorized"}'),
        (RuntimeError("boom"), 500, '{"message":null}'),
        ("text", 500, '{"message":null}'),
        ({"principalId": "p"}, 500, '{"message":null}'),
        (policy("Allow", "*", context={"a": [1]}), 500, '{"message":null}'),
        (policy("Allow", "*", context="x"), 500, '{"message":null}'),
        ({"policyDocument": {"Statement": [{}]}}, 500, '{"message":null}'),
        ({"principalId": "p", "policyDocument": {"Statement": [7]}}, 403, None),
    ],
)  # fmt: skip
def test_what_an_authorizer_may_answer(tmp_path: Path, said: Any, status: int, body: str | None) -> None:
    async def scene(stage: Stage) -> None:
        async def run(event: dict[str, Any]) -> Any:
            if isinstance(said, Exception):
                raise said
            return said

        stage.functions.run = run
        await stage.proxy("/a", **await authorize(stage))
        await stage.deploy()
        answer = await stage.ask("/dev/a", Auth="x")
        assert answer.status == status
        assert body is None or text(answer) == body

    with_stage(tmp_path, scene)


def test_a_canary_gets_its_share(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        async def run(event: dict[str, Any]) -> Any:
            return {"statusCode": 200, "body": json.dumps([event["stageVariables"], event["requestContext"]["stage"]])}

        stage.functions.run = run
        await stage.proxy("/old")
        await stage.deploy(variables={"v": "main", "w": "same"})
        await stage.proxy("/new")
        overrides = {"percentTraffic": 10.0, "stageVariableOverrides": {"v": "canary"}}
        await stage.deploy(canarySettings=overrides)
        stage.chances = iter((0.05, 0.5, 0.0999, 0.1))
        answers = [await stage.ask("/dev/new") for _ in range(4)]
        assert [one.status for one in answers] == [200, 403, 200, 403]
        assert json.loads(text(answers[0])) == [{"v": "canary", "w": "same"}, "dev"]
        operations = [
            {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
            {"op": "remove", "path": "/canarySettings"},
        ]
        await stage.call("UpdateStage", restApiId=stage.id, stageName="dev", patchOperations=operations)
        assert (await stage.ask("/dev/new")).status == 200

    with_stage(tmp_path, scene)


def test_throttles_fill_again(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy("/a")
        await stage.deploy()
        await stage.patch_stage(**{"/*/*/throttling/rateLimit": "1", "/*/*/throttling/burstLimit": "2"})
        assert [(await stage.ask("/dev/a")).status for _ in range(3)] == [200, 200, 429]
        await stage.clock.advance(1)
        assert [(await stage.ask("/dev/a")).status for _ in range(2)] == [200, 429]
        await stage.patch_stage(**{"/~1a/GET/throttling/rateLimit": "100", "/~1a/GET/throttling/burstLimit": "3"})
        assert [(await stage.ask("/dev/a")).status for _ in range(3)] == [200, 200, 200]

    with_stage(tmp_path, scene)


def test_a_quota_begins_again_with_the_day(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy("/a", apiKeyRequired=True)
        await stage.deploy()
        key = await stage.call("CreateApiKey", name="k", enabled=True)
        plan = await stage.call(
            "CreateUsagePlan", name="p", apiStages=[{"apiId": stage.id, "stage": "dev"}],
            quota={"limit": 2, "period": "DAY"},
        )  # fmt: skip
        assert (await stage.ask("/dev/a", x_api_key=key["value"])).status == 403, "it is in no plan"
        await stage.call("CreateUsagePlanKey", usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
        statuses = [(await stage.ask("/dev/a", x_api_key=key["value"])).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        await stage.clock.advance(24 * 3600)
        assert (await stage.ask("/dev/a", x_api_key=key["value"])).status == 200
        usage = await stage.call("GetUsage", usagePlanId=plan["id"], startDate="2026-03-31", endDate="2026-04-01")
        assert usage["items"][key["id"]] == [[2, 0], [1, 1]]
        await stage.call("UpdateApiKey", apiKey=key["id"],
                         patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}])  # fmt: skip
        assert (await stage.ask("/dev/a", x_api_key=key["value"])).status == 403

    with_stage(tmp_path, scene)


def test_iam(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        async def run(event: dict[str, Any]) -> Any:
            return {"statusCode": 200, "body": json.dumps(event["requestContext"]["identity"])}

        stage.functions.run = run
        await stage.proxy("/a", authorizationType="AWS_IAM")
        await stage.deploy()
        assert text(await stage.ask("/dev/a")) == '{"message":"Missing Authentication Token"}'
        who = json.loads(text(await stage.ask("/dev/a", Authorization="signed")))
        assert (who["accessKey"], who["userArn"]) == ("AKIA", "arn:aws:iam::111111111111:root")
        [(action, arn, has_policy)] = stage.judged
        assert (action, arn.partition(":execute-api:")[2].partition("/")[2], has_policy) == (
            "execute-api:Invoke", "dev/GET/a", False,
        )  # fmt: skip
        stage.allowed = False
        answer = await stage.ask("/dev/a", Authorization="signed")
        assert (answer.status, "is not authorized to perform: execute-api:Invoke" in text(answer)) == (403, True)

    with_stage(tmp_path, scene)


def test_the_apis_own_policy(tmp_path: Path) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/dev/GET/a",
    }

    async def scene(stage: Stage) -> None:
        await stage.proxy("/a")
        await stage.proxy("/b")
        said = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        operations = [{"op": "replace", "path": "/policy", "value": said}]
        await stage.call("UpdateRestApi", restApiId=stage.id, patchOperations=operations)
        await stage.deploy()
        assert (await stage.ask("/dev/a")).status == 200
        refused = text(await stage.ask("/dev/b"))
        arn = f"arn:aws:execute-api:eu-west-1:********1111:{stage.id}/dev/GET/b"
        words = f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {arn}"
        assert refused == json.dumps({"Message": words}, separators=(",", ":"))

    with_stage(tmp_path, scene)


def test_tokens_of_a_user_pool(tmp_path: Path) -> None:
    key = RSAKey.generate_key(2048, {"kid": "k"})
    other = RSAKey.generate_key(2048, {"kid": "k"})

    def token(signed_by: RSAKey = key, **claims: Any) -> str:
        issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_p"
        whole = {"iss": issuer, "exp": NOW + 100, "token_use": "id", "cognito:groups": ["a", "b"]} | claims
        return jwt.encode({"alg": "RS256", "kid": "k"}, whole, signed_by)

    async def scene(stage: Stage) -> None:
        stage.jwks = {"keys": [key.as_dict(private=False)]}

        async def run(event: dict[str, Any]) -> Any:
            return {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"])}

        stage.functions.run = run
        made = await stage.call(
            "CreateAuthorizer", restApiId=stage.id, name="c", type="COGNITO_USER_POOLS",
            providerARNs=["arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_p"],
            identitySource="method.request.header.Authorization",
        )  # fmt: skip
        more = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": made["id"]}
        await stage.proxy("/id", **more)
        await stage.proxy("/scope", **more, authorizationScopes=["read"])
        await stage.deploy()
        said = json.loads(text(await stage.ask("/dev/id", Authorization=f"Bearer {token()}")))
        assert said["claims"]["cognito:groups"] == "a,b"
        for wrong in (token(other), token(iss="https://x/other"), token(token_use="access"), "x", "a.b.c", ""):
            assert (await stage.ask("/dev/id", Authorization=wrong)).status == 401
        expired = await stage.ask("/dev/id", Authorization=token(exp=NOW - 1))
        assert text(expired) == '{"message":"The incoming token has expired"}'
        scoped = token(token_use="access", scope="write read")
        assert (await stage.ask("/dev/scope", Authorization=scoped)).status == 200
        assert (await stage.ask("/dev/scope", Authorization=token())).status == 401
        at = {"restApiId": stage.id, "authorizerId": made["id"], "headers": {"Authorization": token()}}
        tried = await Trials(stage.ports, stage.env).authorizer(Caller(HERE, "rid"), at)
        assert (tried["clientStatus"], tried["claims"]["cognito:groups"]) == (0, "a,b")
        tried = await Trials(stage.ports, stage.env).authorizer(
            Caller(HERE, "rid"), at | {"headers": {"Authorization": token(other)}}
        )
        assert tried["clientStatus"] == 401 and "claims" not in tried

    with_stage(tmp_path, scene)


def test_the_web_behind_it(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        made = await stage.call("CreateResource", restApiId=stage.id, parentId=stage.root, pathPart="{proxy+}")
        at = {"restApiId": stage.id, "resourceId": made["id"], "httpMethod": "ANY"}
        proxy = {"method.request.path.proxy": True}
        await stage.call("PutMethod", **at, authorizationType="NONE", requestParameters=proxy)
        await stage.call(
            "PutIntegration", **at, type="HTTP_PROXY", integrationHttpMethod="ANY", uri="https://x.example/v1/{proxy}",
            requestParameters={"integration.request.path.proxy": "method.request.path.proxy"},
        )  # fmt: skip
        await stage.deploy()
        answer = await stage.ask("/dev/a/b%20c?q=1&q=2", "PUT", b"body", X_One="1")
        assert (answer.status, answer.body) == (201, b"web")
        names = dict(answer.headers)
        assert names["X-A"] == "1" and names["x-amzn-Remapped-Server"] == "x"
        method, url, headers, body = stage.fetched[0]
        assert (method, url, body) == ("PUT", "https://x.example/v1/a/b%20c?q=1&q=2", b"body")
        assert ("X-One", "1") in headers and not any(name.lower() == "host" for name, _ in headers)
        assert ("User-Agent", f"AmazonAPIGateway_{stage.id}") in headers
        assert ("x-amzn-apigateway-api-id", stage.id) in headers
        elsewhere = [{"op": "replace", "path": "/uri", "value": "https://nowhere.example"}]
        await stage.call("UpdateIntegration", **at, patchOperations=elsewhere)
        await stage.deploy()
        lost = await stage.ask("/dev/a")
        assert (lost.status, text(lost)) == (504, '{"message": "Network error communicating with endpoint"}')

    with_stage(tmp_path, scene)


@pytest.mark.parametrize(
    ("uri", "method", "path", "query", "headers", "body"),
    [
        ("dynamodb:action/PutItem", "POST", "/", "", {"x-amz-target": "DynamoDB_20120810.PutItem"}, b"{}"),
        ("states:action/StartExecution", "POST", "/", "", {"x-amz-target": "AWSStepFunctions.StartExecution"}, b"{}"),
        ("sns:action/Publish", "POST", "/", "Action=Publish", {}, b""),
        ("sqs:action/SendMessage", "POST", "/", "Action=SendMessage", {"accept": "application/json"}, b""),
        ("sqs:path/111111111111/q", "POST", "/111111111111/q", "", {}, b"{}"),
        ("s3:path/bucket/{key}", "PUT", "/bucket/a/b", "", {}, b"{}"),
        ("bucket.s3:path/{key}", "GET", "/bucket/a/b", "", {}, b"{}"),
    ],
)
def test_awss_services_behind_it(
    tmp_path: Path, uri: str, method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    async def scene(stage: Stage) -> None:
        at = {"restApiId": stage.id, "resourceId": stage.root, "httpMethod": "POST"}
        declared = {"method.request.querystring.k": False}
        await stage.call("PutMethod", **at, authorizationType="NONE", requestParameters=declared)
        await stage.call(
            "PutIntegration", **at, type="AWS", integrationHttpMethod=method, uri=f"arn:aws:apigateway:eu-west-1:{uri}",
            credentials="arn:aws:iam::111111111111:role/r",
            requestParameters={"integration.request.path.key": "method.request.querystring.k"},
        )  # fmt: skip
        await stage.call("PutMethodResponse", **at, statusCode="200")
        await stage.call("PutIntegrationResponse", **at, statusCode="200")
        await stage.deploy()
        answer = await stage.ask("/dev?k=a/b", "POST", body)
        assert (answer.status, answer.body) == (200, b'{"ok": true}')
        (sent,) = stage.asked
        assert (sent.method, sent.path, sent.query, sent.body) == (method, path, query, body)
        assert headers.items() <= sent.headers.items()
        assert isinstance(sent.acting, Acting) and sent.acting.held is not None
        assert sent.acting.held.role == "arn:aws:iam::111111111111:role/r"

    with_stage(tmp_path, scene)


def test_a_role_that_does_not_trust_the_api_is_a_configuration_error(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        at = {"restApiId": stage.id, "resourceId": stage.root, "httpMethod": "POST"}
        await stage.call("PutMethod", **at, authorizationType="NONE")
        await stage.call(
            "PutIntegration", **at, type="AWS", integrationHttpMethod="POST",
            credentials="arn:aws:iam::111111111111:role/untrusted",
            uri="arn:aws:apigateway:eu-west-1:sqs:path/111111111111/q",
        )  # fmt: skip
        await stage.deploy()
        assert ((await stage.ask("/dev", "POST", b"")).status, stage.asked) == (500, [])

    with_stage(tmp_path, scene)


def test_an_event_is_left_behind(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        at = {"restApiId": stage.id, "resourceId": stage.root, "httpMethod": "POST"}
        await stage.call("PutMethod", **at, authorizationType="NONE")
        await stage.call(
            "PutIntegration", **at, type="AWS", integrationHttpMethod="POST", uri=URI,
            requestParameters={"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
        )  # fmt: skip
        await stage.call("PutMethodResponse", **at, statusCode="202")
        await stage.call("PutIntegrationResponse", **at, statusCode="202")
        await stage.deploy()
        answer = await stage.ask("/dev", "POST", b'{"a": 1}')
        assert (answer.status, stage.functions.calls[0].payload, stage.functions.events) == (202, b'{"a": 1}', [])

    with_stage(tmp_path, scene)


def test_limits_and_compression(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy("/a", "POST")
        operations = [{"op": "replace", "path": "/minimumCompressionSize", "value": "3"}]
        await stage.call("UpdateRestApi", restApiId=stage.id, patchOperations=operations)
        await stage.deploy()
        for size in (6, 10):  # of an event, of a request
            large = await stage.ask("/dev/a", "POST", b"x" * (size * 1024 * 1024 + 1))
            assert (large.status, text(large)) == (413, '{"message":"Request Too Long"}')
        assert not stage.functions.calls
        packed = await stage.ask("/dev/a", "POST", Accept_Encoding="gzip")
        assert ("Content-Encoding", "gzip") in packed.headers
        closed = [{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}]
        await stage.call("UpdateRestApi", restApiId=stage.id, patchOperations=closed)
        await stage.deploy()
        assert text(await stage.ask("/dev/a", "POST")) == '{"message":"Forbidden"}'

    with_stage(tmp_path, scene)


LARGE = json.dumps({"x": [{"a": 1}] * 20_000}).encode()
LOOPS = "#foreach($a in [1..900])#foreach($b in [1..200])$a#end#end"
DEEP = {"application/json": "{\"statusCode\": $input.json('$..a').length()}"}


@pytest.mark.parametrize(
    ("integration", "body"),
    [
        ({"type": "MOCK", "requestTemplates": {"application/json": LOOPS}}, b""),
        ({"type": "HTTP", "uri": "https://x.example", "requestTemplates": {"application/json": LOOPS}}, b""),
        ({"type": "MOCK", "requestTemplates": DEEP}, LARGE),
        ({"type": "HTTP", "uri": "https://x.example", "requestTemplates": DEEP}, LARGE),
        ({"type": "HTTP_PROXY", "uri": "https://x.example",
          "requestParameters": {"integration.request.header.H": "method.request.body..a"}}, LARGE),
    ],
)  # fmt: skip
def test_what_takes_a_while_keeps_nobody_waiting(tmp_path: Path, integration: dict[str, Any], body: bytes) -> None:
    async def scene(stage: Stage) -> None:
        at = {"restApiId": stage.id, "resourceId": stage.root, "httpMethod": "POST"}
        await stage.call("PutMethod", **at, authorizationType="NONE")
        await stage.call("PutIntegration", **at, integrationHttpMethod="POST", **integration)
        await stage.deploy()
        asking = asyncio.create_task(stage.ask("/dev", "POST", body))
        turns = 0
        while not asking.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert asking.result().status and turns > 3

    with_stage(tmp_path, scene)


def test_a_gateway_responses_status_that_is_none_is_left_out(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy("/a")
        wrong = [{"op": "replace", "path": "/statusCode", "value": "x"}]
        at = {"restApiId": stage.id, "responseType": "DEFAULT_4XX"}
        await stage.call("UpdateGatewayResponse", **at, patchOperations=wrong)
        await stage.deploy()
        assert (await stage.ask("/dev/nothing")).status == 403

    with_stage(tmp_path, scene)


def test_an_api_is_reached_by_the_name_of_its_own_region(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy()
        await stage.deploy()
        assert await stage.serve("/dev", region="us-west-2") is None
        by_path = await stage.serve("/dev", region="")
        assert by_path is not None and by_path.status == 200

    with_stage(tmp_path, scene)


FORBIDDEN, INTERNAL = '{"message":"Forbidden"}', '{"message": "Internal server error"}'
SCHEMA = '{"type":"object","required":["a"]}'


@pytest.mark.parametrize(
    ("path", "asked", "status", "error", "body"),
    [
        ("/dev/none", {}, 403, "MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}'),
        ("/none/a", {}, 403, "ForbiddenException", FORBIDDEN),
        ("/dev/a", {"X_Says": "malformed"}, 502, "InternalServerErrorException", INTERNAL),
        ("/dev/a", {"X_Says": "not permitted"}, 500, "InternalServerErrorException", INTERNAL),
        ("/dev/a", {"X_Says": "throttled"}, 500, "InternalServerErrorException", INTERNAL),
        ("/dev/key", {}, 403, "ForbiddenException", FORBIDDEN),
        ("/dev/key", {"x_api_key": "none"}, 403, "ForbiddenException", FORBIDDEN),
        ("/dev/model", {}, 400, "BadRequestException", '{"message": "Invalid request body"}'),
        ("/dev/parameter", {}, 400, "BadRequestException",
         '{"message": "Missing required request parameters: [h, q]"}'),
        ("/dev/typed", {"Content_Type": "text/plain"}, 415, "BadRequestException",
         '{"message": "Unsupported Media Type"}'),
        ("/dev/typed", {}, 504, "InternalServerErrorException",
         '{"message": "Network error communicating with endpoint"}'),
        ("/dev/who", {}, 401, "UnauthorizedException", '{"message":"Unauthorized"}'),
        ("/dev/who", {"Auth": "deny"}, 403, "AccessDeniedException", DENIED),
        ("/dev/who", {"Auth": "nothing"}, 500, "AuthorizerConfigurationException", '{"message":null}'),
        ("/dev/who", {"Auth": "fail"}, 500, "AuthorizerConfigurationException", '{"message":null}'),
        ("/dev/who", {"Auth": "Unauthorized"}, 401, "UnauthorizedException", '{"message":"Unauthorized"}'),
        ("/dev/iam", {}, 403, "MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}'),
    ],
)  # fmt: skip
def test_what_the_api_says_by_itself(
    tmp_path: Path, path: str, asked: dict[str, str], status: int, error: str, body: str
) -> None:
    """Causes, the status, `x-amzn-ErrorType` and the body: of each type of gateway response that can be met here."""

    async def run(event: dict[str, Any]) -> Any:
        said = event.get("authorizationToken") or (event.get("headers") or {}).get("X-Says")
        if said in ("fail", "Unauthorized"):
            raise RuntimeError(said)
        if said == "not permitted":
            raise NotPermitted("f has no permission")
        if said == "throttled":
            raise Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        return {"deny": policy("Deny", "*"), "nothing": {}, "malformed": "text"}.get(str(said), {"statusCode": 200})

    async def scene(stage: Stage) -> None:
        stage.functions.run = run
        at = {"restApiId": stage.id}
        await stage.call("CreateModel", **at, name="M", contentType="application/json", schema=SCHEMA)
        given = {"validateRequestBody": True, "validateRequestParameters": True}
        validator = (await stage.call("CreateRequestValidator", **at, name="v", **given))["id"]
        await stage.proxy("/a")
        await stage.proxy("/key", apiKeyRequired=True)
        await stage.proxy("/iam", authorizationType="AWS_IAM")
        await stage.proxy("/model", requestValidatorId=validator, requestModels={"application/json": "M"})
        needed = {"method.request.querystring.q": True, "method.request.header.h": True}
        await stage.proxy("/parameter", requestValidatorId=validator, requestParameters=needed)
        await stage.proxy("/who", **await authorize(stage, 0))
        made = await stage.call("CreateResource", **at, parentId=stage.root, pathPart="typed")
        typed = at | {"resourceId": made["id"], "httpMethod": "GET"}
        await stage.call("PutMethod", **typed, authorizationType="NONE")
        await stage.call(
            "PutIntegration", **typed, type="HTTP", integrationHttpMethod="GET", uri="https://nowhere.example",
            passthroughBehavior="NEVER", requestTemplates={"application/json": "{}"},
        )  # fmt: skip
        await stage.deploy()
        answer = await stage.ask(path, **asked)
        headers = dict(answer.headers)
        assert (answer.status, headers["x-amzn-ErrorType"], text(answer)) == (status, error, body)
        assert headers["x-amzn-RequestId"] and headers["x-amz-apigw-id"]
        assert headers["Content-Type"] == "application/json"

    with_stage(tmp_path, scene)
