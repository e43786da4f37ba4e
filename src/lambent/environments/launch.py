"""Makes the execution environment of a function: which sandbox, which folders in it, which process.

Knows both sides, the sandbox (Linux) and the runtimes (AWS), and nothing of when an environment is made or ended.
"""

import asyncio
import contextlib
import functools
import socket
import ssl
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from lambent.environments.contents import Contents
from lambent.environments.role_credentials import Credentialed
from lambent.environments.xray_daemon import PORT as DAEMON_PORT
from lambent.environments.xray_daemon import XRayDaemon
from lambent.model import own_layers
from lambent.model.credentials import Credentials
from lambent.model.function import FunctionVersion
from lambent.runtime_api import metadata
from lambent.runtime_api.server import Route, RuntimeApi, RuntimeEvents
from lambent.runtimes.place import OPT, TASK_ROOT, Around, Folders, Place
from lambent.sandbox import usage
from lambent.sandbox.errors import SandboxGone, ZygoteKilled
from lambent.sandbox.host import Sandbox, SandboxHost
from lambent.sandbox.left import Left, look
from lambent.sandbox.spec import Bind, ExitStatus, Level, SandboxSpec
from lambent.sandbox.usage import Usage

RUNTIME_API_PORT = 9001
HTTP, HTTPS = 80, 443
"""Ports at which the gateway is offered inside besides its own, for code that takes no port from an address."""
TRIES = 3
"""How often an environment is launched when what it is made from is killed meanwhile."""
MB = 1 << 20
CPU_PER_MB = 1 / 1769
"""A function has one vCPU at 1,769 MB (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)."""


class RuntimeProcess(Protocol):
    """The runtime's process, as the sandbox gives it."""

    exited: "asyncio.Future[ExitStatus]"

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class EnvironmentEvents(RuntimeEvents, Protocol):
    """Who is told what the runtime says; `trace_id` answers the trace header of the invocation at hand."""

    def trace_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The gateway: the port that is offered inside, its URL at level PROCESS, and how a listener is served, for the
    environment with that access key; `tls` is what HTTPS is spoken with inside."""

    port: int
    url: str
    serve: Callable[[socket.socket, str, ssl.SSLContext | None], Awaitable[asyncio.Server]]
    forget: Callable[[asyncio.Server], None]
    serve_parameters: "Callable[[socket.socket, Credentials, FunctionVersion], Awaitable[asyncio.Server]] | None" = None
    """Answers as the Parameters and Secrets Lambda Extension, for the environment with these credentials."""
    tls: ssl.SSLContext | None = None
    serve_daemon: Callable[[socket.socket, FunctionVersion], XRayDaemon] | None = None
    """Receives as X-Ray's daemon, for an environment of that version; the socket is then its own."""
    serve_sampling: "Callable[[socket.socket, Credentials, FunctionVersion], Awaitable[asyncio.Server]] | None" = None
    """Answers as that daemon's port for sampling rules, for the environment with these credentials."""

    @property
    def inside(self) -> tuple[int, ...]:
        """The ports at which it is offered inside, its own first."""
        return tuple(dict.fromkeys((self.port, HTTP, HTTPS) if self.tls is not None else (self.port,)))

    async def open(self, listeners: Mapping[int, socket.socket], key: str) -> list[asyncio.Server]:
        """Serve those of its ports that are among an environment's `listeners`."""
        return [
            await self.serve(listeners[port], key, self.tls if port == HTTPS != self.port else None)
            for port in self.inside
            if port in listeners
        ]


class Launcher:
    """Launches environments on one machine.

    `place` tells (and on first use installs) what a function is run with. Its package and its layers are held for as
    long as the environment lives. `adjust` makes the sandbox of a trial another one.
    """

    def __init__(
        self,
        host: SandboxHost,
        endpoint: Endpoint,
        credentials: Credentialed,
        place: Callable[[FunctionVersion], Awaitable[Place]],
        contents: Contents,
        adjust: Callable[[FunctionVersion, SandboxSpec], SandboxSpec] = lambda _function, spec: spec,
    ) -> None:
        self._host = host
        self._endpoint = endpoint
        self._credentials = credentials
        self._place = place
        self._contents = contents
        self._adjust = adjust

    async def launch(
        self, function: FunctionVersion, events: EnvironmentEvents, stream: str, initialization: str = "on-demand"
    ) -> "Launched":
        """A sandbox with its Runtime API answering; no process runs yet. Raises what the rooms below raise.

        What is killed meanwhile is made again, the snapshot that it is forked from, too.
        """
        for _ in range(TRIES - 1):
            with contextlib.suppress(SandboxGone, ZygoteKilled):
                return await self._launch(function, events, stream, initialization)
        return await self._launch(function, events, stream, initialization)

    async def _launch(
        self, function: FunctionVersion, events: EnvironmentEvents, stream: str, initialization: str
    ) -> "Launched":
        place = await self._place(function)
        self._contents.hold(function)
        credentials = self._credentials.issue(function.scope, events.trace_id, function.role, function.name)
        release = functools.partial(self._release, credentials, function)
        try:
            folders = await self._contents.folders(function)
            connect = functools.partial(
                self._connect, function, events, stream, credentials, place, folders, release, initialization
            )
            spec = self._adjust(function, self._spec(function, place, folders, stream))
            return await self._stand(spec, connect)
        except BaseException:
            release()
            raise

    async def _stand(self, spec: SandboxSpec, connect: Callable[[Sandbox], Awaitable["Launched"]]) -> "Launched":
        sandbox = await self._host.create(spec)
        try:
            return await connect(sandbox)
        except BaseException as failed:
            await sandbox.destroy()
            if isinstance(failed, OSError) and sandbox.lost.done():
                raise SandboxGone(f"sandbox {spec.id} has ended") from failed
            raise

    def _release(self, credentials: Credentials, function: FunctionVersion) -> None:
        self._credentials.revoke(credentials)
        self._contents.release(function)

    def _spec(self, function: FunctionVersion, place: Place, folders: Folders, stream: str) -> SandboxSpec:
        inside = self._endpoint.inside if self._host.level is Level.NAMESPACE else ()
        opt = (Bind(folders.opt, OPT),) if folders.opt is not None else ()
        own = () if function.image else (Bind(folders.code, TASK_ROOT), *opt)
        files = tuple(Bind(folder, path, writable=True) for path, folder in folders.mounts.items())
        return SandboxSpec(
            id=stream[-32:],
            zygote=place.zygote,
            binds=() if place.zygote.snapshot else own + files,  # a snapshot has its own already, and no others
            tmp_bytes=function.ephemeral_storage * MB,
            memory_bytes=function.memory * MB,
            cpus=function.memory * CPU_PER_MB,
            listen=(RUNTIME_API_PORT, *inside, *self._parameters_port(function), *self._sampling_port(function)),
            datagrams=(DAEMON_PORT,) if self._endpoint.serve_daemon is not None else (),
            throttled=False,
            root=folders.code if function.image else None,
            account=function.scope.account,
        )

    def _parameters_port(self, function: FunctionVersion) -> tuple[int, ...]:
        """That of the extension, for a function with its layer. Where the network is the host's there is none."""
        with_it = self._host.level is Level.NAMESPACE and own_layers.PARAMETERS.digest in function.layers
        return (own_layers.parameters_port(function.environment),) if with_it else ()

    def _sampling_port(self, function: FunctionVersion) -> tuple[int, ...]:
        """X-Ray's daemon's, for a function that traces. Where the network is the host's there is none."""
        with_it = self._host.level is Level.NAMESPACE and function.traced and self._endpoint.serve_sampling
        return (DAEMON_PORT,) if with_it else ()

    async def _doors(
        self, sandbox: Sandbox, credentials: Credentials, function: FunctionVersion
    ) -> list[asyncio.Server]:
        """What is answered inside beside the Runtime API."""
        opened = await self._endpoint.open(sandbox.listeners, credentials.access_key)
        for port in self._parameters_port(function):
            assert self._endpoint.serve_parameters is not None
            opened.append(await self._endpoint.serve_parameters(sandbox.listeners[port], credentials, function))
        for port in self._sampling_port(function):
            assert self._endpoint.serve_sampling is not None
            opened.append(await self._endpoint.serve_sampling(sandbox.listeners[port], credentials, function))
        return opened

    async def _connect(
        self,
        function: FunctionVersion,
        events: EnvironmentEvents,
        stream: str,
        credentials: Credentials,
        place: Place,
        folders: Folders,
        release: Callable[[], None],
        initialization: str,
        sandbox: Sandbox,
    ) -> "Launched":
        listener = sandbox.listeners[RUNTIME_API_PORT]
        host, port = listener.getsockname()[:2]
        api = RuntimeApi(listener, events)
        own = self._endpoint.port in sandbox.listeners
        url = f"http://127.0.0.1:{self._endpoint.port}" if own else self._endpoint.url
        token = str(uuid.uuid4())
        serve, datagrams = self._endpoint.serve_daemon, sandbox.datagrams
        daemon = serve(datagrams.pop(DAEMON_PORT), function) if serve and datagrams else None
        address = daemon.address if daemon else ""
        around = Around(f"{host}:{port}", stream, credentials, url, initialization, token, address)
        return Launched(
            sandbox=sandbox,
            api=api,
            doors=await self._doors(sandbox, credentials, function),
            place=place,
            folders=replace(folders, task_root=sandbox.inside(TASK_ROOT), opt_root=sandbox.inside(OPT)),
            environment=place.environment(function, around),
            runtime_arn=function.runtime_version_arn,
            metadata=metadata.answers(token, function.scope.region),
            release=release,
            forget=self._endpoint.forget,
            daemon=daemon,
        )


@dataclass(slots=True)
class Launched:
    """A sandbox that stands ready, and the runtime processes that are started in it one after another."""

    sandbox: Sandbox
    api: RuntimeApi
    doors: list[asyncio.Server]
    place: Place
    folders: Folders
    environment: dict[str, str]
    runtime_arn: str
    metadata: Route
    """Answers requests for the environment's metadata."""
    release: Callable[[], None]
    forget: Callable[[asyncio.Server], None]
    daemon: XRayDaemon | None = None

    @property
    def runtime_version(self) -> str:
        """As INIT_START names it."""
        return self.place.version

    @property
    def restored(self) -> bool:
        """Whether the runtime goes on from a snapshot."""
        return self.place.zygote.snapshot is not None

    @property
    def lost(self) -> "asyncio.Future[None]":
        """Resolved when the sandbox is of no use any more, though nobody has ended it."""
        return self.sandbox.lost

    async def start_runtime(self, pipes: dict[int, int]) -> RuntimeProcess:
        """Start the runtime with descriptors {1: stdout, 2: stderr, 3: telemetry} of the caller's.

        Raises InvalidEntrypoint when there is nothing that can be started, and what `Sandbox.start` raises.
        """
        return await self.sandbox.start(self.place.process(self.environment, self.folders, pipes))

    def peak_bytes(self) -> int:
        """The most memory that the environment has used, with the interpreter's own if it shares that."""
        return self.sandbox.memory_peak() + (self.sandbox.baseline_bytes if self.place.forked else 0)

    def usage(self) -> Usage:
        """What it has used so far."""
        return usage.look(self.sandbox.pid, self.sandbox.held.tmp, networked=self.sandbox.networked)

    def passed(self) -> int:
        """Bytes over its way out so far; nothing without a network of its own."""
        return usage.passed(self.sandbox.pid) if self.sandbox.networked else 0

    def left(self) -> Left:
        """What is in it between two invocations."""
        return look(self.sandbox.held.tmp, [one.pid for one in self.sandbox.processes.values()])

    async def destroy(self) -> None:
        """Nothing of the environment is left afterwards."""
        self.release()
        self.api.close()
        if self.daemon is not None:
            self.daemon.close()
        for door in self.doors:
            self.forget(door)
        await self.sandbox.destroy()
