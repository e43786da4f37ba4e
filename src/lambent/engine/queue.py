"""What a queue does with its messages.

A message is in one of three places; what happens to it moves it:

    place      event                          next place
    ---------  -----------------------------  ----------------------------------------------
    (none)     arrives, perhaps with a delay  DELAYED, or READY at once
    DELAYED    its delay is over              READY
    READY      is received                    IN_FLIGHT, invisible until `visible`
    IN_FLIGHT  its visibility ends            READY
    IN_FLIGHT  its visibility is changed      IN_FLIGHT with another end (READY when that is now)
    any        is deleted, moved or expires   (none)

Nothing here waits or writes: `now` is passed in (seconds since 1970), what is to be written follows from what a method
answers. A message that has been received too often is not received once more but handed out as `exhausted`: it stays
held until it was moved (`remove`) or the move failed (`put_back`).

A standard queue holds the first `HORIZON` of its READY messages here; those that come behind them stay on disk until it
is their turn (`wants`, `load`), and are only counted. All of them have a higher seq than `edge`.

Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html,
sqs-dead-letter-queues.html, FIFO-queues-understanding-logic.html in the same guide.
"""

import enum
import heapq
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from lambent.engine.queue_lines import Groups, Line
from lambent.engine.queue_message import Message, Place
from lambent.engine.recent import Recent

ATTEMPT_SECONDS = 300.0
"""How long a receive of a FIFO queue can be repeated by its attempt id."""
HORIZON = 20_000
"""READY messages of a standard queue that are held at most before the others stay behind."""
SLACK = 1_000
"""Stale entries that are kept before the books are written anew."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`retention` is in seconds, `in_flight` the most messages that may be in flight at once."""

    fifo: bool = False
    retention: float = 345_600.0
    in_flight: int = 120_000


@dataclass(slots=True)
class Received:
    """What came of one receive. `full`: nothing more goes until some of what is in flight is deleted."""

    taken: list[Message] = field(default_factory=list)
    exhausted: list[Message] = field(default_factory=list)
    full: bool = False


class Standing(enum.Enum):
    """What a receipt (a message and its count of receives) is worth now."""

    GONE = "gone"
    """The message is not there any more."""
    STALE = "stale"
    """The message was received again since."""
    VISIBLE = "visible"
    """The latest receipt, but its visibility timeout is over."""
    HELD = "held"
    """The message is in flight under this receipt."""


class Queue:
    """The messages of one queue, without their contents."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._reset()

    def _reset(self) -> None:
        self._messages: dict[int, Message] = {}
        self._counts = dict.fromkeys(Place, 0)
        self._line: Line | Groups = Groups() if self.rules.fifo else Line()
        self._due: list[tuple[float, int]] = []
        self._arrivals: deque[int] = deque()
        self._attempts: Recent[str, list[tuple[int, int]]] = Recent(ATTEMPT_SECONDS)
        self._expired: list[int] = []
        self._behind = 0
        self._edge = 0

    # --- reads -------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._messages)

    def count(self, place: Place) -> int:
        """How many messages are in a place, as of the last `advance`."""
        return self._counts[place] + (self._behind if place is Place.READY else 0)

    def available(self) -> bool:
        """Whether a receive may find something (a FIFO queue may still have all its groups locked)."""
        return bool(self._line) or bool(self._behind)

    @property
    def edge(self) -> int:
        """What stays behind has higher seqs."""
        return self._edge

    @property
    def full(self) -> bool:
        """No more READY messages are held."""
        return not self.rules.fifo and self._counts[Place.READY] >= HORIZON

    def wants(self) -> bool:
        """Whether some of what stays behind shall be loaded."""
        return bool(self._behind) and self._counts[Place.READY] < HORIZON // 2

    def next_due(self) -> float | None:
        """When the next message turns visible by itself, or None."""
        while self._due:
            when, seq = self._due[0]
            if self._is_due(seq, when):
                return when
            heapq.heappop(self._due)
        return None

    def standing(self, seq: int, receives: int) -> Standing:
        """What the receipt of the `receives`th receive of a message is worth. Call `advance` first."""
        message = self._messages.get(seq)
        if message is None:
            return Standing.GONE
        if message.receives != receives:
            return Standing.STALE
        return Standing.HELD if message.place is Place.IN_FLIGHT else Standing.VISIBLE

    def message(self, seq: int) -> Message | None:
        """A message that is there."""
        return self._messages.get(seq)

    def oldest(self, now: float) -> float:
        """When the message that came first was sent; `now` if there is none."""
        first = next(iter(self._messages.values()), None)
        return first.sent if first is not None else now

    def messages(self) -> list[Message]:
        """Every message, in the order of arrival."""
        return list(self._messages.values())

    # --- what happens ------------------------------------------------------------------------------------

    def arrive(self, messages: Iterable[Message], now: float) -> None:
        """Messages that are on disk; `visible` says from when on. Those of a start may be in flight."""
        for message in messages:
            if self._stays_behind(message, now):
                self._behind += 1
            else:
                self._take_in(message, now)

    def _stays_behind(self, message: Message, now: float) -> bool:
        """One that came late, with a seq below the edge, would not be found on disk."""
        if self.rules.fifo or message.receives or message.visible > now:
            return False
        if not self._behind and not self.full:
            self._edge = max(self._edge, message.seq)
            return False
        return message.seq > self._edge

    def _take_in(self, message: Message, now: float) -> None:
        self._messages[message.seq] = message
        self._arrivals.append(message.seq)
        held = message.visible > now
        message.place = Place.READY if not held else Place.IN_FLIGHT if message.receives else Place.DELAYED
        self._counts[message.place] += 1
        if held:
            heapq.heappush(self._due, (message.visible, message.seq))
        self._line.arrive(message)

    def load(self, messages: Iterable[Message], now: float) -> None:
        """The next messages behind the edge, as they are on disk; none: there are no more."""
        found = False
        for message in messages:
            found = True
            self._edge = message.seq
            if message.seq not in self._messages:
                self._behind = max(self._behind - 1, 0)
                self._take_in(message, now)
        if not found:
            self._behind = 0

    def leave_behind(self, edge: int, count: int) -> None:
        """So many messages are on disk alone, behind `edge`."""
        self._edge, self._behind = edge, count

    def advance(self, now: float) -> None:
        """Everything that is due by `now`: delays and visibility timeouts end, old messages go."""
        due = self._due
        while due and due[0][0] <= now:
            when, seq = heapq.heappop(due)
            if self._is_due(seq, when):
                self._turn_ready(self._messages[seq])
        self._expire(now)
        if len(due) > 2 * len(self._messages) + SLACK:
            self._due = [entry for entry in due if self._is_due(entry[1], entry[0])]
            heapq.heapify(self._due)

    def receive(
        self, now: float, most: int, visibility: float, max_receives: int | None = None, attempt: str = ""
    ) -> Received:
        """Up to `most` messages, in flight from now on. `attempt` repeats an earlier receive of a FIFO queue."""
        self.advance(now)
        repeated = self._repeat(now, visibility, attempt)
        if repeated:
            return Received(repeated)
        found = Received()
        line = self._line.take(self._messages)
        while len(found.taken) < most:
            found.full = self._counts[Place.IN_FLIGHT] >= self.rules.in_flight
            message = None if found.full else next(line, None)
            if message is None:
                break
            self._move(message, Place.IN_FLIGHT)
            if message.sent + self.rules.retention <= now:
                self._expired.append(message.seq)
                self.remove(message.seq)
            elif max_receives is not None and message.receives >= max_receives:
                message.visible = math.inf
                found.exhausted.append(message)
            else:
                self._hand_out(message, now, visibility)
                found.taken.append(message)
        if attempt and found.taken:
            self._attempts.put(attempt, [(one.seq, one.receives) for one in found.taken], now)
        return found

    def lift(self, now: float, most: int, up_to: int) -> list[Message]:
        """Take visible messages away to move them elsewhere: up to `most`, those that arrived by `up_to`."""
        self.advance(now)
        lifted: list[Message] = []
        line = self._line.take(self._messages)
        while len(lifted) < most and (message := next(line, None)) is not None:
            self._move(message, Place.IN_FLIGHT)
            message.visible = math.inf
            lifted.append(message)
        late = [message for message in lifted if message.seq > up_to]
        self.put_back(late)
        return [message for message in lifted if message.seq <= up_to]

    def undo(self, taken: Iterable[Message]) -> None:
        """A receive that could not be written down did not happen."""
        for message in taken:
            if message.seq in self._messages and message.place is Place.IN_FLIGHT:
                message.receives -= 1
                message.first = message.first if message.receives else 0.0
                self._turn_ready(message)

    def put_back(self, held: Iterable[Message]) -> None:
        """What was to be moved stays."""
        for message in held:
            if message.seq in self._messages and message.place is Place.IN_FLIGHT:
                self._turn_ready(message)

    def change_visibility(self, seq: int, now: float, seconds: float) -> None:
        """A message in flight turns visible `seconds` from now."""
        message = self._messages[seq]
        message.visible = now + seconds
        heapq.heappush(self._due, (message.visible, seq))
        self.advance(now)

    def remove(self, seq: int) -> Message | None:
        """A message was deleted or moved away; None when it was not there any more."""
        message = self._messages.pop(seq, None)
        if message is not None:
            self._counts[message.place] -= 1
            self._line.gone(message, self._messages)
        return message

    def purge(self) -> None:
        """Everything goes."""
        self._reset()

    def expired(self) -> list[int]:
        """The messages that went of old age since this was last asked: they are still on disk."""
        gone, self._expired = self._expired, []
        return gone

    # --- the books ---------------------------------------------------------------------------------------

    def _move(self, message: Message, place: Place) -> None:
        self._counts[message.place] -= 1
        self._counts[place] += 1
        message.place = place

    def _hand_out(self, message: Message, now: float, visibility: float) -> None:
        message.receives += 1
        message.first = message.first or now
        message.taken = now
        message.visible = now + visibility
        heapq.heappush(self._due, (message.visible, message.seq))

    def _turn_ready(self, message: Message) -> None:
        was = message.place
        self._move(message, Place.READY)
        message.visible = 0.0
        self._line.ready(message, was, self._messages)

    def _is_due(self, seq: int, when: float) -> bool:
        message = self._messages.get(seq)
        return message is not None and message.visible == when and message.place is not Place.READY

    def _expire(self, now: float) -> None:
        """Drop what is too old, from the front: nearly always the order in which messages were sent."""
        arrivals, messages = self._arrivals, self._messages
        oldest = now - self.rules.retention
        while arrivals:
            message = messages.get(arrivals[0])
            if message is not None:
                if message.sent > oldest:
                    break
                self._expired.append(message.seq)
                self.remove(message.seq)
            arrivals.popleft()
        if len(arrivals) > 2 * len(messages) + SLACK:
            self._arrivals = deque(seq for seq in arrivals if seq in messages)

    def _repeat(self, now: float, visibility: float, attempt: str) -> list[Message]:
        """The messages of an earlier receive under the same attempt id, if nothing has happened to them since."""
        receipts = self._attempts.get(attempt, now) if attempt else None
        if not receipts or any(self.standing(*receipt) is not Standing.HELD for receipt in receipts):
            return []
        messages = [self._messages[seq] for seq, _ in receipts]
        for message in messages:
            message.visible = now + visibility
            heapq.heappush(self._due, (message.visible, message.seq))
        return messages
