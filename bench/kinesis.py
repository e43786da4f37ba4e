"""Streams: records a second by PutRecords, 500 at once over 100 shards, beside moto's server.

Lambent's are on disk before they are acknowledged; moto's are in memory.
"""

import asyncio
import base64
import json
from time import perf_counter

from bench.client import BenchError, Caller, Endpoint
from bench.control import moto
from bench.figures import Figure, Goal
from bench.lab import Lab, fresh_name

CONNECTIONS = 4
BATCH = 500
SHARDS = 100
"""Enough that no shard's 1,000 records a second are reached."""
DATA = base64.b64encode(b"x" * 200).decode()
GOAL = Goal(8_000, at_least=True)
TRIES = 200


async def measure(lab: Lab) -> list[Figure]:
    """Records a second on each side."""
    lab.say("streams")
    ours = await _side(lab.lambent, lab.effort.messages)
    with moto() as (endpoint, _):
        reference = await _side(endpoint, lab.effort.messages)
    peer = await _side(lab.peer, lab.effort.messages) if lab.peer is not None else None
    return [Figure("Kinesis: PutRecords, 500 at once", "/s", ours, reference, peer, GOAL)]


async def _side(endpoint: Endpoint, records: int) -> float:
    name = fresh_name()
    callers = [Caller(endpoint) for _ in range(CONNECTIONS)]
    try:
        await _call(endpoint, callers[0], "CreateStream", StreamName=name, ShardCount=SHARDS)
        await _active(endpoint, callers[0], name)
        rate = await _rate(endpoint, callers, name, records)
        await _call(endpoint, callers[0], "DeleteStream", StreamName=name)
    finally:
        for caller in callers:
            caller.close()
    return rate


async def _call(endpoint: Endpoint, caller: Caller, operation: str, **params: object) -> dict[str, object]:
    return await _send(caller, _request(endpoint, operation, params))


def _request(endpoint: Endpoint, operation: str, params: dict[str, object]) -> bytes:
    headers = f"X-Amz-Target: Kinesis_20131202.{operation}\r\n"
    request = endpoint.request("POST", "/", json.dumps(params).encode(), headers, "kinesis")
    return request.replace(b"Content-Type: application/json", b"Content-Type: application/x-amz-json-1.1", 1)


async def _send(caller: Caller, request: bytes) -> dict[str, object]:
    answer = await caller.call(request)
    return answer.json() if answer.body else {}


async def _active(endpoint: Endpoint, caller: Caller, name: str) -> None:
    for _ in range(TRIES):
        found = await _call(endpoint, caller, "DescribeStreamSummary", StreamName=name)
        if '"ACTIVE"' in json.dumps(found):
            return
        await asyncio.sleep(0.05)
    raise BenchError(f"{name} is not active")


async def _rate(endpoint: Endpoint, callers: list[Caller], name: str, records: int) -> float:
    """Records a second, when every connection puts the next batch as soon as the last one is answered."""
    entries = [{"Data": DATA, "PartitionKey": f"key-{at}"} for at in range(BATCH)]
    request = _request(endpoint, "PutRecords", {"StreamName": name, "Records": entries})
    left = records

    async def work(caller: Caller) -> None:
        nonlocal left
        while left > 0:
            left -= BATCH
            answer = await _send(caller, request)
            if answer.get("FailedRecordCount") != 0:
                raise BenchError(f"records were refused: {str(answer)[:200]}")

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(work(caller))
    return (records - left) / (perf_counter() - began)
