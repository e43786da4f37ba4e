"""What Prometheus is told of this server."""

import functools
import os
import time
from contextlib import AsyncExitStack

from lambent import __version__
from lambent.environments.environment import Environment
from lambent.gateway import scraping
from lambent.gateway.chain import Page
from lambent.observe.prometheus import CONTENT_TYPE, COUNTER, GAUGE, Family, counted, of_lambda, single, written
from lambent.observe.series import SeriesStore
from lambent.server.base import Base
from lambent.server.remote_write import open_remote_write
from lambent.server.running import Running
from lambent.settings import Settings

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
STARTED = time.time()


def families(series: SeriesStore, running: Running) -> list[Family]:
    """All of it, now."""
    environments = [one for pools in (running.pools, running.provisioned.pools) for one in pools.environments()]
    codes = ((("code", one.code),) for one in running.findings.all())
    return [
        *of_lambda(running.metrics.document()["metrics"]),
        counted("lambent_environments", "Execution environments, by phase", map(_labels, environments)),
        counted("lambent_findings", "Findings, by code", codes),
        single("lambent_metric_series", GAUGE, "Series that CloudWatch keeps here", series.count),
        single("lambent_metric_values_dropped_total", COUNTER, "Values for want of room", series.left_out),
        single("lambent_build_info", GAUGE, "The server's version", 1, version=__version__),
        *_process(),
    ]


def open_prometheus(stack: AsyncExitStack, settings: Settings, base: Base, running: Running) -> Page:
    """What Prometheus asks for; it is sent as well where the user names a place. Raises StartError."""
    figures = functools.partial(families, base.series, running)
    open_remote_write(stack, settings, base, running.findings.report, figures)
    return scraping.page(lambda: written(figures()), CONTENT_TYPE)


def _labels(environment: Environment) -> tuple[tuple[str, str], ...]:
    function, phase = environment.function, environment.phase
    scope = function.scope
    return (
        ("account", scope.account),
        ("region", scope.region),
        ("function", function.name),
        ("phase", phase.name.lower()),
    )


def _process() -> list[Family]:
    """As all of Prometheus' clients name them: https://prometheus.io/docs/instrumenting/writing_clientlibs/"""
    times = os.times()
    found = [
        single("process_cpu_seconds_total", COUNTER, "Processor time of the server", times.user + times.system),
        single("process_start_time_seconds", GAUGE, "Since 1970", STARTED),
    ]
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            resident = int(file.read().split()[1]) * PAGE_BYTES
        descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    except OSError:
        return found
    found.append(single("process_resident_memory_bytes", GAUGE, "Memory of the server", resident))
    return [*found, single("process_open_fds", GAUGE, "Open files of the server", descriptors)]
