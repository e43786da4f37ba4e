"""A queue of events on a real database, a clock moved by hand, and functions that do what they are told."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lambent.clock import ManualClock
from lambent.engine.async_event import Target
from lambent.engine.invocation_record import Ending
from lambent.events.async_queue import AsyncQueue
from lambent.events.turns import Pauses
from lambent.model.async_event import AsyncEvent, Handling, NewEvent, Policy
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled
from lambent.model.scope import Scope
from lambent.observe.metrics import Metrics
from lambent.store.database import BUSY_SECONDS, open_database
from lambent.store.events import Events

SCOPE = Scope("111111111111", "us-east-1")
FAILED = Outcome(b'{"errorMessage":"no"}', "Unhandled")
DONE = Outcome(b'"ok"')
START = 1_800_000_000.0
THROTTLED = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")

Behaviour = Callable[[Invocation], Outcome | Exception | None]
"""What a function answers; None: nothing yet."""


def function(name: str) -> FunctionVersion:
    return FunctionVersion(SCOPE, name, "$LATEST", "python3.13", "a.b", "00", "role", "r1")


def handling(name: str, **settings: Any) -> Handling:
    made = function(name)
    said = {name: settings.pop(name) for name in tuple(settings) if name in Policy.__slots__}
    policy = Policy(**{"retries": 2, "max_age": 21_600.0, **said})
    return replace(Handling(made, made.arn, f"{made.arn}:$LATEST", policy), **settings)


@dataclass
class Bench:
    """Everything around a queue."""

    events: Events
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    behave: Behaviour = lambda _invocation: DONE
    handled: dict[str, Handling | None] = field(default_factory=dict)
    ran: list[tuple[float, Invocation]] = field(default_factory=list)
    open: list[tuple[str, Callable[[Outcome | Exception], None]]] = field(default_factory=list)
    delivered: list[tuple[AsyncEvent, Ending]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    twice: Callable[[], bool] = lambda: False
    delivering: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0)
    undeliverable: bool = False
    busy: int = 0
    most: int = 0

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.clock.wall)
        self.submit: Callable[..., None] = self._submit
        self.resolve: Callable[..., Handling | None] = self._resolve
        self.queue = self.new_queue()

    def new_queue(self) -> AsyncQueue:
        return AsyncQueue(
            self.events,
            self.clock,
            self._submits,
            self._resolves,
            self._deliver,
            self._spawn,
            self.findings.append,
            self.metrics,
            self._twice,
            Pauses(retry=0.001, stall=0.001),
        )

    def _resolve(self, scope: Scope, name: str, qualifier: str) -> Handling | None:
        return self.handled.get(name, handling(name))

    def _submits(self, *asked: Any) -> None:
        self.submit(*asked)

    def _resolves(self, *asked: Any) -> Handling | None:
        return self.resolve(*asked)

    def _twice(self) -> bool:
        return self.twice()

    def _submit(self, made: FunctionVersion, invocation: Invocation, answer: Any) -> None:
        said = self.behave(invocation)
        if isinstance(said, Throttled):
            raise said
        self.ran.append((self.clock.wall() - START, invocation))
        self.busy += 1
        self.most = max(self.most, self.busy)

        def finish(outcome: Outcome | Exception) -> None:
            self.busy -= 1
            answer(outcome)

        if said is None:
            self.open.append((made.name, finish))
        else:
            asyncio.get_running_loop().call_soon(finish, said)

    async def _deliver(
        self, event: AsyncEvent, handled: Handling, ending: Ending, trace_id: str, targets: Sequence[Target]
    ) -> bool:
        self.delivered.append((event, ending))
        await self.delivering()
        return not self.undeliverable

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def send(self, name: str = "f", payload: bytes = b"{}", request_id: str = "id", qualifier: str = "") -> None:
        await self.queue.accept(NewEvent(SCOPE, name, qualifier, request_id, payload, "Root=1"))

    async def on_disk(self) -> int:
        return sum(waiting.count for waiting in await self.events.waiting(self.clock.wall()))

    def total(self, metric: str, name: str = "f") -> float:
        return self.metrics.total(metric, SCOPE, name)


def play(
    folder: Path, scene: Callable[[Bench], Awaitable[None]], busy: float = BUSY_SECONDS, *, start: bool = True
) -> None:
    """Play a scene on a fresh queue, or on what an earlier scene left in the folder; without `start` it is the scene's
    to open its queue and go on."""

    async def main() -> None:
        database = await open_database(f"sqlite:///{folder / 'state.db'}", busy=busy)
        bench = Bench(Events(database))
        try:
            if start:
                await bench.queue.open()
                await bench.queue.start()
            await scene(bench)
        finally:
            await bench.queue.close(0.1)
            for task in bench.tasks:
                task.cancel()
            await asyncio.gather(*bench.tasks, return_exceptions=True)
            await database.close()

    asyncio.run(main())
