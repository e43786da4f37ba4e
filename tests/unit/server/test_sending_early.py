"""A server that starts sends nothing before all that takes it is there: what the last one left waits, and is not given
up because nobody answers yet."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from lambent.model.delivery import Delivery
from lambent.model.scope import Scope
from lambent.server.base import Doors
from lambent.server.services import _outbox
from lambent.settings import Settings
from lambent.wire.http import Request, Response

FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:f"
MESSAGES = [
    Delivery(Scope("111111111111", "us-east-1"), FUNCTION, b"{}", "", "arn:aws:s3:::b", ""),
    Delivery(Scope("111111111111", "us-east-1"), "arn:aws:s3:::b", b"{}", "", FUNCTION, "", now=1.0),
]


class Answering:
    """Takes what is asked for with and without a wire form."""

    def __init__(self) -> None:
        self.taken = 0

    async def __call__(self, _request: Request) -> Response:
        self.taken += 1
        return Response(200)

    async def ask(self, request: Request, *_what: Any) -> Response:
        return await self(request)


async def scene() -> None:
    doors, gateway = Doors(), Answering()
    outbox = _outbox(Settings(), cast(Any, SimpleNamespace(doors=doors)))
    sent = [asyncio.ensure_future(outbox(one)) for one in MESSAGES]
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(one.done() for one in sent)
    doors.gateway = cast(Any, gateway)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(one.done() for one in sent)
    doors.opened.set()
    await asyncio.gather(*sent)
    assert gateway.taken == len(MESSAGES)


def test_what_is_sent_early_waits() -> None:
    asyncio.run(scene())
