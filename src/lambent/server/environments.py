"""How environments are made, each with its journal."""

import functools
import uuid
from collections.abc import Callable

from lambent.dispatch.environment import Environment, Home
from lambent.dispatch.launch import Launcher
from lambent.dispatch.pools import Pools
from lambent.engine.scaling import Scaling
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.observe.journal import Journal
from lambent.observe.logstore import LogStore
from lambent.observe.metrics import Metrics
from lambent.runtimes import snapstart
from lambent.server.base import REAL, Base


def _streams(logs: LogStore) -> Callable[[FunctionVersion, str], Callable[[int, str], None]]:
    """How a journal begins its log stream."""

    def stream(function: FunctionVersion, name: str) -> Callable[[int, str], None]:
        return functools.partial(logs.append, logs.stream(function.scope, function.log_group, name))

    return stream


def snapshot_journal(base: Base, notify: Callable[[Finding], None]) -> Callable[[FunctionVersion], Journal]:
    """How a snapshot's initialisation is written about."""
    stream = _streams(base.logs)

    def begin(function: FunctionVersion) -> Journal:
        unique = uuid.uuid4().hex
        return Journal(function, unique, base.clock.wall, stream, base.logs.behind, notify, snapstart.INITIALIZATION)

    return begin


def environment_maker(
    launcher: Launcher, base: Base, notify: Callable[[Finding], None], metrics: Metrics, how: str = "on-demand"
) -> Callable[[FunctionVersion, Pools], Environment]:
    """How pools make an environment."""
    stream = _streams(base.logs)

    def create(function: FunctionVersion, home: Pools) -> Environment:
        journal = Journal(function, uuid.uuid4().hex, base.clock.wall, stream, base.logs.behind, notify, how)
        return Environment(function, home, launcher, journal, REAL, base.background.spawn, how, metrics.ran)

    return create


def debugged_environment(
    base: Base, notify: Callable[[Finding], None], function: FunctionVersion, home: Home, launcher: Launcher, how: str
) -> Environment:
    """An environment for one invocation under a debugger."""
    journal = Journal(function, uuid.uuid4().hex, base.clock.wall, _streams(base.logs), base.logs.behind, notify)
    return Environment(function, home, launcher, journal, REAL, base.background.spawn, how)


def require_room(scaling: Scaling, function: FunctionVersion) -> None:
    """Raise Throttled when no further environment of a function may be started now."""
    scaling.require(function.scope, function.name, REAL.monotonic())
