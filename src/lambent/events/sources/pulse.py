"""Told that something may have happened: for readers that would otherwise have to look again and again."""

import asyncio
from collections import defaultdict


class Pulse:
    """Many wait, and every beat wakes them all."""

    def __init__(self) -> None:
        self.beats = 0
        self._next: asyncio.Future[None] | None = None

    def beat(self) -> None:
        """Something may have happened."""
        self.beats += 1
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        self._next = None

    async def wait(self, seen: int, seconds: float) -> None:
        """Until there were more than `seen` beats, or real seconds have passed."""
        if self.beats > seen:
            return
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._next], timeout=seconds)


class Pulses:
    """One for each number, from the first time that somebody asks until it is forgotten."""

    def __init__(self) -> None:
        self._kept: defaultdict[int, Pulse] = defaultdict(Pulse)

    def of(self, number: int) -> Pulse:
        """Its pulse."""
        return self._kept[number]

    def beat(self, number: int) -> None:
        """Who waits for it is woken; nobody else has one made."""
        if number in self._kept:
            self._kept[number].beat()

    def forget(self, number: int) -> None:
        """There will be no more: who waits for it is woken."""
        if number in self._kept:
            self._kept.pop(number).beat()

    def __len__(self) -> int:
        return len(self._kept)
