"""A request to an HTTP API, and what comes back: no sockets, the clock moved by hand."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from lambent.model.acting import Acting
from lambent.model.credentials import Signer
from lambent.model.door import NotPermitted
from lambent.model.invocation import Outcome, Throttled
from lambent.wire.http import Response
from tests.unit.services_apigatewayv2.http_kit import FUNCTION, NOW, URI, Api, document, with_api


def test_a_request_becomes_the_event_of_version_2(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        await api.route(made, "ANY /pets/{id}")
        lines = [
            ("Host", "x"), ("X-One", "a"), ("x-one", "b"), ("Cookie", "a=1; b=2"), ("cookie", "c=3"),
            ("Content-Type", "text/plain"), ("User-Agent", "curl/8"), ("Connection", "close"),
        ]  # fmt: skip
        answer = await api.ask(made, "/pets/a%20b", "POST", b"hello", "x=1&x=2&y=%20", lines=lines)
        event = document(answer)
        domain = f"{made}.execute-api.eu-west-1.amazonaws.com"
        assert event.pop("requestContext") == {
            "accountId": "111111111111", "apiId": made, "domainName": domain, "domainPrefix": made,
            "http": {
                "method": "POST", "path": "/pets/a b", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.9",
                "userAgent": "curl/8",
            },
            "requestId": dict(answer.headers)["apigw-requestid"], "routeKey": "ANY /pets/{id}", "stage": "$default",
            "time": "31/Mar/2026:23:33:20 +0000", "timeEpoch": int(NOW * 1000),
        }  # fmt: skip
        assert event == {
            "version": "2.0", "routeKey": "ANY /pets/{id}", "rawPath": "/pets/a b", "rawQueryString": "x=1&x=2&y=%20",
            "cookies": ["a=1", "b=2", "c=3"],
            "headers": {
                "host": "x", "x-one": "a,b", "content-type": "text/plain", "user-agent": "curl/8",
                "x-forwarded-for": "127.0.0.9", "x-forwarded-port": "80", "x-forwarded-proto": "http",
                "content-length": "5", "x-amzn-trace-id": "Root=1-00000000-00004000800000000000000a",
            },
            "queryStringParameters": {"x": "1,2", "y": " "}, "pathParameters": {"id": "a b"},
            "body": "hello", "isBase64Encoded": False,
        }  # fmt: skip
        door, _ = api.functions.calls[-1]
        assert door.service == "apigateway.amazonaws.com"
        assert door.source_arn == f"arn:aws:execute-api:eu-west-1:111111111111:{made}/$default/POST/pets/{{id}}"

    with_api(tmp_path, scene)


def test_a_request_becomes_the_event_of_version_1(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty("dev")
        given = {"IntegrationType": "AWS_PROXY", "IntegrationUri": URI, "PayloadFormatVersion": "1.0"}
        await api.route(made, "GET /pets/{proxy+}", integration=given)
        event = document(await api.ask(made, "/dev/pets/a%20b/c", query="x=1&x=2", Accept="*/*", X_A="1"))
        assert (event["version"], event["resource"], event["path"]) == ("1.0", "/pets/{proxy+}", "/dev/pets/a%20b/c")
        assert event["queryStringParameters"] == {"x": "2"}
        assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
        assert event["headers"]["X-A"] == "1" and event["multiValueHeaders"]["Accept"] == ["*/*"]
        assert event["headers"]["X-Forwarded-For"] == "127.0.0.9"
        assert event["pathParameters"] == {"proxy": "a b/c"} and event["stageVariables"] is None
        assert event["body"] is None and event["isBase64Encoded"] is False
        context = event["requestContext"]
        assert (context["resourcePath"], context["path"], context["stage"]) == (
            "/pets/{proxy+}", "/dev/pets/a b/c", "dev",
        )  # fmt: skip
        assert context["identity"]["sourceIp"] == "127.0.0.9"

    with_api(tmp_path, scene)


def test_routes_win_in_awss_order(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        for key in (
            "$default", "ANY /{proxy+}", "GET /pets/{proxy+}", "GET /pets/dog/{id}", "ANY /pets/dog/{id}",
            "GET /pets/dog/1", "GET /",
        ):  # fmt: skip
            await api.route(made, key)

        async def key_of(method: str, path: str) -> Any:
            return document(await api.ask(made, path, method))["routeKey"]

        assert await key_of("GET", "/pets/dog/1") == "GET /pets/dog/1"
        assert await key_of("GET", "/pets/dog/2") == "GET /pets/dog/{id}"
        assert await key_of("POST", "/pets/dog/1") == "ANY /pets/dog/{id}"
        assert await key_of("GET", "/pets/cat/1/2") == "GET /pets/{proxy+}"
        assert await key_of("POST", "/pets/cat") == "ANY /{proxy+}"
        assert await key_of("GET", "/") == "GET /"
        assert await key_of("POST", "/") == "$default"

    with_api(tmp_path, scene)


def test_what_no_route_or_stage_is_for_is_not_found(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty("dev")
        await api.route(made, "GET /a")
        for path, method in (("/dev/b", "GET"), ("/dev/a", "POST"), ("/a", "GET"), ("/dev/a/", "GET")):
            answer = await api.ask(made, path, method)
            assert (answer.status, document(answer)) == (404, {"message": "Not Found"}), path
        assert (await api.ask(made, "/dev/a")).status == 200

    with_api(tmp_path, scene)


def test_a_stage_in_the_path_is_part_of_the_raw_path(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty("dev")
        await api.call("UpdateStage", ApiId=made, StageName="dev", StageVariables={"table": "t"})
        await api.route(made, "GET /a")
        event = document(await api.ask(made, "/dev/a"))
        assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/dev/a"
        assert event["requestContext"]["stage"] == "dev" and event["stageVariables"] == {"table": "t"}

    with_api(tmp_path, scene)


def test_what_is_not_deployed_is_not_served(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = str((await api.call("CreateApi", Name="a", ProtocolType="HTTP"))["ApiId"])
        await api.call("CreateStage", ApiId=made, StageName="$default")
        await api.route(made, "GET /a")
        assert (await api.ask(made, "/a")).status == 404
        first = await api.call("CreateDeployment", ApiId=made, StageName="$default")
        assert (await api.ask(made, "/a")).status == 200
        await api.route(made, "GET /b")
        assert (await api.ask(made, "/b")).status == 404
        await api.call("CreateDeployment", ApiId=made, StageName="$default")
        assert (await api.ask(made, "/b")).status == 200
        await api.call("UpdateStage", ApiId=made, StageName="$default", DeploymentId=first["DeploymentId"])
        assert (await api.ask(made, "/b")).status == 404

    with_api(tmp_path, scene)


def test_a_stage_that_deploys_automatically_follows(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        assert (await api.call("GetStage", ApiId=made, StageName="$default"))["LastDeploymentStatusMessage"] == (
            "Deployment attempt failed: At least one route is required before deploying the Api."
        )
        route = await api.route(made, "GET /a")
        assert (await api.ask(made, "/a")).status == 200
        await api.route(made, "GET /b")
        await api.call("DeleteRoute", ApiId=made, RouteId=route)
        assert [(await api.ask(made, path)).status for path in ("/a", "/b")] == [404, 200]
        assert len((await api.call("GetDeployments", ApiId=made))["Items"]) == 1

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    ("said", "status", "body", "kind"),
    [
        ({"statusCode": 201, "body": "x"}, 201, b"x", "text/plain; charset=utf-8"),
        ({"a": 1}, 200, b'{"a":1}', "application/json"),
        ({"statusCode": "abc"}, 500, b'{"message":"Internal Server Error"}', "application/json"),
        ({"statusCode": 200, "body": {"a": 1}}, 500, b'{"message":"Internal Server Error"}', "application/json"),
        (Outcome(b'{"name": '), 200, b'{"name": ', "application/json"),
        (
            Outcome(b'{"errorMessage":"x"}', "Unhandled"),
            500,
            b'{"message":"Internal Server Error"}',
            "application/json",
        ),
    ],
)
def test_answers_of_version_2(tmp_path: Path, said: Any, status: int, body: bytes, kind: str) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()
        api.functions.run = lambda _door, _event: said
        answer = await api.ask(made)
        named = {name.lower(): value for name, value in answer.headers}
        assert (answer.status, answer.body, named["content-type"]) == (status, body, kind)

    with_api(tmp_path, scene)


def test_version_1_infers_nothing(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        given = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "1.0"}
        await api.route(made, "$default", integration=given)
        api.functions.run = lambda _door, _event: {"a": 1}
        assert (await api.ask(made)).status == 500
        many = {"X-A": ["1", "2"]}
        api.functions.run = lambda _door, _event: {
            "statusCode": 200,
            "headers": {"x-a": "0"},
            "multiValueHeaders": many,
        }
        answer = await api.ask(made)
        assert [value for name, value in answer.headers if name.lower() == "x-a"] == ["0", "1", "2"]

    with_api(tmp_path, scene)


def test_after_thirty_seconds_the_caller_is_answered_and_the_function_runs_on(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()

        async def run(_door: Any, _event: Any) -> Any:
            await api.clock.sleep(100)
            return {}

        api.functions.run = run
        asked = asyncio.ensure_future(api.ask(made))
        await asyncio.sleep(0)
        await api.clock.advance(29.9)
        assert not asked.done()
        await api.clock.advance(0.2)
        answer = await asked
        assert (answer.status, document(answer)) == (503, {"message": "Service Unavailable"})
        outlives, cut = api.findings.all()
        assert (outlives.code, cut.code) == ("function-outlives-door", "api-gateway-timeout")

    with_api(tmp_path, scene)


def test_a_function_that_may_not_be_called_is_a_500_with_a_finding(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()

        def run(_door: Any, _event: Any) -> Any:
            raise NotPermitted("no")

        api.functions.run = run
        answer = await api.ask(made)
        assert (answer.status, document(answer)) == (500, {"message": "Internal Server Error"})
        assert [one.code for one in api.findings.all()] == ["function-outlives-door", "api-gateway-not-permitted"]

        def throttle(_door: Any, _event: Any) -> Any:
            raise Throttled("x")

        api.functions.run = throttle
        assert (await api.ask(made)).status == 503

    with_api(tmp_path, scene)


def test_too_much_is_refused(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()
        answer = await api.ask(made, "/", "POST", b"x" * (10 << 20), content_type="text/plain")
        assert (answer.status, api.functions.calls) == (413, [])
        assert (await api.ask(made, "/", "POST", b"x" * ((10 << 20) + 1))).status == 413

    with_api(tmp_path, scene)


def test_a_head_over_the_limit_is_refused(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()
        assert (await api.ask(made, "/" + "x" * 10_240)).status == 414
        assert (await api.ask(made, "/" + "x" * 5_120, x_long="y" * 5_120)).status == 431

    with_api(tmp_path, scene)


def test_cors_is_the_apis_own(tmp_path: Path) -> None:
    cors = {
        "AllowOrigins": ["https://a.test"], "AllowMethods": ["GET", "PUT"], "AllowHeaders": ["x-a"], "MaxAge": 60,
        "ExposeHeaders": ["x-b"], "AllowCredentials": True,
    }  # fmt: skip

    async def scene(api: Api) -> None:
        made = await api.quick(CorsConfiguration=cors)
        api.functions.run = lambda _door, _event: {
            "statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*", "x-own": "1"},
        }  # fmt: skip
        asked = {"access-control-request-method": "PUT"}
        answer = await api.ask(made, "/", "OPTIONS", lines=[("Origin", "https://a.test"), *asked.items()])
        assert (answer.status, answer.body, api.functions.calls) == (204, b"", [])
        told = {name: value for name, value in answer.headers if name.startswith("access-control")}
        assert told == {
            "access-control-allow-origin": "https://a.test", "access-control-allow-credentials": "true",
            "access-control-allow-methods": "GET,PUT", "access-control-allow-headers": "x-a",
            "access-control-max-age": "60",
        }  # fmt: skip
        answer = await api.ask(made, Origin="https://a.test")
        told = {name.lower(): value for name, value in answer.headers}
        assert told["access-control-allow-origin"] == "https://a.test" and told["x-own"] == "1"
        assert told["access-control-expose-headers"] == "x-b"
        answer = await api.ask(made, Origin="https://b.test")
        assert not [one for one in answer.headers if one[0].lower().startswith("access-control")]
        assert (await api.ask(made, "/", "OPTIONS")).status == 200, "no preflight without an origin"

    with_api(tmp_path, scene)


def test_parameters_are_mapped_both_ways(tmp_path: Path) -> None:
    mapped = {
        "append:header.x-a": "$request.querystring.q", "overwrite:header.x-b": "b-${stageVariables.v}-$context.stage",
        "remove:header.x-c": "''",
        "append:querystring.id": "$request.path.id", "overwrite:path": "/new/$request.path.id",
        "overwrite:header.x-d": "$request.body.user.name", "append:header.x-none": "$request.header.none",
    }  # fmt: skip
    back = {"200": {"append:header.x-e": "$response.header.x-f", "overwrite:statuscode": "202"}, "5XX": {}}

    async def scene(api: Api) -> None:
        made = await api.empty()
        await api.call("UpdateStage", ApiId=made, StageName="$default", StageVariables={"v": "1"})
        given = {
            "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0",
            "RequestParameters": mapped, "ResponseParameters": back,
        }  # fmt: skip
        await api.route(made, "POST /a/{id}", integration=given)
        api.functions.run = lambda _door, _event: {"statusCode": 200, "headers": {"x-f": "f"}}
        lines = [("x-a", "0"), ("x-b", "0"), ("x-c", "0"), ("content-type", "application/json")]
        answer = await api.ask(made, "/a/7", "POST", b'{"user":{"name":"me"}}', "q=1", lines=lines)
        event = api.functions.event
        headers = event["headers"]
        assert (headers["x-a"], headers["x-b"], headers["x-d"]) == ("0,1", "b-1-$default", "me")
        assert "x-c" not in headers and "x-none" not in headers
        assert event["queryStringParameters"] == {"q": "1", "id": "7"} and event["rawPath"] == "/new/7"
        assert (answer.status, dict(answer.headers)["x-e"]) == (202, "f")

    with_api(tmp_path, scene)


def test_a_mapping_that_takes_a_while_keeps_nobody_waiting(tmp_path: Path) -> None:
    large = orjson.dumps({"x": [{"a": 1}] * 20_000})

    async def scene(api: Api) -> None:
        made = await api.empty()
        given = {
            "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0",
            "RequestParameters": {"append:header.x-a": "$request.body..a"},
        }  # fmt: skip
        await api.route(made, "POST /a", integration=given)
        asking = asyncio.ensure_future(api.ask(made, "/a", "POST", large))
        turns = 0
        while not asking.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert asking.result().status == 200 and turns > 3

    with_api(tmp_path, scene)


def test_a_backend_on_the_web(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        given = {
            "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "PayloadFormatVersion": "1.0",
            "IntegrationUri": "https://backend.test/x/{proxy}?k=1",
        }  # fmt: skip
        await api.route(made, "ANY /{proxy+}", integration=given)
        asked: list[Any] = []

        def web(*given: Any) -> Any:
            asked.append(given)
            return 207, [("x-own", "1"), ("Transfer-Encoding", "chunked")], b"body"

        api.web = web
        answer = await api.ask(made, "/a/b", "PUT", b"hi", "q=2", Host="x", X_A="1")
        method, url, headers, body, _ = asked[0]
        assert (method, url, body) == ("PUT", "https://backend.test/x/a/b?k=1&q=2", b"hi")
        assert ("X-A", "1") in headers and "host" not in {name.lower() for name, _ in headers}
        assert (answer.status, answer.body) == (207, b"body")
        assert "transfer-encoding" not in {name.lower() for name, _ in answer.headers}

        def gone(*_: Any) -> Any:
            raise OSError("nobody there")

        api.web = gone
        assert (await api.ask(made, "/a")).status == 503

    with_api(tmp_path, scene)


def test_services_are_asked(tmp_path: Path) -> None:
    role = "arn:aws:iam::111111111111:role/r"

    async def scene(api: Api) -> None:
        made = await api.empty()

        async def service(key: str, subtype: str, **parameters: str) -> None:
            given = {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": subtype, "PayloadFormatVersion": "1.0"}
            await api.route(made, key, integration={**given, "CredentialsArn": role, "RequestParameters": parameters})

        await service(
            "POST /sqs", "SQS-SendMessage", QueueUrl="http://q", MessageBody="$request.body",
            MessageAttributes='{"a":{"DataType":"String","StringValue":"${request.header.x-a}"}}',
        )  # fmt: skip
        await service("POST /bus", "EventBridge-PutEvents", Detail="$request.body", DetailType="t", Source="s")
        await service("POST /stream", "Kinesis-PutRecord", StreamName="s", Data="$request.body.d", PartitionKey="k")
        await service("POST /run", "StepFunctions-StartExecution", StateMachineArn="arn:x", Input="$request.body")
        api.service_answer = Response(200, [("Content-Type", "text/xml"), ("X-Own", "1")], b"<ok/>")
        answer = await api.ask(made, "/sqs", "POST", b"hello", x_a="1")
        assert (answer.status, answer.body, dict(answer.headers)["Content-Type"]) == (200, b"<ok/>", "text/xml")
        assert "X-Own" not in dict(answer.headers)
        asked = api.asked[-1]
        assert b"MessageBody=hello" in asked.body and b"MessageAttribute.1.Value.StringValue=1" in asked.body
        assert "/20260101/eu-west-1/sqs/aws4_request" in asked.headers["authorization"]
        assert isinstance(asked.acting, Acting) and asked.acting.held is not None and asked.acting.held.role == role
        await api.ask(made, "/bus", "POST", b'{"x":1}')
        assert orjson.loads(api.asked[-1].body) == {
            "Entries": [{"Detail": '{"x":1}', "DetailType": "t", "Source": "s"}]
        }
        await api.ask(made, "/stream", "POST", b'{"d":"YQ=="}')
        assert orjson.loads(api.asked[-1].body) == {"StreamName": "s", "Data": "YQ==", "PartitionKey": "k"}
        await api.ask(made, "/run", "POST", b"{}")
        assert orjson.loads(api.asked[-1].body) == {"stateMachineArn": "arn:x", "input": "{}"}
        await service("GET /sqs", "SQS-ReceiveMessage", QueueUrl="http://q", AttributeNames='["All","SentTimestamp"]')
        await service("POST /stop", "StepFunctions-StopExecution", ExecutionArn="$request.body.arn")
        await api.ask(made, "/sqs")
        said = b"Action=ReceiveMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2Fq&AttributeName.1=All&AttributeName.2="
        assert api.asked[-1].body == said + b"SentTimestamp"
        await api.ask(made, "/stop", "POST", b'{"arn":"arn:e"}')
        assert orjson.loads(api.asked[-1].body) == {"executionArn": "arn:e"}
        assert api.asked[-1].headers["x-amz-target"] == "AWSStepFunctions.StopExecution"

    with_api(tmp_path, scene)


def test_a_throttled_route_answers_429(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        await api.route(made, "GET /a")
        await api.route(made, "GET /b")
        settings = {"GET /a": {"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 2}}
        await api.call("UpdateStage", ApiId=made, StageName="$default", RouteSettings=settings)
        assert [(await api.ask(made, "/a")).status for _ in range(3)] == [200, 200, 429]
        assert (await api.ask(made, "/b")).status == 200
        await api.clock.advance(1)
        answer = await api.ask(made, "/a")
        assert answer.status == 200
        assert document(await api.ask(made, "/a")) == {"message": "Too Many Requests"}

    with_api(tmp_path, scene)


def test_an_access_log_has_a_line_for_each_request(tmp_path: Path) -> None:
    group = "arn:aws:logs:eu-west-1:111111111111:log-group:access"

    async def scene(api: Api) -> None:
        made = await api.quick()
        form = "$context.httpMethod $context.routeKey $context.status $context.responseLength $context.error.message"
        settings = {"DestinationArn": group, "Format": form}
        await api.call("UpdateStage", ApiId=made, StageName="$default", AccessLogSettings=settings)
        api.functions.run = lambda _door, _event: "ok"
        await api.ask(made)
        assert api.logged == [("access", f"{made}/$default", "GET $default 200 2 -")]

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    ("path", "answer", "line"),
    [
        ("/a", {"statusCode": 201, "body": "ok"}, "201 - - 201 200 7000 -"),
        ("/a", "x", "200 - - 200 200 7000 -"),
        ("/a", {"statusCode": "no"}, 'STATUS'),
        ("/guarded", {"isAuthorized": False}, "403 Forbidden the authorizer does not let the caller in - - - -"),
        ("/nowhere", None, "404 Not Found - - - - -"),
    ],
)  # fmt: skip
def test_what_an_access_log_tells_of_an_answer(path: str, answer: Any, line: str, tmp_path: Path) -> None:
    group = "arn:aws:logs:eu-west-1:111111111111:log-group:access:*"
    form = (
        "$context.status $context.error.message $context.authorizer.error $context.integration.status "
        "$context.integration.integrationStatus $context.integrationLatency $context.integrationErrorMessage"
    )

    async def scene(api: Api) -> None:
        made = await api.empty()
        authorizer = await api.call(
            "CreateAuthorizer", ApiId=made, Name="a", AuthorizerType="REQUEST", AuthorizerUri=URI,
            AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True, IdentitySource=[],
        )  # fmt: skip
        await api.route(made, "GET /a")
        await api.route(made, "GET /guarded", AuthorizationType="CUSTOM", AuthorizerId=authorizer["AuthorizerId"])
        settings = {"DestinationArn": group, "Format": form}
        await api.call("UpdateStage", ApiId=made, StageName="$default", AccessLogSettings=settings)

        async def run(_door: Any, _event: Any) -> Any:
            await api.clock.advance(7)
            return answer

        api.functions.run = run
        await api.ask(made, path)
        malformed = "the function's answer is malformed: statusCode is 'no', not a number from 200 to 599"
        assert [text for _, _, text in api.logged] == [
            line if line != "STATUS" else f"500 Internal Server Error - - 200 7000 {malformed}"
        ]

    with_api(tmp_path, scene)


def test_routes_are_measured_where_that_is_asked_for(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made, measured = await api.empty(), []
        api.ports.measure = lambda together, _values: measured.extend(
            (metric.name, dict(metric.dimensions)) for metrics, _unit in together for metric in metrics
        )
        await api.route(made, "GET /a/{id}")
        await api.route(made, "$default")
        await api.ask(made, "/a/1")
        assert not any("Resource" in dimensions for _, dimensions in measured)
        settings = {"GET /a/{id}": {"DetailedMetricsEnabled": True}}
        await api.call("UpdateStage", ApiId=made, StageName="$default", RouteSettings=settings)
        await api.ask(made, "/a/1")
        await api.ask(made, "/b")
        found = [dimensions for name, dimensions in measured if name == "Count" and "Resource" in dimensions]
        assert found == [{"ApiId": made, "Stage": "$default", "Method": "GET", "Resource": "/a/{id}"}]

    with_api(tmp_path, scene)


def test_a_custom_domain_leads_to_its_mapping(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty("dev")
        await api.route(made, "GET /a")
        one = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "1.0"}
        await api.route(made, "GET /one", integration=one)
        await api.call("CreateDomainName", DomainName="api.example.com")
        place = {"DomainName": "api.example.com", "ApiId": made, "Stage": "dev"}
        await api.call("CreateApiMapping", ApiMappingKey="v1", **place)
        assert api.doors.apis.domain("api.example.com") and api.doors.apis.domain("other.example.com") is None
        event = document(await api.ask(made, "/v1/a", host="api.example.com"))
        assert (event["rawPath"], event["requestContext"]["domainName"]) == ("/dev/a", "api.example.com")
        event = document(await api.ask(made, "/v1/one", host="api.example.com"))
        assert event["path"] == "/v1/one"
        assert (await api.ask(made, "/v2/a", host="api.example.com")).status == 404

    with_api(tmp_path, scene)


# --- who may ask


def test_a_function_lets_in_whom_it_knows_and_is_not_asked_twice(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        authorizer = await api.call(
            "CreateAuthorizer", ApiId=made, Name="a", AuthorizerType="REQUEST", AuthorizerUri=URI,
            AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True, AuthorizerResultTtlInSeconds=60,
            IdentitySource=["$request.header.Authorization"],
        )  # fmt: skip
        await api.route(made, "GET /a/{id}", AuthorizationType="CUSTOM", AuthorizerId=authorizer["AuthorizerId"])
        asked: list[Any] = []

        def run(door: Any, event: Any) -> Any:
            if "routeArn" not in event:
                return {"statusCode": 200, "body": orjson.dumps(event["requestContext"].get("authorizer"))}
            asked.append((door, event))
            return {"isAuthorized": event["identitySource"] == ["good"], "context": {"n": 1}}

        api.functions.run = run
        answer = await api.ask(made, "/a/1")
        assert (answer.status, document(answer)) == (401, {"message": "Unauthorized"}) and not asked
        answer = await api.ask(made, "/a/1", Authorization="bad")
        assert (answer.status, document(answer)) == (403, {"message": "Forbidden"})
        answer = await api.ask(made, "/a/1", Authorization="good")
        assert document(answer) == {"lambda": {"n": 1}}
        door, event = asked[-1]
        base = f"arn:aws:execute-api:eu-west-1:111111111111:{made}"
        assert door.source_arn == f"{base}/authorizers/{authorizer['AuthorizerId']}"
        assert (event["version"], event["type"], event["routeArn"]) == (
            "2.0",
            "REQUEST",
            f"{base}/$default/GET/a/{{id}}",
        )
        assert event["pathParameters"] == {"id": "1"} and "body" not in event
        await api.ask(made, "/a/2", Authorization="good")
        assert len(asked) == 2, "the answer is kept, for all paths"
        await api.clock.advance(60)
        await api.ask(made, "/a/2", Authorization="good")
        assert len(asked) == 3
        await api.call("ResetAuthorizersCache", ApiId=made, StageName="$default")
        await api.ask(made, "/a/2", Authorization="good")
        assert len(asked) == 4
        api.functions.run = lambda _door, _event: {"isAuthorized": "yes"}
        await api.clock.advance(61)
        assert (await api.ask(made, "/a/2", Authorization="good")).status == 500

    with_api(tmp_path, scene)


def test_a_policy_is_evaluated_for_the_path(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        authorizer = await api.call(
            "CreateAuthorizer", ApiId=made, Name="a", AuthorizerType="REQUEST", AuthorizerUri=URI,
            AuthorizerPayloadFormatVersion="1.0", IdentitySource=["$request.header.Authorization"],
        )  # fmt: skip
        one = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "1.0"}
        await api.route(
            made, "ANY /{proxy+}", integration=one, AuthorizationType="CUSTOM", AuthorizerId=authorizer["AuthorizerId"]
        )

        def run(_door: Any, event: Any) -> Any:
            if "methodArn" not in event:
                return {"statusCode": 200, "body": orjson.dumps(event["requestContext"]["authorizer"])}
            assert event["authorizationToken"] == event["identitySource"] == "t"
            resource = event["methodArn"].partition("/")[0] + "/*/GET/a"
            statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource}
            return {"principalId": "me", "policyDocument": {"Statement": [statement]}, "context": {"k": "v"}}

        api.functions.run = run
        answer = await api.ask(made, "/a", Authorization="t")
        assert document(answer) == {"principalId": "me", "k": "v"}
        assert (await api.ask(made, "/a", "POST", Authorization="t")).status == 403
        assert (await api.ask(made, "/b", Authorization="t")).status == 403

    with_api(tmp_path, scene)


def test_a_signed_request_is_let_in(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        await api.route(made, "GET /a", AuthorizationType="AWS_IAM")
        answer = await api.ask(made, "/a")
        assert (answer.status, document(answer)) == (403, {"message": "Forbidden"})
        api.signer = Signer("AKIA", "222222222222")
        assert (await api.ask(made, "/a")).status == 403, "another account's"
        api.signer = Signer("AKIA", "111111111111")
        iam = document(await api.ask(made, "/a"))["requestContext"]["authorizer"]["iam"]
        assert (iam["accessKey"], iam["accountId"]) == ("AKIA", "111111111111")
        assert iam["userArn"] == "arn:aws:iam::111111111111:root" and iam["cognitoIdentity"] is None
        arn = f"arn:aws:execute-api:eu-west-1:111111111111:{made}/$default/GET/a"
        assert api.judged == [("execute-api:Invoke", arn)]
        api.allowed = False
        assert (await api.ask(made, "/a")).status == 403, "by policies"

    with_api(tmp_path, scene)


def test_a_rate_alone_or_a_burst_alone_is_no_closed_door(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.quick()
        for settings in ({"ThrottlingRateLimit": 5.0}, {"ThrottlingBurstLimit": 5}):
            await api.call("UpdateStage", ApiId=made, StageName="$default", DefaultRouteSettings=settings)
            assert (await api.ask(made)).status == 200

    with_api(tmp_path, scene)
