"""Live Tail: who watches log groups gets, once a second, what came into them.

The log store says what is new; each session keeps it by seconds, and a thread matches and samples it when its second
is asked for. A session that asks late finds the latest `BUFFERED` seconds.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html: 500 events in an
update, ten updates buffered, three hours.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lambent.model.scope import Scope

UPDATE_EVENTS = 500
BUFFERED = 10
SESSION_SECONDS = 3 * 3_600.0
SECOND_BYTES = 8 << 20
"""Of messages that a session keeps of one second; of more it gets a sample, too."""
EVENT_BYTES = 200
AT_ONCE = 15
"""Sessions of an account in a region. AWS's documentation names a limit but no number of it."""


class News(NamedTuple):
    """New events of a stream: milliseconds since 1970 and messages; `ingested` is when they came, in milliseconds."""

    group: str
    stream: str
    ingested: int
    events: Sequence[tuple[int, str]]


class Seen(NamedTuple):
    """An event that a session is shown."""

    news: News
    timestamp: int
    message: str


class Update(NamedTuple):
    """What one second brought; `sampled` if there was more."""

    events: list[Seen]
    sampled: bool


@dataclass(slots=True)
class _Second:
    number: int
    news: list[News] = field(default_factory=list)
    room: int = SECOND_BYTES
    dropped: bool = False


@dataclass(eq=False, slots=True)
class Session:
    """What one client watches: groups of a scope, streams by name, messages by pattern."""

    scope: Scope
    groups: frozenset[str]
    wanted: Callable[[str], bool]
    matches: Callable[[str], bool]
    seconds: deque[_Second] = field(default_factory=lambda: deque(maxlen=BUFFERED))

    def hear(self, second: int, news: News) -> None:
        """Something new."""
        if not self.wanted(news.stream):
            return
        if not self.seconds or self.seconds[-1].number != second:
            self.seconds.append(_Second(second))
        last = self.seconds[-1]
        last.room -= sum(len(message) + EVENT_BYTES for _, message in news.events)
        if last.room > 0 or not last.news:
            last.news.append(news)
        else:
            last.dropped = True

    def take(self, second: int) -> _Second:
        """The oldest second before this one that brought anything, or this one's nothing."""
        if self.seconds and self.seconds[0].number < second:
            return self.seconds.popleft()
        return _Second(second)


def _update(second: _Second, matches: Callable[[str], bool]) -> Update:
    found = [Seen(news, at, text) for news in second.news for at, text in news.events if matches(text)]
    if len(found) <= UPDATE_EVENTS:
        return Update(found, sampled=second.dropped)
    kept = sorted(random.sample(range(len(found)), UPDATE_EVENTS))
    return Update([found[place] for place in kept], sampled=True)


class LiveTails:
    """All sessions of a server. `clock` answers seconds since 1970, `monotonic` real seconds; `pause` waits so many."""

    def __init__(
        self,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._pause = pause
        self._sessions: set[Session] = set()

    def full(self, scope: Scope) -> bool:
        """Whether a scope may have no more of them."""
        return sum(one.scope == scope for one in self._sessions) >= AT_ONCE

    def begin(self, session: Session) -> None:
        """From now on it hears what is new."""
        self._sessions.add(session)

    def end(self, session: Session) -> None:
        """It hears nothing more."""
        self._sessions.discard(session)

    def hear(self, scope: Scope, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """A `Hear` of the log store."""
        if not self._sessions:
            return
        second, news = int(self._monotonic()), News(group, stream, int(self._clock() * 1000), events)
        for one in self._sessions:
            if one.scope == scope and group in one.groups:
                one.hear(second, news)

    async def update(self, session: Session) -> Update:
        """Wait for the end of the second, unless one that is over has not been told; what it brought."""
        now = self._monotonic()
        if not session.seconds or session.seconds[0].number >= int(now):
            await self._pause(int(now) + 1 - now)
        second = session.take(int(self._monotonic()))
        return await asyncio.to_thread(_update, second, session.matches) if second.news else Update([], False)
