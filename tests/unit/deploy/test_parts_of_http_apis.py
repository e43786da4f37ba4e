"""Parts of HTTP APIs in stacks, made by the calls of their types at the control plane."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from lambent.deploy.ports import Owner
from lambent.deploy.resources.calls import Calls
from lambent.deploy.resources.kind import Subject
from lambent.deploy.resources.table import KINDS
from lambent.model.scope import Scope
from tests.unit.services_apigatewayv2.http_kit import FUNCTION, HERE, Api, with_api


class Maker:
    """Makes parts of one API."""

    def __init__(self, api: Api) -> None:
        self.api, self.id = api, ""

        async def ask(_scope: Scope, _service: str, operation: str, params: Any) -> dict[str, Any]:
            return await api.call(operation, **params)

        self.calls = Calls(ask, lambda: False)

    async def begin(self) -> None:
        self.id = (await self.api.call("CreateApi", Name="a", ProtocolType="HTTP"))["ApiId"]

    async def make(self, kind: str, **properties: Any) -> Subject:
        async def note(_subject: Subject) -> None:
            return None

        said = {"ApiId": self.id, **properties}
        return await self.calls.create(KINDS[kind], Subject(kind, "L", "n", Owner("s", "a", HERE, {}, {}), said), note)

    async def change(self, made: Subject, **properties: Any) -> Subject:
        said = replace(made, properties={"ApiId": self.id, **properties}, former=made.properties)
        await self.calls.update(KINDS[made.type], said)
        return said


def test_mapped_parameters_come_and_go(tmp_path: Path) -> None:
    async def main(api: Api) -> None:
        maker = Maker(api)
        await maker.begin()
        plain = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0"}
        mapped = {
            "200": {"ResponseParameters": [{"Destination": "append:header.x", "Source": "y"}]},
            "404": {"ResponseParameters": [{"Destination": "overwrite:statuscode", "Source": "200"}]},
        }
        made = await maker.make(
            "AWS::ApiGatewayV2::Integration", **plain, ResponseParameters=mapped,
            RequestParameters={"append:header.a": "1", "append:header.b": "2"},
        )  # fmt: skip
        at = {"ApiId": maker.id, "IntegrationId": made.id}
        got = await api.call("GetIntegration", **at)
        assert got["ResponseParameters"] == {"200": {"append:header.x": "y"}, "404": {"overwrite:statuscode": "200"}}
        made = await maker.change(
            made, **plain, RequestParameters={"append:header.b": "3"}, ResponseParameters={"200": mapped["200"]}
        )
        got = await api.call("GetIntegration", **at)
        assert got["RequestParameters"] == {"append:header.b": "3"}
        assert got["ResponseParameters"] == {"200": {"append:header.x": "y"}}
        await maker.change(made, **plain)
        got = await api.call("GetIntegration", **at)
        assert not got.get("RequestParameters") and not got.get("ResponseParameters")

    with_api(tmp_path, main)


def test_variables_and_settings_of_a_stage_come_and_go(tmp_path: Path) -> None:
    async def main(api: Api) -> None:
        maker = Maker(api)
        await maker.begin()
        await api.route(maker.id, "GET /a")
        await api.route(maker.id, "GET /b")
        settings = {"GET /a": {"ThrottlingRateLimit": 1}, "GET /b": {"ThrottlingRateLimit": 2}}
        made = await maker.make(
            "AWS::ApiGatewayV2::Stage", StageName="s", StageVariables={"a": "1", "b": "2"}, RouteSettings=settings
        )
        made = await maker.change(
            made, StageName="s", StageVariables={"b": "3"}, RouteSettings={"GET /b": {"ThrottlingRateLimit": 3}}
        )
        stage = await api.call("GetStage", ApiId=maker.id, StageName="s")
        assert stage["StageVariables"] == {"b": "3"}
        assert {key: one["ThrottlingRateLimit"] for key, one in stage["RouteSettings"].items()} == {"GET /b": 3}
        await maker.change(made, StageName="s")
        stage = await api.call("GetStage", ApiId=maker.id, StageName="s")
        assert (stage["StageVariables"], stage["RouteSettings"]) == ({}, {})

    with_api(tmp_path, main)


def test_what_a_template_drops_is_taken_away(tmp_path: Path) -> None:
    async def main(api: Api) -> None:
        maker = Maker(api)
        cors = {"AllowOrigins": ["*"]}
        made = await maker.make("AWS::ApiGatewayV2::Api", Name="a", ProtocolType="HTTP", CorsConfiguration=cors)
        assert (await api.call("GetApi", ApiId=made.id))["CorsConfiguration"] == cors
        await maker.change(made, Name="a", ProtocolType="HTTP")
        assert "CorsConfiguration" not in await api.call("GetApi", ApiId=made.id)
        maker.id = made.id
        logs = {"DestinationArn": "arn:aws:logs:eu-west-1:111111111111:log-group:g", "Format": "$context.requestId"}
        stage = await maker.make("AWS::ApiGatewayV2::Stage", StageName="s", AccessLogSettings=logs)
        assert (await api.call("GetStage", ApiId=maker.id, StageName="s"))["AccessLogSettings"] == logs
        await maker.change(stage, StageName="s")
        assert "AccessLogSettings" not in await api.call("GetStage", ApiId=maker.id, StageName="s")

    with_api(tmp_path, main)
