"""The composition root: the only module that sees every room.

`run` serves until SIGINT or SIGTERM. Parts are opened in the order in which they need one another and closed in the
reverse of it, by one exit stack.
"""

import asyncio
import dataclasses
import errno
import functools
import hashlib
import logging
import os
import platform
import random
import re
import signal
import socket
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from lambent import __version__, clock
from lambent.clock import Clock, ManualClock
from lambent.dispatch.async_queue import AsyncQueue, NewEvent
from lambent.dispatch.autoscaling import Autoscaler
from lambent.dispatch.background import Background
from lambent.dispatch.contents import Contents
from lambent.dispatch.credentials import Credentialed
from lambent.dispatch.debugging import Debugging
from lambent.dispatch.destinations import Destinations
from lambent.dispatch.environment import Clock as RealClock
from lambent.dispatch.environment import Environment, Home
from lambent.dispatch.file_systems import FileSystemMissing, FileSystems, is_writable
from lambent.dispatch.invoker import Invoker
from lambent.dispatch.keeping import keep_alive
from lambent.dispatch.launch import Endpoint, Launcher
from lambent.dispatch.live import LiveFolders
from lambent.dispatch.places import Places
from lambent.dispatch.pools import Pools
from lambent.dispatch.provisioned import INITIALIZATION, Provisioned
from lambent.dispatch.sampling import Sampler
from lambent.dispatch.snapshots import Snapshots
from lambent.engine.concurrency import Concurrency
from lambent.engine.scaling import Scaling
from lambent.gateway import clock as clock_page
from lambent.gateway import health, recycle
from lambent.gateway.chain import Gateway, account_of, ours
from lambent.gateway.codelink import CodeLinks
from lambent.gateway.credentials import CredentialsPage
from lambent.gateway.debug import Asked, Begun, DebugPage
from lambent.gateway.exchange import Here
from lambent.gateway.listener import Listener
from lambent.gateway.live import LivePage, make_token
from lambent.gateway.short import ShortRoad
from lambent.model.finding import Finding
from lambent.model.function import LATEST, FunctionVersion
from lambent.model.invocation import Invocation, RestoreFailed, Throttled
from lambent.model.limits import PROFILES, Limits
from lambent.model.names import FunctionRef
from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.outbox import Outbox, signed_as
from lambent.neighbour.unreached import queues_named
from lambent.observe.findings import Ledger
from lambent.observe.journal import Journal
from lambent.observe.logstore import LogStore
from lambent.observe.metrics import Metrics
from lambent.runtimes import installs, interpreters, snapstart, table
from lambent.runtimes.debugging import NoDebugger
from lambent.runtimes.installs import ClientError
from lambent.sandbox import probe
from lambent.sandbox.errors import LevelUnavailable, SnapshotFailed
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.orders import GID, UID
from lambent.sandbox.spec import Level
from lambent.services.application_autoscaling import provisioning
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.namespace import is_lambda
from lambent.services.application_autoscaling.operations import OPERATIONS as AUTOSCALING_OPERATIONS
from lambent.services.lambda_ import (
    asynchronous,
    concurrency,
    event_source_mapping,
    faults,
    inert,
    settling,
    stored_only,
)
from lambent.services.lambda_ import payload as payloads
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoke import invocation_of, new_trace_id
from lambent.services.lambda_.lookup import running_at_once, running_version
from lambent.services.lambda_.operations import OPERATIONS as LAMBDA_OPERATIONS
from lambent.services.lambda_.refused import REFUSED
from lambent.services.lambda_.unready import Unready
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.operations import OPERATIONS as LOGS_OPERATIONS
from lambent.services.sqs.env import SqsEnv, open_env
from lambent.services.sqs.operations import OPERATIONS as SQS_OPERATIONS
from lambent.settings import Settings, StartError
from lambent.store.errors import StoreError
from lambent.store.events import Events
from lambent.store.image_layers import ImageError
from lambent.store.images import Images
from lambent.store.open import Store, open_store, sweep
from lambent.store.registry import ImageMissing, docker_logins
from lambent.wire import locate, serialize, service
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

CLOSE_SECONDS = 2.0
"""How long background work may take to end; what is left then dies with the zygotes."""
REAL = RealClock(time.monotonic, time.time)
"""What bounds a real process: everything else waits on the platform's clock (`lambent.clock`)."""


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
    abilities = await asyncio.to_thread(probe.probe, outbound=False)
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
        limits = PROFILES[settings.profile].with_concurrency(settings.concurrency)
        store = await open_store(settings.data_dir, limits=limits, logins=docker_logins(_docker_config()))
    except StoreError as error:
        raise StartError(f"{settings.data_dir}: {error}") from error
    stack.push_async_callback(store.close)
    return store


@dataclass(frozen=True, slots=True)
class Base:
    """What stands below the services."""

    clock: Clock
    background: Background
    logs: LogStore
    neighbour: Neighbour
    host: SandboxHost
    door: socket.socket
    url: str


async def _open_base(stack: AsyncExitStack, settings: Settings, door: socket.socket, level: Level) -> Base:
    now = clock.make(settings.clock, settings.time_scale)
    background = Background()
    stack.push_async_callback(background.close, CLOSE_SECONDS)
    stack.callback(installs.stop)
    logs = await LogStore.open(settings.data_dir / "logs", now.wall)
    stack.push_async_callback(logs.close)
    neighbour = Neighbour(settings.endpoints)
    stack.push_async_callback(neighbour.close)
    background.spawn(neighbour.start())
    owner = hashlib.sha256(str(settings.data_dir.resolve()).encode()).hexdigest()[:12]
    try:
        host = await SandboxHost.open(settings.data_dir / "sandboxes", level, owner, settings.network)
    except LevelUnavailable as error:
        raise StartError(str(error)) from error
    stack.push_async_callback(host.close)
    host_name = f"[{settings.host}]" if ":" in settings.host else settings.host
    return Base(now, background, logs, neighbour, host, door, f"http://{host_name}:{door.getsockname()[1]}")


async def _open_lambda(
    stack: AsyncExitStack, settings: Settings, store: Store, base: Base, abilities: probe.Abilities
) -> None:
    found = await asyncio.to_thread(_look_around)
    places = Places(_cache_dir(), settings.runtime_map, lambda: found, base.host.level, store.images)
    credentials = Credentialed()
    limits = PROFILES[settings.profile].with_concurrency(settings.concurrency)
    doors = Doors()
    endpoint = Endpoint(base.door.getsockname()[1], base.url, doors.serve, doors.forget)
    live = LiveFolders()
    files = FileSystems(settings.file_systems, settings.data_dir / "efs")
    contents = Contents(store.blobs, store.layers, store.images, live, files)
    findings = Ledger()
    outbound = functools.partial(_tell_of_network, base.host, settings.network, findings.report)
    snapshots = Snapshots(
        base.host,
        places.place,
        contents,
        endpoint,
        credentials,
        _snapshot_journal(base, findings.report),
        findings.report,
    )
    stack.push_async_callback(snapshots.close)
    launcher = Launcher(base.host, endpoint, credentials, snapshots.place, contents)
    keep = keep_alive(settings.idle_seconds, random.Random(settings.seed))  # noqa: S311
    make_debugged = functools.partial(_debugged, base, findings.report)
    debugging = Debugging(base.host, endpoint, credentials, contents, places.debugged, make_debugged)
    stack.push_async_callback(debugging.close)
    places_left = Concurrency(limits.concurrency, limits.requests_per_place)
    grow = functools.partial(_grow, Scaling(limits))
    metrics = Metrics(base.clock.wall)
    make = _environments(launcher, base, findings.report, metrics)
    pools = Pools(make, base.clock.monotonic, keep, base.clock.call_at, grow)
    stack.push_async_callback(pools.close)
    make_ahead = _environments(launcher, base, findings.report, metrics, INITIALIZATION)
    provisioned = Provisioned(make_ahead, REAL.monotonic, Scaling(limits), places_left.allocate)
    stack.push_async_callback(provisioned.close)
    invoker = Invoker(pools, places_left, provisioned, REAL.monotonic)
    queue = AsyncQueue(
        Events(store.database),
        base.clock,
        functools.partial(invoker.submit, sync=False),
        # env and gateway, which lead to the queue in their turn, are made below.
        lambda scope, name, qualifier: asynchronous.handling(env, scope, name, qualifier),
        Destinations(
            Outbox(lambda request: gateway(request)),  # noqa: PLW0108
            findings.report,
            metrics,
            base.clock.wall,
        ).deliver,
        base.background.spawn,
        findings.report,
        metrics,
        _twice(settings),
    )
    links = CodeLinks(base.url, store.blobs.get, base.clock.wall)
    env = LambdaEnv(
        functions=store.functions,
        resources=store.resources,
        blobs=store.blobs,
        clock=base.clock.wall,
        new_id=_new_id,
        fetch_s3=functools.partial(_fetch_s3, base.neighbour),
        check_runtime=_runtime_check(places),
        resolve_image=functools.partial(_resolve_image, store.images, base.host.level),
        retire=functools.partial(_retire, pools, provisioned, snapshots, base.background),
        spawn=base.background.spawn,
        code_url=links.url,
        invoker=invoker,
        prepare=functools.partial(_prepare, snapshots, base.host, store.images, files, findings.report, outbound),
        pause=asyncio.sleep,
        report=findings.report,
        withdraw=findings.withdraw,
        ask=functools.partial(_ask, doors),
        limit_concurrency=functools.partial(_limit_concurrency, store, places_left, provisioned),
        allocation=provisioned.state,
        site_url=functools.partial(_site_url, endpoint.port),
        limits=limits,
        accept=functools.partial(_accept, queue),
        count=metrics.add,
        forward=base.neighbour.forward,
        mounts_files=base.host.level is Level.NAMESPACE,
        # Of its own, so that nothing else uses up its numbers.
        chance=random.Random(settings.seed).random,  # noqa: S311
        architecture="arm64" if platform.machine() == "aarch64" else "x86_64",
    )
    scaler = _autoscaler(env, base, findings.report)
    sampler = Sampler(places_left, metrics, base.clock.monotonic, base.clock.call_at, scaler.minute)
    stack.callback(sampler.close)
    sqs = await _open_sqs(stack, store, base, limits, findings)
    who = functools.partial(_account_of, credentials)
    token = make_token(settings.data_dir)
    report = functools.partial(_health, settings, base, abilities, found, (pools, provisioned))
    gateway = Gateway(
        here={
            "lambda": Here(LAMBDA_OPERATIONS, env, REFUSED),
            "logs": Here(LOGS_OPERATIONS, LogsEnv(base.logs, base.clock.wall)),
            **_scaling(settings, env, scaler),
            **({} if "sqs" in settings.endpoints else {"sqs": Here(SQS_OPERATIONS, sqs)}),
        },
        pages={
            "health": health.page(report),
            "findings": health.page(findings.document),
            "metrics": health.page(functools.partial(_metrics, sampler, metrics)),
            "code": links.page,
            "credentials": CredentialsPage(credentials.by_token, REAL.wall),
            "recycle": recycle.page(functools.partial(_recycle, (pools, provisioned))),
            "clock": clock_page.page(
                base.clock.document, base.clock.advance if isinstance(base.clock, ManualClock) else None
            ),
            "live": LivePage(token, functools.partial(_set_live, store, live, pools)),
            "debug": DebugPage(token, functools.partial(_debug, env, debugging)),
        },
        forward=functools.partial(_forward, settings, base.neighbour, findings.report),
        account_of=who,
        new_id=_new_id,
    )
    short = ShortRoad(
        functions=functools.partial(_active, env),
        submit=invoker.submit,
        account_of=who,
        new_id=_new_id,
        trace_id=new_trace_id,
        fail=_short_failure,
        request_bytes=limits.sync_request_bytes,
        accept=functools.partial(_put, queue),
        event_bytes=limits.async_request_bytes,
    )
    doors.gateway = gateway
    doors.listener = Listener(gateway, short)
    stack.push_async_callback(doors.listener.close)
    settling.resume(env)
    for stored in (inert, concurrency, event_source_mapping, stored_only):
        stored.resume(env)
    try:
        await queue.start()
    except StoreError as error:
        raise StartError(f"the events that wait can't be read: {error}") from error
    # Before anything that events are run and sent by.
    stack.push_async_callback(queue.close)
    base.background.spawn(_housekeeping(store))
    await doors.serve(base.door)


async def _open_sqs(stack: AsyncExitStack, store: Store, base: Base, limits: Limits, findings: Ledger) -> SqsEnv:
    """The queues, with what was under way when the server stopped going on."""
    spawn = base.background.spawn
    ledger = findings.report, findings.withdraw
    try:
        sqs = await open_env(store.resources, store.queues, base.clock, limits, base.url, _new_id, spawn, *ledger)
    except StoreError as error:
        raise StartError(f"the queues can't be read: {error}") from error
    stack.push_async_callback(store.queues.close)
    spawn(sqs.resume())
    return sqs


def _look_around() -> dict[str, interpreters.Interpreter]:
    """The machine's interpreters; on the way, what the first requests would otherwise wait for."""
    locate.by_signing_name()
    for name in ("lambda", "logs", "sqs"):
        service.load(name)
    return interpreters.find()


class Doors:
    """The gateway and its listener as those see them that must be made first: the launcher, the operations."""

    gateway: Gateway
    listener: Listener

    async def serve(self, listening: socket.socket) -> asyncio.Server:
        """Answer on one more socket."""
        return await self.listener.serve(listening)

    def forget(self, server: asyncio.Server) -> None:
        """The environment of that socket is gone."""
        self.listener.forget(server)


async def _forward(
    settings: Settings,
    neighbour: Neighbour,
    report: Callable[[Finding], None],
    request: Request,
    caller: Caller,
    service_name: str,
) -> Response:
    """Ask the neighbour, and say what moto can't do although it takes the request."""
    response = await neighbour.forward(request, caller, service_name)
    if response.status < 300 and service_name not in settings.endpoints:
        for arn in queues_named(service_name, request):
            text = f"{service_name} (moto) was told to send to it: that does not reach queues that are answered here"
            report(Finding("queue-not-reached", arn, text))
    return response


def _streams(logs: LogStore) -> Callable[[FunctionVersion, str], Callable[[int, str], None]]:
    """How a journal begins its log stream."""

    def stream(function: FunctionVersion, name: str) -> Callable[[int, str], None]:
        return functools.partial(logs.append, logs.stream(function.scope, function.log_group, name))

    return stream


def _snapshot_journal(base: Base, notify: Callable[[Finding], None]) -> Callable[[FunctionVersion], Journal]:
    """How a snapshot's initialisation is written about."""
    stream = _streams(base.logs)

    def begin(function: FunctionVersion) -> Journal:
        unique = uuid.uuid4().hex
        return Journal(function, unique, base.clock.wall, stream, base.logs.behind, notify, snapstart.INITIALIZATION)

    return begin


def _environments(
    launcher: Launcher, base: Base, notify: Callable[[Finding], None], metrics: Metrics, how: str = "on-demand"
) -> Callable[[FunctionVersion, Pools], Environment]:
    """How pools make an environment."""
    stream = _streams(base.logs)

    def create(function: FunctionVersion, home: Pools) -> Environment:
        journal = Journal(function, uuid.uuid4().hex, base.clock.wall, stream, base.logs.behind, notify, how)
        return Environment(function, home, launcher, journal, REAL, base.background.spawn, how, metrics.ran)

    return create


def _debugged(
    base: Base, notify: Callable[[Finding], None], function: FunctionVersion, home: Home, launcher: Launcher, how: str
) -> Environment:
    """An environment for one invocation under a debugger."""
    journal = Journal(function, uuid.uuid4().hex, base.clock.wall, _streams(base.logs), base.logs.behind, notify)
    return Environment(function, home, launcher, journal, REAL, base.background.spawn, how)


async def _debug(env: LambdaEnv, debugging: Debugging, asked: Asked) -> Begun:
    """Begin an invocation under a debugger. Raises Fault."""
    caller = Caller(asked.scope, _new_id())
    body = payloads.checked(asked.payload)
    target = running_version(env, caller, asked.function, asked.qualifier)
    try:
        session = await debugging.begin(target.function, invocation_of(caller, target, body, None), asked.port)
    except (NoDebugger, ClientError, interpreters.InterpreterMissing, table.RuntimeUnsupported) as error:
        raise faults.invalid(str(error)) from error
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"can't be had ({error.strerror})"
        raise faults.invalid(f"port {asked.port} on 127.0.0.1 {why}: choose another with --debug") from error
    return Begun(session, caller.request_id, target.function.version)


def _grow(scaling: Scaling, function: FunctionVersion) -> None:
    """Raise Throttled when no further environment of a function may be started now."""
    scaling.require(function.scope, function.name, REAL.monotonic())


def _limit_concurrency(
    store: Store,
    places: Concurrency,
    ahead: Provisioned,
    scope: Scope,
    name: str,
    reserved: int | None,
    provisioned: Mapping[str, int],
) -> None:
    """What a function has reserved, and how many environments of its versions are started ahead."""
    places.plan(scope, name, reserved, provisioned)
    records = [(store.functions.current(scope, name, version), count) for version, count in provisioned.items()]
    ahead.plan(scope, name, [(record.running, count) for record, count in records if record is not None])


def _autoscaler(env: LambdaEnv, base: Base, report: Callable[[Finding], None]) -> Autoscaler:
    """What scales provisioned concurrency from minute to minute."""

    async def awaited(work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            base.clock.ended()

    def under_way(work: Coroutine[Any, Any, None]) -> None:
        base.clock.began()
        base.background.spawn(awaited(work))

    return Autoscaler(
        env.resources,
        base.clock.wall,
        _new_id,
        functools.partial(provisioning.spread, env),
        functools.partial(provisioning.provision, env),
        under_way,
        report,
    )


def _scaling(settings: Settings, env: LambdaEnv, scaler: Autoscaler) -> dict[str, Here]:
    """Application Auto Scaling, unless another endpoint answers it."""
    if "application-autoscaling" in settings.endpoints:
        return {}
    ports = AutoscalingEnv(
        env.resources,
        env.clock,
        env.new_id,
        functools.partial(provisioning.capacity, env),
        functools.partial(provisioning.provision, env),
        scaler.activities,
    )
    return {"application-autoscaling": Here(AUTOSCALING_OPERATIONS, ports, takes=is_lambda)}


def _metrics(sampler: Sampler, metrics: Metrics) -> dict[str, Any]:
    """The page of metrics, up to now."""
    sampler.read()
    return metrics.document()


async def _recycle(those: Sequence[Pools], scope: Scope | None = None, name: str = "") -> int:
    """End environments everywhere; answers how many."""
    return sum([await pools.recycle_now(scope, name) for pools in those])


async def _prepare(
    snapshots: Snapshots,
    host: SandboxHost,
    images: Images,
    files: FileSystems,
    report: Callable[[Finding], None],
    outbound: Callable[[str], None],
    function: FunctionVersion,
) -> None:
    """Before a function turns Active: what its runtime needs is installed, its zygote or snapshot stands ready."""
    outbound(function.arn)
    await _prepare_files(files, report, function)
    try:
        place = await snapshots.place(function)
    except SnapshotFailed as failed:
        # Wording of our own; the code is the service model's.
        raise Unready("FunctionError.RuntimeInitError", f"The initialization failed with {failed.kind}.") from failed
    await host.warm(place.zygote)
    if function.layers and host.level is Level.PROCESS:
        text = "at this level of isolation its layers are on the runtime's paths but not at /opt"
        report(Finding("layers-elsewhere", function.arn, text, "code that names /opt needs isolation namespace"))
    if function.image is not None:
        notes = (await images.unpacked(function.image.uri, function.image.digest)).notes
        for what, count in notes.items():
            report(Finding(f"image-{what.replace(' ', '-')}", function.arn, f"of its image: {what} ({count} times)"))


async def _prepare_files(files: FileSystems, report: Callable[[Finding], None], function: FunctionVersion) -> None:
    """The folders of its file systems are there; a finding tells which it can't write to."""
    try:
        folders = await files.folders(function)
    except FileSystemMissing as missing:
        # Wording of our own; the code is the service model's.
        raise Unready("EFSMountFailure", f"The file system can't be mounted: {missing}.") from missing
    for path, folder in folders.items():
        if not is_writable(folder):
            hint = f"On this machine: chown {UID}:{GID} {folder}" if os.geteuid() == 0 else ""
            text = f"it can't write to its file system at {path}: {folder} belongs to someone else"
            report(Finding("file-system-not-writable", function.arn, text, hint))


def _tell_of_network(host: SandboxHost, setting: str, report: Callable[[Finding], None], arn: str) -> None:
    """A function that can't reach the internet although nobody said that it shall not."""
    if host.outbound_problem and setting != "none":
        hint = "run the server as root on a Linux that has nf_tables, or set network to none to be told no more"
        report(Finding("no-outbound-network", arn, f"it can't reach the internet: {host.outbound_problem}", hint))


def _runtime_check(places: Places) -> Callable[[str], None]:
    """Refuses a runtime that AWS, or this machine, does not have."""

    def check(runtime: str) -> None:
        text = table.refusal(runtime, datetime.fromtimestamp(REAL.wall(), UTC).date())
        if text:
            raise faults.invalid(text)
        try:
            places.check(runtime)
        except (table.RuntimeUnsupported, interpreters.InterpreterMissing) as error:
            raise faults.invalid(str(error)) from error

    return check


async def _resolve_image(images: Images, level: Level, _caller: Caller, uri: str) -> str:
    """The digest of an image. Raises Fault."""
    if level is not Level.NAMESPACE:
        raise faults.unsupported(f"A container image at level of isolation {level.value} (Code.ImageUri)")
    try:
        return await images.resolve(uri)
    except ImageMissing as error:
        # AWS's text as publicly reported by its callers, with the reason.
        text = f"Source image {uri} does not exist. Provide a valid source image. ({error})"
        raise faults.invalid(text) from error
    except ImageError as error:
        raise faults.invalid(f"Source image {uri} is not valid. Provide a valid source image. ({error})") from error


def _docker_config() -> Path:
    """Where `docker login` keeps the user's logins."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


async def _fetch_s3(neighbour: Neighbour, caller: Caller, bucket: str, key: str, version: str | None) -> bytes:
    """A deployment package from its bucket, wherever S3 is answered."""
    query = f"versionId={quote(version, safe='')}" if version else ""
    headers = {"host": "127.0.0.1", "authorization": signed_as(caller.scope, "s3")}
    request = Request("GET", f"/{bucket}/{quote(key)}", query, headers)
    response = await neighbour.forward(request, caller, "s3")
    assert isinstance(response.body, bytes)
    if response.status == 200:
        return response.body
    code, message = _s3_error(response.body)
    raise faults.s3_refused(code, message)


async def _ask(
    doors: "Doors", caller: Caller, service_name: str, target: str, document: Mapping[str, Any]
) -> tuple[int, dict[str, Any]]:
    """What a service says to a request in its JSON protocol, wherever that is answered."""
    headers = {
        "host": "127.0.0.1",
        "authorization": signed_as(caller.scope, service.load(service_name).signing_name),
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
    }
    request = Request("POST", "/", "", headers, orjson.dumps(dict(document)))
    response = await doors.gateway(request)
    assert isinstance(response.body, bytes)
    try:
        answer = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        answer = {}
    return response.status, answer if isinstance(answer, dict) else {}


def _site_url(port: int, name: str) -> str:
    """The URL of what is reached by a host name of its own, which leads to this machine (RFC 6761, section 6.3)."""
    return f"http://{name}.localhost:{port}/"


def _s3_error(body: bytes) -> tuple[str, str]:
    text = body.decode("utf-8", "replace")
    code = re.search(r"<Code>(.*?)</Code>", text)
    message = re.search(r"<Message>(.*?)</Message>", text)
    return (code[1] if code else "InternalError"), (message[1] if message else "S3 did not answer.")


def _active(env: LambdaEnv, scope: Scope, name: str, qualifier: str | None) -> tuple[FunctionVersion, str] | None:
    """The version to invoke at once and the ARN asked for, None when there is none or it is not active."""
    target = running_at_once(env, FunctionRef(scope, name, qualifier))
    return None if target is None else (target.function, target.arn)


def _retire(
    pools: Pools,
    provisioned: Provisioned,
    snapshots: Snapshots,
    background: Background,
    scope: Scope,
    name: str,
    version: str | None = None,
) -> None:
    """A version has changed or is gone, or with None a whole function: no environment of it takes an invocation."""
    pools.retire(scope, name, version)
    provisioned.retire(scope, name, version)
    if version != LATEST:
        background.spawn(snapshots.forget(scope, name, version))


def _set_live(store: Store, live: LiveFolders, pools: Pools, scope: Scope, name: str, folder: Path | None) -> bool:
    """Run a function from a folder, or from its package again; False when there is no such function."""
    record = store.functions.current(scope, name)
    if record is None:
        return False
    if folder is None:
        live.drop(record.running)
    else:
        live.put(record.running, folder)
    pools.retire(scope, name)
    return True


def _account_of(credentials: Credentialed, access_key: str) -> str:
    return credentials.account_of(access_key) or account_of(access_key)


def _short_failure(request_id: str, error: Exception) -> Response:
    """The answer to an invocation that found no environment."""
    match error:
        case Throttled() | RestoreFailed():
            fault = faults.not_run(error)
        case _:
            fault = ours(request_id, error)
    return serialize.fault(service.load("lambda"), "Invoke", fault, request_id)


def _twice(settings: Settings) -> Callable[[], bool]:
    """Whether the next asynchronous event is delivered two times."""
    chance = random.Random(settings.seed)  # noqa: S311
    return lambda: chance.random() < settings.duplicate_rate


def _put(
    queue: AsyncQueue, function: FunctionVersion, invocation: Invocation, done: Callable[[Exception | None], None]
) -> None:
    """Take an asynchronous event from the short road."""
    qualifier = invocation.function_arn.removeprefix(function.arn)[1:]
    request_id, payload, trace_id = invocation.request_id, invocation.payload, invocation.trace_id
    queue.put(NewEvent(function.scope, function.name, qualifier, request_id, payload, trace_id), done)


async def _accept(queue: AsyncQueue, *event: Any) -> None:
    """Take an asynchronous event."""
    await queue.accept(NewEvent(*event))


async def _housekeeping(store: Store) -> None:
    """What is done once, beside the first requests."""
    await sweep(store)


def _health(
    settings: Settings,
    base: Base,
    abilities: probe.Abilities,
    found: dict[str, interpreters.Interpreter],
    pools: Sequence[Pools],
) -> dict[str, Any]:
    now = dataclasses.replace(abilities, outbound_problem=base.host.outbound_problem)
    return {
        "version": __version__,
        "endpoint": base.url,
        "data_dir": str(settings.data_dir),
        "profile": settings.profile,
        "isolation": {"level": base.host.level.value, "promises": now.promises(base.host.level)},
        "interpreters": {version: one.full_version for version, one in found.items()},
        "runtime_map": dict(settings.runtime_map),
        "neighbour": base.neighbour.status(),
        "environments": sum(len(some.environments()) for some in pools),
    }


def _cache_dir() -> Path:
    """Where runtime clients are kept, for all data folders of the user (XDG Base Directory)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lambent"


def _new_id() -> str:
    return str(uuid.uuid4())
