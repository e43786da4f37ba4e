"""Invocations under a debugger: each in an execution environment of its own, which ends with its answer.

The debugger connects to a port of this machine, which leads inside. Neither the Init phase nor the invocation has a
limit that a person at a breakpoint could reach, nor do they take a place of the concurrency.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from lambent.environments.contents import Contents
from lambent.environments.debug_relay import Relay
from lambent.environments.environment import Environment, Home
from lambent.environments.launch import RUNTIME_API_PORT, Endpoint, EnvironmentEvents, Launched, Launcher
from lambent.environments.role_credentials import Credentialed
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.runtimes.place import Folders, Place
from lambent.sandbox.errors import SandboxGone
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.spec import Level, SandboxSpec

INITIALIZATION = "debug"
"""Not one of AWS's kinds: it frees an environment of the 10 s limit; the function sees "on-demand"."""
TIMEOUT = 24 * 3600
"""Seconds. The function's own timeout is suspended."""
ROOM = 512 << 20
"""Bytes of memory for the debugger, beside the function's."""
END_SECONDS = 4.0
"""How long an environment may take to end by itself after its answer: what is left of the invocation's extensions' work
is bounded by their Shutdown phase (2 s)."""

PlaceFor = Callable[[FunctionVersion, int], Awaitable[Place]]
"""How a function is run with a debugger at a port inside."""
Make = Callable[[FunctionVersion, Home, Launcher, str], Environment]


class _Launcher(Launcher):
    """Launches one environment, with room and CPU for the debugger, and keeps it in sight."""

    launched: "asyncio.Future[Launched]"

    async def launch(
        self, function: FunctionVersion, events: EnvironmentEvents, stream: str, initialization: str = INITIALIZATION
    ) -> Launched:
        launched = await super().launch(function, events, stream)
        if not self.launched.done():
            self.launched.set_result(launched)
        return launched

    def _spec(self, function: FunctionVersion, place: Place, folders: Folders, stream: str) -> SandboxSpec:
        spec = super()._spec(function, place, folders, stream)
        return replace(spec, memory_bytes=spec.memory_bytes + ROOM, cpus=float(os.cpu_count() or 1))


class DebugSession:
    """One invocation under a debugger, from `begin` to `close`."""

    def __init__(self, launcher: _Launcher, port: int, inside: int, over: Callable[["DebugSession"], None]) -> None:
        loop = asyncio.get_running_loop()
        self._launcher = launcher
        self._launcher.launched = loop.create_future()
        self._inside = inside
        self._port = port
        self._over = over
        self._relay = Relay(self._connect)
        self._environment: Environment | None = None
        self._answer: asyncio.Future[Outcome] = loop.create_future()
        self._gone: asyncio.Future[None] = loop.create_future()

    async def begin(self, function: FunctionVersion, invocation: Invocation, make: Make) -> None:
        """Listen, and start the function. Raises OSError when the port can't be had."""
        await self._relay.open(self._port)
        patient = replace(function, timeout=TIMEOUT, snap_start=False)
        self._environment = make(patient, self, self._launcher, INITIALIZATION)
        self._environment.invoke(invocation, self._answered, lambda: None)

    async def outcome(self) -> Outcome:
        """What came of the invocation. Raises EnvironmentFailed."""
        return await asyncio.shield(self._answer)

    async def close(self) -> None:
        """End the environment, at once if there is no answer yet. Nothing is left and the port is free afterwards."""
        environment = self._environment
        if environment is not None:
            if self._answer.done():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(self._gone), END_SECONDS)
            if not self._gone.done():
                environment.abandon()
                await asyncio.shield(self._gone)
        await self._relay.close()
        self._launcher.launched.cancel()
        self._over(self)

    async def _connect(self) -> socket.socket:
        launched = await asyncio.shield(self._launcher.launched)
        try:
            return await launched.sandbox.connect(self._inside)
        except SandboxGone as gone:
            raise ConnectionAbortedError(str(gone)) from gone

    def _answered(self, outcome: Outcome | Exception) -> None:
        if self._answer.done():
            return
        if isinstance(outcome, Exception):
            self._answer.set_exception(outcome)
            self._answer.exception()  # it is nobody's when the session is closed before its answer
        else:
            self._answer.set_result(outcome)

    # --- the environment's home

    def offer(self, environment: Environment) -> None:
        """One invocation is all."""
        environment.retire()

    def soon(self, environment: Environment) -> None:
        """There is no next one."""

    def gone(self, environment: Environment) -> None:
        """`ended` follows."""

    def ended(self, environment: Environment) -> None:
        """Nothing is left of it."""
        if not self._gone.done():
            self._gone.set_result(None)


class Session(Protocol):
    """A session to those who wait for its answer."""

    async def outcome(self) -> Outcome: ...

    async def close(self) -> None: ...


class Debugging:
    """Begins sessions, and ends those that are left when the server closes. `make` makes an environment."""

    def __init__(
        self,
        host: SandboxHost,
        endpoint: Endpoint,
        credentials: Credentialed,
        contents: Contents,
        place: PlaceFor,
        make: Make,
    ) -> None:
        self._host = host
        self._endpoint = endpoint
        self._credentials = credentials
        self._contents = contents
        self._place = place
        self._make = make
        self._sessions: set[DebugSession] = set()

    async def begin(self, function: FunctionVersion, invocation: Invocation, port: int) -> Session:
        """Run `invocation` with a debugger at 127.0.0.1:`port`.

        Raises OSError when the port can't be had, NoDebugger, and what finding or installing the runtime raises.
        """
        inside = self._port_inside(port)
        place = await self._place(function, inside)

        async def placed(_function: FunctionVersion) -> Place:
            return place

        launcher = _Launcher(self._host, self._endpoint, self._credentials, placed, self._contents)
        session = DebugSession(launcher, port, inside, self._sessions.discard)
        self._sessions.add(session)
        try:
            await session.begin(function, invocation, self._make)
        except BaseException:
            await asyncio.shield(session.close())
            raise
        return session

    def _port_inside(self, port: int) -> int:
        """The same, for what the debuggee itself says about it, where it is free; at level PROCESS it never is."""
        if self._host.level is Level.NAMESPACE:
            return port if port != RUNTIME_API_PORT else port + 1
        with socket.create_server(("127.0.0.1", 0)) as free:
            # Until the debugger listens there somebody else may take it: it is then told in the function's log.
            return int(free.getsockname()[1])

    async def close(self) -> None:
        """End all sessions; what does not end in time is left to its sandbox's end."""
        if self._sessions:
            await asyncio.wait([asyncio.create_task(one.close()) for one in self._sessions], timeout=END_SECONDS)
