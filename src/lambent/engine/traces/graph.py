"""Services and who calls whom, of one trace or of many.

Source: https://docs.aws.amazon.com/xray/latest/api/API_GetServiceGraph.html, and its example in
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambent.engine.traces.documents import Document, end_of, walk
from lambent.engine.traces.service import Flags, Service, flags_of, seconds_of, service_of

CLIENT = "client"
MOST_VALUES = 100
"""Different durations of a histogram; more are rounded."""


@dataclass(slots=True)
class Tally:
    """What is counted of requests: of a service, or on the way to one."""

    start: float = float("inf")
    end: float = 0.0
    ok: int = 0
    throttled: int = 0
    errors: int = 0
    faults: int = 0
    total: int = 0
    seconds: float = 0.0
    took: Counter[float] = field(default_factory=Counter)

    def add(self, segment: Document) -> None:
        """One more request, as who served it tells."""
        flags, took = flags_of(segment), seconds_of(segment)
        self.start = min(self.start, float(segment["start_time"]))
        self.end = max(self.end, end_of(segment))
        self.total += 1
        self.seconds += took
        self.took[round(took, 3)] += 1
        self._count(flags)

    def _count(self, flags: Flags) -> None:
        if flags.fault:
            self.faults += 1
        elif flags.throttle:
            self.throttled += 1
        elif flags.error:
            self.errors += 1
        else:
            self.ok += 1

    def told(self) -> dict[str, Any]:
        """As X-Ray's statistics."""
        return {
            "OkCount": self.ok,
            "ErrorStatistics": {
                "ThrottleCount": self.throttled,
                "OtherCount": self.errors,
                "TotalCount": self.throttled + self.errors,
            },
            "FaultStatistics": {"OtherCount": self.faults, "TotalCount": self.faults},
            "TotalCount": self.total,
            "TotalResponseTime": round(self.seconds, 3),
        }

    def histogram(self) -> list[dict[str, Any]]:
        """How often which duration was seen, in seconds."""
        took = self.took
        digits = 3
        while len(took) > MOST_VALUES and digits > -6:
            digits -= 1
            coarser: Counter[float] = Counter()
            for value, count in took.items():
                coarser[round(value, digits)] += count
            took = coarser
        return [{"Value": value, "Count": count} for value, count in sorted(took.items())]


class Graph:
    """Grows by traces."""

    def __init__(self) -> None:
        self._services: dict[Service, Tally] = {}
        self._edges: dict[tuple[Service, Service], Tally] = {}
        self._roots: set[Service] = set()

    def add(self, segments: Sequence[Document]) -> None:
        """A trace, compiled."""
        for one, caller in _callers(segments):
            own = service_of(one)
            self._services.setdefault(own, Tally()).add(one)
            if caller is None and not one.get("inferred"):
                self._roots.add(own)
            source = Service(own.name, CLIENT) if caller is None else service_of(caller)
            self._services.setdefault(source, Tally())
            self._edges.setdefault((source, own), Tally()).add(one)

    def told(self, account: str) -> list[dict[str, Any]]:
        """As X-Ray's Services: each with the edges that begin there."""
        numbers = {service: number for number, service in enumerate(self._services)}
        out: dict[Service, list[dict[str, Any]]] = {}
        for (source, target), tally in self._edges.items():
            out.setdefault(source, []).append(_edge(numbers[target], tally))
        return [self._service(service, numbers[service], out.get(service, []), account) for service in self._services]

    def _service(self, service: Service, number: int, edges: list[dict[str, Any]], account: str) -> dict[str, Any]:
        tally = self._services[service]
        said: dict[str, Any] = {"ReferenceId": number, **service.told(), "Edges": edges}
        if service.type == CLIENT:
            times = [(one["StartTime"], one["EndTime"]) for one in edges]
            starts, ends = zip(*times, strict=True)
            return said | {"State": "unknown", "StartTime": min(starts), "EndTime": max(ends)}
        histogram = tally.histogram()
        root = {"Root": True} if service in self._roots else {}
        return (
            said
            | root
            | {
                "AccountId": account,
                "State": "active",
                "StartTime": tally.start,
                "EndTime": tally.end,
                "SummaryStatistics": tally.told(),
                "DurationHistogram": histogram,
                "ResponseTimeHistogram": histogram,
            }
        )


def edges_of(segments: Sequence[Document]) -> Iterator[tuple[Service, Service, Document]]:
    """Who called whom in a trace, and the segment of who was called."""
    for one, caller in _callers(segments):
        if caller is not None:
            yield service_of(caller), service_of(one), one


def _callers(segments: Sequence[Document]) -> Iterator[tuple[Document, Document | None]]:
    """Each segment with the one that a part of called it."""
    homes = {part["id"]: one for one in segments for part in walk(one)}
    return ((one, homes.get(one.get("parent_id", ""))) for one in segments)


def graph_of(traces: Iterable[Sequence[Document]]) -> Graph:
    """The graph of traces."""
    graph = Graph()
    for segments in traces:
        graph.add(segments)
    return graph


def _edge(number: int, tally: Tally) -> dict[str, Any]:
    return {
        "ReferenceId": number,
        "StartTime": tally.start,
        "EndTime": tally.end,
        "SummaryStatistics": tally.told(),
        "ResponseTimeHistogram": tally.histogram(),
        "Aliases": [],
    }
