"""What freezing costs warm invocations: servers that differ in that alone, in turns."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.client import Endpoint
from bench.figures import Figure, Goal
from bench.functions import NOOP
from bench.lab import Functions, Lab
from bench.warm import WARM_UP_SECONDS, Side
from examples.demo.server import Server

SHARE = 0.95
"""Of the rate without any freezing, at least."""


async def measure(lab: Lab) -> list[Figure]:
    """The rate at one connection: as it comes, with a freeze after every invocation, without any."""
    lab.say("warm invocations, with and without freezing")
    with ExitStack() as stack:
        always, never = (Side(stack.enter_context(server(after)), "f") for after in ("0", '"never"'))
        async with Functions(lab.lambent).having(NOOP) as name:
            usual = Side(lab.lambent, name)
            for side in (always, never):
                functions = Functions(side.endpoint)
                await functions.create(side.function, NOOP)
                functions.caller.close()
            for side in (usual, always, never):
                await side.round(1, WARM_UP_SECONDS, keep=False)
            for _ in range(2 * lab.effort.rounds):
                for side in (usual, always, never):
                    await side.round(1, lab.effort.seconds)
    goal = Goal(SHARE, at_least=True, of_ratio=True)
    return [
        Figure("warm invoke, freezing as it comes (reference: never): rate", "/s", usual.rate, never.rate, goal=goal),
        Figure("warm invoke, frozen after each (reference: never): rate", "/s", always.rate, never.rate),
    ]


@contextmanager
def server(freeze_after_ms: str) -> Iterator[Endpoint]:
    """One more server; the setting as TOML has it."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "lambent.toml"
        config.write_text(f"freeze_after_ms = {freeze_after_ms}\n")
        with Server("--config", str(config)) as running:
            yield Endpoint.of(running.url)
