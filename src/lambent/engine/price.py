"""What was used becomes what it costs: pure, by the table of `model.prices`."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lambent.model.prices import PRICES, SECONDS_A_MONTH


@dataclass(frozen=True, slots=True)
class Use:
    """`quantity` units of a row of the table, by a function, queue, API, log group or stream."""

    price: str
    subject: str
    quantity: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bill."""

    use: Use
    dollars: float

    @property
    def service(self) -> str:
        """The first part of the price's name."""
        return self.use.price.partition(":")[0]


def gb_seconds(milliseconds: float, megabytes: float) -> float:
    """What AWS reckons: 1,024 MB are a GB."""
    return milliseconds / 1000 * megabytes / 1024


def bill(uses: Iterable[Use], factor: float = 1.0, *, free_tier: bool = False) -> list[Line]:
    """A line for each use of `factor` times as much, the dearest first; with `free_tier` (of a month) what is free is
    taken off what comes first of each price."""
    left = {name: price.free for name, price in PRICES.items()} if free_tier else {}
    lines = []
    for use in uses:
        much = use.quantity * factor
        free = min(left.get(_tier(use.price), 0.0), much)
        if free_tier:
            left[_tier(use.price)] = left.get(_tier(use.price), 0.0) - free
        price = PRICES[use.price]
        lines.append(Line(replace(use, quantity=much), (much - free) / price.per * price.dollars))
    return sorted(lines, key=lambda line: -line.dollars)


def _tier(price: str) -> str:
    """Both architectures share what is free of Lambda's duration."""
    return "lambda:duration:x86_64" if price.startswith("lambda:duration:") else price


def in_a_month(seconds: float) -> float:
    """How many times as much a month has, when what was used in so many seconds goes on."""
    return SECONDS_A_MONTH / seconds


def on_arm(use: Use) -> Use:
    """The same on arm64, if code takes as long there (AWS: up to 34 % better price and performance, often less)."""
    return replace(use, price=use.price.replace(":x86_64", ":arm64"))
