"""How environments are made, each with its journal."""

import functools
import uuid
from collections.abc import Callable
from dataclasses import replace

from lambent.engine.scaling import Scaling
from lambent.environments.environment import Environment, Home
from lambent.environments.launch import Launcher
from lambent.environments.performance import Append
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.own_layers import INSIGHTS
from lambent.model.scope import Scope
from lambent.observe.journal import Journal
from lambent.observe.lambda_insights import GROUP
from lambent.observe.lambda_metrics import FREE_STREAM, SAID, STREAMED
from lambent.observe.metrics import Metrics
from lambent.observe.tracing import Tracing
from lambent.server.base import REAL, Base


def journals(
    base: Base, notify: Callable[[Finding], None], how: str = "on-demand"
) -> Callable[[FunctionVersion], Journal]:
    """How a journal is begun, for environments that are initialised as `how` says."""

    def stream(function: FunctionVersion, name: str) -> Callable[[int, str], None]:
        append = functools.partial(base.logs.append, base.logs.stream(function.scope, function.log_group, name))
        return base.log_rights.held(function, append)

    def begin(function: FunctionVersion) -> Journal:
        return Journal(function, uuid.uuid4().hex, base.clock.wall, stream, base.logs.behind, notify, how)

    return begin


def insights(base: Base, function: FunctionVersion, stream: str) -> Append | None:
    """What takes the lines of Lambda Insights, with the rights of the function's role; None where it is off."""
    if INSIGHTS.digest not in function.layers:
        return None
    append = functools.partial(base.logs.append, base.logs.stream(function.scope, GROUP, f"{function.name}/{stream}"))
    return base.log_rights.held(replace(function, log_group=GROUP), append)


def environment_maker(
    launcher: Launcher,
    base: Base,
    notify: Callable[[Finding], None],
    metrics: Metrics,
    tracing: Tracing,
    freeze_grace: float,
    how: str = "on-demand",
) -> Callable[[FunctionVersion, Home], Environment]:
    """How pools make an environment. `freeze_grace` is in seconds."""
    begin, spawn = journals(base, notify, how), base.background.spawn

    def create(function: FunctionVersion, home: Home) -> Environment:
        journal = begin(function)
        count = functools.partial(_count, metrics, function)
        told = metrics.ran, freeze_grace, tracing.ended, insights(base, function, journal.stream), count
        return Environment(function, home, launcher, journal, REAL, spawn, how, *told)

    return create


def _count(metrics: Metrics, function: FunctionVersion, what: str, much: float) -> None:
    metrics.add(what, function.scope, function.name, much)


def count_streamed(metrics: Metrics, function: FunctionVersion, size: int) -> None:
    """What is billed of a response of so many bytes that was streamed."""
    if size > FREE_STREAM:
        metrics.add(STREAMED, function.scope, function.name, size - FREE_STREAM)


def count_said(metrics: Metrics, function: str, service: str, size: int) -> None:
    """What the function with that ARN said to a service and heard from it, in bytes."""
    _, _, _, region, account, _, name, *_ = function.split(":")
    metrics.add(SAID, Scope(account, region), name, size, service)


def debugged_environment(
    base: Base, notify: Callable[[Finding], None], function: FunctionVersion, home: Home, launcher: Launcher, how: str
) -> Environment:
    """An environment for one invocation under a debugger."""
    return Environment(function, home, launcher, journals(base, notify)(function), REAL, base.background.spawn, how)


def require_room(scaling: Scaling, function: FunctionVersion) -> None:
    """Raise Throttled when no further environment of a function may be started now."""
    scaling.require(function.scope, function.name, REAL.monotonic())
