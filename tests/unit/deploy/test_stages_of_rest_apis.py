"""Stages and deployments of stacks, made by the calls of their types at the control plane of REST APIs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambent.deploy.making import ApiMaker, unsupported
from lambent.deploy.ports import Owner
from lambent.deploy.resources.calls import Calls, NotMade
from lambent.deploy.resources.kind import Subject
from lambent.deploy.resources.table import KINDS
from lambent.model.scope import Scope
from tests.unit.services_apigateway.api_kit import HERE, Api, with_api

LOGS = {"DestinationArn": "arn:aws:logs:eu-west-1:111111111111:log-group:g", "Format": "$context.requestId"}
CANARY = {"PercentTraffic": "10", "StageVariableOverrides": {"a": "canary"}}


class Maker:
    """Makes resources of an API with one method."""

    def __init__(self, api: Api) -> None:
        self.api, self.id = api, ""

        async def ask(_scope: Scope, _service: str, operation: str, params: Any) -> dict[str, Any]:
            return await api.call(operation, **params)

        self.calls = Calls(ask, lambda: False)

    async def begin(self) -> None:
        role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::111111111111:role/logs"}
        await self.api.call("UpdateAccount", patchOperations=[role])
        self.id, root = await self.api.api()
        await self.api.method(self.id, root)

    async def make(self, kind: str, **properties: Any) -> Subject:
        return await self.alone(kind, RestApiId=self.id, **properties)

    async def alone(self, kind: str, **said: Any) -> Subject:
        """What belongs to no API."""

        async def note(_subject: Subject) -> None:
            return None

        assert unsupported(KINDS[kind], said) == []
        one = Subject(kind, "L", "name", Owner("s", "arn", HERE, {}, {}), said)
        return await self.calls.create(KINDS[kind], one, note)

    async def change(self, made: Subject, **properties: Any) -> None:
        said = {"RestApiId": self.id, **properties}
        await self.calls.update(KINDS[made.type], replace(made, properties=said, former=made.properties))

    async def stage(self) -> dict[str, Any]:
        return await self.api.call("GetStage", restApiId=self.id, stageName="prod")


def test_a_stage_has_its_canary_logs_and_settings_and_loses_them_again(tmp_path: Path) -> None:
    async def main(api: Api) -> None:
        maker = Maker(api)
        await maker.begin()
        first = await maker.make("AWS::ApiGateway::Deployment")
        second = await maker.make("AWS::ApiGateway::Deployment")
        plain = {"StageName": "prod", "DeploymentId": first.id}
        settings = [{"ResourcePath": "/pets", "HttpMethod": "GET", "ThrottlingRateLimit": 5}]
        made = await maker.make(
            "AWS::ApiGateway::Stage", **plain, CanarySetting={**CANARY, "DeploymentId": second.id},
            AccessLogSetting=LOGS, MethodSettings=settings,
        )  # fmt: skip
        stage = await maker.stage()
        assert stage["canarySettings"] == {
            "percentTraffic": 10.0, "deploymentId": second.id, "stageVariableOverrides": {"a": "canary"},
            "useStageCache": False,
        }  # fmt: skip
        assert stage["accessLogSettings"] == {"destinationArn": LOGS["DestinationArn"], "format": LOGS["Format"]}
        assert stage["methodSettings"]["pets/GET"]["throttlingRateLimit"] == 5
        await maker.change(made, **plain, CanarySetting={"PercentTraffic": 50, "DeploymentId": second.id})
        stage = await maker.stage()
        assert stage["canarySettings"]["percentTraffic"] == 50
        assert not stage["canarySettings"].get("stageVariableOverrides")
        assert "accessLogSettings" not in stage and not stage.get("methodSettings")
        made = replace(made, properties={**plain, "CanarySetting": {}})
        await maker.change(made, StageName="prod", DeploymentId=second.id)
        stage = await maker.stage()
        assert "canarySettings" not in stage and stage["deploymentId"] == second.id

    with_api(tmp_path, main)


def test_a_deployment_describes_its_stage_and_the_next_one_is_its_canary(tmp_path: Path) -> None:
    async def main(api: Api) -> None:
        maker = Maker(api)
        await maker.begin()
        described = {"Variables": {"a": "b"}, "ThrottlingBurstLimit": 7, "AccessLogSetting": LOGS}
        first = await maker.make("AWS::ApiGateway::Deployment", StageName="prod", StageDescription=described)
        stage = await maker.stage()
        assert stage["deploymentId"] == first.id and stage["variables"] == {"a": "b"}
        assert stage["methodSettings"]["*/*"]["throttlingBurstLimit"] == 7
        assert stage["accessLogSettings"]["format"] == LOGS["Format"]
        second = await maker.make("AWS::ApiGateway::Deployment", StageName="prod", DeploymentCanarySettings=CANARY)
        stage = await maker.stage()
        assert stage["deploymentId"] == first.id and stage["canarySettings"]["deploymentId"] == second.id
        with pytest.raises(NotMade, match="Tags of a StageDescription"):
            await maker.make("AWS::ApiGateway::Deployment", StageName="prod", StageDescription={"Tags": []})

    with_api(tmp_path, main)


def test_what_a_server_that_was_killed_has_made_is_found_again(tmp_path: Path) -> None:
    async def main(api: Api) -> None:
        maker = Maker(api)
        tags = {"aws:cloudformation:stack-id": "arn", "aws:cloudformation:logical-id": "L"}
        owner = Owner("s", "arn", HERE, tags, {})

        async def make(kind: str, again: bool, **said: Any) -> str:
            async def note(_subject: Subject) -> None:
                return None

            one = Subject(kind, "L", "name", owner, said, again=again)
            return (await ApiMaker(kind, KINDS[kind], maker.calls).create(one, note)).id

        made = await make("AWS::ApiGateway::RestApi", False)
        assert await make("AWS::ApiGateway::RestApi", True) == made
        root = (await api.call("GetResources", restApiId=made))["items"][0]["id"]
        place = {"RestApiId": made, "ParentId": root, "PathPart": "pets"}
        pets = await make("AWS::ApiGateway::Resource", False, **place)
        assert await make("AWS::ApiGateway::Resource", True, **place) == pets
        assert await make("AWS::ApiGateway::RestApi", False) != made

    with_api(tmp_path, main)


def test_a_stage_has_its_client_certificate_and_loses_it_again(tmp_path: Path) -> None:
    async def main(api: Api) -> None:
        maker = Maker(api)
        await maker.begin()
        certificate = await maker.alone("AWS::ApiGateway::ClientCertificate", Description="d")
        described = {"clientCertificateId": certificate.id}
        assert (await api.call("GetClientCertificate", **described))["description"] == "d"
        deployment = await maker.make("AWS::ApiGateway::Deployment")
        plain = {"StageName": "prod", "DeploymentId": deployment.id}
        made = await maker.make("AWS::ApiGateway::Stage", **plain, ClientCertificateId=certificate.id)
        assert (await maker.stage())["clientCertificateId"] == certificate.id
        await maker.change(made, **plain)
        assert not (await maker.stage()).get("clientCertificateId")

    with_api(tmp_path, main)


def test_what_stands_beside_an_api_is_made_changed_and_taken_away(tmp_path: Path) -> None:
    async def main(api: Api) -> None:
        maker = Maker(api)
        await maker.begin()
        part = await maker.make(
            "AWS::ApiGateway::DocumentationPart", Location={"Type": "API"}, Properties='{"description": "a"}'
        )
        at = {"restApiId": maker.id}
        assert (await api.call("GetDocumentationPart", **at, documentationPartId=part.id))["location"] == {
            "type": "API"
        }
        await maker.change(part, Location={"Type": "API"}, Properties='{"description": "b"}')
        assert "b" in (await api.call("GetDocumentationPart", **at, documentationPartId=part.id))["properties"]
        version = await maker.make("AWS::ApiGateway::DocumentationVersion", DocumentationVersion="1")
        assert (await api.call("GetDocumentationVersion", **at, documentationVersion="1"))["version"] == "1"
        link = await maker.alone("AWS::ApiGateway::VpcLink", Name="l", TargetArns=["arn:aws:elasticloadbalancing:x"])
        assert (await api.call("GetVpcLink", vpcLinkId=link.id))["name"] == "l"
        for one in (part, version, link):
            await maker.calls.delete(KINDS[one.type], one)
        assert (await api.call("GetVpcLinks"))["items"] == []

    with_api(tmp_path, main)


@pytest.mark.parametrize(
    "more", [{}, {"TlsConfig": {"InsecureSkipVerification": True}, "ResponseTransferMode": "STREAM"}]
)
def test_a_method_takes_how_its_backend_is_asked(more: dict[str, Any], tmp_path: Path) -> None:
    async def main(api: Api) -> None:
        maker = Maker(api)
        await maker.begin()
        root = (await api.call("GetResources", restApiId=maker.id))["items"][0]["id"]
        said = {"Type": "HTTP_PROXY", "IntegrationHttpMethod": "GET", "Uri": "https://example.com/"} | more
        await maker.make(
            "AWS::ApiGateway::Method", ResourceId=root, HttpMethod="POST", AuthorizationType="NONE", Integration=said
        )
        made = await api.call("GetIntegration", restApiId=maker.id, resourceId=root, httpMethod="POST")
        assert made.get("tlsConfig") == ({"insecureSkipVerification": True} if more else None)
        assert made["responseTransferMode"] == ("STREAM" if more else "BUFFERED")

    with_api(tmp_path, main)
