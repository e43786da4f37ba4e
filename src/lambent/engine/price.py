"""What was used becomes what it costs, and what it would cost otherwise: pure, by the table of `model.prices`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lambent.model.prices import EXPRESS_MB, PRICES, SECONDS_A_MONTH, STANDING, Price, express_ms


@dataclass(frozen=True, slots=True)
class Use:
    """`quantity` units of a row of the table, by a function, queue, API, log group or stream; of a function's duration
    with how many megabytes."""

    price: str
    subject: str
    quantity: float
    megabytes: int = 0


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


def bill(uses: Iterable[Use], factor: float = 1.0, *, load: float = 1.0, free_tier: bool = False) -> list[Line]:
    """A line for each use of `factor` times as much, the dearest first; with `load` times as much coming, which is all
    the same to what stands by. With `free_tier` (of a month) what is free is taken off what comes first of each price.
    """
    left = {name: price.free for name, price in PRICES.items()} if free_tier else {}
    lines = []
    billed: dict[str, float] = {}
    for use in uses:
        much = use.quantity * factor * (1.0 if use.price.startswith(STANDING) else load)
        free = min(left.get(_tier(use.price), 0.0), much)
        if free_tier:
            left[_tier(use.price)] = left.get(_tier(use.price), 0.0) - free
        before = billed.get(use.price, 0.0)
        billed[use.price] = before + much - free
        lines.append(Line(replace(use, quantity=much), _dollars(PRICES[use.price], before, much - free)))
    return sorted(lines, key=lambda line: -line.dollars)


def _dollars(price: Price, before: float, much: float) -> float:
    """Of so many units, when there were some `before` them in the month: each at the price of its tier."""
    edges = [0.0, *(above for above, _ in price.above), before + much]
    if before + much <= edges[1]:
        return much / price.per * price.dollars
    rates = [price.dollars, *(cheaper for _, cheaper in price.above)]
    parts = zip(rates, edges, [*edges[1:-1], before + much], strict=False)
    return sum(max(min(before + much, end) - max(before, start), 0.0) * rate for rate, start, end in parts) / price.per


def _tier(price: str) -> str:
    """Both architectures share what is free of Lambda's duration, and all logs what is free of theirs."""
    if price.startswith("lambda:duration:"):
        return "lambda:duration:x86_64"
    return "logs:ingested" if price == "logs:of-lambda" else price


def in_a_month(seconds: float) -> float:
    """How many times as much a month has, when what was used in so many seconds goes on."""
    return SECONDS_A_MONTH / seconds


def on_arm(use: Use) -> Use:
    """The same on arm64, if code takes as long there (AWS: up to 34 % better price and performance, often less)."""
    return replace(use, price=use.price.replace(":x86_64", ":arm64"))


def with_memory(use: Use, megabytes: int) -> Use:
    """The same with so much memory, if code takes as long with it: `lambent tune` measures how long it takes."""
    if not use.megabytes:
        return use
    return replace(use, quantity=use.quantity * megabytes / use.megabytes, megabytes=megabytes)


def as_on_demand(uses: Iterable[Use]) -> list[Use]:
    """The same without provisioned concurrency."""
    return [
        replace(use, price=use.price.replace(":provisioned-duration:", ":duration:"))
        for use in uses
        if not use.price.startswith("lambda:provisioned:")
    ]


def as_provisioned(uses: Sequence[Use], function: str, places: int, megabytes: int, seconds: float) -> list[Use]:
    """The same with so many environments of a function that stand ready for so long, in which all of its runs are."""
    others = [use for use in uses if use.subject != function]
    own = as_on_demand(use for use in uses if use.subject == function)
    turned = [replace(use, price=use.price.replace(":duration:", ":provisioned-duration:")) for use in own]
    arm = any(use.subject == function and use.price.endswith(":arm64") for use in uses)
    price = f"lambda:provisioned:{'arm64' if arm else 'x86_64'}"
    return [*others, *turned, Use(price, function, gb_seconds(seconds * 1000, megabytes) * places, megabytes)]


@dataclass(frozen=True, slots=True)
class Machine:
    """What a state machine did: runs with their milliseconds, and all states that were entered."""

    name: str
    express: bool
    runs: tuple[float, ...]
    transitions: int


def of_machine(machine: Machine, express: bool) -> list[Use]:
    """What it used as a Standard or an Express workflow. A transition is a state that is entered, and the start."""
    if not express:
        return [Use("states:standard", machine.name, machine.transitions)]
    billed = sum(express_ms(took) for took in machine.runs)
    return [
        Use("states:express", machine.name, len(machine.runs)),
        Use("states:express-duration", machine.name, gb_seconds(billed, EXPRESS_MB)),
    ]
