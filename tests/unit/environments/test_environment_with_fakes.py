"""What an environment carries out, with a sandbox and a runtime on paper: no process is started."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from lambent.engine.environment import Phase, ReportInit, Stage
from lambent.environments.environment import Environment
from lambent.environments.launch import Launcher
from lambent.environments.reports import Reports
from lambent.environments.running import Clocks, EnvironmentFailed
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.model.scope import Scope
from lambent.model.trouble import Trouble
from lambent.observe.journal import Journal
from lambent.sandbox.spec import ExitStatus

FUNCTION = FunctionVersion(
    Scope("000000000000", "us-east-1"), "f", "$LATEST", "python3.12", "h", "code", "role", "revision", timeout=3
)
ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"


class Process:
    def __init__(self) -> None:
        self.exited: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        self.told: list[str] = []

    def terminate(self) -> None:
        self.told.append("terminate")

    def kill(self) -> None:
        self.told.append("kill")


class Paper:
    """The sandbox, its APIs and its runtime, as an environment is given them; what was done is in `done`."""

    restored = False
    runtime_version, runtime_arn = "python:3.12.v1", "arn:aws:lambda:us-east-1::runtime:0"
    metadata = None

    def __init__(self) -> None:
        self.done: list[str] = []
        self.delivered: list[Any] = []
        self.process: Process | None = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.place = SimpleNamespace(zygote=SimpleNamespace(programs=()))
        self.folders = SimpleNamespace(find=lambda path: cast(Path | None, None))
        self.sandbox = SimpleNamespace(
            connect=None,
            throttle=lambda: self.done.append("throttle"),
            freeze=lambda: self.done.append("freeze"),
            thaw=lambda: self.done.append("thaw"),
            kill_processes=self._kill,
        )
        self.api = SimpleNamespace(
            attach=lambda extensions, routes: None,
            deliver=self.delivered.append,
            reset=lambda: self.done.append("reset"),
        )

    def _kill(self) -> None:
        self.done.append("kill")
        if self.process is not None and not self.process.exited.done():
            self.process.exited.set_result(ExitStatus(signal=9))

    async def start_runtime(self, pipes: dict[int, int]) -> Process:
        self.process = Process()
        return self.process

    def peak_bytes(self) -> int:
        return 40 << 20

    def passed(self) -> int:
        return 1_234

    async def destroy(self) -> None:
        self.done.append("destroy")


class World:
    """An environment whose time stands still until it is moved, its home, and what came of an invocation."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.now = 100.0
        self.lines: list[str] = []
        self.home: list[str] = []
        self.answers: list[Outcome | Exception] = []
        self.overs = 0
        self.counted: list[tuple[str, float]] = []
        self.paper = Paper()
        self._trouble = trouble
        keep = lambda function, name: lambda ms, message: self.lines.append(message)  # noqa: E731
        self.journal = Journal(FUNCTION, "0" * 32, lambda: 1000.0, keep)
        self.environment = Environment(
            FUNCTION,
            cast(Any, self),
            cast(Launcher, self),
            self.journal,
            Clocks(lambda: self.now, lambda: 1000.0),
            asyncio.get_running_loop().create_task,
            count=lambda what, much: self.counted.append((what, much)),
        )

    async def launch(self, *_: Any) -> Paper:
        if self._trouble is not None:
            raise self._trouble
        return self.paper

    def offer(self, environment: Environment) -> None:
        self.home.append("offer")

    def soon(self, environment: Environment) -> None:
        self.home.append("soon")

    def gone(self, environment: Environment) -> None:
        self.home.append("gone")

    def ended(self, environment: Environment) -> None:
        self.home.append("ended")

    def invoke(self) -> None:
        def over() -> None:
            self.overs += 1

        self.environment.invoke(Invocation(ID, b"{}", FUNCTION.arn, "Root=1"), self.answers.append, over)

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def warm(self) -> None:
        """It has answered once, in 20 ms after an Init of 100."""
        self.invoke()
        await self.settle()
        self.now += 0.1
        self.environment.on_next()
        self.now += 0.02
        self.environment.on_response(ID, b"1", {})
        self.environment.on_next()

    def kinds(self) -> list[str]:
        return [re.split(r"[ :]", line)[0] for line in self.lines]


def played(body: Callable[[World], Awaitable[None]], trouble: Exception | None = None) -> World:
    async def run() -> World:
        world = World(trouble)
        await body(world)
        await world.settle()
        if world.environment.phase is not Phase.ENDING:
            world.environment.abandon()
            await world.settle()
        assert world.home.count("ended") == 1
        return world

    return asyncio.run(run())


def test_a_cold_start_is_answered_once_with_its_lines() -> None:
    world = played(World.warm)
    assert world.answers == [Outcome(b"1", None, cast(Outcome, world.answers[0]).log)]
    assert world.overs == 1
    assert world.kinds() == ["INIT_START", "START", "END", "REPORT"]
    assert "Duration: 20.00 ms" in world.lines[-1]
    assert "Init Duration: 100.00 ms" in world.lines[-1]
    assert "Max Memory Used: 40 MB" in world.lines[-1]
    assert world.home[:2] == ["soon", "offer"]
    assert world.counted == [("NetworkBytes", 1_234)]  # once, when it has ended
    assert world.paper.done[0] == "throttle"  # from the first handler on
    assert world.paper.delivered[0].deadline_ms == 1_003_000


def test_a_runtime_that_ends_under_its_invocation_is_the_answer_and_is_started_again() -> None:
    async def body(world: World) -> None:
        await world.warm()
        world.invoke()
        first = world.paper.process
        assert first is not None
        first.exited.set_result(ExitStatus(code=3))
        await world.settle()
        assert world.environment.phase is Phase.RESET
        world.invoke()
        await world.settle()
        world.environment.on_next()
        world.environment.on_response(ID, b"2", {})
        assert world.paper.process is not first

    world = played(body)
    failed = world.answers[1]
    assert isinstance(failed, Outcome)
    assert (failed.error, b"exit status 3" in failed.payload) == ("Unhandled", True)
    assert [answer.payload for answer in world.answers if isinstance(answer, Outcome)][2] == b"2"
    assert any("Status: error\tError Type: Runtime.ExitError" in line for line in world.lines)
    assert world.overs == 3


def test_an_invocation_out_of_time_is_reported_with_its_timeout() -> None:
    async def body(world: World) -> None:
        await world.warm()
        world.invoke()
        world.now += 3.2
        world.environment._on_deadline()

    world = played(body)
    answer = world.answers[1]
    assert isinstance(answer, Outcome)
    assert b"Task timed out after 3.00 seconds" in answer.payload
    assert "Duration: 3000.00 ms" in next(line for line in reversed(world.lines) if line.startswith("REPORT"))
    assert world.paper.done[-3:] == ["kill", "reset", "destroy"]


def test_what_is_given_up_under_an_invocation_says_whose_fault_it_was() -> None:
    async def body(world: World) -> None:
        world.invoke()

    trouble = Trouble("no room on the disk")
    world = played(body, trouble)
    (answer,) = world.answers
    assert isinstance(answer, EnvironmentFailed)
    assert answer.__cause__ is trouble
    assert world.environment.lost
    assert world.overs == 1


def test_a_frozen_one_is_thawed_for_its_invocation() -> None:
    async def body(world: World) -> None:
        await world.warm()
        world.now += 1.0
        world.environment._on_deadline()
        assert world.environment.phase is Phase.FROZEN
        world.invoke()

    world = played(body)
    assert world.paper.done[1:3] == ["freeze", "thaw"]
    assert isinstance(world.answers[1], EnvironmentFailed)  # it was abandoned


def test_a_restored_environment_counts_its_memory_but_for_java() -> None:
    counted: list[tuple[str, float]] = []
    for runtime in ("python3.13", "java21"):
        journal = SimpleNamespace(restore_runtime_done=lambda *_: None, restore_report=lambda *_: None)
        clocks = Clocks(lambda: 1.0, lambda: 1.0)
        function = replace(FUNCTION, runtime=runtime, memory=512)
        count = lambda what, much: counted.append((what, much))  # noqa: E731
        reports = Reports(function, cast(Any, journal), clocks, lambda *_: None, lambda: 0, count=count)
        reports.init_ended(ReportInit(Stage.RESTORE), 0.1, ())
    assert counted == [("RestoredMegabytes", 512)]
