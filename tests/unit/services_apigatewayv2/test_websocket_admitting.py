"""WebSocket APIs: what a route asks of clients and messages, what is converted, and binary frames."""

import base64
from pathlib import Path
from typing import Any

import orjson
import pytest
from wsproto.events import BytesMessage, CloseConnection

from lambent.model import api_kinds
from lambent.services.apigatewayv2.serving.connections import UNSUPPORTED
from lambent.store.resources import Resource
from tests.unit.services_apigatewayv2.http_kit import HERE, URI, document
from tests.unit.services_apigatewayv2.test_websocket_door import KEY, Sockets, with_sockets

SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {"action": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["n"],
}


async def modelled(ws: Sockets, **models: str) -> None:
    schema = orjson.dumps(SCHEMA).decode()
    await ws.api.call("CreateModel", ApiId=ws.name, Name="Numbered", Schema=schema, ContentType="application/json")
    await ws.route("a", two_way=True, ModelSelectionExpression="$request.body.kind", RequestModels=models)


@pytest.mark.parametrize(
    ("models", "said", "passes"),
    [
        ({"number": "Numbered"}, {"kind": "number", "n": 1}, True),
        ({"number": "Numbered"}, {"kind": "number", "n": "1"}, False),
        ({"number": "Numbered"}, {"kind": "number"}, False),
        ({"number": "Numbered"}, {"kind": "other", "n": 1}, False),
        ({"number": "Numbered"}, {"n": 1}, False),
        ({"$default": "Numbered"}, {"kind": "other", "n": 1}, True),
        ({"$default": "Numbered"}, {"n": 1}, True),
        ({"$default": "Nothing"}, {"n": 1}, False),
    ],
)
def test_a_message_fits_its_model(models: dict[str, str], said: dict[str, Any], passes: bool, tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await modelled(ws, **models)
        client = await ws.connect()
        client.say({"action": "a"} | said)
        await client.heard(1)
        told = orjson.loads(client.texts[0])
        assert (told.get("message") != "Invalid request body") is passes
        assert bool(ws.api.functions.calls) is passes
        if not passes:
            assert told["connectionId"] and told["requestId"]

    with_sockets(tmp_path, scene)


@pytest.mark.parametrize("key", ["x", "AAAA", f"{KEY}, {KEY}", "dGhlIHNhbXBsZSBub25jZQ"])
def test_a_handshake_has_a_key(key: str, tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("$connect")
        assert (await ws.ask(sec_websocket_key=key)).status == 400
        assert ws.api.functions.calls == []

    with_sockets(tmp_path, scene)


def test_parameters_that_a_client_must_send(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        wanted = {"route.request.querystring.q": {"Required": True}, "route.request.header.X-A": {"Required": False}}
        await ws.route("$connect", RequestParameters=wanted)
        refused = await ws.ask()
        assert (refused.status, document(refused)) == (400, {"message": "Missing required request parameters: [q]"})
        await ws.connect("/dev?q=1")

    with_sockets(tmp_path, scene)


async def keyed(ws: Sockets, value: str, **plan: Any) -> None:
    """A key and a plan, as REST APIs' operations make them."""
    resources = ws.api.store.resources
    stages = [{"apiId": ws.name, "stage": "dev"}]
    for kind, parent, name, held in (
        (api_kinds.API_KEY, "", "k", {"value": value, "enabled": True}),
        (api_kinds.USAGE_PLAN, "", "p", {"apiStages": stages} | plan),
        (api_kinds.USAGE_PLAN_KEY, "p", "k", {}),
    ):
        await resources.insert(Resource(kind, HERE, parent, name, "1", held))


def test_a_client_with_a_key(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("$connect", ApiKeyRequired=True)
        await keyed(ws, "k" * 20, quota={"limit": 2, "period": "DAY"})
        for headers in ({}, {"x_api_key": "other"}):
            refused = await ws.ask(**headers)
            assert (refused.status, document(refused)) == (403, {"message": "Forbidden"})
        await ws.connect(x_api_key="k" * 20)
        assert ws.api.functions.event["requestContext"]["identity"]["apiKeyId"] == "k"
        await ws.connect(x_api_key="k" * 20)
        refused = await ws.ask(x_api_key="k" * 20)
        assert (refused.status, document(refused)) == (429, {"message": "Limit Exceeded"})

    with_sockets(tmp_path, scene)


def test_a_key_that_an_authorizer_names(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.api.call(
            "UpdateApi", ApiId=ws.name, ApiKeySelectionExpression="$context.authorizer.usageIdentifierKey"
        )
        made = await ws.api.call(
            "CreateAuthorizer", ApiId=ws.name, Name="a", AuthorizerType="REQUEST", AuthorizerUri=URI,
            IdentitySource=["route.request.querystring.who"],
        )  # fmt: skip
        authorizer = made["AuthorizerId"]
        await ws.route("$connect", ApiKeyRequired=True, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
        await keyed(ws, "k" * 20)

        def run(_door: Any, event: Any) -> Any:
            if event.get("type") != "REQUEST":
                return {"statusCode": 200}
            statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            key = event["queryStringParameters"]["who"]
            return {"principalId": "u", "policyDocument": policy, "usageIdentifierKey": key}

        ws.api.functions.run = run
        assert (await ws.ask("/dev?who=nobody")).status == 403
        await ws.connect(f"/dev?who={'k' * 20}")

    with_sockets(tmp_path, scene)


def test_a_binary_frame_ends_the_connection(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("$default", two_way=True)
        client = await ws.connect()
        client.send(BytesMessage(data=b"\x00\xff"))
        await client.heard(1)
        assert isinstance(client.events[0], CloseConnection) and client.events[0].code == UNSUPPORTED == 1003
        assert ws.api.functions.calls == []

    with_sockets(tmp_path, scene)


def test_text_that_stands_for_bytes(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        seen: list[bytes] = []

        def web(_method: str, _url: str, _headers: Any, body: bytes, *_more: Any) -> Any:
            seen.append(body)
            return 200, [], b"\x01\x02"

        ws.api.web = web
        integration = await ws.route(
            "$default", two_way=True,
            integration={
                "IntegrationType": "HTTP", "IntegrationMethod": "POST", "IntegrationUri": "https://example.com/",
                "ContentHandlingStrategy": "CONVERT_TO_BINARY",
            },
        )  # fmt: skip
        await ws.api.call(
            "CreateIntegrationResponse", ApiId=ws.name, IntegrationId=integration, IntegrationResponseKey="$default",
            ContentHandlingStrategy="CONVERT_TO_TEXT",
        )  # fmt: skip
        client = await ws.connect()
        client.say(base64.b64encode(b"\x00\xff").decode())
        client.say("no base64")
        await client.heard(2)
        assert seen == [b"\x00\xff"]
        assert sorted(client.texts, key=len)[0] == base64.b64encode(b"\x01\x02").decode()
        assert any("Internal server error" in text for text in client.texts)

    with_sockets(tmp_path, scene)
