"""What every measurement is given: where Lambent is, how much to do, and how to tell what is going on."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from time import monotonic

from bench.client import BenchError, Caller, Endpoint
from bench.functions import create_body

FUNCTIONS = "/2015-03-31/functions"
ROLE = "arn:aws:iam::000000000000:role/bench"
ACTIVE_SECONDS = 60.0

_numbers = count()


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to do. Warm: `rounds` of `seconds` each; the others in numbers of things."""

    rounds: int
    seconds: float
    cold: int
    plain_cold: int
    environments: int
    plain_environments: int
    reads: int
    creates: int
    messages: int


FULL = Effort(5, 1.5, 100, 15, 300, 20, 300, 30, 10_000)
QUICK = Effort(2, 0.5, 10, 3, 30, 5, 50, 5, 2_000)
SHORT = Effort(1, 0.2, 3, 2, 5, 2, 10, 2, 200)


@dataclass(frozen=True, slots=True)
class Lab:
    """`pid` is the server's; `say` tells the reader what is being measured."""

    lambent: Endpoint
    pid: int
    effort: Effort
    say: Callable[[str], None]
    peer: Endpoint | None = None


class Functions:
    """The functions of one endpoint, by the plain client."""

    def __init__(self, endpoint: Endpoint, role: str = ROLE) -> None:
        self.endpoint, self.role = endpoint, role
        self.caller = Caller(endpoint)

    def create_request(self, name: str, source: str) -> bytes:
        """A CreateFunction request."""
        return self.creating(create_body(name, source))

    def creating(self, body: dict[str, object]) -> bytes:
        """The same with a body of one's own, but for the role."""
        body = {**body, "Role": self.role}
        at_once = "x-lambent-state-delay: 0\r\n"  # the wait for it is no part of any figure
        return self.endpoint.request("POST", FUNCTIONS, json.dumps(body).encode(), at_once)

    def read_request(self, name: str) -> bytes:
        """A GetFunctionConfiguration request."""
        return self.endpoint.request("GET", f"{FUNCTIONS}/{name}/configuration")

    async def create(self, name: str, source: str) -> None:
        """Create and wait until the function is active."""
        await self.made(name, self.create_request(name, source))

    async def made(self, name: str, request: bytes) -> None:
        """Send a CreateFunction request and wait."""
        (await self.caller.call(request)).json()
        deadline = monotonic() + ACTIVE_SECONDS
        while True:
            state = (await self.caller.call(self.read_request(name))).json()
            # A peer may leave the state out; then there is nothing to wait for.
            if state.get("State", "Active") == "Active":
                return
            if state["State"] != "Pending" or monotonic() > deadline:
                raise BenchError(f"{name} is {state['State']}: {state.get('StateReason')}")
            await asyncio.sleep(0.001)

    async def delete(self, name: str) -> None:
        """Delete a function."""
        (await self.caller.call(self.endpoint.request("DELETE", f"{FUNCTIONS}/{name}"))).json()

    @asynccontextmanager
    async def having(self, source: str) -> AsyncIterator[str]:
        """An active function under a fresh name, deleted at the end."""
        name = fresh_name()
        await self.create(name, source)
        try:
            yield name
            await self.delete(name)
        finally:
            self.caller.close()


def fresh_name() -> str:
    """A function name that was not used before in this run."""
    return f"bench-{next(_numbers)}"
