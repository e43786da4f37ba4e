"""A response on its way from the runtime to whoever waits for it, part by part."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from lambent.model.invocation import Outcome

ROOM_BYTES = 256 << 10
"""Held of a response before the runtime has to wait for its reader."""


class ResponseStream:
    """The parts as an async iterator, one reader; then `outcome`.

    `content_type` is that of a response that the runtime streams, "" for any other.

    The runtime's side calls `write` and `finish`, on the event loop. A reader that goes away calls `abandon`: the
    function runs on, what it writes is dropped.
    """

    def __init__(self) -> None:
        self.resume: Callable[[], None] | None = None
        self.content_type = ""
        self._parts: deque[bytes] = deque()
        self._held = 0
        self.size = 0
        """Bytes of a response that the runtime streamed."""
        self._outcome: Outcome | Exception | None = None
        self._abandoned = False
        self._changed = asyncio.Event()

    def write(self, part: bytes) -> bool:
        """Take `part`; False when there is no room for another, which then waits for `resume`."""
        self.size += len(part)
        if self._abandoned or self._outcome is not None:
            return True
        self._parts.append(part)
        self._held += len(part)
        self._changed.set()
        return self._held < ROOM_BYTES

    def finish(self, outcome: Outcome | Exception) -> None:
        """The invocation has ended; a response that was not streamed is one part."""
        if isinstance(outcome, Outcome) and outcome.error is None and outcome.payload:
            self.write(outcome.payload)
        self._outcome = outcome
        self._changed.set()

    def abandon(self) -> None:
        """Nobody reads any more."""
        self._abandoned = True
        self._parts.clear()
        self._make_room(self._held)

    @property
    def outcome(self) -> Outcome:
        """What came of the invocation, once the parts are at their end. Raises what ended it on our side."""
        assert self._outcome is not None
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            while self._parts:
                part = self._parts.popleft()
                yield part
                self._make_room(len(part))
            if self._outcome is not None:
                return
            self._changed.clear()
            await self._changed.wait()

    def _make_room(self, count: int) -> None:
        self._held -= count
        resume = self.resume
        if resume is not None and self._held < ROOM_BYTES:
            self.resume = None
            resume()
