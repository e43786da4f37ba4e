"""What every client of a server does by itself: the command line and the console alike."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

OVERLAP_MS = 5_000
"""How far each look goes back behind the newest event seen: events of other streams may arrive late."""

Event = dict[str, Any]


def members(client: Any, operation: str, member: str, **params: Any) -> Iterator[Any]:
    """Every member of a list that a client of boto3 or botocore can ask for, page after page."""
    if not client.can_paginate(operation):
        yield from getattr(client, operation)(**params).get(member, [])
        return
    for page in client.get_paginator(operation).paginate(**params):
        yield from page.get(member, [])


@dataclass(slots=True)
class Tail:
    """Where reading of a log group stands: milliseconds since 1970 to read from, and what was seen since then."""

    start: int
    seen: dict[str, int] = field(default_factory=dict)
    overlap: int = OVERLAP_MS
    """How far each look goes back behind the newest event seen, in milliseconds."""

    def fresh(self, events: list[Event]) -> list[Event]:
        """Those not seen before, oldest first; moves on."""
        new = sorted((one for one in events if one["eventId"] not in self.seen), key=lambda one: one["timestamp"])
        self.seen |= {one["eventId"]: one["timestamp"] for one in new}
        if self.seen:
            self.start = max(self.start, max(self.seen.values()) - self.overlap)
            self.seen = {key: at for key, at in self.seen.items() if at >= self.start}
        return new

    def leap(self, start: int) -> None:
        """Go on from there, if that is later: what is between is left out."""
        if start > self.start:
            self.start = start
            self.seen = {key: at for key, at in self.seen.items() if at >= start}
