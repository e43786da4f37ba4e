"""Traces: what records, what keeps, what answers X-Ray's API."""

import functools
import random
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

from lambent.engine.traces.sampling import Sampler
from lambent.environments.xray_daemon import Takers, XRayDaemon
from lambent.gateway.exchange import Here
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.trace import Segment
from lambent.observe.traces import NotKept, TraceStore
from lambent.observe.tracing import Tracing
from lambent.server.base import REAL, Base
from lambent.server.here import here
from lambent.server.metrics import Every
from lambent.services.xray.env import XRayEnv
from lambent.services.xray.service import SERVICE
from lambent.settings import Settings
from lambent.store.open import Store

SWEEP_SECONDS = 3600.0


def tracing_of(settings: Settings, base: Base, report: Callable[[Finding], None]) -> Tracing:
    """What records functions that trace."""
    base.traces.report = report
    sampler = Sampler(base.clock.wall, random.Random(settings.seed).random)  # noqa: S311
    return Tracing(sampler, base.clock.wall, REAL.wall, base.traces.make)


def daemons(
    base: Base, report: Callable[[Finding], None], sock: socket.socket, function: FunctionVersion
) -> XRayDaemon:
    """What an environment of a function finds as X-Ray's daemon. Whose segments they are its socket says."""

    def segment(document: bytes) -> None:
        base.traces.add(Segment(function.scope, document))

    def tell(problem: str) -> None:
        hint = "see https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html"
        report(Finding("xray-datagram", function.arn, f"What the function sends to X-Ray's daemon: {problem}.", hint))

    def spans(_protobuf: bytes) -> None:
        tell("spans of OpenTelemetry are not read there yet")

    return XRayDaemon(sock, Takers(segment, spans, tell))


def open_xray(stack: AsyncExitStack, settings: Settings, store: Store, base: Base) -> dict[str, Here]:
    """X-Ray, unless another endpoint answers it."""
    stack.callback(Every(base.clock, SWEEP_SECONDS, functools.partial(_sweep, base)).close)
    if "xray" in settings.endpoints:
        return {}
    return here(SERVICE, XRayEnv(base.traces, store.resources, base.clock.wall))


def _sweep(base: Base) -> None:
    base.clock.began()
    base.background.spawn(_swept(base, base.traces))


async def _swept(base: Base, traces: TraceStore) -> None:
    """What is too old goes. A disk that takes nothing is told of where something is written."""
    try:
        await traces.sweep()
    except NotKept:
        return
    finally:
        base.clock.ended()
