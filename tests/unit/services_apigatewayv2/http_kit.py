"""HTTP APIs without sockets: the control plane as boto3 sees it, and the doors asked directly."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson

from lambent.clock import ManualClock
from lambent.model.acting import Acting, as_role
from lambent.model.credentials import Signer
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.invocation import Outcome
from lambent.model.scope import Scope
from lambent.observe.findings import Ledger
from lambent.services.apigatewayv2.env import ApiGatewayV2Env
from lambent.services.apigatewayv2.operations import OPERATIONS
from lambent.services.apigatewayv2.serving.doors import Doors
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.store.open import Store, open_store
from lambent.wire import service
from lambent.wire.http import Request, Response
from lambent.wire.site import SiteRequest
from tests.unit import rest_json
from tests.unit.rest_json import Refused

HERE = Scope("111111111111", "eu-west-1")
NOW = 1_775_000_000.0
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:f"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


class Functions:
    """One function for everything: `run` answers, `calls` are what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Door, Call]] = []
        self.run: Callable[[Door, Any], Any] = lambda _door, event: {"statusCode": 200, "body": orjson.dumps(event)}

    async def call(self, door: Door, call: Call) -> Outcome:
        self.calls.append((door, call))
        said = self.run(door, orjson.loads(call.payload))
        if asyncio.iscoroutine(said):
            said = await said
        if isinstance(said, Outcome):
            return said
        if isinstance(said, dict) and isinstance(said.get("body"), bytes):
            said = said | {"body": said["body"].decode()}
        return Outcome(orjson.dumps(said))

    async def accept(self, door: Door, call: Call) -> None:
        self.calls.append((door, call))

    def timeout(self, door: Door, arn: str) -> float | None:
        return 60.0

    @property
    def event(self) -> Any:
        """What it was asked last."""
        return orjson.loads(self.calls[-1][1].payload)


class Api:
    """Calls operations by name, and asks what they made."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.findings, self.functions = store, ManualClock(NOW), Ledger(), Functions()
        self.logged: list[tuple[str, str, str]] = []
        self.asked: list[Request] = []
        self.service_answer = Response(200, [("Content-Type", "application/json")], b"{}")
        self.web: Callable[..., Any] = lambda *_: (200, [], b"")
        self.keys: dict[str, Any] = {}
        self.signer: Signer | None = None
        self.allowed, self.judged = True, []  # type: bool, list[tuple[str, str]]
        numbers = itertools.count()
        self.ports = Ports(
            resources=store.resources,
            clock=self.clock,
            functions=self.functions,
            signer=lambda _site: self.signer,
            may=self._may,
            ask=self._ask,
            acting=self._acting,
            fetch=self._fetch,
            pool_keys=self._pool_keys,
            log=lambda scope, group, stream, text: self.logged.append((group, stream, text)),
            report=self.findings.report,
            spawn=asyncio.ensure_future,
            new_id=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
        )
        self.doors = Doors(self.ports)
        self.env = ApiGatewayV2Env(
            resources=store.resources,
            operation=service.load("apigatewayv2").operation,
            wall=self.clock.wall,
            new_id=lambda: f"revision-{next(numbers)}",
            report=self.findings.report,
            endpoint=lambda name: f"{name}.localhost:4566",
            flush=lambda scope, api, stage: self.ports.authorizations.flush((scope, api, stage)),
        )

    async def _ask(self, request: Request) -> Response:
        self.asked.append(request)
        return self.service_answer

    async def _may(self, _signer: Signer, action: str, arn: str, _policy: Any, _keys: Any) -> bool:
        self.judged.append((action, arn))
        return self.allowed

    async def _acting(self, door: Door) -> Acting:
        if "untrusted" in door.role:
            raise NotPermitted("API Gateway does not have permission to assume the provided role")
        service = "apigateway.amazonaws.com"
        return as_role(service, door.role, "s") if door.role else Acting(service, door.account)

    async def _fetch(self, *given: Any, **named: Any) -> Any:
        said = self.web(*given, **named)
        return await said if asyncio.iscoroutine(said) else said

    async def _pool_keys(self, _scope: Scope, pool: str) -> Any:
        return self.keys.get(pool, {})

    async def call(self, operation: str, scope: Scope = HERE, /, **params: Any) -> dict[str, Any]:
        return await rest_json.call("apigatewayv2", OPERATIONS, self.env, operation, params, scope)

    async def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        try:
            await self.call(operation, **params)
        except Refused as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused")

    async def quick(self, **more: Any) -> str:
        """An API with a function behind `$default`, by quick create."""
        return str((await self.call("CreateApi", Name="a", ProtocolType="HTTP", Target=FUNCTION, **more))["ApiId"])

    async def empty(self, stage: str = "$default", **more: Any) -> str:
        """An API with a stage that deploys automatically."""
        api = str((await self.call("CreateApi", Name="a", ProtocolType="HTTP", **more))["ApiId"])
        await self.call("CreateStage", ApiId=api, StageName=stage, AutoDeploy=True)
        return api

    async def route(self, api: str, key: str, *, integration: dict[str, Any] | None = None, **more: Any) -> str:
        """A route to the function, or to another integration."""
        given = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0"}
        made = await self.call("CreateIntegration", ApiId=api, **(given if integration is None else integration))
        target = f"integrations/{made['IntegrationId']}"
        return str((await self.call("CreateRoute", ApiId=api, RouteKey=key, Target=target, **more))["RouteId"])

    async def ask(
        self, api: str, path: str = "/", method: str = "GET", body: bytes = b"", query: str = "", host: str = "",
        lines: list[tuple[str, str]] | None = None, **headers: str,
    ) -> Response:  # fmt: skip
        sent = lines or [(name.replace("_", "-"), value) for name, value in headers.items()]
        named: dict[str, str] = {}
        for name, value in sent:
            key = name.lower()
            named[key] = f"{named[key]}, {value}" if key in named else value
        host = host or f"{api}.execute-api.eu-west-1.amazonaws.com"
        site = SiteRequest(
            "execute-api", host if "execute-api" not in host else api, "", method, path, query, sent, body, host,
            "00000000-0000-4000-8000-00000000000a", len(body), "127.0.0.9", "http", named=named,
        )  # fmt: skip
        response = await self.doors.serve(site)
        assert response is not None
        return response


def with_api(folder: Path, scene: Callable[[Api], Awaitable[None]]) -> None:
    async def play() -> None:
        store = await open_store(folder)
        try:
            await scene(Api(store))
        finally:
            await store.close()

    asyncio.run(play())


def document(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return orjson.loads(response.body)
