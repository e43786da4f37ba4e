"""The operations as boto3 sees them: its request through our wire, our answer through its parser. No sockets, and a
clock that is moved by hand."""

import asyncio
import itertools
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import botocore.session
from botocore.eventstream import EventStreamBuffer
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from lambent.clock import ManualClock
from lambent.model.scope import Caller, Scope
from lambent.observe.findings import Ledger
from lambent.services.kinesis import settling
from lambent.services.kinesis.env import KinesisEnv
from lambent.services.kinesis.growing import Growing
from lambent.services.kinesis.operations import OPERATIONS
from lambent.store.open import Store, open_store
from lambent.store.stream_records import StreamRecords
from lambent.streams.config import Config
from lambent.streams.records import Records
from lambent.streams.registry import Registry
from lambent.streams.subscriptions import Subscriptions
from lambent.streams.trimming import Trimmer
from lambent.wire import parse, serialize, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

MODEL = botocore.session.get_session().get_service_model("kinesis")
HERE = Scope("111111111111", "eu-west-1")
NOW = 1_775_000_000.0
SETTLED = 1.0
"""Seconds after which a change is over."""


class Kinesis:
    """Calls operations by name; a refusal comes back as {"Error": {"Code", "Message"}}."""

    def __init__(
        self, store: Store, clock: ManualClock, env: KinesisEnv, findings: Ledger, tasks: set[asyncio.Task[None]]
    ) -> None:
        self.store, self.clock, self.env, self.findings = store, clock, env, findings
        self._tasks = tasks

    async def call(self, operation: str, scope: Scope = HERE, /, **params: Any) -> dict[str, Any]:
        model = MODEL.operation_model(operation)
        sent = create_serializer("json").serialize_to_request(params, model)
        headers = {name.lower(): value for name, value in sent["headers"].items()}
        answer = await self.answer(Request("POST", "/", "", headers, sent["body"]), scope)
        raw = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
        result = dict(create_parser("json").parse(raw, model.output_shape))
        result.pop("ResponseMetadata", None)
        return result

    async def answer(self, request: Request, scope: Scope = HERE) -> Response:
        kinesis, operation = service.spoken("kinesis", request), None
        try:
            operation = kinesis.route(request)
            params = parse.parse(kinesis, operation, request)
            validate.validate(kinesis, operation, params)
            result = await OPERATIONS[operation](self.env, Caller(scope, "id"), params)
            return serialize.output(kinesis, operation, result, "id")
        except Fault as fault:
            return serialize.fault(kinesis, operation, fault, "id")

    async def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """The code and the text of a refusal."""
        answer = await self.call(operation, **params)
        assert "Error" in answer, answer
        return answer["Error"]["Code"], answer["Error"]["Message"]

    async def stream(self, name: str = "s", shards: int | None = 1, **more: Any) -> str:
        """An active stream; its name."""
        given = {} if shards is None else {"ShardCount": shards}
        assert await self.call("CreateStream", StreamName=name, **given, **more) == {}
        await self.settle()
        return name

    async def settle(self) -> None:
        await self.advance(SETTLED)

    async def advance(self, seconds: float) -> None:
        """Move the clock; what was due is done."""
        await self.clock.advance(seconds)
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=5)

    async def did(self, operation: str, **params: Any) -> dict[str, Any]:
        """Something that is over in a moment has been done."""
        answer = await self.call(operation, **params)
        assert "Error" not in answer, answer
        await self.settle()
        return answer

    async def put(self, *texts: str, key: str = "k", name: str = "s", hash_key: int | None = None) -> list[str]:
        """Records; their sequence numbers."""
        more = {} if hash_key is None else {"ExplicitHashKey": str(hash_key)}
        entries = [{"Data": text.encode(), "PartitionKey": key, **more} for text in texts]
        answer = await self.call("PutRecords", StreamName=name, Records=entries)
        assert answer.get("FailedRecordCount") == 0, answer
        return [one["SequenceNumber"] for one in answer["Records"]]

    async def iterator(self, shard: int = 0, kind: str = "TRIM_HORIZON", name: str = "s", **more: Any) -> str:
        params = {"StreamName": name, "ShardId": f"shardId-{shard:012d}", "ShardIteratorType": kind}
        answer = await self.call("GetShardIterator", **params, **more)
        assert "ShardIterator" in answer, answer
        return str(answer["ShardIterator"])

    async def read(self, iterator: str, **more: Any) -> dict[str, Any]:
        """One read, a second after the last one."""
        await self.advance(1)
        answer = await self.call("GetRecords", ShardIterator=iterator, **more)
        assert "Error" not in answer, answer
        return answer

    async def texts(self, shard: int = 0, kind: str = "TRIM_HORIZON", name: str = "s", **more: Any) -> list[str]:
        """What a shard holds, by one read."""
        return said(await self.read(await self.iterator(shard, kind, name, **more)))

    async def shards(self, name: str = "s", **more: Any) -> list[dict[str, Any]]:
        return list((await self.call("ListShards", StreamName=name, **more))["Shards"])

    async def status(self, name: str = "s") -> str:
        answer = await self.call("DescribeStreamSummary", StreamName=name)
        return str(answer["StreamDescriptionSummary"]["StreamStatus"])

    async def consumer(self, name: str = "c", stream: str = "s") -> str:
        """An active consumer; its ARN."""
        made = await self.did("RegisterStreamConsumer", StreamARN=arn(stream), ConsumerName=name)
        return str(made["Consumer"]["ConsumerARN"])

    async def subscribe(self, consumer: str, shard: int = 0, **position: Any) -> "Events":
        """A subscription; `position` is its starting position."""
        position = position or {"Type": "TRIM_HORIZON"}
        params = {"ConsumerARN": consumer, "ShardId": f"shardId-{shard:012d}", "StartingPosition": position}
        sent = create_serializer("json").serialize_to_request(params, MODEL.operation_model("SubscribeToShard"))
        headers = {name.lower(): value for name, value in sent["headers"].items()}
        answer = await self.answer(Request("POST", "/", "", headers, sent["body"]))
        assert answer.status == 200, answer.body
        assert not isinstance(answer.body, bytes)
        return Events(answer.body)

    def config(self, name: str = "s") -> Config:
        return self.env.registry.get(HERE, name)


class Events:
    """The events of a subscription, as botocore reads them."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self._buffer = EventStreamBuffer()
        self.heads: list[dict[str, Any]] = []

    async def next(self) -> dict[str, Any] | None:
        """The next event's payload; None when the stream has ended. Raises AssertionError for an exception."""
        shape = MODEL.shape_for("SubscribeToShardEventStream")
        while True:
            for event in self._buffer:
                self.heads.append(event.headers)
                if event.headers[":event-type" if ":event-type" in event.headers else ":exception-type"] != (
                    "initial-response"
                ):
                    parsed = create_parser("json")._event_stream_parser.parse(event.to_response_dict(), shape)
                    assert "SubscribeToShardEvent" in parsed, parsed
                    return dict(parsed["SubscribeToShardEvent"])
            try:
                self._buffer.add_data(await anext(self._body))
            except StopAsyncIteration:
                return None

    async def close(self) -> None:
        await self._body.aclose()  # type: ignore[attr-defined]


def said(answer: dict[str, Any]) -> list[str]:
    """What the records of an answer say."""
    return [one["Data"].decode() for one in answer["Records"]]


def arn(name: str = "s") -> str:
    return f"arn:aws:kinesis:{HERE.region}:{HERE.account}:stream/{name}"


async def open_kinesis(folder: Path, clock: ManualClock, tasks: set[asyncio.Task[None]]) -> Kinesis:
    store, findings = await open_store(folder), Ledger()

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    numbers = itertools.count(1)
    salt = uuid.uuid4().hex[:8]
    registry = Registry(store.resources, lambda: f"{salt}-{next(numbers)}")
    beats: defaultdict[int, int] = defaultdict(int)
    news: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)

    def woken(uid: int) -> None:
        beats[uid] += 1
        news.pop(uid, asyncio.Event()).set()

    async def wait(uid: int, seen: int, seconds: float) -> None:
        if beats[uid] == seen:
            coming = news[uid]
            timer = clock.call_at(clock.monotonic() + seconds, lambda: news.pop(uid, coming).set())
            await coming.wait()
            timer.cancel()

    records = Records(StreamRecords(store.database), clock, clock.monotonic, woken)
    await records.open(list(registry))
    subscriptions = Subscriptions(clock.monotonic, clock.monotonic)
    env = KinesisEnv(
        registry,
        records,
        clock,
        lambda: f"{salt}-{next(numbers)}",
        spawn,
        clock.sleep,
        lambda uid: beats[uid],
        wait,
        findings.report,
        findings.withdraw,
        subscriptions,
    )
    records.wrote = Growing(env).wrote
    settling.resume(env)
    Trimmer(registry, records, clock, spawn).start()
    return Kinesis(store, clock, env, findings, tasks)


def with_kinesis(folder: Path, *bodies: Callable[[Kinesis], Awaitable[None]]) -> None:
    """Run each of `bodies` on the same data, with a kill in between: nothing is closed in an orderly way."""

    async def run() -> None:
        clock = ManualClock(NOW)
        for body in bodies:
            tasks: set[asyncio.Task[None]] = set()
            kinesis = await open_kinesis(folder, clock, tasks)
            try:
                await asyncio.wait_for(body(kinesis), 90)
            finally:
                for task in tuple(tasks):
                    task.cancel()
                await kinesis.store.close()

    asyncio.run(run())
