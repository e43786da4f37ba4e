"""WebSocket APIs without sockets: a client's frames by wsproto, the server's stream in memory, the clock by hand."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from wsproto import ConnectionType
from wsproto.connection import Connection as Frames
from wsproto.events import CloseConnection, Message, Ping, Pong, TextMessage

from lambent.model.acting import Acting
from lambent.model.backend_tls import USUAL
from lambent.model.credentials import Signer
from lambent.model.invocation import Outcome
from lambent.services.apigatewayv2.serving.connections import Gone
from lambent.wire.http import Response
from lambent.wire.site import SiteRequest
from tests.unit.services_apigatewayv2.http_kit import FUNCTION, URI, Api, document, with_api
from tests.unit.waiting import turns

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class Client:
    """A client that is connected: both ends of its stream."""

    def __init__(self) -> None:
        self.frames = Frames(ConnectionType.CLIENT)
        self.to_server: asyncio.Queue[bytes] = asyncio.Queue()
        self.events: list[Any] = []
        self.running: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        return await self.to_server.get()

    async def write(self, data: bytes) -> None:
        self.frames.receive_data(data)
        self.events += list(self.frames.events())

    def send(self, event: Any) -> None:
        self.to_server.put_nowait(self.frames.send(event))

    def say(self, document: Any) -> None:
        self.send(Message(data=document if isinstance(document, str) else orjson.dumps(document).decode()))

    async def heard(self, count: int) -> list[Any]:
        for _ in range(200):
            if len(self.events) >= count:
                return self.events
            await asyncio.sleep(0)
        raise AssertionError(f"heard {self.events}")

    @property
    def texts(self) -> list[str]:
        return [event.data for event in self.events if isinstance(event, TextMessage)]


class Sockets:
    """A WebSocket API of these tests."""

    def __init__(self, api: Api, name: str) -> None:
        self.api, self.name = api, name
        self.clients: list[Client] = []

    async def ask(self, path: str = "/dev", *, upgrade: bool = True, method: str = "GET", **headers: str) -> Response:
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if upgrade:
            named = {"sec-websocket-key": KEY, "sec-websocket-version": "13", "upgrade": "websocket"} | named
        path, _, query = path.partition("?")
        host = f"{self.name}.execute-api.eu-west-1.amazonaws.com"
        body = headers.pop("body", "").encode()
        named.pop("body", None)
        site = SiteRequest(
            "execute-api", self.name, "", method, path, query, list(named.items()), body, host, "r", len(body),
            "127.0.0.9", "http", upgrade=upgrade, named=named,
        )  # fmt: skip
        response = await self.api.doors.serve(site)
        assert response is not None
        return response

    async def connect(self, path: str = "/dev", **headers: str) -> Client:
        response = await self.ask(path, **headers)
        assert response.status == 101 and response.takeover is not None, response
        client = Client()
        self.clients.append(client)
        client.running = asyncio.ensure_future(response.takeover(client))
        await asyncio.sleep(0)
        return client

    async def end(self) -> None:
        """All clients are gone."""
        for client in self.clients:
            client.to_server.put_nowait(b"")
        running = [client.running for client in self.clients if client.running is not None]
        await asyncio.gather(*running, return_exceptions=True)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def route(self, key: str, *, two_way: bool = False, integration: Any = None, **more: Any) -> str:
        given = {"IntegrationType": "AWS_PROXY", "IntegrationUri": URI} if integration is None else integration
        made = await self.api.call("CreateIntegration", ApiId=self.name, **given)
        target = f"integrations/{made['IntegrationId']}"
        route = await self.api.call("CreateRoute", ApiId=self.name, RouteKey=key, Target=target, **more)
        if two_way:
            place = {"ApiId": self.name, "RouteId": route["RouteId"]}
            await self.api.call("CreateRouteResponse", **place, RouteResponseKey="$default")
        return str(made["IntegrationId"])


def with_sockets(folder: Path, scene: Callable[[Sockets], Awaitable[None]]) -> None:
    async def play(api: Api) -> None:
        made = await api.call(
            "CreateApi", Name="w", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
        )
        await api.call("CreateStage", ApiId=made["ApiId"], StageName="dev", AutoDeploy=True)
        api.functions.run = lambda _door, event: {"statusCode": 200, "body": orjson.dumps(event).decode()}
        sockets = Sockets(api, made["ApiId"])
        try:
            await scene(sockets)
        finally:
            await sockets.end()

    with_api(folder, play)


def test_a_client_connects_says_something_and_goes(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        for key in ("$connect", "$disconnect", "hello"):
            await ws.route(key, two_way=key == "hello")
        response = await ws.ask("/dev?a=1&a=2", User_Agent="test")
        assert dict(response.headers)["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        event = ws.api.functions.event
        assert event["queryStringParameters"] == {"a": "2"} and event["multiValueHeaders"]["user-agent"] == ["test"]
        context = event["requestContext"]
        assert (context["routeKey"], context["eventType"], context["messageDirection"]) == ("$connect", "CONNECT", "IN")
        assert context["identity"] == {"sourceIp": "127.0.0.9", "userAgent": "test"} and context["stage"] == "dev"
        door, _ = ws.api.functions.calls[-1]
        assert door.source_arn == f"arn:aws:execute-api:eu-west-1:111111111111:{ws.name}/dev/$connect"

        client = await ws.connect()
        client.say({"action": "hello", "x": 1})
        await client.heard(1)
        event = orjson.loads(client.texts[0])
        assert (event["body"], event["isBase64Encoded"]) == ('{"action":"hello","x":1}', False)
        context = event["requestContext"]
        assert (context["routeKey"], context["eventType"]) == ("hello", "MESSAGE") and context["messageId"]
        assert "headers" not in event

        client.send(CloseConnection(code=1000, reason="bye"))
        assert client.running is not None
        await client.running
        for _ in range(10):
            await asyncio.sleep(0)
        context = ws.api.functions.event["requestContext"]
        assert (context["eventType"], context["disconnectStatusCode"], context["disconnectReason"]) == (
            "DISCONNECT", 1000, "bye",
        )  # fmt: skip
        assert isinstance(client.events[-1], CloseConnection) and client.events[-1].code == 1000

    with_sockets(tmp_path, scene)


def test_messages_find_their_routes(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("known", two_way=True)
        client = await ws.connect()
        for said in ("no json", {"other": 1}, {"action": "$connect"}, {"action": "unknown"}):
            client.say(said)
        await client.heard(4)
        for text in client.texts:
            told = orjson.loads(text)
            assert told["message"] == "Forbidden" and told["connectionId"] and told["requestId"]
        await ws.route("$default", two_way=True)
        client.say("no json")
        await client.heard(5)
        assert orjson.loads(client.texts[-1])["requestContext"]["routeKey"] == "$default"

    with_sockets(tmp_path, scene)


def test_a_route_without_a_route_response_is_one_way_and_failures_are_told(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("a")
        client = await ws.connect()
        client.say({"action": "a"})
        for _ in range(20):
            await asyncio.sleep(0)
        assert client.events == [] and len(ws.api.functions.calls) == 1
        ws.api.functions.run = lambda _door, _event: Outcome(b'{"errorMessage":"x"}', "Unhandled")
        client.say({"action": "a"})
        await client.heard(1)
        assert orjson.loads(client.texts[0])["message"] == "Internal server error"
        ws.api.functions.run = lambda _door, _event: "no status"
        client.say({"action": "a"})
        await client.heard(2)
        assert orjson.loads(client.texts[1])["message"] == "Internal server error"

    with_sockets(tmp_path, scene)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"statusCode": 403, "body": "no"}, 403),
        (Outcome(b"{}", "Unhandled"), 502),
        ({"no": 1}, 502),
    ],
)
def test_connect_can_refuse(tmp_path: Path, said: Any, status: int) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("$connect")
        ws.api.functions.run = lambda _door, _event: said
        assert (await ws.ask()).status == status

    with_sockets(tmp_path, scene)


def test_what_is_no_websocket_is_told_to_upgrade(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("a")
        assert (await ws.ask(upgrade=False)).status == 426
        assert (await ws.ask(Sec_WebSocket_Version="8")).status == 426
        assert (await ws.ask("/none")).status == 403

    with_sockets(tmp_path, scene)


def test_a_subprotocol_is_the_functions_to_choose(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("$connect")
        ws.api.functions.run = lambda _door, _event: {
            "statusCode": 200,
            "headers": {"Sec-WebSocket-Protocol": "graphql-ws"},
        }
        response = await ws.ask(Sec_WebSocket_Protocol="graphql-ws, other")
        assert dict(response.headers)["Sec-WebSocket-Protocol"] == "graphql-ws"

    with_sockets(tmp_path, scene)


def test_an_authorizer_lets_in_or_refuses(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        authorizer = await ws.api.call(
            "CreateAuthorizer", ApiId=ws.name, Name="a", AuthorizerType="REQUEST", AuthorizerUri=URI,
            IdentitySource=["route.request.querystring.token"],
        )  # fmt: skip
        await ws.route("$connect", AuthorizationType="CUSTOM", AuthorizerId=authorizer["AuthorizerId"])

        def run(_door: Any, event: Any) -> Any:
            if event.get("type") != "REQUEST":
                return {"statusCode": 200, "body": "x"}
            token = event["queryStringParameters"]["token"]
            if token == "unknown":
                return Outcome(b'{"errorMessage":"Unauthorized"}', "Unhandled")
            effect = "Allow" if token == "good" else "Deny"
            statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
            return {"principalId": "me", "policyDocument": {"Statement": [statement]}, "context": {"k": "v"}}

        ws.api.functions.run = run
        assert [(await ws.ask(path)).status for path in ("/dev", "/dev?token=bad", "/dev?token=unknown")] == [
            401,
            403,
            401,
        ]
        assert (await ws.ask("/dev?token=good")).status == 101
        assert ws.api.functions.event["requestContext"]["authorizer"] == {"principalId": "me", "k": "v"}
        said = await ws.api.refused(
            "CreateRoute",
            ApiId=ws.name,
            RouteKey="b",
            AuthorizationType="CUSTOM",
            AuthorizerId=authorizer["AuthorizerId"],
        )
        assert said == ("BadRequestException", "Currently, authorization is restricted to the $connect route only")

    with_sockets(tmp_path, scene)


def test_a_mock_answers_by_its_templates(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        mock = {
            "IntegrationType": "MOCK", "RequestTemplates": {"200": '{"statusCode":200}'},
            "TemplateSelectionExpression": "200",
        }  # fmt: skip
        integration = await ws.route("ping", two_way=True, integration=mock)
        await ws.api.call(
            "CreateIntegrationResponse", ApiId=ws.name, IntegrationId=integration, IntegrationResponseKey="/2\\d\\d/",
            ResponseTemplates={"$default": '{"pong":"$input.path(\'$.n\')","on":"$context.connectionId"}'},
        )  # fmt: skip
        client = await ws.connect()
        client.say({"action": "ping", "n": 7})
        await client.heard(1)
        told = orjson.loads(client.texts[0])
        assert told["pong"] == "7" and told["on"] and ws.api.functions.calls == []

    with_sockets(tmp_path, scene)


ROLE = "arn:aws:iam::111111111111:role/r"
QUEUE = "arn:aws:apigateway:eu-west-1:sqs:path/111111111111/q"


def test_a_service_is_asked_by_templates(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        sends = {
            "IntegrationType": "AWS", "IntegrationUri": QUEUE, "CredentialsArn": ROLE, "IntegrationMethod": "POST",
            "PassthroughBehavior": "NEVER", "TemplateSelectionExpression": "\\$default",
            "RequestParameters": {
                "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'",
                "integration.request.querystring.who": "route.request.body.who",
            },
            "RequestTemplates": {"$default": "By=$context.connectionId&MessageBody=$input.path('$.n')"},
        }  # fmt: skip
        integration = await ws.route("send", two_way=True, integration=sends)
        place = {"ApiId": ws.name, "IntegrationId": integration}
        await ws.api.call("CreateIntegrationResponse", **place, IntegrationResponseKey="$default")
        failed = {"$default": '{"failed":"$input.path(\'$.why\')"}'}
        await ws.api.call(
            "CreateIntegrationResponse", **place, IntegrationResponseKey="/4\\d\\d/", ResponseTemplates=failed
        )
        client = await ws.connect()
        client.say({"action": "send", "n": 7, "who": "me"})
        await client.heard(1)
        (asked,) = ws.api.asked
        assert (asked.method, asked.path, asked.query) == ("POST", "/111111111111/q", "who=me")
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert "/20260101/eu-west-1/sqs/" in asked.headers["authorization"]
        assert isinstance(asked.acting, Acting) and asked.acting.held is not None
        assert asked.body.startswith(b"By=") and asked.body.endswith(b"&MessageBody=7")
        ws.api.service_answer = Response(400, [], b'{"why":"no"}')
        client.say({"action": "send"})
        await client.heard(2)
        assert client.texts == ["{}", '{"failed":"no"}']
        said = await ws.api.refused("CreateIntegration", ApiId=ws.name, IntegrationType="AWS", IntegrationUri=QUEUE)
        assert said == ("BadRequestException", "Role ARN must be specified for AWS integrations")

    with_sockets(tmp_path, scene)


def test_a_function_behind_templates(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        async def run(_door: Any, event: Any) -> Any:
            return Outcome(b'{"errorMessage":"bad one"}', "Unhandled") if event["bad"] else {"said": event}

        ws.api.functions.run = run
        wraps = {
            "IntegrationType": "AWS", "IntegrationUri": URI,
            "RequestTemplates": {"application/json": '{"bad":$input.json(\'$.bad\'),"by":"$context.routeKey"}'},
        }  # fmt: skip
        integration = await ws.route("wrap", two_way=True, integration=wraps)
        place = {"ApiId": ws.name, "IntegrationId": integration}
        await ws.api.call("CreateIntegrationResponse", **place, IntegrationResponseKey="$default")
        bad = {"$default": "it is bad"}
        await ws.api.call("CreateIntegrationResponse", **place, IntegrationResponseKey="/bad.*/", ResponseTemplates=bad)
        client = await ws.connect()
        for heard, one in enumerate((False, True), 1):
            client.say({"action": "wrap", "bad": one})
            await client.heard(heard)
        assert orjson.loads(client.texts[0]) == {"said": {"bad": False, "by": "wrap"}}
        assert client.texts[1] == "it is bad"

    with_sockets(tmp_path, scene)


def test_a_backend_on_the_web(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        fetched: list[Any] = []

        def web(*asked: Any) -> Any:
            fetched.append(asked)
            if "nowhere" in asked[1]:
                raise OSError("no such host")
            return 200, [], b"from the web"

        ws.api.web = web
        given = {
            "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "POST",
            "RequestParameters": {"integration.request.header.connectionId": "context.connectionId"},
        }  # fmt: skip
        await ws.route("web", two_way=True, integration=given | {"IntegrationUri": "https://example.com/x"})
        await ws.route("gone", two_way=True, integration=given | {"IntegrationUri": "https://nowhere.example"})
        client = await ws.connect()
        client.say({"action": "web"})
        client.say({"action": "gone"})
        await client.heard(2)
        method, url, headers, body, _, tls = fetched[0]
        assert tls == USUAL
        assert (method, url, body) == ("POST", "https://example.com/x", b'{"action":"web"}')
        assert dict(headers)["connectionId"]
        assert "from the web" in client.texts
        assert any("Internal server error" in text for text in client.texts)

    with_sockets(tmp_path, scene)


def test_who_signed_connects_as_far_as_policies_allow(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("$connect", AuthorizationType="AWS_IAM")
        assert (await ws.ask("/dev")).status == 403, "unsigned"
        ws.api.signer, ws.api.allowed = Signer("AKIA", "111111111111"), False
        assert (await ws.ask("/dev")).status == 403, "by policies"
        action, arn = ws.api.judged[-1]
        assert (action, arn.partition("/")[2]) == ("execute-api:Invoke", "dev/$connect")
        ws.api.allowed = True
        assert (await ws.ask("/dev")).status == 101

    with_sockets(tmp_path, scene)


def test_an_integration_may_go_by_who_connected(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("$connect", AuthorizationType="AWS_IAM")
        await ws.route("a")
        ws.api.signer = Signer("AKIA", "111111111111")
        client = await ws.connect()
        client.say({"action": "a"})
        for _ in range(200):
            await asyncio.sleep(0)
        assert [door.signer for door, _ in ws.api.functions.calls] == [ws.api.signer] * 2

    with_sockets(tmp_path, scene)


def test_the_management_api_reaches_a_client(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("a", two_way=True)
        client = await ws.connect()
        client.say({"action": "a"})
        await client.heard(1)
        connection = orjson.loads(client.texts[0])["requestContext"]["connectionId"]
        path = f"/dev/@connections/{connection}"
        assert (await ws.ask(path, upgrade=False, method="POST", body="hi")).status == 403, "unsigned"
        ws.api.signer = Signer("AKIA", "111111111111")
        assert (await ws.ask(path, upgrade=False, method="POST", body="hi")).status == 200
        assert client.texts[-1] == "hi"
        action, arn = ws.api.judged[-1]
        assert (action, arn.partition("/")[2]) == (
            "execute-api:ManageConnections",
            f"dev/POST/@connections/{connection}",
        )
        ws.api.allowed = False
        assert (await ws.ask(path, upgrade=False, method="POST", body="hi")).status == 403, "by policies"
        ws.api.allowed = True
        got = document(await ws.ask(path, upgrade=False))
        assert got["identity"]["sourceIp"] == "127.0.0.9" and got["connectedAt"].endswith("Z")
        assert (await ws.ask(path, upgrade=False, method="POST", body="x" * ((128 << 10) + 1))).status == 413
        ws.api.signer = Signer("AKIA", "222222222222")
        assert (await ws.ask(path, upgrade=False)).status == 403
        ws.api.signer = Signer("AKIA", "111111111111")
        assert (await ws.ask(path, upgrade=False, method="DELETE")).status == 204
        assert client.running is not None
        await client.running
        answer = await ws.ask(path, upgrade=False, method="POST", body="hi")
        assert (answer.status, dict(answer.headers)["x-amzn-ErrorType"]) == (410, "GoneException")
        with pytest.raises(Gone):
            ws.api.doors.websocket.connections.get("111111111111", connection)

    with_sockets(tmp_path, scene)


def test_idle_connections_are_closed_after_ten_minutes_and_all_after_two_hours(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("a")
        idle, busy = await ws.connect(), await ws.connect()
        for _ in range(11):
            await ws.api.clock.advance(599)
            busy.say({"action": "a"})
            await turns(5)
        assert idle.running is not None and busy.running is not None
        await idle.running
        assert idle.events[-1].code == 1001 and not busy.running.done()
        await ws.api.clock.advance(599)
        busy.say({"action": "a"})
        await turns(5)
        await ws.api.clock.advance(20)
        await busy.running
        assert busy.events[-1].code == 1001

    with_sockets(tmp_path, scene)


def test_too_large_messages_and_frames_and_nonsense_close_the_connection(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        await ws.route("$default")
        for said, code in (
            ([Message(data="x" * ((32 << 10) + 1))], 1009),
            ([Message(data="x" * (30 << 10), message_finished=False)] * 5, 1009),
            ([Message(data="", message_finished=False)] * 10_001, 1009),
        ):
            client = await ws.connect()
            for one in said:
                client.send(one)
            assert client.running is not None
            await asyncio.wait_for(client.running, 5)
            assert client.events[-1].code == code
        client = await ws.connect()
        client.to_server.put_nowait(b"\x81\x05hello")  # not masked, as a client's must be
        assert client.running is not None
        await asyncio.wait_for(client.running, 5)
        assert client.events[-1].code == 1002 and ws.api.functions.calls == []
        client = await ws.connect()
        for part in ("x" * (30 << 10),) * 3:
            client.send(Message(data=part, message_finished=False))
        client.send(Message(data="end"))
        client.send(Ping(payload=b"p"))
        await client.heard(1)
        assert isinstance(client.events[0], Pong)
        assert len(ws.api.functions.event["body"]) == 3 * (30 << 10) + 3
        client.to_server.put_nowait(b"")
        assert client.running is not None
        await client.running

    with_sockets(tmp_path, scene)


def test_what_a_websocket_api_can_not_have_is_refused(tmp_path: Path) -> None:
    async def scene(ws: Sockets) -> None:
        call = ws.api.refused
        assert (await call("CreateApi", Name="x", ProtocolType="WEBSOCKET"))[0] == "BadRequestException"
        assert (await call("CreateApi", Name="x", ProtocolType="WEBSOCKET", Target=FUNCTION))[
            0
        ] == "BadRequestException"
        http = {"IntegrationType": "HTTP", "IntegrationUri": "ftp://x", "IntegrationMethod": "GET"}
        assert (await call("CreateIntegration", ApiId=ws.name, **http))[0] == "BadRequestException"
        shown = await ws.api.call("GetApi", ApiId=ws.name)
        assert shown["ApiEndpoint"] == f"ws://{ws.name}.execute-api.eu-west-1.localhost:4566"

    with_sockets(tmp_path, scene)


def test_nothing_is_inflated(tmp_path: Path) -> None:
    """A client that offers compression is not taken at its word, and one that compresses all the same is closed: no
    few bytes become many."""
    bomb = zlib.compress(bytes(1 << 20), 9)[2:-4]

    async def scene(sockets: Sockets) -> None:
        await sockets.route("$default")
        offer = {"sec_websocket_extensions": "permessage-deflate; client_max_window_bits"}
        assert not [
            name for name, _ in (await sockets.ask(**offer)).headers if name.lower() == "sec-websocket-extensions"
        ]
        client = await sockets.connect(**offer)
        head = bytes([0x80 | 0x40 | 0x1, 0x80 | 126]) + len(bomb).to_bytes(2, "big")  # final, compressed, text, masked
        client.to_server.put_nowait(head + bytes(4) + bomb)
        [closed] = await client.heard(1)
        assert isinstance(closed, CloseConnection) and closed.code == 1002
        assert not sockets.api.functions.calls

    with_sockets(tmp_path, scene)
