"""What this machine has, found out once at the start."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from lambent.runtimes import interpreters
from lambent.runtimes.interpreters import Interpreter
from lambent.sandbox import probe
from lambent.wire import locate, service


@dataclass(frozen=True, slots=True)
class Machine:
    """What it lets the server do, and its interpreters by version."""

    abilities: probe.Abilities
    interpreters: Mapping[str, Interpreter]


async def look() -> Machine:
    """Everything at once, for most of it is waiting for programs."""
    probing = asyncio.to_thread(probe.probe, outbound=False)
    return Machine(*await asyncio.gather(probing, asyncio.to_thread(_interpreters)))


def _interpreters() -> dict[str, Interpreter]:
    """On the way, what the first requests would otherwise wait for."""
    locate.by_signing_name()
    service.load("lambda")
    return interpreters.find()
