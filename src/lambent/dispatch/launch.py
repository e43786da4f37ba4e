"""Makes the execution environment of a function: which interpreter, which sandbox, which process.

Knows both sides, the sandbox (Linux) and the runtimes (AWS), and nothing of when an environment is made or ended.
"""

import asyncio
import functools
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lambent.dispatch.credentials import Credentialed, Credentials
from lambent.dispatch.places import Place
from lambent.model.function import FunctionVersion
from lambent.runtimes import python
from lambent.runtimes.api import RuntimeApi
from lambent.sandbox.host import Sandbox, SandboxHost
from lambent.sandbox.spec import Bind, ExitStatus, Level, SandboxSpec
from lambent.store.blobs import Blobs

RUNTIME_API_PORT = 9001
TASK_ROOT = "/var/task"
MB = 1 << 20
CPU_PER_MB = 1 / 1769
"""A function has one vCPU at 1,769 MB (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)."""
TELEMETRY_FD = 3


class RuntimeProcess(Protocol):
    """The runtime's process, as the sandbox gives it."""

    exited: "asyncio.Future[ExitStatus]"

    def kill(self) -> None: ...


class RuntimeEvents(Protocol):
    """Who is told what the runtime says."""

    def on_next(self) -> None: ...

    def on_response(self, request_id: str, body: bytes, headers: dict[str, str]) -> None: ...

    def on_error(self, request_id: str, error_type: str, body: bytes) -> None: ...

    def on_init_error(self, error_type: str, body: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The gateway: the port that is offered inside, its URL at level PROCESS, and how a listener is served."""

    port: int
    url: str
    serve: Callable[[socket.socket], Awaitable[asyncio.Server]]
    forget: Callable[[asyncio.Server], None]


class Launcher:
    """Launches environments on one machine.

    `place` finds (and on first use installs) an interpreter and its copy of the runtime client for a runtime. The
    package of an environment is held in `blobs` for as long as the environment lives.
    """

    def __init__(
        self,
        host: SandboxHost,
        endpoint: Endpoint,
        credentials: Credentialed,
        place: Callable[[str], Awaitable[Place]],
        blobs: Blobs,
    ) -> None:
        self._host = host
        self._endpoint = endpoint
        self._credentials = credentials
        self._place = place
        self._blobs = blobs

    async def launch(self, function: FunctionVersion, events: RuntimeEvents, stream: str) -> "Launched":
        """A sandbox with its Runtime API answering; no process runs yet. Raises what the rooms below raise."""
        place = await self._place(function.runtime)
        self._blobs.hold(function.code)
        credentials = self._credentials.issue(function.scope)
        try:
            code = await self._blobs.unpack(function.code)
            sandbox = await self._host.create(self._spec(function, place, code, stream))
            try:
                return await self._connect(function, events, stream, sandbox, credentials, place)
            except BaseException:
                await sandbox.destroy()
                raise
        except BaseException:
            self._release(credentials, function.code)
            raise

    def _release(self, credentials: Credentials, code: str) -> None:
        self._credentials.revoke(credentials)
        self._blobs.release(code)

    def _spec(self, function: FunctionVersion, place: Place, code: Path, stream: str) -> SandboxSpec:
        inside = (self._endpoint.port,) if self._host.level is Level.NAMESPACE else ()
        return SandboxSpec(
            id=stream[-32:],
            zygote=python.zygote_spec(place.interpreter, place.client_dir, self._host.level),
            binds=(Bind(code, TASK_ROOT),),
            tmp_bytes=function.ephemeral_storage * MB,
            memory_bytes=function.memory * MB,
            cpus=function.memory * CPU_PER_MB,
            listen=(RUNTIME_API_PORT, *inside),
            throttled=False,
        )

    async def _connect(
        self,
        function: FunctionVersion,
        events: RuntimeEvents,
        stream: str,
        sandbox: Sandbox,
        credentials: Credentials,
        place: Place,
    ) -> "Launched":
        listener = sandbox.listeners[RUNTIME_API_PORT]
        host, port = listener.getsockname()[:2]
        api = RuntimeApi(listener, events)
        url = self._endpoint.url
        gateway = None
        if self._endpoint.port in sandbox.listeners:
            gateway = await self._endpoint.serve(sandbox.listeners[self._endpoint.port])
            url = f"http://127.0.0.1:{self._endpoint.port}"
        environment = python.environment(
            function,
            runtime_api=f"{host}:{port}",
            log_stream=stream,
            credentials=credentials,
            endpoint_url=url,
            telemetry_fd=TELEMETRY_FD,
        )
        return Launched(
            sandbox=sandbox,
            api=api,
            gateway=gateway,
            environment=environment,
            runtime_version=f"python:{place.interpreter.version}.v{place.interpreter.full_version.rpartition('.')[2]}",
            runtime_arn=function.runtime_version_arn,
            release=functools.partial(self._release, credentials, function.code),
            forget=self._endpoint.forget,
        )


@dataclass(slots=True)
class Launched:
    """A sandbox that stands ready, and the runtime processes that are started in it one after another."""

    sandbox: Sandbox
    api: RuntimeApi
    gateway: asyncio.Server | None
    environment: dict[str, str]
    runtime_version: str
    runtime_arn: str
    release: Callable[[], None]
    forget: Callable[[asyncio.Server], None]

    async def start_runtime(self, pipes: dict[int, int]) -> RuntimeProcess:
        """Start the runtime with descriptors {1: stdout, 2: stderr, 3: telemetry} of the caller's."""
        return await self.sandbox.start(python.process_spec(self.environment, self.sandbox.inside(TASK_ROOT), pipes))

    def peak_bytes(self) -> int:
        """The most memory that the environment has used, with the interpreter's own that it shares."""
        return self.sandbox.memory_peak() + self.sandbox.baseline_bytes

    async def destroy(self) -> None:
        """Nothing of the environment is left afterwards."""
        self.release()
        self.api.close()
        if self.gateway is not None:
            self.forget(self.gateway)
        await self.sandbox.destroy()
