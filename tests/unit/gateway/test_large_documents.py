"""Documents of hundreds of thousands of values are read beside what else goes on."""

import asyncio
from types import SimpleNamespace
from typing import Any

import orjson

from lambent.gateway.chain import read_params
from lambent.gateway.exchange import Exchange
from lambent.wire import service
from lambent.wire.http import Request
from lambent.wire.reading import AT_ONCE, Reading


def test_the_others_go_on_while_a_large_document_is_read() -> None:
    tags = {f"key-{number}": "v" for number in range(100_000)}
    body = orjson.dumps({"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/r", "Code": {}, "Tags": tags})
    assert len(body) > AT_ONCE
    exchange = Exchange(Request("POST", "/2015-03-31/functions", "", {}, body), "id")
    exchange.service, exchange.operation = service.load("lambda"), "CreateFunction"
    turns = asyncio.run(_turns_while(exchange))
    assert exchange.params is not None and len(exchange.params["Tags"]) == 100_000
    assert turns > 5


async def _turns_while(exchange: Exchange) -> int:
    gateway: Any = SimpleNamespace(reading=Reading())
    reading = asyncio.create_task(read_params(gateway, exchange))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0.001)
        turns += 1
    await reading
    return turns
