"""Where each live view of a log stands: what it has shown, so that events of other streams which arrive late are shown,
too, and none twice."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

OVERLAP_MS = 5_000
"""How far each look goes back behind the newest event seen."""
MOST = 64
"""Views that are known at once; the one that was not looked at for longest makes room."""

Event = dict[str, Any]


@dataclass(slots=True)
class Tail:
    """A log group, milliseconds since 1970 to read from, and what was seen since then."""

    group: str
    start: int
    seen: dict[str, int] = field(default_factory=dict)

    def fresh(self, events: list[Event]) -> list[Event]:
        """Those not seen before, oldest first; moves on."""
        new = sorted((one for one in events if one["eventId"] not in self.seen), key=lambda one: one["timestamp"])
        self.seen |= {one["eventId"]: one["timestamp"] for one in new}
        if self.seen:
            self.start = max(self.start, max(self.seen.values()) - OVERLAP_MS)
            self.seen = {key: at for key, at in self.seen.items() if at >= self.start}
        return new


class Tails:
    """Those of all open pages."""

    def __init__(self) -> None:
        self._those: OrderedDict[str, Tail] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, group: str, start: int) -> str:
        """A new one; answers its name."""
        name = secrets.token_hex(8)
        with self._lock:
            self._those[name] = Tail(group, start)
            if len(self._those) > MOST:
                self._those.popitem(last=False)
        return name

    def of(self, name: str) -> Tail | None:
        """One that is known."""
        with self._lock:
            if name in self._those:
                self._those.move_to_end(name)
            return self._those.get(name)
