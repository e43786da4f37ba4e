"""Queues and streams that drive a function: records a second, how long one takes to its handler, what idling costs.

The reference is the same function invoked directly with the same events, one invocation at a time on as many
connections as batches run at once; for idling, the server before it had mappings.
"""

import asyncio
import base64
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter, time
from typing import Any

from bench.client import BenchError, Caller
from bench.figures import Figure, Goal, median
from bench.lab import Functions, Lab, fresh_name

BATCH, PAGE = 10, 100
SHARDS = 8
SINGLE = 200
"""Messages that are sent one by one, and timed to their handler."""
PAUSE_SECONDS = 0.01
IDLE_MAPPINGS = 200
IDLE_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
FILLING = "x" * 200
CONNECTIONS = 5
"""AWS begins with five batches of a queue at once."""

SOURCE = """import base64, time

late = []


def handler(event, context):
    now = time.time()
    if "Records" not in event:
        return late
    for one in event["Records"]:
        if "s3" in one:
            text = one["s3"]["object"]["key"]
        else:
            text = one["body"] if "body" in one else base64.b64decode(one["kinesis"]["data"]).decode()
        if text[0] != "x":
            late.append((now - float(text)) * 1000)
"""


class Side:
    """Calls of the server by their service."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.endpoint = lab, lab.lambent
        self.caller = Caller(lab.lambent)

    async def target(self, service: str, target: str, caller: Caller | None = None, **members: Any) -> dict[str, Any]:
        """An operation by its X-Amz-Target."""
        body = json.dumps(members).encode()
        request = self.endpoint.request("POST", "/", body, f"X-Amz-Target: {target}\r\n", service)
        return (await (caller or self.caller).call(request)).json()

    async def sqs(self, operation: str, **members: Any) -> dict[str, Any]:
        """An operation of SQS."""
        return await self.target("sqs", f"AmazonSQS.{operation}", **members)

    async def kinesis(self, operation: str, **members: Any) -> dict[str, Any]:
        """An operation of Kinesis."""
        return await self.target("kinesis", f"Kinesis_20131202.{operation}", **members)

    async def map(self, function: str, arn: str, **settings: Any) -> str:
        """A mapping; its UUID."""
        body = json.dumps({"FunctionName": function, "EventSourceArn": arn, **settings}).encode()
        request = self.endpoint.request("POST", "/2015-03-31/event-source-mappings", body)
        return str((await self.caller.call(request)).json()["UUID"])

    async def unmap(self, uuid: str) -> None:
        """The mapping is deleted, and gone."""
        path = f"/2015-03-31/event-source-mappings/{uuid}"
        (await self.caller.call(self.endpoint.request("DELETE", path))).json()
        deadline = perf_counter() + PATIENCE_SECONDS
        while (await self.caller.call(self.endpoint.request("GET", path))).status == 200:
            _in_time(deadline)
            await asyncio.sleep(0.01)

    async def handled(self, uuid: str, count: int, metric: str) -> float:
        """When so many records of a mapping were handled (perf_counter)."""
        deadline = perf_counter() + PATIENCE_SECONDS
        while True:
            answer = await self.caller.call(self.endpoint.request("GET", "/_lambent/mappings"))
            (found,) = [one for one in answer.json()["mappings"] if one["UUID"] == uuid]  # type: ignore[attr-defined]
            if found.get("Counts", {}).get(metric, 0) >= count:
                return perf_counter()
            _in_time(deadline)
            await asyncio.sleep(0.005)


def _in_time(deadline: float) -> None:
    if perf_counter() > deadline:
        raise BenchError("records are not handled")


async def measure(lab: Lab) -> list[Figure]:
    """All rows."""
    side = Side(lab)
    try:
        async with Functions(lab.lambent).having(SOURCE) as function:
            lab.say("a queue that drives a function")
            queue = await _queue(side, function, lab.effort.messages)
        async with Functions(lab.lambent).having(SOURCE) as function:
            lab.say("a stream that drives a function")
            stream = await _stream(side, function, lab.effort.messages)
            lab.say(f"{IDLE_MAPPINGS} mappings that have nothing to do")
            idle = await _idle(side, function)
        return [*queue, *stream, idle]
    finally:
        side.caller.close()


async def _queue(side: Side, function: str, count: int) -> list[Figure]:
    name = fresh_name()
    url = (await side.sqs("CreateQueue", QueueName=name, Attributes={"VisibilityTimeout": "300"}))["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"

    async def send(bodies: list[str]) -> None:
        entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(bodies)]
        await side.sqs("SendMessageBatch", QueueUrl=url, Entries=entries)

    uuid = await side.map(function, arn, BatchSize=BATCH)
    late = await lateness(side, function, lambda: send([str(time())]))
    await side.unmap(uuid)
    for _ in range(count // BATCH):
        await send([FILLING] * BATCH)
    began = perf_counter()
    uuid = await side.map(function, arn, BatchSize=BATCH)
    rate = count / (await side.handled(uuid, count, "DeletedEventCount") - began)
    await side.unmap(uuid)
    await side.sqs("DeleteQueue", QueueUrl=url)
    record = {"messageId": "m" * 36, "receiptHandle": "r" * 180, "body": FILLING, "attributes": {"a": "b" * 100}}
    direct, single = await _direct(side, function, {"Records": [record] * BATCH}, count // BATCH)
    return [
        Figure(
            "SQS to function, deleted: 10 a batch (reference: Invoke)", "/s", rate, direct * BATCH, None,
            Goal(3_000, at_least=True),
        ),
        Figure("SQS: from send to handler, p50 (reference: Invoke)", "ms", late, single, None, Goal(5.0)),
    ]  # fmt: skip


async def _stream(side: Side, function: str, count: int) -> list[Figure]:
    name = fresh_name()
    await side.kinesis("CreateStream", StreamName=name, ShardCount=SHARDS)
    arn = f"arn:aws:kinesis:us-east-1:000000000000:stream/{name}"
    await _active(side, name)

    async def put(texts: list[str]) -> None:
        records = [
            {"Data": base64.b64encode(text.encode()).decode(), "PartitionKey": str(at)} for at, text in enumerate(texts)
        ]
        said = await side.kinesis("PutRecords", StreamName=name, Records=records)
        if said["FailedRecordCount"]:
            await asyncio.sleep(0.2)

    uuid = await side.map(function, arn, StartingPosition="TRIM_HORIZON", BatchSize=PAGE)
    await side.handled(uuid, 0, "InvokedEventCount")
    late = await lateness(side, function, lambda: put([str(time())]))
    await side.unmap(uuid)
    for _ in range(count // PAGE):
        await put([FILLING] * PAGE)
    held = await _held(side, name)
    began = perf_counter()
    uuid = await side.map(function, arn, StartingPosition="TRIM_HORIZON", BatchSize=PAGE)
    rate = held / (await side.handled(uuid, held, "InvokedEventCount") - began)
    await side.unmap(uuid)
    await side.kinesis("DeleteStream", StreamName=name)
    data = base64.b64encode(FILLING.encode()).decode()
    record = {"kinesis": {"data": data, "sequenceNumber": "4" * 56, "partitionKey": "1"}, "eventID": "e" * 80}
    direct, single = await _direct(side, function, {"Records": [record] * PAGE}, count // PAGE)
    return [
        Figure(
            "Kinesis to function: 100 a batch (reference: Invoke)", "/s", rate, direct * PAGE, None,
            Goal(5_000, at_least=True),
        ),
        Figure("Kinesis: from put to handler, p50 (reference: Invoke)", "ms", late, single, None, Goal(10.0)),
    ]  # fmt: skip


async def _active(side: Side, name: str) -> None:
    deadline = perf_counter() + PATIENCE_SECONDS
    while True:
        said = await side.kinesis("DescribeStreamSummary", StreamName=name)
        if said["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
            return
        _in_time(deadline)
        await asyncio.sleep(0.01)


async def _held(side: Side, name: str) -> int:
    """How many records the stream holds."""
    count = 0
    for number in range(SHARDS):
        asked = {"StreamName": name, "ShardId": f"shardId-{number:012d}", "ShardIteratorType": "TRIM_HORIZON"}
        at = (await side.kinesis("GetShardIterator", **asked))["ShardIterator"]
        while records := (said := await side.kinesis("GetRecords", ShardIterator=at))["Records"]:
            count += len(records)
            at = said["NextShardIterator"]
            await asyncio.sleep(0.25)  # five reads a second
    return count


async def lateness(
    side: Side, function: str, send: Callable[[], Awaitable[None]], pause: float = PAUSE_SECONDS
) -> float:
    """Milliseconds from before a send to the handler, p50; each has `pause` seconds for its way."""
    for _ in range(SINGLE):
        await send()
        await asyncio.sleep(pause)
    await asyncio.sleep(0.2)
    answer = await side.caller.call(side.endpoint.invocation(function, b"{}"))
    late = json.loads(answer.body)
    if len(late) < SINGLE // 4:  # some may have come while the first one's environment began
        raise BenchError("messages that were sent one by one are not in the function that was asked")
    return median(late)


async def _direct(side: Side, function: str, event: dict[str, Any], count: int) -> tuple[float, float]:
    """Invocations a second on as many connections as batches run at once, and one's milliseconds (p50) alone."""
    request = side.endpoint.invocation(function, json.dumps(event).encode())
    callers = [Caller(side.endpoint) for _ in range(CONNECTIONS)]
    left = count

    async def work(caller: Caller) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            (await caller.call(request)).json()

    try:
        alone = [(await callers[0].call(request)).nanoseconds / 1e6 for _ in range(50)]
        began = perf_counter()
        await asyncio.gather(*map(work, callers))
        return count / (perf_counter() - began), median(alone)
    finally:
        for caller in callers:
            caller.close()


async def _idle(side: Side, function: str) -> Figure:
    """Share of a core, in percent."""
    before = await _busy(side.lab.pid)
    made = []
    for _ in range(IDLE_MAPPINGS):
        name = fresh_name()
        await side.sqs("CreateQueue", QueueName=name, Attributes={"VisibilityTimeout": "300"})
        made.append(await side.map(function, f"arn:aws:sqs:us-east-1:000000000000:{name}"))
    await asyncio.sleep(1.0)
    after = await _busy(side.lab.pid)
    for uuid in made:
        await side.unmap(uuid)
    name = f"{IDLE_MAPPINGS} idle mappings (reference: none)"
    return Figure(name, "% of a core", after, before, None, Goal(2.0))


async def _busy(pid: int) -> float:
    began, first = perf_counter(), _cpu_seconds(pid)
    await asyncio.sleep(IDLE_SECONDS)
    return (_cpu_seconds(pid) - first) / (perf_counter() - began) * 100


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
