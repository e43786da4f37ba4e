"""How much memory a function is best given: what runs at several sizes come to. Pure.

The figures, strategies, output and link are those of AWS Lambda Power Tuning
(https://github.com/alexcasalboni/aws-lambda-power-tuning, of April 2026): durations are trimmed means in which a cold
start counts as a run with its Init, costs are those of the billed duration alone, without the request. Prices are those
of `model.prices`, where it rounds to 2.1e-9 dollars a millisecond of 128 MB.
"""

import base64
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lambent.engine.price import gb_seconds
from lambent.model.prices import PRICES

LEAST_MB, MOST_MB = 128, 10_240
MB_PER_VCPU = 1_769
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
DISCARDED = 0.2
"""Of the runs, at either end."""
LINK = "https://lambda-power-tuning.show/"
"""All that a link says is behind its #, which browsers don't send."""
TRANSITIONS, TRANSITIONS_A_POWER = 6, 3
LEAST_RUNS, MOST_RUNS = 5, 1_000
_FIGURE = re.compile(
    r"\t(Duration|Init Duration|Restore Duration|Billed Duration|Billed Restore Duration): ([\d.]+) ms"
)


class Strategy(StrEnum):
    """What is best."""

    COST = "cost"
    SPEED = "speed"
    BALANCED = "balanced"


@dataclass(frozen=True, slots=True)
class Run:
    """An invocation, in milliseconds: all that it took, with its Init, and what is billed of it."""

    took: float
    billed: float


@dataclass(frozen=True, slots=True)
class Stat:
    """What the runs with `power` MB came to: means (milliseconds, dollars), and the dollars of all of them."""

    power: int
    duration: float
    cost: float
    total: float


def read_report(log: str) -> Run | None:
    """The run that a log's last REPORT line tells of."""
    line = next((one for one in reversed(log.splitlines()) if one.startswith("REPORT ")), "")
    said = {name: float(value) for name, value in _FIGURE.findall(line)}
    if "Duration" not in said:
        return None
    took = sum(said.get(name, 0.0) for name in ("Duration", "Init Duration", "Restore Duration"))
    return Run(took, said.get("Billed Duration", 0.0) + said.get("Billed Restore Duration", 0.0))


def stat(power: int, runs: Sequence[Run], architecture: str, factor: float = 1.0) -> Stat:
    """What runs with so many MB come to, if each took `factor` times as long."""
    billed = [run.billed * factor for run in runs]
    return Stat(
        power,
        trimmed_mean([run.took * factor for run in runs]),
        price(power, trimmed_mean(billed), architecture),
        sum(price(power, one, architecture) for one in billed),
    )


def trimmed_mean(values: Sequence[float]) -> float:
    """Without the fifth that is least, and the fifth that is most."""
    left_out = int(len(values) * DISCARDED)
    kept = sorted(values)[left_out : len(values) - left_out]
    return sum(kept) / len(kept)


def price(power: int, milliseconds: float, architecture: str) -> float:
    """Dollars of a run, of which every millisecond that began is billed."""
    return gb_seconds(math.ceil(milliseconds), power) * PRICES[f"lambda:duration:{architecture}"].dollars


def best(stats: Sequence[Stat], strategy: str, weight: float = 0.5) -> Stat:
    """The one that a strategy chooses; balanced: `weight` from 0 (speed) to 1 (cost)."""
    if strategy == Strategy.COST:
        return min(stats, key=lambda one: (one.cost, one.duration))
    if strategy == Strategy.SPEED:
        return min(stats, key=lambda one: (one.duration, one.cost))
    dearest, slowest = max(one.cost for one in stats), max(one.duration for one in stats)
    return min(stats, key=lambda one: weight * one.cost / dearest + (1 - weight) * one.duration / slowest)


def link(stats: Sequence[Stat]) -> str:
    """The address at which its visualisation shows these figures: 16 bit integers, and floats of 32 bits."""
    ordered = sorted(stats, key=lambda one: one.power)
    packed = [struct.pack(f"<{len(ordered)}h", *(one.power for one in ordered))]
    packed += [struct.pack(f"<{len(ordered)}f", *values) for values in zip(*_figures(ordered), strict=True)]
    return f"{LINK}#{';'.join(base64.b64encode(one).decode() for one in packed)}"


def _figures(stats: Sequence[Stat]) -> list[tuple[float, float]]:
    return [(one.duration, one.cost) for one in stats]


def output(stats: Sequence[Stat], chosen: Stat, powers: int) -> dict[str, Any]:
    """What its state machine would answer, of so many powers that were asked for; with the figures of each."""
    per_transition = PRICES["states:standard"].dollars / PRICES["states:standard"].per
    return {
        "results": {
            "power": chosen.power,
            "cost": chosen.cost,
            "duration": chosen.duration,
            "stateMachine": {
                "executionCost": round(per_transition * (TRANSITIONS + powers * TRANSITIONS_A_POWER), 5),
                "lambdaCost": sum(one.total for one in stats),
                "visualization": link(stats),
            },
            "stats": [{"value": one.power, "averagePrice": one.cost, "averageDuration": one.duration} for one in stats],
        }
    }


def cpu_part(stats: Sequence[Stat]) -> float | None:
    """How much of the time at the least power falls as power rises (0 to 1): what is computed, not waited for.

    The line through durations over 1 / vCPU, up to one vCPU: behind that only threads gain. None for fewer than two
    sizes up to there.
    """
    points = [(MB_PER_VCPU / one.power, one.duration) for one in stats if one.power <= MB_PER_VCPU]
    if len(points) < 2:
        return None
    middle_x, middle_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread
    x, y = max(points)
    return min(max(slope * x / y, 0.0), 1.0) if y else None


def factor_of(stats: Sequence[Stat], power: int, milliseconds: float) -> float:
    """How many times as long as here a run takes where one with `power` MB takes so long; 0 where none was measured."""
    here = next((one.duration for one in stats if one.power == power), 0.0)
    return milliseconds / here if here else 0.0
