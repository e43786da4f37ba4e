"""Room for requests at once, shared among accounts: each takes at most half of what the others leave, so that there is
always some for one more, however long those last that are there."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """`places` is how many there are at once."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._there: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def is_taken(self) -> bool:
        """Whether anybody is there."""
        return bool(self._there)

    @asynccontextmanager
    async def place(self, account: str) -> AsyncIterator[None]:
        """One place, after those of the account that have waited longer."""
        if self._may(account) and account not in self._waiting:
            self._there[account] += 1
        else:
            await self._wait(account)
        try:
            yield
        finally:
            self._leave(account)

    def _may(self, account: str) -> bool:
        mine, total = self._there[account], self._there.total()
        left = self._places - (total - mine)
        return total < self._places and mine < max(left // 2, 1)

    async def _wait(self, account: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(account, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(account)  # it had come in
            raise

    def _leave(self, account: str) -> None:
        self._there[account] -= 1
        if not self._there[account]:
            del self._there[account]
        for one, turns in list(self._waiting.items()):
            self._let_in(one, turns)
            if not turns:
                del self._waiting[one]

    def _let_in(self, account: str, turns: deque[asyncio.Future[None]]) -> None:
        while turns and (turns[0].done() or self._may(account)):  # who gave up is done
            turn = turns.popleft()
            if not turn.done():
                self._there[account] += 1
                turn.set_result(None)
