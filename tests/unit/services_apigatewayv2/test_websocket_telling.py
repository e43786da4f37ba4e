"""What WebSocket APIs write down: access logs, execution logs, metrics."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from lambent.model import api_kinds
from lambent.model.invocation import Outcome
from lambent.store.resources import Resource
from tests.unit.services_apigatewayv2.http_kit import HERE
from tests.unit.services_apigatewayv2.test_websocket_door import Sockets, with_sockets

GROUP = "arn:aws:logs:eu-west-1:111111111111:log-group:access"
FORM = "$context.eventType $context.routeKey $context.status $context.integrationStatus $context.error.message"


async def with_role(ws: Sockets) -> None:
    """The account has a role for logs."""
    account = {"cloudwatchRoleArn": "arn:aws:iam::111111111111:role/logs"}
    await ws.api.store.resources.put(Resource(api_kinds.ACCOUNT, HERE, "", "", "1", account))


async def talked(ws: Sockets) -> None:
    """A client connects, says three things (one fails, one has no route), and goes."""
    await ws.route("$connect")
    await ws.route("$disconnect")
    await ws.route("fine", two_way=True)
    await ws.route("bad", two_way=True)

    def run(_door: Any, event: Any) -> Any:
        if event["requestContext"]["routeKey"] == "bad":
            return Outcome(b'{"errorMessage": "no"}', "Unhandled")
        return {"statusCode": 200, "body": "said"}

    ws.api.functions.run = run
    client = await ws.connect()
    for number, action in enumerate(("fine", "bad", "unknown"), 1):
        client.say({"action": action})
        await client.heard(number)
    client.to_server.put_nowait(b"")
    assert client.running is not None
    await client.running
    for _ in range(20):
        await ws.api.env.changing.acquire()
        ws.api.env.changing.release()


def test_an_access_log(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await with_role(ws)
        settings = {"DestinationArn": GROUP, "Format": FORM}
        await ws.api.call("UpdateStage", ApiId=ws.name, StageName="dev", AccessLogSettings=settings)
        await talked(ws)
        assert {(group, stream) for group, stream, _ in ws.api.logged} == {("access", f"{ws.name}/dev")}
        assert [text for _, _, text in ws.api.logged] == [
            "CONNECT $connect 200 200 -",
            "MESSAGE fine 200 200 -",
            "MESSAGE bad 500 - Internal server error",
            "MESSAGE $default 403 - Forbidden",
            "DISCONNECT $disconnect 200 200 -",
        ]

    with_sockets(tmp_path, scene)


@pytest.mark.parametrize("level", ["INFO", "ERROR"])
def test_an_execution_log(level: str, tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await with_role(ws)
        settings = {"LoggingLevel": level, "DataTraceEnabled": True}
        await ws.api.call("UpdateStage", ApiId=ws.name, StageName="dev", DefaultRouteSettings=settings)
        await talked(ws)
        assert {group for group, _, _ in ws.api.logged} == {f"/aws/apigateway/{ws.name}/dev"}
        said = [text.partition(") ")[2] for _, _, text in ws.api.logged]
        assert ("Successfully completed execution" in said) is (level == "INFO")
        assert any(line.startswith("Endpoint request body after") for line in said) is (level == "INFO")
        assert sum(line.startswith("Execution failed: ") for line in said) == 2
        assert sum(line == "Method completed with status: 500" for line in said) == 1

    with_sockets(tmp_path, scene)


def test_logs_need_the_accounts_role(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        text = "CloudWatch Logs role ARN must be set in account settings to enable logging"
        for given in (
            {"AccessLogSettings": {"DestinationArn": GROUP, "Format": FORM}},
            {"DefaultRouteSettings": {"LoggingLevel": "ERROR"}},
        ):
            said = await ws.api.refused("UpdateStage", ApiId=ws.name, StageName="dev", **given)
            assert said == ("BadRequestException", text)

    with_sockets(tmp_path, scene)


def test_metrics(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        measured: dict[tuple[str, bool], float] = {}

        def measure(together: Any, values: tuple[float, ...]) -> None:
            for (metrics, _unit), value in zip(together, values, strict=True):
                for metric in metrics:
                    dimensions = dict(metric.dimensions)
                    assert metric.namespace == "AWS/ApiGateway" and dimensions.pop("ApiId") == ws.name
                    key = (metric.name, dimensions == {"Stage": "dev"})
                    measured[key] = measured.get(key, 0.0) + value

        ws.api.ports.measure = measure
        await talked(ws)
        counts = {name: value for (name, staged), value in measured.items() if staged}
        assert counts == {name: value for (name, staged), value in measured.items() if not staged}
        counts.pop("IntegrationLatency")
        assert counts == {
            "ConnectCount": 1,
            "MessageCount": 6,  # three from the client, three to it
            "IntegrationError": 0,
            "ClientError": 1,
            "ExecutionError": 1,
        }

    with_sockets(tmp_path, scene)


def test_an_integration_that_answers_an_error(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        errors: list[float] = []
        ws.api.ports.measure = lambda together, values: errors.extend(
            value
            for (metrics, _unit), value in zip(together, values, strict=True)
            for metric in metrics
            if metric.name == "IntegrationError"
        )
        await ws.route("a", two_way=True)
        ws.api.functions.run = lambda _door, event: {"statusCode": 400, "body": orjson.dumps(event).decode()}
        client = await ws.connect()
        client.say({"action": "a"})
        await client.heard(1)
        assert errors == [0.0, 0.0, 1.0, 1.0]

    with_sockets(tmp_path, scene)
