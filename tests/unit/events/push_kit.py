"""Pushes on a real database, a clock moved by hand, and targets that do what they are told."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.clock import ManualClock
from lambent.events.pushes import Pushes, Ways
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.finding import Finding
from lambent.model.push import Push, RetryPolicy
from lambent.model.scope import Scope
from lambent.store.database import open_database
from lambent.store.pushes import PushStore

SCOPE = Scope("111111111111", "us-east-1")
START = 1_800_000_000.0
TOPIC = "arn:aws:sns:us-east-1:111111111111:t"
BUSY = DeliveryFailed("busy", passing=True, code="Throttling")
GONE = DeliveryFailed("gone", passing=False, code="NotFound")


def queue(name: str) -> str:
    return f"arn:aws:sqs:us-east-1:111111111111:{name}"


def push(target: str = "q", body: bytes = b"b", group: str = "", **settings: Any) -> Push:
    policy = settings.pop("policy", RetryPolicy(4, 100.0, (0.0, 1.0, 20.0)))
    said = {name: settings.pop(name) for name in ("attributes",) if name in settings}
    return Push("sns", Delivery(SCOPE, queue(target), body, "", TOPIC, "", group=group, **said), policy, **settings)


@dataclass
class Bench:
    """Everything around pushes. `behave` answers why a message is not taken, or waits."""

    store: PushStore
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    behave: Callable[[Delivery], Awaitable[Exception | None]] | None = None
    sent: list[tuple[float, str, bytes]] = field(default_factory=list)
    tried: list[tuple[float, bytes]] = field(default_factory=list)
    letters: list[Delivery] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    twice: bool = False
    refused: str = ""
    refused_letters: str = ""

    def __post_init__(self) -> None:
        ways = Ways(self._send, self._refused, lambda: self.twice, lambda _seconds: asyncio.sleep(0))
        self.pushes = Pushes(self.store, self.clock, ways, self.findings.append, self._spawn)

    async def _refused(self, push: Push) -> str:
        return self.refused_letters if push.delivery.target == queue("letters") else self.refused

    async def _send(self, delivery: Delivery) -> None:
        at, name = self.clock.wall() - START, delivery.target.rpartition(":")[2]
        self.tried.append((at, delivery.body))
        failed = None if self.behave is None else await self.behave(delivery)
        if failed is not None:
            raise failed
        if name == "letters":
            self.letters.append(delivery)
        self.sent.append((at, name, delivery.body))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def on_disk(self) -> int:
        return sum(lane.count for lane in await self.store.lanes(self.clock.wall()))


def play(folder: Path, scene: Callable[[Bench], Awaitable[None]], *, killed: bool = False) -> None:
    """Play a scene on what an earlier one left in the folder; `killed` ends it as a crash would."""

    async def main() -> None:
        database = await open_database(f"sqlite:///{folder / 'state.db'}")
        bench = Bench(PushStore(database))
        try:
            await bench.pushes.open()
            await bench.pushes.resume()
            await scene(bench)
        finally:
            if not killed:
                await bench.pushes.close(0.1)
            for task in bench.tasks:
                task.cancel()
            await asyncio.gather(*bench.tasks, return_exceptions=True)
            await database.close()

    asyncio.run(main())
