"""`python -m tools.steps [invoke|traced|url|http|put|page|send|records]`: the steps of the interpreter that a warm
request takes in the server, by part and by function.

The server runs in this process, with a real function in a real environment. Once that is warm, the client's and the
runtime's connection are spoken to by hand: what is counted is the server's own Python, without sockets, and the same on
a busy machine as on an idle one. Steps that follow later (log batches, metrics) are not in it, nor are those of other
threads (the store's).
"""

import asyncio
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from bench import function_url, kinesis, rest_api, s3, sqs
from bench.client import Caller, Endpoint
from bench.doors import ANSWER, DIRECT
from bench.functions import create_body
from bench.lab import Functions
from lambent.gateway import listener
from lambent.runtime_api import server as runtime_api
from lambent.server.run import _open
from lambent.settings import Settings

TIMES = 200
TRACED: dict[str, dict[str, object]] = {"traced": {"TracingConfig": {"Mode": "Active"}}}
"""What a kind's function is made with besides its code."""
SPUN = "asyncio/tasks.py:sleep", "asyncio/tasks.py:__sleep0", "uvloop/__init__.py"
"""What waits here for an answer."""
PARTS = (
    ("gateway/(listener|head|intake)", "the client's HTTP"),
    ("gateway/|ids|permissions/|settings|server/|services/|model/|store/", "short road, doors: who asks for what"),
    ("http_events/|wire/", "reading what is asked, writing the answer or a door's event"),
    ("queues/|streams/|objects/", "queues, streams, buckets"),
    ("dispatch/|engine/(concurrency|scaling)", "dispatch: concurrency, pools"),
    ("engine/", "engine: what an environment does next"),
    ("environments/|sandbox/", "environment: carries that out"),
    ("runtime_api/", "the runtime's HTTP"),
    ("observe/", "log lines and metrics"),
    ("", "values that are made, the library"),
)


class Wire:
    """A connection's other end, on paper."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.write = self.sent.append

    def writelines(self, parts: Any) -> None:
        self.sent.append(b"".join(parts))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def is_closing(self) -> bool:
        return False


def last_of(kind: Any) -> list[Any]:
    """The connections of a class, as they come."""
    seen: list[Any] = []
    made = kind.connection_made

    def connection_made(one: Any, transport: Any) -> None:
        seen.append(one)
        made(one, transport)

    kind.connection_made = connection_made
    return seen


class Pair:
    """The client's and the runtime's connection to the server, both in our hands from now on."""

    def __init__(self, client: Any, runtime: Any, request: bytes) -> None:
        self._client, self._runtime, self._request = client, runtime, request
        self._to_client, self._to_runtime = Wire(), Wire()
        self._real = client._transport, runtime._transport
        client._transport, runtime._transport = self._to_client, self._to_runtime

    def let_go(self) -> None:
        """The connections are their own again."""
        self._client._transport, self._runtime._transport = self._real

    async def once(self) -> None:
        """One request, one invocation, one answer."""
        self._client.data_received(self._request)
        head = (await self._next(self._to_runtime)).partition(b"Request-Id: ")[2]
        self._runtime.data_received(
            b"POST /2018-06-01/runtime/invocation/%b/response HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nAccept: */*\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (head[:36], len(DIRECT), DIRECT)
        )
        assert b" 200 " in (await self._next(self._to_client))[:16]
        self._runtime.data_received(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n\r\n")
        self._to_runtime.sent.clear()

    async def _next(self, wire: Wire) -> bytes:
        while not wire.sent:  # noqa: ASYNC110
            await asyncio.sleep(0)
        return wire.sent.pop(0)


class Alone:
    """The client's connection in our hands: what it asks for needs no function."""

    def __init__(self, client: Any, request: bytes) -> None:
        self._client, self._request = client, request
        self._to_client, self._real = Wire(), client._transport
        client._transport = self._to_client

    def let_go(self) -> None:
        """The connection is its own again."""
        self._client._transport = self._real

    async def once(self) -> None:
        """One request and its answer."""
        self._client.data_received(self._request)
        while not self._to_client.sent:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert b" 200 " in self._to_client.sent.pop(0)[:16]
        self._to_client.sent.clear()


async def counted(pair: Pair | Alone) -> tuple[Counter[str], Counter[str]]:
    """Steps and calls of `TIMES` requests, by function."""
    steps, calls = Counter[str](), Counter[str]()

    def trace(frame: FrameType, _event: str, _argument: object) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        name = f"{frame.f_code.co_filename.rpartition('/lambent/')[2]}:{frame.f_code.co_qualname}"
        if name.startswith(__file__) or any(one in name for one in SPUN):
            return None
        calls[name] += 1

        def step(_frame: FrameType, event: str, _argument: object) -> Any:
            steps[name] += event == "opcode"
            return step

        return step

    sys.settrace(trace)
    for _ in range(TIMES):
        await pair.once()
    sys.settrace(None)
    return steps, calls


def shown(steps: Counter[str], calls: Counter[str], most: int = 25) -> list[Table]:
    """By part, and the functions that take most."""
    tables = []
    part_of = {name: next(part for form, part in PARTS if re.match(form, name)) for name in steps}
    for title, key in (("part", part_of.__getitem__), ("function", str)):
        found, called = Counter[str](), Counter[str]()
        for name, count in steps.items():
            found[key(name)] += count
            called[key(name)] += calls[name]
        table = Table(title=f"{sum(steps.values()) / TIMES:,.0f} steps a request", title_justify="left")
        for column in (title, "steps", "calls"):
            table.add_column(column)
        for name, count in found.most_common(most):
            table.add_row(name, f"{count / TIMES:,.0f}", f"{called[name] / TIMES:,.0f}")
        tables.append(table)
    return tables


async def _bucket(endpoint: Endpoint, caller: Caller) -> None:
    await caller.call(endpoint.request("PUT", "/bucket", service="s3"))


async def _put(endpoint: Endpoint, caller: Caller) -> bytes:
    await _bucket(endpoint, caller)
    return endpoint.request("PUT", "/bucket/key", s3.BODY, service="s3")


async def _page(endpoint: Endpoint, caller: Caller) -> bytes:
    await _bucket(endpoint, caller)
    for number in range(100):
        await caller.call(endpoint.request("PUT", f"/bucket/{number:09}", b"x", service="s3"))
    return endpoint.request("GET", "/bucket?list-type=2", service="s3")


async def _send(endpoint: Endpoint, caller: Caller) -> bytes:
    queue = sqs.Queue(endpoint)
    queue.url = str((await queue.call(caller, "CreateQueue", QueueName="queue"))["QueueUrl"])
    return queue.request("SendMessage", MessageBody=sqs.BODY)


async def _records(endpoint: Endpoint, caller: Caller) -> bytes:
    await kinesis._call(endpoint, caller, "CreateStream", StreamName="stream", ShardCount=kinesis.SHARDS)
    await kinesis._active(endpoint, caller, "stream")
    records = [{"Data": kinesis.DATA, "PartitionKey": f"key-{at}"} for at in range(10)]
    return kinesis._request(endpoint, "PutRecords", {"StreamName": "stream", "Records": records})


ALONE: dict[str, Callable[[Endpoint, Caller], Awaitable[bytes]]] = {
    "put": _put,
    "page": _page,
    "send": _send,
    "records": _records,
}
OPENED: dict[str, Callable[[Functions, str], Awaitable[bytes]]] = {
    "url": function_url.opened,
    "http": rest_api._http_api,
}


async def measure(kind: str) -> list[Table]:
    """The tables of one kind of request."""
    clients, runtimes = last_of(listener.Connection), last_of(runtime_api.Connection)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url, *_ = await _open(stack, Settings(port=0, data_dir=folder))
        functions = Functions(Endpoint.of(url))
        if kind in ALONE:
            request = await ALONE[kind](functions.endpoint, functions.caller)
            return await _tables(functions, request, lambda: Alone(clients[-1], request))
        await functions.made("f", functions.creating(create_body("f", ANSWER) | TRACED.get(kind, {})))
        request = functions.endpoint.invocation("f", b"{}")
        if kind in OPENED:
            request = await OPENED[kind](functions, "f")
        return await _tables(functions, request, lambda: Pair(clients[-1], runtimes[-1], request))


async def _tables(functions: Functions, request: bytes, taken: Callable[[], Pair | Alone]) -> list[Table]:
    for _ in range(20):
        await functions.caller.call(request)
    hands = taken()
    for _ in range(20):
        await hands.once()
    await asyncio.sleep(1.5)  # what has been measured until now is in its series
    tables = shown(*await counted(hands))
    hands.let_go()
    functions.caller.close()
    return tables


if __name__ == "__main__":
    for table in uvloop.run(measure(sys.argv[1] if len(sys.argv) > 1 else "invoke")):
        Console().print(table)
