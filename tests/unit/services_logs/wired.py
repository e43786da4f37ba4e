"""The operations as boto3 sees them: its request through our wire, our answer through its parser. No sockets."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from lambent.clock import ManualClock
from lambent.events.log_subscriptions import LogSubscriptions
from lambent.model.push import Push
from lambent.model.scope import Caller, Scope
from lambent.observe.findings import Ledger
from lambent.observe.live_tail import LiveTails
from lambent.observe.logstore import LogStore
from lambent.observe.queries import Queries
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.metric_filters import Compiled
from lambent.services.logs.operations import OPERATIONS
from lambent.store.open import Store, open_store
from lambent.wire import parse, serialize, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

MODEL = botocore.session.get_session().get_service_model("logs")
HERE = Scope("111111111111", "eu-west-1")
NOW = 1_775_000_000_000


class Wired:
    """Calls operations by name; a refusal comes back as {"Error": {"Code", "Message"}}."""

    def __init__(self, store: LogStore, state: Store) -> None:
        self.store, self.state, self.findings = store, state, Ledger()
        self.now = NOW
        self.pushed: list[Push] = []
        self.unreachable = ""
        numbers = itertools.count()
        spawn, report = asyncio.ensure_future, self.findings.report
        self.subscriptions = LogSubscriptions(
            state.resources, ManualClock(NOW / 1000), self._push, lambda: f"id-{next(numbers)}", spawn, report
        )
        store.hears.append(self.subscriptions.hear)
        self.filters = Compiled(state.resources)
        self.queries = Queries(time.monotonic)
        self.passed = 0.0
        self.tails = LiveTails(self.clock, lambda: self.passed, self._pause)
        store.hears.append(self.tails.hear)
        self.env = LogsEnv(
            store,
            self.clock,
            state.resources,
            lambda: f"revision-{next(numbers)}",
            self.filters,
            self.subscriptions,
            self._unreachable,
            lambda _scope, function: f"/aws/lambda/{function}",
            self.queries,
            self.tails,
            report,
            self.findings.withdraw,
        )

    async def _pause(self, seconds: float) -> None:
        self.passed += seconds

    async def _push(self, pushes: Sequence[Push]) -> None:
        self.pushed += pushes

    async def _unreachable(self, *_asked: object) -> str:
        return self.unreachable

    def clock(self) -> float:
        return self.now / 1000

    async def call(self, operation: str, scope: Scope = HERE, /, **params: Any) -> dict[str, Any]:
        model = MODEL.operation_model(operation)
        sent = create_serializer("json").serialize_to_request(params, model)
        headers = {name.lower(): value for name, value in sent["headers"].items()}
        request = Request("POST", sent["url_path"], "", headers, sent["body"])
        answer = await self._answer(request, scope)
        assert isinstance(answer.body, bytes)
        raw = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
        return dict(create_parser("json").parse(raw, model.output_shape))

    async def _answer(self, request: Request, scope: Scope) -> Response:
        logs = service.load("logs")
        operation = logs.route(request)
        try:
            params = parse.parse(logs, operation, request)
            validate.validate(logs, operation, params)
            result = await OPERATIONS[operation](self.env, Caller(scope, "id"), params)
            return serialize.output(logs, operation, result, "id")
        except Fault as fault:
            return serialize.fault(logs, operation, fault, "id")

    async def refused(self, operation: str, /, **params: Any) -> tuple[str, str]:
        """The code and the message of a call that must be refused."""
        error = (await self.call(operation, **params)).get("Error")
        if error is None:
            pytest.fail(f"{operation} was accepted")
        return error["Code"], error["Message"]


def with_logs(folder: Path, body: Callable[[Wired], Awaitable[None]]) -> None:
    """Run `body` with operations on a store under `folder`."""

    async def run() -> None:
        wired: list[Wired] = []
        store = await LogStore.open(folder / "logs", lambda: wired[0].clock() if wired else NOW / 1000)
        state = await open_store(folder)
        wired.append(Wired(store, state))
        try:
            await body(wired[0])
        finally:
            await wired[0].queries.close()
            await store.close()
            await state.close()

    asyncio.run(run())
