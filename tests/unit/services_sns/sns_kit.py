"""The operations as boto3 sees them: its request through our wire, our answer through its parser. Nothing is sent: what
is pushed is kept in a list."""

import asyncio
import functools
import itertools
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from lambent.clock import ManualClock
from lambent.model.push import Push
from lambent.model.scope import Caller, Scope
from lambent.model.trace import Segment
from lambent.observe.findings import Ledger
from lambent.permissions import callers
from lambent.services.sns.env import SnsEnv
from lambent.services.sns.operations import OPERATIONS
from lambent.store.open import Store, open_store
from lambent.topics.publishing import Ports, Publisher
from lambent.topics.registry import Registry
from lambent.topics.signing import Signer
from lambent.wire import parse, serialize, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request

MODEL = botocore.session.get_session().get_service_model("sns")
HERE = Scope("111111111111", "eu-west-1")
ELSEWHERE = Scope("222222222222", "eu-west-1")
NOW = 1_775_000_000.0
URL = "http://localhost:4566"
TOPIC = "arn:aws:sns:eu-west-1:111111111111:t"
QUEUE = "arn:aws:sqs:eu-west-1:111111111111:q"
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:f"
WEB = "http://subscriber.example/path"


@functools.cache
def signer(folder: str) -> Signer:
    return Signer(Path(folder) / "sns.pem")


class Sns:
    """Calls operations by name; a refusal comes back as {"Error": {"Code", "Message"}}."""

    def __init__(self, store: Store, keys: Signer) -> None:
        self.store, self.signer = store, keys
        self.clock = ManualClock(NOW)
        self.findings = Ledger()
        self.pushed: list[Push] = []
        self.segments: list[Segment] = []
        self.may_trace, self.trace_id = False, "Root=1"
        self.missing: set[str] = set()
        self.broken: Exception | None = None
        self.hold: asyncio.Event | None = None
        numbers = itertools.count(1)
        self.registry = Registry(store.resources, lambda: str(uuid.uuid4()))
        new_id, certificate = (lambda: str(uuid.uuid4())), (lambda: f"{URL}/cert")
        ports = Ports(self._add, keys.sign, self.clock.wall, new_id, lambda: next(numbers), URL, certificate)
        self.env = SnsEnv(
            self.registry,
            Publisher(self.registry, ports),
            self.clock.wall,
            self._exists,
            lambda caller: callers.principal(caller).arn,
            lambda: uuid.uuid4().hex,
            self.findings.report,
            self.findings.withdraw,
            self.segments.append,
            lambda _topic: self.may_trace,
        )

    async def _add(self, pushes: Sequence[Push]) -> None:
        if self.hold is not None:
            await self.hold.wait()
        if self.broken is not None:
            raise self.broken
        self.pushed += pushes

    async def _exists(self, arn: str) -> bool:
        return arn not in self.missing

    async def call(
        self, operation: str, scope: Scope = HERE, /, *, signed: bool = True, **params: Any
    ) -> dict[str, Any]:
        model = MODEL.operation_model(operation)
        body = urlencode(create_serializer("query").serialize_to_request(params, model)["body"]).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        sns = service.load("sns")
        caller = Caller(scope, "id", access_key=scope.account if signed else None, trace_id=self.trace_id)
        request = Request("POST", "/", "", headers, body)
        try:
            parsed = parse.parse(sns, operation, request)
            validate.validate(sns, operation, parsed)
            answer = serialize.output(sns, operation, await OPERATIONS[operation](self.env, caller, parsed), "id")
        except Fault as fault:
            answer = serialize.fault(sns, operation, fault, "id")
        raw = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
        result = dict(create_parser("query").parse(raw, model.output_shape))
        result.pop("ResponseMetadata", None)
        return result

    async def refused(self, operation: str, scope: Scope = HERE, /, **params: Any) -> tuple[str, str]:
        """The code and the message of a call that must be refused."""
        error = (await self.call(operation, scope, **params)).get("Error")
        if error is None:
            pytest.fail(f"{operation} was accepted")
        return error["Code"], error["Message"]

    # --- shorthands

    async def topic(self, name: str = "t", **attributes: str) -> str:
        said = await self.call("CreateTopic", Name=name, Attributes=attributes)
        return said["TopicArn"]

    async def subscribe(
        self, topic: str = TOPIC, protocol: str = "sqs", endpoint: str = QUEUE, **attributes: str
    ) -> str:
        said = await self.call(
            "Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes,
            ReturnSubscriptionArn=True,
        )  # fmt: skip
        assert "SubscriptionArn" in said, said
        return said["SubscriptionArn"]

    async def publish(self, topic: str = TOPIC, message: str = "m", **params: Any) -> dict[str, Any]:
        said = await self.call("Publish", TopicArn=topic, Message=message, **params)
        assert "MessageId" in said, said
        return said

    def bodies(self) -> list[Any]:
        return [json.loads(push.delivery.body) for push in self.pushed]

    def texts(self) -> list[str]:
        return [push.delivery.body.decode() for push in self.pushed]


Scene = Callable[[Sns], Awaitable[None]]


def play(folder: Path, scene: Scene, keys: Signer) -> None:
    """Play a scene on what an earlier one left in the folder."""

    async def main() -> None:
        store = await open_store(folder)
        try:
            await scene(Sns(store, keys))
        finally:
            await store.close()

    asyncio.run(main())
