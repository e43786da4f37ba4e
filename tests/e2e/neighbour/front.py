"""A gateway that forwards everything to a neighbour: the listener in front, nothing between."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from lambent.gateway.listener import Listener
from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.wire import locate, serialize
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

T = TypeVar("T")


class Front:
    """Runs on a loop in a thread; `url` is where clients go."""

    def __init__(self, urls: dict[str, str] | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.seen: list[Request] = []
        self.run(self._open(urls))

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 60) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def client(self, service: str, **config: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="111111111111",
            aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def close(self) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _open(self, urls: dict[str, str] | None) -> None:
        self.neighbour = Neighbour(urls)
        self.listener = Listener(self._chain, lambda _request, _respond: False)
        door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        await self.listener.serve(door)
        await self.neighbour.start()

    async def _close(self) -> None:
        await self.listener.close()
        await self.neighbour.close()

    async def _chain(self, request: Request) -> Response:
        self.seen.append(request)
        service = locate.service_of(request) or "s3"
        try:
            return await self.neighbour.forward(request, Caller(Scope("111111111111"), "id"), service)
        except Fault as fault:
            return serialize.fault(wire_service.load(service), None, fault, "id")


@contextmanager
def front(urls: dict[str, str] | None = None) -> Iterator[Front]:
    opened = Front(urls)
    try:
        yield opened
    finally:
        opened.close()
