"""Which interpreter and which copy of the runtime client a runtime identifier is run with.

Found once, installed on first use, remembered; see `runtimes.interpreters` and `runtimes.clients`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lambent.runtimes import clients, interpreters
from lambent.runtimes.interpreters import Interpreter


@dataclass(frozen=True, slots=True)
class Place:
    """What the functions of one runtime are launched with."""

    interpreter: Interpreter
    client_dir: Path


class Places:
    """The places of one machine. `mapping` sends a runtime to another Python version, by the user's own choice."""

    def __init__(self, cache: Path, mapping: Mapping[str, str], found: Callable[[], dict[str, Interpreter]]) -> None:
        self._cache = cache
        self._mapping = mapping
        self._found = found
        self._places: dict[str, Place] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def pick(self, runtime: str) -> Interpreter:
        """The interpreter for `runtime`. Raises what `interpreters.pick` raises."""
        return interpreters.pick(runtime, self._found(), self._mapping)

    async def place(self, runtime: str) -> Place:
        """The place for `runtime`, its client installed. Raises what `pick` and `clients.install` raise."""
        place = self._places.get(runtime)
        if place is not None:
            return place
        interpreter = self.pick(runtime)
        async with self._locks.setdefault(interpreter.version, asyncio.Lock()):
            client_dir = await asyncio.to_thread(clients.install, interpreter, self._cache)
        place = self._places[runtime] = Place(interpreter, client_dir)
        return place
