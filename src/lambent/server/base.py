"""What stands below the services: clock, logs, the neighbour, the sandbox host."""

import asyncio
import hashlib
import os
import socket
import ssl
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from lambent import clock
from lambent.background import Background
from lambent.clock import Clock
from lambent.environments.running import Clocks
from lambent.gateway.chain import Gateway
from lambent.gateway.listener import Chain, Listener
from lambent.ids import new_uuid
from lambent.model.metric import Metric, Together
from lambent.neighbour import dynamodb_local
from lambent.neighbour.endpoints import Endpoints, Keys
from lambent.neighbour.holdings import Holdings
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.process import MotoProcess
from lambent.observe.logindex import IndexBroken
from lambent.observe.logstore import LogStore
from lambent.observe.series import SeriesBroken, SeriesStore
from lambent.observe.traces import TracesBroken, TraceStore
from lambent.permissions.log_rights import LogRights
from lambent.permissions.trace_rights import TraceRights
from lambent.runtimes import installs
from lambent.sandbox.errors import LevelUnavailable
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.spec import Level
from lambent.server import confined
from lambent.server.hatch import Hatch
from lambent.server.waits import Waits
from lambent.settings import Settings, StartError

CLOSE_SECONDS = 2.0
"""How long background work may take to end; what is left then dies with the zygotes."""
REAL = Clocks(time.monotonic, time.time)
"""What bounds a real process: everything else waits on the platform's clock (`lambent.clock`)."""


@dataclass(frozen=True, slots=True)
class Secure:
    """The listening socket of HTTPS, what it speaks TLS with, and the authority that clients have to trust."""

    door: socket.socket
    context: ssl.SSLContext
    authority: Path


@dataclass(frozen=True, slots=True)
class Base:
    """What stands below the services."""

    clock: Clock
    background: Background
    logs: LogStore
    series: SeriesStore
    traces: TraceStore
    neighbour: Neighbour
    hatch: Hatch
    host: SandboxHost
    door: socket.socket
    url: str
    secure: Secure | None = None
    log_rights: LogRights = field(default_factory=LogRights)
    trace_rights: TraceRights = field(default_factory=TraceRights)

    def measure(self, metric: Metric, unit: str, value: float) -> None:
        """What was measured now becomes part of its series."""
        self.series.measured(metric, unit, self.clock.wall(), value)

    def measure_together(self, together: Together, values: tuple[float | None, ...]) -> None:
        """What was measured now together becomes part of its series."""
        self.series.measured_together(together, self.clock.wall(), values)


async def open_base(
    stack: AsyncExitStack,
    settings: Settings,
    door: socket.socket,
    level: Level,
    secure: Secure | None = None,
) -> Base:
    """What lives as long as `stack`. Raises StartError."""
    now = clock.make(settings.clock, settings.time_scale)
    background = Background()
    stack.push_async_callback(background.close, CLOSE_SECONDS)
    stack.callback(installs.stop)
    try:
        logs = await LogStore.open(settings.data_dir / "logs", now.wall, settings.log_mb << 20)
    except IndexBroken as error:
        hint = f"remove that line, or move {settings.data_dir / 'logs'} away to start without old logs"
        raise StartError(f"{error}: {hint}") from error
    stack.push_async_callback(logs.close)
    series = await _open_series(settings, now)
    stack.push_async_callback(series.close)
    traces = await _open_traces(settings, now)
    stack.push_async_callback(traces.close)
    url = f"http://{settings.host_name}:{door.getsockname()[1]}"
    owner = hashlib.sha256(str(settings.data_dir.resolve()).encode()).hexdigest()[:12]
    try:
        neighbour, hatch = await _open_neighbour(stack, settings, level, f"{owner}m")
        hatch.waits = Waits(now).answer
        background.spawn(neighbour.start())
        host = await SandboxHost.open(settings.data_dir / "sandboxes", level, owner, settings.network)
    except LevelUnavailable as error:
        raise StartError(str(error)) from error
    stack.push_async_callback(host.close)
    return Base(now, background, logs, series, traces, neighbour, hatch, host, door, url, secure)


async def _open_series(settings: Settings, now: Clock) -> SeriesStore:
    """The series of metrics. Raises StartError."""
    path = settings.data_dir / "metrics.db"
    try:
        return await SeriesStore.open(path, now.wall)
    except SeriesBroken as error:
        raise StartError(f"{error}: move {path} away to start without old metrics") from error


async def _open_traces(settings: Settings, now: Clock) -> TraceStore:
    """The traces. Raises StartError."""
    path = settings.data_dir / "traces.db"
    try:
        return await TraceStore.open(path, now.wall, settings.trace_mb << 20)
    except TracesBroken as error:
        raise StartError(f"{error}: move {path} away to start without old traces") from error


async def _open_neighbour(
    stack: AsyncExitStack, settings: Settings, level: Level, owner: str
) -> tuple[Neighbour, Hatch]:
    """moto has a sandbox host of its own: another user, other zygotes. Raises StartError, LevelUnavailable."""
    folder = settings.data_dir / "moto"
    hatch = Hatch(folder / "hatch")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        await hatch.open()
    except OSError as error:
        raise StartError(f"{folder}: {error.strerror}") from error
    stack.push_async_callback(hatch.close)
    host = await SandboxHost.open(folder / "sandboxes", level, owner, ids=confined.IDS)
    stack.push_async_callback(host.close)
    launch = confined.Confined(host, folder, hatch.path)
    holdings = Holdings(settings.data_dir / "neighbour.json")
    moto, kept = MotoProcess(launch, folder), settings.data_dir / "neighbour"
    neighbour = Neighbour(_endpoints(settings), moto, holdings, _tables(settings), kept)
    stack.push_async_callback(neighbour.close)
    return neighbour, hatch


def _tables(settings: Settings) -> MotoProcess | None:
    """What keeps DynamoDB Local, if that answers DynamoDB. Raises StartError when something is missing for it."""
    if settings.dynamodb != "local":
        return None
    folder = settings.data_dir / "dynamodb"
    try:
        found = dynamodb_local.find(settings.dynamodb_jar, Path.cwd(), os.environ)
        folder.mkdir(mode=0o700, exist_ok=True)
    except dynamodb_local.Missing as error:
        raise StartError(f"dynamodb: {error}") from error
    return dynamodb_local.keep(found, folder)


def _endpoints(settings: Settings) -> Endpoints:
    """Raises StartError when the authorities' file can't be used."""
    key, secret = settings.endpoint_access_key, settings.endpoint_secret_key
    if bool(key) != bool(secret):
        raise StartError("endpoint_access_key and endpoint_secret_key go together: set both")
    endpoints = Endpoints(settings.endpoints, settings.endpoint_ca, Keys(key, secret) if key else None)
    try:
        assert settings.endpoint_ca is None or endpoints.trust
    except OSError as error:
        raise StartError(f"endpoint_ca = {settings.endpoint_ca}: {error.strerror or error}") from error
    return endpoints


class Doors:
    """The gateway and its listener as those see them that must be made first: the launcher, the operations.

    `opened` is set when all that a request may need goes on where the last server left off. What that server had yet to
    send waits for it.
    """

    gateway: Gateway
    listener: Listener

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def serve(
        self, listening: socket.socket, inside: str = "", tls: ssl.SSLContext | None = None
    ) -> asyncio.Server:
        """Answer on one more socket: that of the environment with the access key `inside`, or that of HTTPS."""
        return await self.listener.serve(listening, inside, tls)

    async def serve_site(self, listening: socket.socket, chain: Chain, tls: ssl.SSLContext | None) -> asyncio.Server:
        """Answer on a socket that leads to something of the user's alone."""
        return await self.listener.serve(listening, "", tls, chain)

    async def serve_inside(self, listening: socket.socket, inside: str, chain: Chain) -> asyncio.Server:
        """Answer on a socket in the environment with that access key by `chain` alone."""
        return await self.listener.serve(listening, inside, None, chain)

    def forget(self, server: asyncio.Server) -> None:
        """The environment of that socket is gone."""
        self.listener.forget(server)


def tells_time(settings: Settings) -> bool:
    """Whether functions go by a clock that is not the machine's."""
    return settings.function_time == "platform" and (settings.clock != "real" or settings.time_scale != 1)


new_id = new_uuid
"""A request id, a revision id, as AWS has them."""
