"""What a segment is a segment of, and how its request went."""

from typing import Any, NamedTuple

from lambent.engine.traces.documents import Document, end_of, part, walk


class Service(NamedTuple):
    """A node of a graph: its name, and what kind of thing it is ("" when that is not said)."""

    name: str
    type: str

    def told(self, account: str = "") -> dict[str, Any]:
        """As X-Ray's ServiceId."""
        said: dict[str, Any] = {"Name": self.name, "Names": [self.name]}
        if self.type:
            said["Type"] = self.type
        return said | ({"AccountId": account} if account else {})


def service_of(segment: Document) -> Service:
    """An inferred one is called by what was used of it: a table, a queue."""
    name, origin = str(segment["name"]), str(segment.get("origin") or "")
    if segment.get("inferred"):
        used = part(segment, "aws", "resource_names")
        table = part(segment, "aws", "table_name") or (used[0] if isinstance(used, list) and used else None)
        return Service(str(table or name), origin)
    return Service(name, origin)


class Flags(NamedTuple):
    """How requests went: a client's error (4xx), throttled (429, which is also one), a fault (5xx)."""

    error: bool = False
    throttle: bool = False
    fault: bool = False

    def __or__(self, other: "Flags") -> "Flags":
        return Flags(self.error or other.error, self.throttle or other.throttle, self.fault or other.fault)


def flags_of(segment: Document) -> Flags:
    """Of one segment, by what it says of itself."""
    throttle = bool(segment.get("throttle"))
    return Flags(bool(segment.get("error")) or throttle, throttle, bool(segment.get("fault")))


def flags_within(segment: Document) -> Flags:
    """Of it and all its subsegments."""
    found = Flags()
    for one in walk(segment):
        found = found | flags_of(one)
    return found


def seconds_of(segment: Document) -> float:
    """How long it took."""
    return max(end_of(segment) - float(segment["start_time"]), 0.0)
