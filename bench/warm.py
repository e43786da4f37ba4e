"""Warm invocations through Lambent and through the bare relay, in turns."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.client import Endpoint
from bench.figures import Figure, Goal, median, percentile
from bench.functions import NOOP
from bench.lab import Functions, Lab
from bench.load import Load, drive
from bench.processes import cpu_seconds, relay, runtimes

CONNECTIONS = (1, 8)
WARM_UP_SECONDS = 0.7
SETTLE_SECONDS = 0.15
"""What a round has left to write is written by then."""


@dataclass(slots=True)
class Side:
    """One of the endpoints that are compared, and what its rounds gave. `pid` is its server's, 0 for one that is not
    of this machine."""

    endpoint: Endpoint
    function: str
    pid: int = 0
    loads: list[Load] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    """CPU time of the server in each round, in microseconds for each invocation."""

    async def round(self, connections: int, seconds: float, keep: bool = True) -> None:
        """One round; the first ones, which start environments, are not kept."""
        before = cpu_seconds(self.pid) if self.pid else 0.0
        load = await drive(self.endpoint, self.function, connections, seconds)
        if not keep:
            return
        self.loads.append(load)
        if self.pid:
            await asyncio.sleep(SETTLE_SECONDS)
            self.costs.append((cpu_seconds(self.pid) - before) / len(load.nanoseconds) * 1e6)

    @property
    def rate(self) -> float:
        """Invocations a second, the median of the rounds."""
        return median([load.rate for load in self.loads])

    @property
    def cost(self) -> float:
        """The median of the costs: other work on the machine changes it less than any rate."""
        return median(self.costs) if self.costs else 0.0

    def microseconds(self, share: float) -> float:
        """A percentile of the latencies of all rounds."""
        return percentile([one for load in self.loads for one in load.nanoseconds], share) / 1000


async def measure(lab: Lab) -> list[Figure]:
    """Rate, p50 and p99 at 1 and 8 connections; the relay has as many runtimes as there are connections."""
    figures = []
    for connections in CONNECTIONS:
        lab.say(f"warm invocations, connections: {connections}")
        figures += await _measure(lab, connections)
    return figures


async def _measure(lab: Lab, connections: int) -> list[Figure]:
    async with Functions(lab.lambent).having(NOOP) as name:
        ours = Side(lab.lambent, name, lab.pid)
        if lab.peer is None:
            reference = await _turns(lab, connections, [ours])
            return _figures(connections, ours, reference, None)
        async with Functions(lab.peer).having(NOOP) as peer_name:
            peer = Side(lab.peer, peer_name)
            reference = await _turns(lab, connections, [ours, peer])
            return _figures(connections, ours, reference, peer)


async def _turns(lab: Lab, connections: int, sides: list[Side]) -> Side:
    """Rounds in turns, so that a noisy moment hits all alike. The reference."""
    with relay() as (endpoint, pid), runtimes(endpoint, NOOP, connections):
        reference = Side(endpoint, "f", pid)
        everyone = [*sides, reference]
        for side in everyone:
            await side.round(connections, WARM_UP_SECONDS, keep=False)
        for _ in range(lab.effort.rounds):
            for side in everyone:
                await side.round(connections, lab.effort.seconds)
    return reference


def _figures(connections: int, ours: Side, reference: Side, peer: Side | None) -> list[Figure]:
    at = f"warm invoke, {connections} connection{'s' if connections > 1 else ''}"

    def figure(name: str, unit: str, of: Callable[[Side], float], goal: Goal | None) -> Figure:
        return Figure(f"{at}: {name}", unit, of(ours), of(reference), None if peer is None else of(peer), goal)

    return [
        figure("rate", "/s", lambda side: side.rate, Goal(0.6, at_least=True, of_ratio=True)),
        figure("p50", "µs", lambda side: side.microseconds(0.5), Goal(2.0, of_ratio=True)),
        figure("p99", "µs", lambda side: side.microseconds(0.99), None),
        figure("the server's CPU time", "µs", lambda side: side.cost, None),
    ]
