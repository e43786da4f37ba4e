"""TestInvokeMethod: an answer with its log."""

import re
from pathlib import Path
from typing import Any

import pytest

from lambent.model.credentials import Held, Signer
from lambent.model.door import CALLERS
from lambent.model.scope import Caller
from lambent.services.apigateway.serving.trials import Trials
from lambent.wire.fault import Fault
from tests.unit.services_apigateway.api_kit import HERE, URI
from tests.unit.services_apigateway.door_kit import Stage, with_stage


async def tried(stage: Stage, resource: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    at = {"restApiId": stage.id, "resourceId": resource, "httpMethod": method}
    return await Trials(stage.ports, stage.env).method(Caller(HERE, "rid"), at | more)


def lines(log: str) -> list[str]:
    first, *others = log.splitlines()
    assert first == "Execution log for request rid"
    assert all(
        re.match(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4} : ", line) for line in others
    )
    return [line.partition(" : ")[2] for line in others]


def test_a_mock_tells_its_way(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        made = await stage.call("CreateResource", restApiId=stage.id, parentId=stage.root, pathPart="{id}")
        at = {"restApiId": stage.id, "resourceId": made["id"], "httpMethod": "GET"}
        await stage.call("PutMethod", **at, authorizationType="NONE")
        await stage.call(
            "PutIntegration", **at, type="MOCK", requestTemplates={"application/json": "{statusCode: 200}"}
        )
        await stage.call("PutMethodResponse", **at, statusCode="200")
        await stage.call("PutIntegrationResponse", **at, statusCode="200", responseTemplates={"application/json": "hi"})
        answer = await tried(stage, made["id"], pathWithQueryString="/7?a=1&a=2", headers={"X": "y"})
        assert (answer["status"], answer["body"]) == (200, "hi")
        assert answer["headers"] == {"Content-Type": "application/json"}
        assert lines(answer["log"]) == [
            "Starting execution for request: rid",
            "HTTP Method: GET, Resource Path: /7",
            "Method request path: {id=7}",
            "Method request query string: {a=2}",
            "Method request headers: {X=y}",
            "Method request body before transformations: ",
            "Method response body after transformations: hi",
            "Method response headers: {Content-Type=application/json}",
            "Successfully completed execution",
            "Method completed with status: 200",
        ]

    with_stage(tmp_path, scene)


def test_a_function_tells_what_it_was_sent(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy("/a")
        resources = (await stage.call("GetResources", restApiId=stage.id))["items"]
        resource = next(one["id"] for one in resources if one["path"] == "/a")
        said = lines((await tried(stage, resource))["log"])
        assert "HTTP Method: GET, Resource Path: /a" in said
        assert any(re.fullmatch(r"Received response. Status: 200, Integration latency: \d+ ms", line) for line in said)
        assert 'Endpoint response body before transformations: {"statusCode":200,"body":"done"}' in said
        stage.functions.run = lambda event: _wrong()
        assert lines((await tried(stage, resource))["log"])[-2].startswith(
            "Execution failed due to configuration error: Malformed Lambda proxy response"
        )

    with_stage(tmp_path, scene)


def test_who_tries_a_method_is_its_caller(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy("/a")
        resources = (await stage.call("GetResources", restApiId=stage.id))["items"]
        resource = next(one["id"] for one in resources if one["path"] == "/a")
        change = [{"op": "replace", "path": "/credentials", "value": CALLERS}]
        at = {"restApiId": stage.id, "resourceId": resource, "httpMethod": "GET"}
        await stage.call("UpdateIntegration", **at, patchOperations=change)
        await tried(stage, resource)
        door = stage.functions.doors[-1]
        assert (door.role, door.signer) == (CALLERS, Signer("", HERE.account, region=HERE.region))
        role = f"arn:aws:iam::{HERE.account}:role/r"
        who = Caller(HERE, "rid", "ASIA1", role=role, held=Held("s", HERE.account, role, "me"))
        await Trials(stage.ports, stage.env).method(who, at)
        assert stage.functions.doors[-1].signer == Signer("ASIA1", HERE.account, role, HERE.region, "me")

    with_stage(tmp_path, scene)


async def _allows() -> Any:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "somebody", "policyDocument": document, "context": {"n": 1}}


def test_an_authorizer_tells_its_way(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        made = await stage.call(
            "CreateAuthorizer", restApiId=stage.id, name="t", type="TOKEN", authorizerUri=URI,
            identitySource="method.request.header.Auth",
        )  # fmt: skip
        at = {"restApiId": stage.id, "authorizerId": made["id"]}
        trials = Trials(stage.ports, stage.env)
        stage.functions.run = lambda event: _allows()
        answer = await trials.authorizer(Caller(HERE, "rid"), at | {"headers": {"Auth": "a-long-token"}})
        assert (answer["clientStatus"], answer["principalId"]) == (0, "somebody")
        assert answer["authorization"] == {"n": ["1"]} and "Statement" in answer["policy"]
        arn = f"arn:aws:execute-api:{HERE.region}:{HERE.account}:{stage.id}/ESTestInvoke-stage/GET/"
        event = {"type": "TOKEN", "methodArn": arn, "authorizationToken": "a-long-token"}
        assert stage.functions.events == [event]
        said = lines(answer["log"])
        assert said[:2] == [f"Starting authorizer: {made['id']} for request: rid", "Incoming identity: ******-token"]
        assert any(line.startswith("Authorizer result body before parsing: {") for line in said)
        assert said[-2:] == [
            "Using valid authorizer policy for principal: **mebody",
            "Successfully completed authorizer execution",
        ]
        assert (await trials.authorizer(Caller(HERE, "rid"), at))["clientStatus"] == 401
        stage.functions.run = lambda event: _wrong()
        answer = await trials.authorizer(Caller(HERE, "rid"), at | {"headers": {"Auth": "x"}})
        assert answer["clientStatus"] == 500 and "principalId" not in answer

    with_stage(tmp_path, scene)


def test_an_authorizer_is_told_more_context(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        made = await stage.call(
            "CreateAuthorizer", restApiId=stage.id, name="t", type="REQUEST", authorizerUri=URI,
            identitySource="context.tenant, stageVariables.v, method.request.querystring.q",
        )  # fmt: skip
        stage.functions.run = lambda event: _allows()
        at = {"restApiId": stage.id, "authorizerId": made["id"], "pathWithQueryString": "/a?q=1"}
        more = {"additionalContext": {"tenant": "t"}, "stageVariables": {"v": "w"}, "body": "b"}
        trials = Trials(stage.ports, stage.env)
        assert (await trials.authorizer(Caller(HERE, "rid"), at | more))["clientStatus"] == 0
        assert stage.functions.events[0]["stageVariables"] == {"v": "w"}
        assert (await trials.authorizer(Caller(HERE, "rid"), at))["clientStatus"] == 401

    with_stage(tmp_path, scene)


def test_a_server_on_the_web_is_shown_the_certificate_of_the_trial(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        certificate = await stage.call("GenerateClientCertificate")
        await stage.method(
            stage.id, stage.root, type="HTTP_PROXY", integrationHttpMethod="GET", uri="https://x.example"
        )
        await tried(stage, stage.root)
        assert not stage.tls.certificate
        await tried(stage, stage.root, clientCertificateId=certificate["clientCertificateId"])
        assert "BEGIN CERTIFICATE" in stage.tls.certificate
        with pytest.raises(Fault, match="Invalid Client Certificate identifier specified"):
            await tried(stage, stage.root, clientCertificateId="nothing")

    with_stage(tmp_path, scene)


async def _wrong() -> Any:
    return "no answer"


def test_what_can_not_be_tried(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        with pytest.raises(Fault, match="Invalid Method identifier specified"):
            await tried(stage, stage.root)
        at = {"restApiId": stage.id, "resourceId": stage.root, "httpMethod": "GET"}
        await stage.call("PutMethod", **at, authorizationType="NONE")
        with pytest.raises(Fault, match="No integration defined for method"):
            await tried(stage, stage.root)
        with pytest.raises(Fault, match="Invalid Resource identifier specified"):
            await tried(stage, "nothing")

    with_stage(tmp_path, scene)
