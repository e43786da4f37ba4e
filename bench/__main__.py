"""`python -m bench`: measure, and print one table."""

import argparse
import asyncio
import os
import platform
import signal
import sys
from collections.abc import Awaitable, Callable

import uvloop
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from bench import (
    async_events,
    big,
    cold,
    control,
    environments,
    freezing,
    function_url,
    kinesis,
    notices,
    recorded,
    rest_api,
    s3,
    scale,
    schedules,
    sns,
    sockets,
    sources,
    sqs,
    stacks,
    starts,
    streaming,
    warm,
    watching,
)
from bench.client import BenchError, Endpoint, call
from bench.figures import Figure, table
from bench.lab import FULL, QUICK, SHORT, Lab
from examples.demo.errors import DemoError
from examples.demo.server import Server

MEASUREMENTS: dict[str, Callable[[Lab], Awaitable[list[Figure]]]] = {
    "warm": warm.measure,
    "watching": watching.measure,
    "recorded": recorded.measure,
    "url": function_url.measure,
    "stream": streaming.measure,
    "rest": rest_api.measure,
    "http": rest_api.measure_http,
    "sockets": sockets.measure,
    "big": big.measure,
    "freezing": freezing.measure,
    "cold": cold.measure,
    "starts": starts.measure,
    "environments": environments.measure,
    "control": control.measure,
    "scale": scale.measure,
    "stacks": stacks.measure,
    "events": async_events.measure,
    "s3": s3.measure,
    "notices": notices.measure,
    "schedules": schedules.measure,
    "sns": sns.measure,
    "sqs": sqs.measure,
    "kinesis": kinesis.measure,
    "sources": sources.measure,
}
SMOKE = ("warm", "url", "http", "cold")
"""What the short form runs: whether the bench itself works, in less than a minute."""
WIDTH = 120
"""Columns when the table does not go to a terminal."""


async def _measure(lab: Lab, names: list[str]) -> tuple[list[Figure], str]:
    """All figures, and Lambent's isolation level."""
    health = (await call(lab.lambent, lab.lambent.request("GET", "/_lambent/health"))).json()
    figures: list[Figure] = []
    for name in names:
        figures += await MEASUREMENTS[name](lab)
    isolation = health.get("isolation")
    return figures, str(isolation["level"] if isinstance(isolation, dict) else isolation)


def run(asked: argparse.Namespace, console: Console) -> None:
    """Raises BenchError or DemoError when a figure can't be had."""
    names = asked.only or list(SMOKE if asked.short else MEASUREMENTS)
    effort = SHORT if asked.short else QUICK if asked.quick else FULL
    peer = Endpoint.of(asked.peer) if asked.peer else None
    with Status("start Lambent", console=console) as status, Server() as server:
        say = status.update if console.is_terminal else console.print
        lab = Lab(Endpoint.of(server.url), server.pid, effort, say, peer)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures, isolation = runner.run(_measure(lab, names))
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
    console.print(table(figures, f"Isolation {escape(isolation)}; {machine}", peer is not None))
    console.print(
        "References, same run: a bare relay before plain awslambdaric processes; moto's server (control plane)."
    )


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--short", action="store_true", help="whether the bench runs at all: four measurements, once")
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="this one (may be repeated)")
    parser.add_argument("--peer", metavar="URL", help="measure another endpoint, too")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    failed = False
    try:
        run(asked, console)
    except* (BenchError, DemoError, TimeoutError) as errors:
        console.print(f"[red]✗ {escape(str(_first(errors)))}")
        failed = True
    return 1 if failed else 0


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if str(error) else TimeoutError("no answer in time")


if __name__ == "__main__":
    sys.exit(main())
