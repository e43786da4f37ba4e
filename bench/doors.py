"""A function behind a door of HTTP, beside the same function invoked directly."""

from collections.abc import Awaitable, Callable

from bench.figures import Figure, Goal, median, percentile
from bench.lab import Functions, Lab
from bench.load import Load, Round

ANSWER = 'def handler(event, context):\n    return {"statusCode": 200, "body": "done"}\n'
DIRECT = b'{"statusCode": 200, "body": "done"}'
WARM_UP_SECONDS = 0.7

Opened = Callable[[Functions, str], Awaitable[bytes]]
"""Opens a door to the function of a name; answers a request to it."""


async def beside_invoke(
    lab: Lab, behind: str, called: str, opened: Opened, *, added: Goal, rate: Goal | None = None
) -> list[Figure]:
    """What the door adds to the median, with its goal in ms, and its share of the rate at 8 connections."""
    functions = Functions(lab.lambent)
    async with functions.having(ANSWER) as name:
        lab.say(f"a function behind {behind}")
        asked = await opened(functions, name)
        direct = lab.lambent.invocation(name, b'{"a": 1}')
        one = await _turns(lab, direct, asked, 1)
        many = await _turns(lab, direct, asked, 8)
    return [
        Figure(f"{called}, 1 connection: p50 beside Invoke", "µs", _p50(one[1]), _p50(one[0])),
        Figure(f"{called}, 1 connection: added to p50", "ms", (_p50(one[1]) - _p50(one[0])) / 1000, goal=added),
        Figure(f"{called}, 8 connections: rate", "/s", _rate(many[1]), _rate(many[0]), goal=rate),
    ]


def _p50(loads: list[Load]) -> float:
    return percentile([one for load in loads for one in load.nanoseconds], 0.5) / 1000


def _rate(loads: list[Load]) -> float:
    return median([load.rate for load in loads])


async def _turns(lab: Lab, direct: bytes, asked: bytes, connections: int) -> tuple[list[Load], list[Load]]:
    """Invoke and the door, one after another, so that a busy machine is as busy for both."""
    loads: tuple[list[Load], list[Load]] = ([], [])
    sides = ((direct, DIRECT), (asked, b"done"))
    for request, expected in sides:
        await Round(request, expected).run(lab.lambent, connections, WARM_UP_SECONDS)
    for _ in range(lab.effort.rounds):
        for kept, (request, expected) in zip(loads, sides, strict=True):
            kept.append(await Round(request, expected).run(lab.lambent, connections, lab.effort.seconds))
    return loads
