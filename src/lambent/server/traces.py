"""Traces: what records, what keeps, what answers X-Ray's API."""

import asyncio
import functools
import logging
import random
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import orjson

from lambent.clock import Clock
from lambent.engine.traces import otlp
from lambent.engine.traces.otlp import Malformed
from lambent.engine.traces.quota import Quotas
from lambent.engine.traces.sampling import Sampler
from lambent.environments.xray_daemon import Takers, XRayDaemon
from lambent.gateway.exchange import Here
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.metric import Metric
from lambent.model.scope import Scope
from lambent.model.trace import Segment
from lambent.observe import otlp as protobufs
from lambent.observe.errors import NotKept
from lambent.observe.lambda_metrics import OWN_NAMESPACE
from lambent.observe.traces import TraceStore
from lambent.observe.tracing import CLOSE_SECONDS, Tracing
from lambent.server.base import REAL, Base, new_id
from lambent.server.here import here
from lambent.server.metrics import Every
from lambent.server.otlp import Exporter
from lambent.services.xray.env import XRayEnv
from lambent.services.xray.service import SERVICE
from lambent.settings import Settings
from lambent.store.open import Store

log = logging.getLogger(__name__)

SWEEP_SECONDS = 3600.0
HALF = "It sends segments to X-Ray, and its TracingConfig is not Active: what they are part of is not recorded."
ACTIVE = "TracingConfig Active (SAM: Tracing: Active)"


def tracing_of(settings: Settings, base: Base, report: Callable[[Finding], None]) -> Tracing:
    """What records functions that trace."""
    base.traces.report = report
    sampler = Sampler(sampled_seconds(base.clock), random.Random(settings.seed).random)  # noqa: S311
    return Tracing(sampler, base.clock.wall, REAL.wall, base.traces.make)


def sampled_seconds(clock: Clock) -> Callable[[], float]:
    """What tells the seconds whose first request is recorded: while a clock stands still, the machine's go on."""
    if clock.kind == "manual":
        return lambda: REAL.wall() + clock.monotonic()
    return clock.wall


def daemons(
    base: Base, report: Callable[[Finding], None], sock: socket.socket, function: FunctionVersion
) -> XRayDaemon:
    """What an environment of a function finds as X-Ray's daemon. Whose segments they are its socket says."""

    half = [not function.traced]

    def keep(take: Callable[[], None]) -> None:
        if half.pop() if half else False:
            report(Finding("traced-by-half", function.arn, HALF, ACTIVE))
        base.trace_rights.ask(function, take)

    def segment(document: bytes) -> None:
        ahead = _ahead(base)
        keep(lambda: base.traces.add(Segment(function.scope, document, ahead)))

    def tell(problem: str) -> None:
        hint = "see https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html"
        report(Finding("xray-datagram", function.arn, f"What the function sends to X-Ray's daemon: {problem}.", hint))

    def spans(protobuf: bytes) -> None:
        ahead = _ahead(base)
        keep(lambda: base.traces.make(functools.partial(_segments_of, function, protobuf, ahead)))

    return XRayDaemon(sock, Takers(segment, spans, tell))


def _ahead(base: Base) -> float:
    """Seconds that the platform's clock is ahead of the machine's."""
    ahead = base.clock.wall() - REAL.wall()
    return ahead if abs(ahead) >= CLOSE_SECONDS else 0.0


def _segments_of(function: FunctionVersion, protobuf: bytes, ahead: float) -> list[Segment]:
    """In the store's thread: what AWS's distribution of OpenTelemetry sends in the place of segments."""
    try:
        documents = list(otlp.documents_of(protobufs.read(protobuf)))
    except Malformed as error:
        log.debug("spans of %s are dropped: %s", function.arn, error)
        return []
    return [Segment(function.scope, orjson.dumps(one), ahead) for one in documents]


def open_xray(
    stack: AsyncExitStack, settings: Settings, store: Store, base: Base, report: Callable[[Finding], None]
) -> dict[str, Here]:
    """X-Ray, unless another endpoint answers it."""
    stack.callback(Every(base.clock, SWEEP_SECONDS, functools.partial(_sweep, base)).close)
    base.traces.began = functools.partial(_count, base, asyncio.get_running_loop())
    if settings.otlp_traces:
        stack.callback(Exporter(base, settings.otlp_traces, report).close)
    if "xray" in settings.endpoints:
        return {}
    return here(SERVICE, XRayEnv(base.traces, store.resources, base.clock.wall, new_id, Quotas(base.clock.wall)))


def _count(base: Base, loop: asyncio.AbstractEventLoop, traces: Counter[Scope]) -> None:
    """How many traces were recorded, for what they cost."""
    for scope, many in traces.items():
        metric = Metric(scope, OWN_NAMESPACE, "TracesRecorded")
        loop.call_soon_threadsafe(base.measure, metric, "Count", float(many))


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
