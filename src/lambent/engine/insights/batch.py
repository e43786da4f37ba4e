"""Rows side by side: a list of values for each field. A query goes over its rows a batch at a time, since a call for
each row and field would take most of its time."""

from collections.abc import Callable, Sequence
from itertools import chain, compress
from operator import itemgetter
from typing import Any

from lambent.engine.insights.documents import NO_KEYS, Keys, bounded, document, documents, reader
from lambent.engine.insights.events import Events
from lambent.engine.insights.fields import FIGURES, SEARCHED, LogEvent, discovered, flat, plain, walk
from lambent.engine.insights.query import Moment, Value


class Batch:
    """Rows: events with what commands have `made` of them, or rows of `stats` (no events). Of their messages' JSON
    they have the members that `keys` names."""

    __slots__ = ("_documents", "count", "events", "keys", "made")

    def __init__(
        self,
        count: int,
        events: Events | None = None,
        made: dict[str, list[Value]] | None = None,
        documents: list[Any] | None = None,
        keys: Keys = NO_KEYS,
    ) -> None:
        self.count = count
        self.events = events
        self.made = made if made is not None else {}
        self.keys = keys
        self._documents = documents

    @classmethod
    def of(cls, events: Events, keys: Keys = NO_KEYS) -> "Batch":
        """Rows of events."""
        return cls(len(events.times), events, keys=keys)

    @classmethod
    def joined(cls, parts: Sequence["Batch"]) -> "Batch":
        """One after the other; they have been through the same commands."""
        if len(parts) == 1:
            return parts[0]
        of_events = [one.events for one in parts if one.events is not None]
        names = parts[0].made if parts else ()
        made = {name: list(chain.from_iterable(one.made[name] for one in parts)) for name in names}
        events, keys = Events.joined(of_events) if of_events else None, parts[0].keys if parts else NO_KEYS
        return cls(sum(one.count for one in parts), events, made, keys=keys)

    @property
    def times(self) -> Sequence[float]:
        """When they were, in milliseconds since 1970; 0 of a row of `stats`."""
        return self.events.times if self.events is not None else [0] * self.count

    def settled(self) -> "Batch":
        """The same, to be kept: it holds nothing of rows that are not in it."""
        return Batch(self.count, None if self.events is None else self.events.settled(), self.made, keys=self.keys)

    def with_made(self, made: dict[str, list[Value]]) -> "Batch":
        """The same with further fields."""
        return Batch(self.count, self.events, self.made | made, self._documents, self.keys)

    def where(self, wanted: Sequence[Any]) -> "Batch":
        """The rows for which `wanted` has something true."""
        count = sum(map(bool, wanted))
        if count == self.count:
            return self
        return self._each(count, lambda values: list(compress(values, wanted)))

    def take(self, places: Sequence[int]) -> "Batch":
        """The rows at these places, in their order."""
        if len(places) < 2:
            return self._each(len(places), lambda values: [values[place] for place in places])
        pick = itemgetter(*places)
        return self._each(len(places), lambda values: list(pick(values)))

    def _each(self, count: int, do: Callable[[Sequence[Any]], list[Any]]) -> "Batch":
        made = {name: do(values) for name, values in self.made.items()}
        events = None if self.events is None else self.events.each(do)
        documents = None if self._documents is None else do(self._documents)
        return Batch(count, events, made, documents, self.keys)

    def is_of_events(self, name: str) -> bool:
        """Whether a field is what the events have, not what a command has made."""
        return self.events is not None and name not in self.made

    def column(self, name: str) -> list[Value]:
        """The values of a field, None where there is none."""
        if name in self.made:
            return self.made[name]
        head, dot, rest = name.partition(".")
        if dot and head in self.made:
            inside = [isinstance(value, dict | list) for value in self.made[head]]
            others = self._of_events(name) if not all(inside) else [None] * self.count
            those = zip(self.made[head], inside, others, strict=True)
            return [walk(value, rest) if within else other for value, within, other in those]
        return self._of_events(name)

    def _of_events(self, name: str) -> list[Value]:
        if self.events is None:
            return [None] * self.count
        found = SYSTEM.get(name)
        if found is not None:
            return found(self.events)
        if name.startswith("@"):
            return discovered(self.events.messages, name)
        return self._of_documents(name)

    def _of_documents(self, name: str) -> list[Value]:
        read = reader(self.keys)
        if self._documents is None:
            assert self.events is not None
            self._documents = documents(self.events.messages, read)
        found = read.column(self._documents, name)
        head, dot, rest = name.partition(".")
        if dot:
            inside = _inside(read.column(self._documents, head), rest)
            there = found.count(None) < len(found)
            found = (
                [other if one is None else one for one, other in zip(found, inside, strict=True)] if there else inside
            )
        return [plain(value) for value in found] if bool in set(map(type, found)) else found


def _inside(values: list[Value], path: str) -> list[Value]:
    """What stands at a path in each; most are objects, and most paths short."""
    if "." in path:
        found = [None if value is None else walk(value, path) for value in values]
    else:
        found = [one.get(path) if type(one) is dict else None if one is None else walk(one, path) for one in values]
    if int not in set(map(type, found)):
        return found
    return list(map(bounded, found))


SYSTEM: dict[str, Callable[[Events], list[Value]]] = {
    "@timestamp": lambda events: list(map(Moment, events.times)),
    "@ingestionTime": lambda events: list(map(Moment, events.ingested)),
    "@message": lambda events: list(events.messages),
    "@logStream": lambda events: [source.stream for source in events.sources],
    "@log": lambda events: [f"{source.account}:{source.group}" for source in events.sources],
    "@ptr": Events.pointers,
}
"""Fields that every event has."""


def every(event: LogEvent) -> dict[str, Value]:
    """All fields that an event has."""
    row = Batch.of(Events.of([event]))
    found = {name: row.column(name)[0] for name in (*SYSTEM, "@type", *FIGURES, *SEARCHED)}
    return {name: value for name, value in {**found, **flat(document(event.message))}.items() if value is not None}
