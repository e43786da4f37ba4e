"""S3 alone behind a gateway of its own on a socket of the loopback, for a real client: no functions, no moto."""

import asyncio
import itertools
import socket
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from lambent.clock import ManualClock
from lambent.gateway.chain import Gateway, account_of
from lambent.gateway.intake import Intake
from lambent.gateway.listener import Listener
from lambent.model.delivery import Delivery
from lambent.model.metric import unmeasured
from lambent.model.scope import Caller
from lambent.objects.buckets import Bucket
from lambent.observe.findings import Ledger
from lambent.server import buckets
from lambent.store.open import open_store
from lambent.wire.http import Request, Response


@dataclass
class Plane:
    """A running S3. `sent` are the notifications that left it, `missing` the ARNs that nothing is at."""

    port: int
    clock: ManualClock
    loop: asyncio.AbstractEventLoop
    folder: Path
    sent: list[Delivery] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    findings: Ledger = field(default_factory=Ledger)
    env: Any = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, account: str = "000000000000", region: str = "us-east-1", host: str = "", **config: Any) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{self.port}" if host else self.endpoint,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, **config),
        )

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)


class _Base:
    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.background = self
        self.measure = unmeasured
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Any) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _nowhere(_request: Request, _caller: Caller, name: str) -> Response:
    return Response(501, [], name.encode())


@contextmanager
def serving(folder: Path, told: Path | None = None) -> Iterator[Plane]:
    """S3 on what lies in `folder`; what it sends is a line each in `told`."""
    ready: Any = threading.Event()
    found: list[Plane] = []
    ends: list[asyncio.Event] = []

    async def run() -> None:
        async with AsyncExitStack() as stack:
            store = await open_store(folder)
            stack.push_async_callback(store.close)
            listening = socket.create_server(("127.0.0.1", 0))
            plane = Plane(listening.getsockname()[1], ManualClock(), asyncio.get_running_loop(), folder)
            base: Any = _Base(plane.clock)

            async def check(_caller: Caller, _bucket: Bucket, arn: str) -> str:
                return plane.missing.get(arn, "")

            async def send(delivery: Delivery) -> None:
                if told is None:
                    plane.sent.append(delivery)
                else:
                    with told.open("ab") as file:
                        file.write(delivery.body + b"\n")

            ids = itertools.count()
            outbox: Any = send
            s3 = await buckets.open_buckets(
                stack, folder, store, base, plane.findings, outbox, lambda: False, lambda _key: None, check
            )
            plane.env = s3.env
            gateway = Gateway(
                s3.here, {}, _nowhere, account_of, lambda _key: None, lambda: str(uuid.UUID(int=next(ids)))
            )
            listener = Listener(gateway, lambda _request, _respond: False, Intake(spool=folder))
            await listener.serve(listening)
            stack.push_async_callback(listener.close)
            ends.append(asyncio.Event())
            found.append(plane)
            ready.set()
            await ends[0].wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield found[0]
    finally:
        found[0].loop.call_soon_threadsafe(ends[0].set)
        thread.join(20)


def main(folder: str, sent: str) -> None:
    """S3 in a process of its own, until it is killed: prints its port, and writes down what it sends."""
    with serving(Path(folder), Path(sent)) as plane:
        print(plane.port, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
