"""What is big: the largest payloads, many invocations at one time, one function's load beside another's."""

import asyncio
import json
import time

from bench import rare
from bench.client import Caller
from bench.figures import Figure, Goal, median, percentile
from bench.functions import NOOP
from bench.lab import Functions, Lab
from bench.load import drive
from bench.processes import relay, runtimes

LARGE = json.dumps("x" * 6_000_000).encode()
"""As much as Invoke takes, within a few percent."""
PAUSE = (
    "import time\n\n\ndef handler(event, context):\n"
    '    time.sleep(event.get("seconds") or max(0, event["until"] - time.time()))\n'
    "    return event\n"
)
PAUSE_SECONDS = 0.1
SLOWEST_START = 20.0
"""Environments a second that start at least."""
HOT_CONNECTIONS = 8


async def measure(lab: Lab) -> list[Figure]:
    """Milliseconds all."""
    return [*await _payloads(lab), *await _at_once(lab), *await _fairness(lab)]


async def _payloads(lab: Lab) -> list[Figure]:
    """Both ways: the function answers its event."""
    lab.say("payloads of 6 MB")
    count = max(lab.effort.reads // 10, 3)
    async with Functions(lab.lambent).having(NOOP) as name:
        with relay() as (reference, _), runtimes(reference, NOOP, 1):
            ours, plain = Caller(lab.lambent), Caller(reference)
            both: tuple[list[float], list[float]] = [], []
            for _ in range(count + 1):
                for caller, at, function, taken in (
                    (ours, lab.lambent, name, both[0]),
                    (plain, reference, "f", both[1]),
                ):
                    taken.append(await _one(caller, at.invocation(function, LARGE)))
            ours.close()
            plain.close()
    return [Figure("invoke, 6 MB each way: p50", "ms", median(both[0][1:]), median(both[1][1:]))]


async def _one(caller: Caller, request: bytes) -> float:
    """Milliseconds. Raises BenchError."""
    answer = await caller.call(request)
    answer.json()
    return answer.nanoseconds / 1e6


async def _at_once(lab: Lab) -> list[Figure]:
    """As many invocations of 100 ms at one time as there are environments, which all stand ready."""
    count = lab.effort.environments
    lab.say(f"{count} invocations of {PAUSE_SECONDS * 1000:.0f} ms at once")
    async with Functions(lab.lambent).having(PAUSE) as name:
        loop, callers = asyncio.get_running_loop(), [Caller(lab.lambent) for _ in range(count)]
        until = time.time() + 1 + count / SLOWEST_START
        starting = lab.lambent.invocation(name, json.dumps({"until": until}).encode())
        await asyncio.gather(*(_one(caller, starting) for caller in callers))
        request = lab.lambent.invocation(name, json.dumps({"seconds": PAUSE_SECONDS}).encode())
        taken: list[float] = []
        start = loop.time()
        for _ in range(lab.effort.rounds):
            taken += await asyncio.gather(*(_one(caller, request) for caller in callers))
        seconds = (loop.time() - start) / lab.effort.rounds
        for caller in callers:
            caller.close()
    what = f"{count} invocations of 100 ms at once"
    return [
        Figure(f"{what}: p99", "ms", percentile(taken, 0.99), goal=Goal(150.0)),
        Figure(f"{what}: all in", "ms", seconds * 1000),
    ]


async def _fairness(lab: Lab) -> list[Figure]:
    """One function's invocations now and then, by a process of their own, with and without a hot one beside it."""
    lab.say("one function beside a hot one")
    async with Functions(lab.lambent).having(NOOP) as other, Functions(lab.lambent).having(NOOP) as hot:
        await drive(lab.lambent, hot, HOT_CONNECTIONS, 0.5)
        alone = await rare.measured(lab.lambent, other, lab.effort.reads)
        stop = asyncio.create_task(rare.measured(lab.lambent, other, lab.effort.reads))
        rates = []
        while not stop.done():
            rates.append((await drive(lab.lambent, hot, HOT_CONNECTIONS, 0.3)).rate)
        beside = stop.result()
    what = "invoke beside a hot function"
    return [
        Figure(f"{what}: p50 (reference: alone)", "ms", median(beside), median(alone)),
        Figure(
            f"{what}: p99 (reference: alone)", "ms", percentile(beside, 0.99), percentile(alone, 0.99), goal=Goal(3.0)
        ),
        Figure("the hot function's rate, meanwhile", "/s", median(rates)),
    ]
