"""CloudWatch as boto3 sees it, in each of its protocols: a request through our wire, the answer through its parser."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from lambent.model.delivery import Delivery
from lambent.model.scope import Caller, Scope
from lambent.observe.series import SeriesStore
from lambent.services.cloudwatch.alarms import evaluating
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.services.cloudwatch.operations import OPERATIONS
from lambent.store.database import Database, open_database
from lambent.store.resources import Resources
from lambent.wire import parse, serialize, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

MODEL = botocore.session.get_session().get_service_model("cloudwatch")
HERE = Scope("111111111111", "eu-west-1")
NOW = 1_775_001_600
"""A whole hour."""
PROTOCOLS = ("json", "query", "smithy-rpc-v2-cbor")


class CloudWatch:
    """Calls operations by name; `now` is the clock, `sent` what alarms have sent, `fails` why that does not arrive."""

    def __init__(self, series: SeriesStore, database: Database, clock: list[float], protocol: str) -> None:
        self.clock = clock
        self.protocol = protocol
        self.sent: list[tuple[str, Delivery]] = []
        self.fails: str | None = None
        self._numbers = 0
        self._tasks: list[asyncio.Task[None]] = []
        self.env = CloudWatchEnv(
            series, Resources(database), lambda: clock[0], self._id, lambda _region: "EU (Ireland)", self._deliver,
            self._spawn, self._settle,
        )  # fmt: skip

    def _id(self) -> str:
        self._numbers += 1
        return f"{self._numbers:08d}"

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    async def _deliver(self, sender: str, message: Delivery) -> str | None:
        self.sent.append((sender, message))
        return self.fails

    async def _settle(self) -> None:
        return

    async def quiet(self) -> None:
        """Until all that was begun is over."""
        while self._tasks:
            await self._tasks.pop()

    async def call(self, operation: str, /, **params: Any) -> dict[str, Any]:
        """What the operation answers; a refusal as {"Error": {"Code", "Message"}}."""
        model = MODEL.operation_model(operation)
        sent = create_serializer(self.protocol).serialize_to_request(params, model)
        headers = {name.lower(): value for name, value in sent["headers"].items()}
        body = sent["body"]
        if isinstance(body, dict):
            from urllib.parse import urlencode

            body = urlencode(body).encode()
        answer = await self._answer(Request("POST", sent["url_path"], "", headers, body))
        raw = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
        raw["headers"] = {name.lower(): value for name, value in raw["headers"].items()}  # type: ignore[attr-defined]
        return dict(create_parser(self.protocol).parse(raw, model.output_shape))

    async def _answer(self, request: Request) -> Response:
        cloudwatch = service.spoken("cloudwatch", request)
        assert cloudwatch.protocol == self.protocol
        operation = cloudwatch.route(request)
        try:
            params = parse.parse(cloudwatch, operation, request)
            validate.validate(cloudwatch, operation, params)
            result = await OPERATIONS[operation](self.env, Caller(HERE, "id"), params)
            return serialize.output(cloudwatch, operation, result, "id")
        except Fault as fault:
            return serialize.fault(cloudwatch, operation, fault, "id")

    async def refused(self, operation: str, /, **params: Any) -> tuple[str, str]:
        """The code and the message of a call that must be refused."""
        error = (await self.call(operation, **params)).get("Error")
        if error is None:
            pytest.fail(f"{operation} was accepted")
        return error["Code"], error["Message"]

    async def minute(self, at: int) -> None:
        """The clock reads `at`, and all alarms are evaluated."""
        self.clock[0] = float(at)
        for alarm in self.env.resources.of_kind("cloudwatch/alarm"):
            await evaluating.evaluate(self.env, alarm, at)
        await self.quiet()


def with_cloudwatch(
    folder: Path, body: Callable[[CloudWatch], Awaitable[None]], protocol: str = "json", database: str = "sqlite://"
) -> None:
    """Run `body` with operations on series in `folder`, and what lasts in a database."""

    async def run() -> None:
        clock = [float(NOW)]
        series = await SeriesStore.open(folder / "metrics.db", lambda: clock[0])
        store = await open_database(database)
        kit = CloudWatch(series, store, clock, protocol)
        await kit.env.resources.load()
        try:
            await body(kit)
            await kit.quiet()
        finally:
            await series.close()
            await store.close()

    asyncio.run(run())
