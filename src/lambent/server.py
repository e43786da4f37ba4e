"""The composition root: the only module that sees every room.

`run` serves until SIGINT or SIGTERM. Parts are opened in the order in which they need one another and closed in the
reverse of it, by one exit stack.
"""

import asyncio
import errno
import functools
import hashlib
import logging
import os
import platform
import re
import signal
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lambent import __version__
from lambent.dispatch.background import Background
from lambent.dispatch.credentials import Credentialed
from lambent.dispatch.environment import Clock, Environment
from lambent.dispatch.invoker import Invoker
from lambent.dispatch.launch import Endpoint, Launcher
from lambent.dispatch.places import Places
from lambent.dispatch.pools import Pools
from lambent.gateway import health
from lambent.gateway.chain import Gateway, account_of, ours
from lambent.gateway.codelink import CodeLinks
from lambent.gateway.exchange import Here
from lambent.gateway.listener import Listener
from lambent.gateway.short import ShortRoad
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Throttled
from lambent.model.limits import PROFILES
from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.observe.journal import Journal
from lambent.observe.logstore import LogStore
from lambent.runtimes import interpreters, python, table
from lambent.sandbox import probe
from lambent.sandbox.errors import LevelUnavailable
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.spec import Level
from lambent.services.lambda_ import faults, settling
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoke import new_trace_id
from lambent.services.lambda_.operations import OPERATIONS as LAMBDA_OPERATIONS
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.operations import OPERATIONS as LOGS_OPERATIONS
from lambent.settings import Settings, StartError
from lambent.store.errors import StoreError
from lambent.store.open import Store, open_store, sweep
from lambent.wire import locate, serialize, service
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

CLOSE_SECONDS = 2.0
"""How long background work may take to end; what is left then dies with the zygotes."""
RECYCLE_SECONDS = 1.0
CLOCK = Clock(time.monotonic, time.time)


def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; the exit status. Raises StartError when it can't start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(settings))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(settings: Settings) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        url, level = await _open(stack, settings)
        print(f"Lambent {__version__} is ready at {url} (isolation: {level}, data: {settings.data_dir})", flush=True)
        await stop.wait()
    return 0


async def _open(stack: AsyncExitStack, settings: Settings) -> tuple[str, str]:
    """Open every part; answers the endpoint's URL and the level of isolation. Raises StartError."""
    abilities = await asyncio.to_thread(probe.probe)
    try:
        level = probe.choose(settings.isolation, abilities)
    except LevelUnavailable as error:
        raise StartError(str(error)) from error
    door = _bind(settings.host, settings.port)
    stack.callback(door.close)
    store = await _open_store(stack, settings)
    base = await _open_base(stack, settings, door, level)
    await _open_lambda(stack, settings, store, base, abilities)
    return base.url, level.value


def _bind(host: str, port: int) -> socket.socket:
    """The endpoint's listening socket. Raises StartError."""
    try:
        return socket.create_server((host, port), backlog=1024, family=_family(host))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"port {port} on {host} is in use: choose another with --port") from error
        raise StartError(f"{host} port {port} can't be bound: {error.strerror}") from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _open_store(stack: AsyncExitStack, settings: Settings) -> Store:
    try:
        store = await open_store(settings.data_dir, limits=PROFILES[settings.profile])
    except StoreError as error:
        raise StartError(f"{settings.data_dir}: {error}") from error
    stack.push_async_callback(store.close)
    return store


@dataclass(frozen=True, slots=True)
class Base:
    """What stands below the services."""

    background: Background
    logs: LogStore
    neighbour: Neighbour
    host: SandboxHost
    door: socket.socket
    url: str


async def _open_base(stack: AsyncExitStack, settings: Settings, door: socket.socket, level: Level) -> Base:
    background = Background()
    stack.push_async_callback(background.close, CLOSE_SECONDS)
    logs = await LogStore.open(settings.data_dir / "logs", CLOCK.wall)
    stack.push_async_callback(logs.close)
    neighbour = Neighbour(settings.endpoints)
    stack.push_async_callback(neighbour.close)
    background.spawn(neighbour.start())
    owner = hashlib.sha256(str(settings.data_dir.resolve()).encode()).hexdigest()[:12]
    host = await SandboxHost.open(settings.data_dir / "sandboxes", level, owner)
    stack.push_async_callback(host.close)
    host_name = f"[{settings.host}]" if ":" in settings.host else settings.host
    return Base(background, logs, neighbour, host, door, f"http://{host_name}:{door.getsockname()[1]}")


async def _open_lambda(
    stack: AsyncExitStack, settings: Settings, store: Store, base: Base, abilities: probe.Abilities
) -> None:
    found = await asyncio.to_thread(_look_around)
    places = Places(_cache_dir(), settings.runtime_map, lambda: found)
    credentials = Credentialed()
    limits = PROFILES[settings.profile]
    doors = Doors()
    endpoint = Endpoint(base.door.getsockname()[1], base.url, doors.serve, doors.forget)
    launcher = Launcher(base.host, endpoint, credentials, places.place, store.blobs)
    pools = Pools(_environments(launcher, base), CLOCK.monotonic, settings.idle_seconds)
    invoker = Invoker(pools, limits.concurrency)
    links = CodeLinks(base.url, store.blobs.get, CLOCK.wall)
    env = LambdaEnv(
        functions=store.functions,
        resources=store.resources,
        blobs=store.blobs,
        clock=CLOCK.wall,
        new_id=_new_id,
        fetch_s3=functools.partial(_fetch_s3, base.neighbour),
        check_runtime=_runtime_check(places),
        retire=pools.retire,
        spawn=base.background.spawn,
        code_url=links.url,
        invoker=invoker,
        prepare=functools.partial(_prepare, places, base.host),
        pause=asyncio.sleep,
        limits=limits,
        architecture="arm64" if platform.machine() == "aarch64" else "x86_64",
    )
    who = functools.partial(_account_of, credentials)
    report = functools.partial(_health, settings, base, abilities, found, pools)
    gateway = Gateway(
        here={
            "lambda": Here(LAMBDA_OPERATIONS, env),
            "logs": Here(LOGS_OPERATIONS, LogsEnv(base.logs, CLOCK.wall)),
        },
        pages={"health": health.page(report), "code": links.page},
        forward=base.neighbour.forward,
        account_of=who,
        new_id=_new_id,
    )
    short = ShortRoad(
        functions=functools.partial(_active, store),
        submit=invoker.submit,
        account_of=who,
        new_id=_new_id,
        trace_id=new_trace_id,
        fail=_short_failure,
        request_bytes=limits.sync_request_bytes,
    )
    doors.listener = Listener(gateway, short)
    stack.push_async_callback(doors.listener.close)
    settling.resume(env)
    housekeeping = asyncio.create_task(_housekeeping(store, pools))
    stack.callback(housekeeping.cancel)
    await doors.serve(base.door)


def _look_around() -> dict[str, interpreters.Interpreter]:
    """The machine's interpreters; on the way, what the first requests would otherwise wait for."""
    locate.by_signing_name()
    for name in ("lambda", "logs"):
        service.load(name)
    return interpreters.find()


class Doors:
    """The gateway's listener as the launcher sees it: it is made after the launcher, which its roads lead to."""

    listener: Listener

    async def serve(self, listening: socket.socket) -> asyncio.Server:
        """Answer on one more socket."""
        return await self.listener.serve(listening)

    def forget(self, server: asyncio.Server) -> None:
        """The environment of that socket is gone."""
        self.listener.forget(server)


def _environments(launcher: Launcher, base: Base) -> Callable[[FunctionVersion, Pools], Environment]:
    """How pools make an environment."""

    def stream(function: FunctionVersion, name: str) -> Callable[[int, str], None]:
        handle = base.logs.stream(function.scope, function.log_group, name)
        return functools.partial(base.logs.append, handle)

    def create(function: FunctionVersion, home: Pools) -> Environment:
        journal = Journal(function, uuid.uuid4().hex, CLOCK.wall, stream)
        return Environment(function, home, launcher, journal, CLOCK, base.background.spawn)

    return create


async def _prepare(places: Places, host: SandboxHost, function: FunctionVersion) -> None:
    """Before a function turns Active: its interpreter's client is installed, its zygote stands ready."""
    place = await places.place(function.runtime)
    await host.warm(python.zygote_spec(place.interpreter, place.client_dir, host.level))


def _runtime_check(places: Places) -> Callable[[str], None]:
    """Refuses a runtime that AWS, or this machine, does not have."""

    def check(runtime: str) -> None:
        try:
            table.lookup(runtime)
            places.pick(runtime)
        except (table.RuntimeUnsupported, interpreters.InterpreterMissing) as error:
            raise faults.invalid(str(error)) from error

    return check


async def _fetch_s3(neighbour: Neighbour, caller: Caller, bucket: str, key: str, version: str | None) -> bytes:
    """A deployment package from its bucket, wherever S3 is answered."""
    query = f"versionId={quote(version, safe='')}" if version else ""
    # moto refuses anonymous reads of private objects; it looks at whose a request is, not at its signature.
    scope = f"{caller.scope.account}/20260101/{caller.scope.region}/s3/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
    request = Request("GET", f"/{bucket}/{quote(key)}", query, {"host": "127.0.0.1", "authorization": signed})
    response = await neighbour.forward(request, caller, "s3")
    assert isinstance(response.body, bytes)
    if response.status == 200:
        return response.body
    code, message = _s3_error(response.body)
    raise faults.s3_refused(code, message)


def _s3_error(body: bytes) -> tuple[str, str]:
    text = body.decode("utf-8", "replace")
    code = re.search(r"<Code>(.*?)</Code>", text)
    message = re.search(r"<Message>(.*?)</Message>", text)
    return (code[1] if code else "InternalError"), (message[1] if message else "S3 did not answer.")


def _active(store: Store, scope: Scope, name: str) -> FunctionVersion | None:
    """The function to invoke at once, None when there is none or it is not active."""
    record = store.functions.current(scope, name)
    return record.running if record is not None and record.configuration["State"] == "Active" else None


def _account_of(credentials: Credentialed, access_key: str) -> str:
    return credentials.account_of(access_key) or account_of(access_key)


def _short_failure(request_id: str, error: Exception) -> Response:
    """The answer to an invocation that found no environment."""
    match error:
        case Throttled():
            fault = faults.too_many_requests(error.reason)
        case _:
            fault = ours(request_id, error)
    return serialize.fault(service.load("lambda"), "Invoke", fault, request_id)


async def _housekeeping(store: Store, pools: Pools) -> None:
    """What is done from time to time."""
    await sweep(store)
    while True:
        await asyncio.sleep(RECYCLE_SECONDS)
        pools.recycle()


def _health(
    settings: Settings,
    base: Base,
    abilities: probe.Abilities,
    found: dict[str, interpreters.Interpreter],
    pools: Pools,
) -> dict[str, Any]:
    return {
        "version": __version__,
        "endpoint": base.url,
        "data_dir": str(settings.data_dir),
        "profile": settings.profile,
        "isolation": {"level": base.host.level.value, "promises": abilities.promises(base.host.level)},
        "interpreters": {version: one.full_version for version, one in found.items()},
        "runtime_map": dict(settings.runtime_map),
        "neighbour": base.neighbour.status(),
        "environments": len(pools.environments()),
    }


def _cache_dir() -> Path:
    """Where runtime clients are kept, for all data folders of the user (XDG Base Directory)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lambent"


def _new_id() -> str:
    return str(uuid.uuid4())
