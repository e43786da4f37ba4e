"""What runs functions: environments, pools, the invoker, in the order in which they need one another."""

import functools
import os
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from lambent.dispatch.contents import Contents
from lambent.dispatch.credentials import Credentialed
from lambent.dispatch.debugging import Debugging
from lambent.dispatch.dial import Dial
from lambent.dispatch.environment import Environment
from lambent.dispatch.file_systems import FileSystems
from lambent.dispatch.function_time import FunctionTime
from lambent.dispatch.invoker import Invoker
from lambent.dispatch.keeping import freeze_grace, keep_alive
from lambent.dispatch.launch import Endpoint, Launcher
from lambent.dispatch.live import LiveFolders
from lambent.dispatch.places import Places
from lambent.dispatch.pools import Pools
from lambent.dispatch.provisioned import INITIALIZATION, Provisioned
from lambent.dispatch.snapshots import Snapshots
from lambent.engine.concurrency import Concurrency
from lambent.engine.scaling import Scaling
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.limits import PROFILES, Limits
from lambent.observe.findings import Ledger
from lambent.observe.metrics import Metrics
from lambent.runtimes import interpreters, snapstart
from lambent.server.base import REAL, Base, Doors, tells_time
from lambent.server.environments import debugged_environment, environment_maker, journals, require_room
from lambent.settings import Settings
from lambent.store.open import Store


@dataclass(frozen=True, slots=True)
class Running:
    """The parts that the operations and the pages are given."""

    places: Places
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
    pools: Pools
    provisioned: Provisioned
    invoker: Invoker


async def open_running(
    stack: AsyncExitStack,
    settings: Settings,
    store: Store,
    base: Base,
    found: Callable[[], dict[str, interpreters.Interpreter]],
) -> Running:
    """`found` answers this machine's interpreters."""
    findings = Ledger()
    report = findings.report
    told = _told(stack, settings, base, report)
    places = Places(_cache_dir(), settings.runtime_map, found, base.host.level, store.images, told)
    credentials = Credentialed()
    limits = PROFILES[settings.profile].with_concurrency(settings.concurrency)
    doors = Doors()
    endpoint = Endpoint(base.door.getsockname()[1], base.url, doors.serve, doors.forget)
    live = LiveFolders()
    files = FileSystems(settings.file_systems, settings.data_dir / "efs")
    contents = Contents(store.blobs, store.layers, store.images, live, files)
    begin = journals(base, report, snapstart.INITIALIZATION)
    snapshots = Snapshots(base.host, places.place, contents, endpoint, credentials, begin, report)
    stack.push_async_callback(snapshots.close)
    launcher = Launcher(base.host, endpoint, credentials, snapshots.place, contents)
    make_debugged = functools.partial(debugged_environment, base, report)
    debugging = Debugging(base.host, endpoint, credentials, contents, places.debugged, make_debugged)
    stack.push_async_callback(debugging.close)
    metrics = Metrics(base.clock.wall)
    grace = freeze_grace(settings.freeze_after_ms)
    pools = _open_pools(settings, base, limits, environment_maker(launcher, base, report, metrics, grace))
    stack.push_async_callback(pools.close)
    concurrency = Concurrency(limits.concurrency, limits.requests_per_place)
    make_ahead = environment_maker(launcher, base, report, metrics, grace, INITIALIZATION)
    provisioned = Provisioned(make_ahead, REAL.monotonic, Scaling(limits), concurrency.allocate)
    stack.push_async_callback(provisioned.close)
    invoker = Invoker(pools, concurrency, provisioned, REAL.monotonic)
    return Running(
        places, credentials, limits, doors, endpoint, live, files, findings,
        snapshots, debugging, concurrency, metrics, pools, provisioned, invoker,
    )  # fmt: skip


def _told(
    stack: AsyncExitStack, settings: Settings, base: Base, report: Callable[[Finding], None]
) -> FunctionTime | None:
    """What tells functions the platform's time, where it is asked for and another than the machine's."""
    if not tells_time(settings):
        return None
    dial = Dial(settings.data_dir / "dial", base.clock)
    stack.callback(dial.close)
    return FunctionTime(dial.path, _cache_dir(), base.host.level, report)


def _open_pools(
    settings: Settings, base: Base, limits: Limits, make: Callable[[FunctionVersion, Pools], Environment]
) -> Pools:
    keep = keep_alive(settings.idle_seconds, random.Random(settings.seed))  # noqa: S311
    room = functools.partial(require_room, Scaling(limits))
    return Pools(make, base.clock.monotonic, keep, base.clock.call_at, room)


def _cache_dir() -> Path:
    """Where runtime clients are kept, for all data folders of the user (XDG Base Directory)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lambent"
