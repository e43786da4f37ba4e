"""What executions of Step Functions wait for, on the platform's clock: moto asks for each wait over its socket.

A clock moved by hand stops at the moment of each wait, and goes on when what follows from it had time to begin.
"""

import asyncio
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambent.clock import Clock, Handle
from lambent.wire.http import Request, Response

ASK_SECONDS = 1.0
"""Real seconds after which moto is answered in any case, and asks again: so it sees that an execution was stopped."""
REACTION_SECONDS = 0.3
"""Real seconds that an execution gets to begin what comes after a wait."""
MOST = 10_000
"""At once; what is more waits by the machine's clock."""
REAL = "real"


@dataclass(frozen=True, slots=True)
class _Wait:
    passed: asyncio.Event
    timer: Handle


class Waits:
    """Those that have begun and not been told to who waits."""

    def __init__(self, clock: Clock, ask_seconds: float = ASK_SECONDS, reaction_seconds: float = REACTION_SECONDS):
        self._clock = clock
        self._ask, self._reaction = ask_seconds, reaction_seconds
        self._numbers = itertools.count(1)
        self._waits: dict[int, _Wait] = {}

    async def answer(self, request: Request) -> Response:
        """`{"seconds": n}` begins a wait, `{"wait": id}` goes on with it, `{"wait": id, "end": true}` ends it. Answers
        `kind` and `now` of the clock, and of a wait its `wait` and whether it has `passed`. A real clock's waits are
        moto's own business."""
        try:
            said = json.loads(request.body)
            told = {"kind": self._clock.kind, "now": self._clock.wall(), **await self._wait(said)}
        except (ValueError, TypeError, AttributeError, OverflowError):
            return Response(400)
        return Response(200, [("content-type", "application/json")], json.dumps(told).encode())

    async def _wait(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Raises ValueError where there are too many."""
        number = said.get("wait")
        if "seconds" in said and self._clock.kind != REAL:
            number = self._begin(float(said["seconds"]))
        wait = self._waits.get(number) if number is not None else None
        if number is None or wait is None:
            return {} if number is None else {"wait": number, "passed": True}
        if not said.get("end") and not wait.passed.is_set():
            try:
                await asyncio.wait_for(wait.passed.wait(), self._ask)
            except TimeoutError:
                return {"wait": number, "passed": False}
        wait.timer.cancel()
        self._waits.pop(number, None)
        return {"wait": number, "passed": wait.passed.is_set()}

    def _begin(self, seconds: float) -> int:
        if len(self._waits) >= MOST or not seconds >= 0:
            raise ValueError(seconds)
        passed = asyncio.Event()
        timer = self._clock.call_at(self._clock.monotonic() + seconds, lambda: self._pass(passed))
        number = next(self._numbers)
        self._waits[number] = _Wait(passed, timer)
        return number

    def _pass(self, passed: asyncio.Event) -> None:
        passed.set()
        self._clock.began()
        asyncio.get_running_loop().call_later(self._reaction, self._clock.ended)
