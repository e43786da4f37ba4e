"""The operations as boto3 sees them: its request through our wire, our answer through its parser. No sockets, and a
clock that is moved by hand."""

import asyncio
import itertools
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from lambent.clock import ManualClock
from lambent.model.limits import AWS_2026, Limits
from lambent.model.scope import Caller, Scope
from lambent.observe.findings import Ledger
from lambent.services.sqs.env import SqsEnv, open_env
from lambent.services.sqs.operations import OPERATIONS
from lambent.store.open import Store, open_store
from lambent.wire import parse, serialize, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

MODEL = botocore.session.get_session().get_service_model("sqs")
HERE = Scope("111111111111", "eu-west-1")
NOW = 1_775_000_000.0
URL = "http://localhost:4566"


class Sqs:
    """Calls operations by name; a refusal comes back as {"Error": {"Code", "Message"}}."""

    def __init__(self, store: Store, clock: ManualClock, env: SqsEnv, findings: Ledger) -> None:
        self.store, self.clock, self.env, self.findings = store, clock, env, findings
        self.trace: str | None = None

    async def call(self, operation: str, scope: Scope = HERE, /, **params: Any) -> dict[str, Any]:
        model = MODEL.operation_model(operation)
        sent = create_serializer("json").serialize_to_request(params, model)
        headers = {name.lower(): value for name, value in sent["headers"].items()}
        answer = await self.answer(Request("POST", sent["url_path"], "", headers, sent["body"]), scope)
        raw = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
        result = dict(create_parser("json").parse(raw, model.output_shape))
        if "Error" in result:
            result["Error"]["Code"] = dict(answer.headers)["x-amzn-query-error"].partition(";")[0]
        result.pop("ResponseMetadata", None)
        return result

    async def form(self, path: str, fields: dict[str, Any]) -> str:
        """The XML that a form of the query protocol is answered with."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await self.answer(Request("POST", path, "", headers, urlencode(fields).encode()), HERE)
        assert isinstance(answer.body, bytes)
        return answer.body.decode()

    async def answer(self, request: Request, scope: Scope) -> Response:
        sqs = service.spoken("sqs", request)
        operation = None
        try:
            operation = sqs.route(request)
            params = parse.parse(sqs, operation, request)
            validate.validate(sqs, operation, params)
            result = await OPERATIONS[operation](self.env, Caller(scope, "id", trace_id=self.trace), params)
            return serialize.output(sqs, operation, result, "id")
        except Fault as fault:
            return serialize.fault(sqs, operation, fault, "id")

    async def refused(self, operation: str, /, **params: Any) -> tuple[str, str]:
        """The code and the message of a call that must be refused."""
        error = (await self.call(operation, **params)).get("Error")
        if error is None:
            pytest.fail(f"{operation} was accepted")
        return error["Code"], error["Message"]

    # --- shorthands

    async def queue(self, name: str = "q", **attributes: Any) -> str:
        """The URL of a new queue."""
        given = {key: str(value) for key, value in attributes.items()}
        answer = await self.call("CreateQueue", QueueName=name, Attributes=given)
        assert "QueueUrl" in answer, answer
        return str(answer["QueueUrl"])

    async def send(self, url: str, body: str, **more: Any) -> dict[str, Any]:
        answer = await self.call("SendMessage", QueueUrl=url, MessageBody=body, **more)
        assert "MessageId" in answer, answer
        return answer

    async def receive(self, url: str, most: int = 10, **more: Any) -> list[dict[str, Any]]:
        answer = await self.call(
            "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=most, MessageSystemAttributeNames=["All"], **more
        )
        assert "Error" not in answer, answer
        return list(answer.get("Messages", []))

    async def bodies(self, url: str, most: int = 10, **more: Any) -> list[str]:
        return [one["Body"] for one in await self.receive(url, most, **more)]

    async def delete(self, url: str, message: dict[str, Any]) -> None:
        assert "Error" not in await self.call("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    async def attributes(self, url: str, *names: str) -> dict[str, str]:
        answer = await self.call("GetQueueAttributes", QueueUrl=url, AttributeNames=list(names or ("All",)))
        return dict(answer.get("Attributes", {}))

    async def counts(self, url: str) -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        found = await self.attributes(url)
        ends = ("", "NotVisible", "Delayed")
        visible, held, delayed = (int(found[f"ApproximateNumberOfMessages{end}"]) for end in ends)
        return visible, held, delayed


def arn(name: str) -> str:
    return f"arn:aws:sqs:{HERE.region}:{HERE.account}:{name}"


async def open_sqs(folder: Path, clock: ManualClock, tasks: set[Any], limits: Limits = AWS_2026) -> Sqs:
    store = await open_store(folder)
    findings = Ledger()

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    numbers = itertools.count(1)
    salt = uuid.uuid4().hex[:8]
    env = await open_env(
        store.resources,
        store.queues,
        clock,
        limits,
        URL,
        lambda: f"{salt}-0000-4000-8000-{next(numbers):012}",
        spawn,
        findings.report,
        findings.withdraw,
    )
    await env.resume()
    return Sqs(store, clock, env, findings)


def with_sqs(folder: Path, *bodies: Callable[[Sqs], Awaitable[None]], limits: Limits = AWS_2026) -> None:
    """Run each body with the operations on the store under `folder`, which is closed and opened again in between."""

    async def run() -> None:
        clock = ManualClock(NOW)
        for body in bodies:
            tasks: set[Any] = set()
            sqs = await open_sqs(folder, clock, tasks, limits)
            try:
                await body(sqs)
            finally:
                for task in tuple(tasks):
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await sqs.store.queues.close()
                await sqs.store.close()

    asyncio.run(run())
