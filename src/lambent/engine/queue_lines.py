"""In which order messages are received.

`Line` is that of a standard queue: the oldest first. `Groups` is that of a FIFO queue: within a message group strictly
in order, and none of a group while one of it is in flight; of the groups that may be served, the one whose next message
is the oldest comes first.

Entries that have become wrong are left in the heaps and passed over when they come up.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lambent.engine.queue_message import Message, Place

Messages = Mapping[int, Message]


class Line:
    """The order of a standard queue."""

    def __init__(self) -> None:
        self._ready: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._ready)

    def arrive(self, message: Message) -> None:
        """A message is new, in whatever place."""
        if message.place is Place.READY:
            heapq.heappush(self._ready, message.seq)

    def ready(self, message: Message, _was: Place, _messages: Messages) -> None:
        """A message turned READY."""
        heapq.heappush(self._ready, message.seq)

    def gone(self, message: Message, messages: Messages) -> None:
        """A message is not there any more."""

    def take(self, messages: Messages) -> Iterator[Message]:
        """The READY messages; whoever takes one puts it elsewhere before asking for the next."""
        while self._ready:
            message = messages.get(heapq.heappop(self._ready))
            if message is not None and message.place is Place.READY:
                yield message


@dataclass(slots=True)
class _Group:
    waiting: list[int] = field(default_factory=list)
    """A heap of what is not in flight, DELAYED ones too: they hold back those behind them."""
    in_flight: int = 0


class Groups:
    """The order of a FIFO queue."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._open: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    def arrive(self, message: Message) -> None:
        """A message is new, in whatever place."""
        group = self._groups.setdefault(message.group, _Group())
        if message.place is Place.IN_FLIGHT:
            group.in_flight += 1
            return
        heapq.heappush(group.waiting, message.seq)
        if group.waiting[0] == message.seq and message.place is Place.READY and not group.in_flight:
            heapq.heappush(self._open, (message.seq, message.group))

    def ready(self, message: Message, was: Place, messages: Messages) -> None:
        """A message turned READY: its delay or its visibility timeout is over, or it was put back."""
        group = self._groups[message.group]
        if was is Place.IN_FLIGHT:
            group.in_flight -= 1
            heapq.heappush(group.waiting, message.seq)
        self._offer(message.group, group, messages)

    def gone(self, message: Message, messages: Messages) -> None:
        """A message is not there any more."""
        group = self._groups[message.group]
        if message.place is Place.IN_FLIGHT:
            group.in_flight -= 1
        self._offer(message.group, group, messages)

    def take(self, messages: Messages) -> Iterator[Message]:
        """The READY messages that may be received, as many as possible of one group before the next group.

        Whoever takes one puts it in flight before asking for the next.
        """
        while self._open:
            seq, name = heapq.heappop(self._open)
            group = self._groups.get(name)
            if group is None or group.in_flight or self._head(group, messages) != seq:
                continue
            while (seq := self._head(group, messages)) and messages[seq].place is Place.READY:
                heapq.heappop(group.waiting)
                group.in_flight += 1
                yield messages[seq]

    def _offer(self, name: str, group: _Group, messages: Messages) -> None:
        """Let a group be served if it may; forget it when nothing is left of it."""
        if group.in_flight:
            return
        head = self._head(group, messages)
        if not head:
            del self._groups[name]
        elif messages[head].place is Place.READY:
            heapq.heappush(self._open, (head, name))

    def _head(self, group: _Group, messages: Messages) -> int:
        """The first message that waits in a group, 0 when none does."""
        waiting = group.waiting
        while waiting:
            message = messages.get(waiting[0])
            if message is not None and message.place is not Place.IN_FLIGHT:
                return waiting[0]
            heapq.heappop(waiting)
        return 0
