"""The door of REST APIs with functions of our own, on a clock that is moved by hand. No sockets."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from lambent.model.acting import Acting, as_role
from lambent.model.backend_tls import USUAL, BackendTls
from lambent.model.credentials import Signer
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.invocation import Outcome
from lambent.model.scope import Scope
from lambent.services.apigateway.serving.door import RestDoor
from lambent.services.apigateway.serving.ports import Ports
from lambent.store.open import open_store
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.site import SiteRequest
from tests.unit.services_apigateway.api_kit import HERE, URI, Api

Function = Callable[[dict[str, Any]], Awaitable[Any]]


class Functions:
    """Answers with what `run` makes of an event; keeps who called."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.doors: list[Door] = []
        self.calls: list[Call] = []
        self.run: Function = self._done

    async def _done(self, event: dict[str, Any]) -> Any:
        return {"statusCode": 200, "body": "done"}

    async def call(self, door: Door, call: Call) -> Outcome:
        self.doors.append(door)
        self.calls.append(call)
        event = orjson.loads(call.payload)
        self.events.append(event)
        try:
            return Outcome(orjson.dumps(await self.run(event)))
        except RuntimeError as error:
            return Outcome(orjson.dumps({"errorMessage": str(error), "errorType": "RuntimeError"}), "Unhandled")

    def stream(self, door: Door, call: Call) -> Any:
        raise AssertionError("nothing is streamed here")

    async def accept(self, door: Door, call: Call) -> None:
        self.calls.append(call)

    async def admit(self, door: Door, call: Call) -> None:
        pass

    def timeout(self, door: Door, arn: str) -> float | None:
        return 60.0


class Stage(Api):
    """An API that is served; `root` is its root resource."""

    id: str
    root: str

    def open(self) -> None:
        self.functions = Functions()
        self.asked: list[Request] = []
        self.logged: list[tuple[str, str]] = []
        self.chances = iter(())
        self.fetched: list[tuple[str, str, list[tuple[str, str]], bytes]] = []
        self.tls = USUAL
        self.allowed, self.judged = True, []  # type: bool, list[tuple[str, str, bool]]
        self.ports = Ports(
            resources=self.store.resources,
            clock=self.clock,
            functions=self.functions,
            verify=self._verify,
            may=self._may,
            ask=self._ask,
            acting=self._acting,
            role_may=self._role_may,
            fetch=self._fetch,
            keys=self._keys,
            log=lambda _scope, group, _stream, text: self.logged.append((group, text)),
            report=self.findings.report,
            spawn=lambda work: work.close(),
            new_id=lambda: str(uuid.uuid4()),
            chance=lambda: next(self.chances, 0.99),
        )
        self.door = RestDoor(self.ports)

    async def _may(self, _signer: Signer, action: str, arn: str, policy: Any, _keys: Any) -> bool:
        self.judged.append((action, arn, policy is not None))
        return self.allowed

    def _verify(self, site: SiteRequest, service: str) -> Signer:
        if "authorization" not in site.named:
            raise Fault("MissingAuthenticationTokenException", "Missing Authentication Token", status=403)
        said = site.named["authorization"]
        return Signer("AKIA", HERE.account, said if said.startswith("arn:") else "")

    async def _ask(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(200, [("Content-Type", "application/json")], b'{"ok": true}')

    async def _acting(self, door: Door) -> Acting:
        if "untrusted" in door.role:
            raise NotPermitted("API Gateway does not have permission to assume the provided role")
        service = "apigateway.amazonaws.com"
        return as_role(service, door.role, "s") if door.role else Acting(service, door.account)

    async def _role_may(self, role: str, action: str, _resource: str, _scope: Scope) -> bool:
        assert action == "execute-api:InvalidateCache"
        return "may" in role

    async def _fetch(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        body: bytes,
        seconds: float,
        tls: BackendTls = USUAL,
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        self.fetched.append((method, url, headers, body))
        self.tls = tls
        if "nowhere" in url:
            raise OSError("no such host")
        return 201, [("Content-Type", "text/plain"), ("Server", "x"), ("X-A", "1")], b"web"

    async def _keys(self, scope: Scope, pool: str) -> Mapping[str, Any]:
        return self.jwks

    jwks: Mapping[str, Any] = {}

    async def proxy(self, path: str = "/", method: str = "GET", **more: Any) -> None:
        """A method at a path of one part or none, whose function answers."""
        resource = self.root
        if path != "/":
            made = await self.call("CreateResource", restApiId=self.id, parentId=self.root, pathPart=path.strip("/"))
            resource = made["id"]
        at = {"restApiId": self.id, "resourceId": resource, "httpMethod": method}
        await self.call("PutMethod", **at, **({"authorizationType": "NONE"} | more))
        await self.call("PutIntegration", **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI)

    async def deploy(self, **more: Any) -> str:
        made = await self.call("CreateDeployment", restApiId=self.id, stageName="dev", **more)
        return str(made["id"])

    async def patch_stage(self, **changes: str) -> None:
        operations = [{"op": "replace", "path": path, "value": value} for path, value in changes.items()]
        await self.call("UpdateStage", restApiId=self.id, stageName="dev", patchOperations=operations)

    async def ask(self, path: str = "/dev", method: str = "GET", body: bytes = b"", **headers: str) -> Response:
        answer = await self.serve(path, method, body, **headers)
        assert answer is not None
        return answer

    async def serve(
        self, path: str, method: str = "GET", body: bytes = b"", region: str = HERE.region, **headers: str
    ) -> Response | None:
        host = f"{self.id}.execute-api.{HERE.region}.amazonaws.com"
        sent = [("Host", host), *((name.replace("_", "-"), value) for name, value in headers.items())]
        plain, _, query = path.partition("?")
        site = SiteRequest(
            "execute-api", self.id, region, method, plain, query, sent, body, host, str(uuid.uuid4()), len(body),
            named={name.lower(): value for name, value in sent},
        )  # fmt: skip
        return await self.door.serve(site)


def with_stage(folder: Path, scene: Callable[[Stage], Awaitable[None]]) -> None:
    async def play() -> None:
        store = await open_store(folder)
        try:
            stage = Stage(store)
            stage.open()
            stage.id, stage.root = await stage.api()
            await scene(stage)
        finally:
            await store.close()

    asyncio.run(play())
