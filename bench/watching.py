"""Warm invocations while `lambent watch` looks on, and while it stands still, in turns on the same function."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.client import Endpoint
from bench.figures import Figure, Goal
from bench.functions import NOOP
from bench.lab import Functions, Lab
from bench.warm import WARM_UP_SECONDS, Side

FIRST_LOOK_SECONDS = 4.0
"""By then it has read the code and the log so far."""


async def measure(lab: Lab) -> list[Figure]:
    """Rate, p50 and CPU time at one connection; the reference is the same without a look."""
    lab.say("warm invocations that are watched")
    async with Functions(lab.lambent).having(NOOP) as name:
        watched, alone = Side(lab.lambent, name, lab.pid), Side(lab.lambent, name, lab.pid)
        await alone.round(1, WARM_UP_SECONDS, keep=False)
        with _watching(lab.lambent, name) as watcher:
            await asyncio.sleep(FIRST_LOOK_SECONDS)
            for _ in range(max(lab.effort.rounds, 2)):
                os.kill(watcher, signal.SIGSTOP)
                await alone.round(1, lab.effort.seconds)
                os.kill(watcher, signal.SIGCONT)
                await watched.round(1, lab.effort.seconds)
    at, most = "warm invoke, watched", Goal(1.03, of_ratio=True)
    return [
        Figure(f"{at}: p50", "µs", watched.microseconds(0.5), alone.microseconds(0.5), goal=most),
        Figure(f"{at}: rate", "/s", watched.rate, alone.rate),
        Figure(f"{at}: the server's CPU time", "µs", watched.cost, alone.cost),
    ]


@contextmanager
def _watching(endpoint: Endpoint, name: str) -> Iterator[int]:
    """`lambent watch` of a function; its process."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "LAMBENT_"))}
    environ |= {"AWS_ENDPOINT_URL": f"http://{endpoint.host}:{endpoint.port}", "AWS_REGION": "us-east-1"}
    command = [sys.executable, "-m", "lambent.cli.main", "watch", name, "--json", "--since", "1s"]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
