"""The control plane as boto3 sees it: its request through our wire, our answer through its parser. No sockets."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lambent.clock import ManualClock
from lambent.model.scope import Scope
from lambent.observe.findings import Ledger
from lambent.services.apigateway.env import ApiGatewayEnv
from lambent.services.apigateway.operations import OPERATIONS
from lambent.store.open import Store, open_store
from lambent.wire import service
from lambent.wire.http import Request, Response
from tests.unit import rest_json
from tests.unit.rest_json import Refused

HERE = Scope("111111111111", "eu-west-1")
NOW = 1_775_000_000.0
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:f"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


class Api:
    """Calls operations by name."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.findings = store, ManualClock(NOW), Ledger()
        numbers = itertools.count()
        self.env = ApiGatewayEnv(
            resources=store.resources,
            shape=service.load("apigateway").model.shape_for,
            wall=self.clock.wall,
            new_id=lambda: f"revision-{next(numbers)}",
            report=self.findings.report,
            withdraw=self.findings.withdraw,
        )

    async def call(self, operation: str, scope: Scope = HERE, /, **params: Any) -> dict[str, Any]:
        return await rest_json.call("apigateway", OPERATIONS, self.env, operation, params, scope)

    async def answer(self, request: Request, scope: Scope = HERE) -> Response:
        return await rest_json.answer("apigateway", OPERATIONS, self.env, request, scope)

    async def api(self, **more: Any) -> tuple[str, str]:
        """A new API: its id and that of its root."""
        api = await self.call("CreateRestApi", name="a", **more)
        return api["id"], api["rootResourceId"]

    async def method(self, api: str, resource: str, method: str = "GET", **integration: Any) -> None:
        """A method with an integration."""
        at = {"restApiId": api, "resourceId": resource, "httpMethod": method}
        await self.call("PutMethod", **at, authorizationType="NONE")
        given = {"type": "MOCK"} | integration
        await self.call("PutIntegration", **at, **given)

    async def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        try:
            await self.call(operation, **params)
        except Refused as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused")


def with_api(folder: Path, scene: Callable[[Api], Awaitable[None]]) -> None:
    async def play() -> None:
        store = await open_store(folder)
        try:
            await scene(Api(store))
        finally:
            await store.close()

    asyncio.run(play())
