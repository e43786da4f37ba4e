"""Asynchronous events: how many are accepted (on disk) in a second, and how soon an accepted one runs."""

import asyncio
import json
from time import monotonic, time

from bench.client import BenchError, Caller, call
from bench.figures import Figure, Goal, median, percentile
from bench.functions import NOOP
from bench.lab import Functions, Lab
from bench.load import PAYLOAD, Load, Round

CONNECTIONS = 32
IDLE_EVENTS = 60
"""Events one after the other, each when the last one has run."""
DRAIN_SECONDS = 120.0
STAMP = 'import time\n\n\ndef handler(event, context):\n    print("LATENCY", time.time() - event["sent"])\n'
"""Says how long its event was under way."""


async def measure(lab: Lab) -> list[Figure]:
    """Acceptance under load with a function that runs meanwhile; latency when nothing else is going on."""
    lab.say("asynchronous events")
    async with Functions(lab.lambent).having(NOOP) as name:
        loads = []
        before = await _counted(lab, "AsyncEventAge", name)
        started = monotonic()
        for _ in range(lab.effort.rounds):
            loads.append(await _accept(lab, name))
        accepted = sum(len(load.nanoseconds) for load in loads)
        await _until(lab, name, before + accepted)
        drained = accepted / (monotonic() - started)
    latencies = await _latencies(lab)
    waits = [one / 1e6 for load in loads for one in load.nanoseconds]
    return [
        Figure("events accepted", "/s", median([load.rate for load in loads]), goal=Goal(1500, at_least=True)),
        Figure("events accepted: p50", "ms", median(waits)),
        Figure("events accepted and run", "/s", drained),
        Figure("event until it runs, idle: p50", "ms", median(latencies), goal=Goal(10)),
        Figure("event until it runs, idle: p99", "ms", percentile(latencies, 0.99)),
    ]


async def _accept(lab: Lab, name: str) -> Load:
    this = Round(lab.lambent.invocation(name, PAYLOAD, "Event"), b"", 202)
    return await this.run(lab.lambent, CONNECTIONS, lab.effort.seconds)


async def _latencies(lab: Lab) -> list[float]:
    """Milliseconds from just before the request to the first line of the handler."""
    async with Functions(lab.lambent).having(STAMP) as name:
        caller = Caller(lab.lambent)
        try:
            for number in range(IDLE_EVENTS):
                payload = json.dumps({"sent": time()}).encode()
                answer = await caller.call(lab.lambent.invocation(name, payload, "Event"))
                if answer.status != 202:
                    raise BenchError(f"answer {answer.status}: {answer.body[:300]!r}")
                await _until(lab, name, number + 1)
        finally:
            caller.close()
        return (await _logged(lab, name))[1:]  # the first one was a cold start


async def _logged(lab: Lab, name: str) -> list[float]:
    """What the function printed."""
    deadline = monotonic() + 10
    while True:
        body = json.dumps({"logGroupName": f"/aws/lambda/{name}", "filterPattern": "LATENCY"}).encode()
        headers = "X-Amz-Target: Logs_20140328.FilterLogEvents\r\n"
        answer = await call(lab.lambent, lab.lambent.request("POST", "/", body, headers, "logs"))
        events = answer.json()["events"] if answer.status == 200 else []  # its lines are written in batches
        assert isinstance(events, list)
        if len(events) >= IDLE_EVENTS or monotonic() > deadline:
            return [float(event["message"].split()[1]) * 1000 for event in events]
        await asyncio.sleep(0.1)


async def _until(lab: Lab, name: str, count: float) -> None:
    """Until so many events have begun to run."""
    deadline = monotonic() + DRAIN_SECONDS
    while await _counted(lab, "AsyncEventAge", name) < count:
        if monotonic() > deadline:
            raise BenchError("accepted events were not run")
        await asyncio.sleep(0.02)


async def _counted(lab: Lab, metric: str, name: str) -> float:
    said = (await call(lab.lambent, lab.lambent.request("GET", "/_lambent/metrics"))).json()
    metrics = said["metrics"]
    assert isinstance(metrics, list)
    for one in metrics:
        if one["MetricName"] == metric and one["Dimensions"] == {"FunctionName": name}:
            return float(one["SampleCount"])
    return 0.0
