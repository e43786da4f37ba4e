"""What runs functions: environments, pools, the invoker, in the order in which they need one another."""

import functools
import os
import random
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from lambent.dispatch.invoker import Invoker
from lambent.dispatch.keep_alive import freeze_grace, keep_alive
from lambent.dispatch.pools import Pools
from lambent.dispatch.provisioned import INITIALIZATION, Provisioned
from lambent.engine.concurrency import Concurrency
from lambent.engine.scaling import Scaling
from lambent.environments.clock_dial import Dial
from lambent.environments.contents import Contents
from lambent.environments.debugging import Debugging
from lambent.environments.environment import Environment, Home
from lambent.environments.file_systems import FileSystems
from lambent.environments.function_time import FunctionTime
from lambent.environments.launch import Endpoint, Launcher
from lambent.environments.live_folders import LiveFolders
from lambent.environments.role_credentials import Credentialed
from lambent.environments.runtime_places import Places
from lambent.environments.snapshots import Snapshots
from lambent.environments.trial_settings import TrialSettings
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.limits import PROFILES, Limits
from lambent.observe.findings import Ledger
from lambent.observe.metrics import Metrics
from lambent.observe.tracing import Tracing
from lambent.runtimes import programs, snapstart
from lambent.runtimes.interpreters import Interpreter
from lambent.sandbox.spec import Level, Programs
from lambent.server import parameters, xray_proxy
from lambent.server.base import REAL, Base, Doors, new_id, tells_time
from lambent.server.environments import (
    count_streamed,
    debugged_environment,
    environment_maker,
    journals,
    require_room,
)
from lambent.server.metrics import measuring
from lambent.server.tls import Inside
from lambent.server.traces import daemons, tracing_of
from lambent.settings import Settings, cache_dir
from lambent.store.access_keys import AccessKeys
from lambent.store.open import Store


@dataclass(frozen=True, slots=True)
class Running:
    """The parts that the operations and the pages are given."""

    places: Places
    keys: AccessKeys
    credentials: Credentialed
    limits: Limits
    doors: Doors
    endpoint: Endpoint
    live: LiveFolders
    files: FileSystems
    findings: Ledger
    snapshots: Snapshots
    debugging: Debugging
    concurrency: Concurrency
    metrics: Metrics
    tracing: Tracing
    pools: Pools
    provisioned: Provisioned
    invoker: Invoker
    trials: TrialSettings


async def open_running(
    stack: AsyncExitStack,
    settings: Settings,
    store: Store,
    base: Base,
    found: Callable[[], Mapping[str, Interpreter]],
) -> Running:
    """`found` answers this machine's interpreters."""
    findings = Ledger()
    report = findings.report
    told = _told(stack, settings, base, report)
    cache = cache_dir(os.environ)
    inside = Inside(settings.data_dir / "tls", settings.host_names)
    places = Places(
        cache, settings.runtime_map, found, base.host.level, store.images, told, _programs(settings), inside.pem
    )
    keys = AccessKeys(store.resources, new_id, base.clock.wall)
    credentials = Credentialed(keys.held, base.clock.wall)
    limits = PROFILES[settings.profile].with_concurrency(settings.concurrency)
    doors = Doors()
    port, tls = base.door.getsockname()[1], inside.context()
    serve_parameters = functools.partial(parameters.serve, doors)
    daemon = functools.partial(daemons, base, report)
    sampling = functools.partial(xray_proxy.serve, doors)
    endpoint = Endpoint(port, base.url, doors.serve, doors.forget, serve_parameters, tls, daemon, sampling)
    live = LiveFolders()
    files = FileSystems(settings.file_systems, settings.data_dir / "efs")
    contents = Contents(store.blobs, store.layers, store.images, live, files)
    begin = journals(base, report, snapstart.INITIALIZATION)
    snapshots = Snapshots(base.host, places.place, contents, endpoint, credentials, begin, report)
    stack.push_async_callback(snapshots.close)
    trials = _trials(stack, settings, base, report)
    launcher = Launcher(base.host, endpoint, credentials, trials.around(snapshots.place), contents, trials.spec)
    make_debugged = functools.partial(debugged_environment, base, report)
    debugging = Debugging(base.host, endpoint, credentials, contents, places.debugged, make_debugged)
    stack.push_async_callback(debugging.close)
    metrics, tracing = measuring(base), tracing_of(settings, base, report)
    grace = freeze_grace(settings.freeze_after_ms)
    pools = _open_pools(settings, base, limits, environment_maker(launcher, base, report, metrics, tracing, grace))
    stack.push_async_callback(pools.close)
    concurrency = Concurrency(limits.concurrency, limits.requests_per_place)
    make_ahead = environment_maker(launcher, base, report, metrics, tracing, grace, INITIALIZATION)
    provisioned = Provisioned(make_ahead, REAL.monotonic, Scaling(limits), concurrency.allocate)
    stack.push_async_callback(provisioned.close)
    streamed = functools.partial(count_streamed, metrics)
    invoker = Invoker(pools, concurrency, provisioned, REAL.monotonic, tracing, streamed)
    return Running(
        places, keys, credentials, limits, doors, endpoint, live, files, findings,
        snapshots, debugging, concurrency, metrics, tracing, pools, provisioned, invoker, trials,
    )  # fmt: skip


def _programs(settings: Settings) -> Programs:
    """Those of this machine that functions find; with none, all are found."""
    return programs.AS_ON_AWS if settings.host_programs == "hidden" else ()


def _told(
    stack: AsyncExitStack, settings: Settings, base: Base, report: Callable[[Finding], None]
) -> FunctionTime | None:
    """What tells functions the platform's time, where it is asked for and another than the machine's."""
    if not tells_time(settings):
        return None
    dial = Dial(settings.data_dir / "dial", base.clock)
    stack.callback(dial.close)
    return _function_time(base, report, dial.path)


def _function_time(base: Base, report: Callable[[Finding], None], dial: Path) -> FunctionTime:
    return FunctionTime(dial, cache_dir(os.environ), base.host.level, report)


def _trials(stack: AsyncExitStack, settings: Settings, base: Base, report: Callable[[Finding], None]) -> TrialSettings:
    """What trials have otherwise."""
    time = functools.partial(_function_time, base, report)
    sized = base.host.level is Level.NAMESPACE
    made = TrialSettings(settings.data_dir / "trial-dial", time, tells_time(settings), sized)
    stack.callback(made.close)
    return made


def _open_pools(
    settings: Settings, base: Base, limits: Limits, make: Callable[[FunctionVersion, Home], Environment]
) -> Pools:
    keep = keep_alive(settings.idle_seconds, random.Random(settings.seed))  # noqa: S311
    room = functools.partial(require_room, Scaling(limits))
    return Pools(make, base.clock.monotonic, keep, base.clock.call_at, room)
