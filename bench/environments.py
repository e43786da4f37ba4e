"""Many execution environments at once: how fast they start, what each weighs, what is left when they are gone."""

import asyncio
import json
import mmap
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bench.client import BenchError, Endpoint, call
from bench.figures import Figure, Goal
from bench.functions import HOLD
from bench.lab import Functions, Lab, fresh_name
from bench.processes import relay, runtimes
from examples.demo.processes import Started, below

SLOWEST_START = 40.0
"""Environments a second that must start at least for all to be busy at once."""
PLAIN_SLOWEST_START = 4.0
SETTLE_SECONDS = 1.0
GONE_SECONDS = 20.0
MB = 1 << 20
TOUCHED_FOR_EACH = 10 * MB


@dataclass(frozen=True, slots=True)
class Crowd:
    """Environments that were busy at one time: how many, started how fast (a second)."""

    count: int
    rate: float


async def measure(lab: Lab) -> list[Figure]:
    """Start, weigh, delete, look again."""
    lab.say(f"{lab.effort.environments} environments")
    functions = Functions(lab.lambent)
    await _one(lab, functions)
    touch(lab.effort.environments * TOUCHED_FOR_EACH)
    before, memory = below(lab.pid), resident(lab.pid)
    name = fresh_name()
    await functions.create(name, HOLD)
    crowd = await _crowd(lab.lambent, name, lab.effort.environments, SLOWEST_START)
    await asyncio.sleep(SETTLE_SECONDS)
    started = below(lab.pid) - before
    # Where processes are not below the server's, there is nothing to weigh.
    weight = proportional(started) / crowd.count if started else None
    busy_memory = resident(lab.pid)
    await functions.delete(name)
    functions.caller.close()
    left, seconds = await _gone(lab.pid, len(before))
    lab.say(f"{lab.effort.plain_environments} plain processes, for comparison")
    plain, plain_weight = await _plain(lab.effort.plain_environments)
    return [
        Figure("environments: busy at once", "", crowd.count, plain.count),
        Figure("environments: start rate", "/s", crowd.rate, plain.rate, goal=Goal(150.0, at_least=True)),
        Figure("environments: memory of each (PSS)", "MB", weight, plain_weight, goal=Goal(6.0)),
        Figure("environments: server's memory for each", "MB", (busy_memory - memory) / MB / crowd.count),
        Figure("after deletion: processes left", "", left, goal=Goal(0)),
        Figure("after deletion: all gone in", "s", seconds),
        Figure("after deletion: server's memory grew by", "MB", max(0.0, resident(lab.pid) - memory) / MB),
    ]


async def _one(lab: Lab, functions: Functions) -> None:
    """An environment that comes and goes: what stays is the zygote, with the keeper that it forks ahead."""
    name = fresh_name()
    await functions.create(name, HOLD)
    (await functions.caller.call(lab.lambent.invocation(name, b'{"until": 0}'))).json()
    await functions.delete(name)
    await asyncio.sleep(SETTLE_SECONDS)


async def _crowd(endpoint: Endpoint, function: str, count: int, slowest: float) -> Crowd:
    """Invoke `count` times at once a function that stays busy until all must have started."""
    asked = time.time()
    until = asked + 1.0 + count / slowest
    request = endpoint.invocation(function, json.dumps({"until": until}).encode())
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call(endpoint, request)) for _ in range(count)]
    answers = [task.result().json() for task in tasks]
    in_time = [started for answer in answers if (started := cast(float, answer["started"])) < until]
    return Crowd(len(in_time), len(in_time) / (max(in_time) - asked))


async def _plain(count: int) -> tuple[Crowd, float]:
    with relay() as (endpoint, _):
        waiting = asyncio.create_task(_crowd(endpoint, "f", count, PLAIN_SLOWEST_START))
        await asyncio.sleep(0)
        with runtimes(endpoint, HOLD, count) as processes:
            crowd = await waiting
            family = {(process.pid, "") for process in processes}
            return crowd, proportional(family) / count


async def _gone(pid: int, before: int) -> tuple[int, float]:
    """Wait until there are no more processes than `before`: how many more are left, and seconds waited."""
    start = time.monotonic()
    while (left := len(below(pid)) - before) > 0 and time.monotonic() - start < GONE_SECONDS:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return max(left, 0), time.monotonic() - start


def touch(size: int) -> None:
    """Use that much memory for a moment. A virtual machine's host gives it page by page, at 9 us each where this was
    measured: that would be most of what environments cost which find none."""
    with mmap.mmap(-1, size) as memory:
        memory[:: mmap.PAGESIZE] = b"\1" * (size // mmap.PAGESIZE)


def proportional(processes: Iterable[Started]) -> float:
    """The sum of their proportional set sizes (shared pages count by share), in MB. proc_pid_smaps(5)."""
    total = 0
    for pid, _ in processes:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except ProcessLookupError:
            continue
        except OSError as error:
            raise BenchError(f"the memory of process {pid} can't be read: {error}") from error
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def resident(pid: int) -> float:
    """Resident set size in bytes. proc_pid_status(5)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1]) * 1024
    return 0.0
