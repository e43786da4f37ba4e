"""Ten thousand functions: how long a server takes to start with them, what listing, reading and changing then costs."""

import asyncio
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.client import Endpoint
from bench.figures import Figure, Goal, median
from bench.functions import NOOP
from bench.lab import FUNCTIONS, Functions, Lab, fresh_name
from examples.demo.server import Server
from lambent.model.scope import Scope
from lambent.store.open import open_store
from lambent.store.record import FunctionRecord

COUNT = 10_000
PAGE = 50
AT_ONCE = 200
READS = 100


async def measure(lab: Lab) -> list[Figure]:
    """A server of its own. Its functions are put into the store without their packages: none of them is run."""
    lab.say(f"a server with {COUNT:,} functions")
    empty = await asyncio.to_thread(_start_seconds)
    server = Server()
    await _fill(server.data_dir)
    start = perf_counter()
    with server:
        seconds = perf_counter() - start
        first, last = await _pages(Endpoint.of(server.url))
        read, write = await _operations(Endpoint.of(server.url))
    return [
        Figure(f"start with {COUNT:,} functions (reference: with none)", "s", seconds, empty),
        Figure(f"start with {COUNT:,} functions: added", "s", max(seconds - empty, 0.0), None, None, Goal(1.0)),
        Figure("ListFunctions, last page (reference: first page): p50", "ms", last, first, None, Goal(5.0)),
        Figure(f"GetFunction among {COUNT:,}: p50", "ms", read, None, None, Goal(5.0)),
        Figure(f"CreateFunction among {COUNT:,}: p50", "ms", write, None, None, Goal(5.0)),
    ]


def _start_seconds() -> float:
    start = perf_counter()
    with Server():
        return perf_counter() - start


async def _fill(data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
    store = await open_store(data_dir)
    try:
        for begin in range(0, COUNT, AT_ONCE):
            await asyncio.gather(*(store.functions.insert(_record(number)) for number in range(begin, begin + AT_ONCE)))
    finally:
        await store.close()


def _record(number: int) -> FunctionRecord:
    name = f"f{number:05}"
    configuration: dict[str, Any] = {
        "FunctionName": name,
        "Description": "one of many",
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "Role": "arn:aws:iam::000000000000:role/r",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        "Environment": {"Variables": {"STAGE": "test"}},
        "CodeSize": 300,
        "CodeSha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "LastModified": "2026-01-01T00:00:00.000+0000",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "RevisionId": f"00000000-0000-0000-0000-{number:012}",
    }
    return FunctionRecord(Scope("000000000000", "us-east-1"), name, "$LATEST", 1.0, f"{0:064}", "d", configuration)


async def _pages(endpoint: Endpoint) -> tuple[float, float]:
    """p50 of a page near the beginning and of one near the end, in ms, while all are walked through."""
    caller = Functions(endpoint).caller
    taken, marker = [], ""
    while True:
        query = f"?MaxItems={PAGE}" + (f"&Marker={marker}" if marker else "")
        answer = await caller.call(endpoint.request("GET", f"{FUNCTIONS}/{query}"))
        taken.append(answer.nanoseconds / 1e6)
        marker = str(answer.json().get("NextMarker") or "")
        if not marker:
            caller.close()
            return median(taken[1:21]), median(taken[-21:-1])


async def _operations(endpoint: Endpoint) -> tuple[float, float]:
    functions = Functions(endpoint)
    reads, writes = [], []
    for number in range(READS):
        answer = await functions.caller.call(endpoint.request("GET", f"{FUNCTIONS}/f{number * 97 % COUNT:05}"))
        answer.json()
        reads.append(answer.nanoseconds / 1e6)
        answer = await functions.caller.call(functions.create_request(fresh_name(), NOOP))
        answer.json()
        writes.append(answer.nanoseconds / 1e6)
    functions.caller.close()
    return median(reads), median(writes)
