"""Runs a query over log events, that come in any order: batches of rows go through the commands, and no more rows are
held than must be (`holding`).

What AWS leaves open is decided so: rows that no command sorts come newest first; of rows with the same values `dedup`
keeps the first as sorted, else the newest.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lambent import patterns
from lambent.engine.insights.batch import Batch
from lambent.engine.insights.columns import compiled, condition
from lambent.engine.insights.documents import keys_of
from lambent.engine.insights.events import Events
from lambent.engine.insights.fields import LogEvent
from lambent.engine.insights.holding import Alike, Different, Groups, Mergeable, Stage, first_of_each, newest, ordered
from lambent.engine.insights.query import (
    Command,
    Dedup,
    Display,
    FieldName,
    Fields,
    Filter,
    Limit,
    Named,
    Parse,
    Pattern,
    Query,
    Sort,
    Stats,
    Unnest,
    Value,
)
from lambent.engine.insights.reading import MOST_ROWS
from lambent.engine.insights.values import text, texts

Step = Callable[[Batch], Batch]
Shown = list[tuple[str, str]]
"""A row as it is answered: (field, value), what is missing left out."""
DEFAULT_COLUMNS = ("@timestamp", "@message")
PATTERN_COLUMNS = ("@pattern", "@ratio", "@sampleCount", "@severityLabel")
DIFF_COLUMNS = ("@previousSampleCount", "@difference", "@differenceDescription")
"""Names of our own: AWS documents what its console shows."""
BATCH = 1_000
"""Rows that are gone through side by side: what is made of them fits into a processor's cache."""


@dataclass(slots=True)
class Counted:
    """What a query went through."""

    scanned: int = 0
    matched: int = 0
    bytes: int = 0

    def add(self, other: "Counted") -> None:
        """More of it."""
        self.scanned += other.scanned
        self.matched += other.matched
        self.bytes += other.bytes


@dataclass(slots=True)
class _Columns:
    """Which columns are shown."""

    names: list[str] = field(default_factory=list)
    displayed: list[str] | None = None
    of_events: bool = True

    def add(self, names: Iterable[str]) -> None:
        """Further columns, each once."""
        self.names += [name for name in names if name not in self.names]

    def start_anew(self, names: Iterable[str]) -> None:
        """Rows are no events any more, and have these columns."""
        self.of_events, self.displayed, self.names = False, None, list(names)

    def note(self, command: Command) -> None:
        """What a command does to them."""
        match command:
            case Fields():
                self.add(column.name for column in command.columns)
            case Display():
                self.displayed = [column.name for column in command.columns]
            case Stats():
                self.start_anew(column.name for column in (*command.by, *command.columns))
            case Pattern():
                self.start_anew((*PATTERN_COLUMNS, *(DIFF_COLUMNS if command.against else ())))

    def shown(self) -> list[str]:
        """Those of `display`, else of `fields`, else AWS's own; an event's rows end with its pointer."""
        names = self.displayed or self.names or list(DEFAULT_COLUMNS)
        return [*(name for name in names if name != "@ptr"), "@ptr"] if self.of_events else names


class Run:
    """A query under way: rows come by `add`, those of another process by `merge`, and `rows` are the answer.

    Commands that look at one row each come first (`_leading`), then one that holds rows (`_stage`), and when all have
    come the others (`_rest`).
    """

    def __init__(self, query: Query, limit: int = MOST_ROWS, counted: Counted | None = None, since: int = 0) -> None:
        """Events before `since` (ms since 1970) are of the time that `diff` compares with."""
        self.counted = counted or Counted()
        self._since = since
        wanted = [one.count for one in query if isinstance(one, Limit)]
        self._most = min([*wanted, MOST_ROWS]) if wanted else limit
        self._keys = keys_of(query)
        self._columns = _Columns()
        for command in query:
            self._columns.note(command)
        count = next((place for place, one in enumerate(query) if _holds(one)), len(query))
        self._leading = [step_of(one) for one in query[:count]]
        self._counting = next((place for place, one in enumerate(query[:count]) if isinstance(one, Unnest)), count)
        self._stage = self._first(query[count:])
        self._rest = query[count + 1 :]

    def _first(self, rest: Query) -> Stage:
        """What holds rows first."""
        match rest[0] if rest else Limit(self._most):
            case Limit() as command:
                return newest(command.count)
            case Dedup() as command:
                return Different(command)
            case command:
                return self._held(command, rest)

    def _held(self, command: Command, rest: Query) -> Stage:
        match command:
            case Sort():
                return ordered(command, _wanted(rest, self._most))
            case Stats():
                return Groups(command)
            case Pattern():
                return Alike(command, self._since)
        raise AssertionError(command)

    @property
    def in_parts(self) -> bool:
        """Whether several may go through a part of the rows each."""
        return not isinstance(self._stage, Alike)

    def add(self, events: Events) -> None:
        """Further events."""
        batch = Batch.of(events, self._keys)
        self.counted.scanned += batch.count
        self.counted.bytes += events.size
        for place, step in enumerate(self._leading):
            if place == self._counting:
                self.counted.matched += batch.count
            if not batch.count:
                return
            batch = step(batch)
        if self._counting >= len(self._leading):
            self.counted.matched += batch.count
        if batch.count:
            self._stage.add(batch)

    def state(self) -> tuple[Counted, Any]:
        """What came of the rows that came, for `merge`."""
        assert not isinstance(self._stage, Alike)
        stage: Mergeable = self._stage  # type: ignore[assignment]
        return self.counted, stage.state()

    def merge(self, state: tuple[Counted, Any]) -> None:
        """What came of rows elsewhere, which are behind those that came here."""
        counted, held = state
        self.counted.add(counted)
        self._stage.merge(held)  # type: ignore[attr-defined]

    def rows(self) -> list[Shown]:
        """The answer."""
        batch = self._stage.rows()
        for place, command in enumerate(self._rest):
            if _holds(command) and not isinstance(command, Limit | Dedup):
                stage = self._held(command, self._rest[place:])
                stage.add(batch)
                batch = stage.rows()
            else:
                batch = step_of(command)(batch)
        names = self._columns.shown()
        batch = batch.take(range(min(batch.count, self._most)))
        columns = [(name, [None if value is None else text(value) for value in batch.column(name)]) for name in names]
        return [
            [(name, value) for name, values in columns if (value := values[place]) is not None]
            for place in range(batch.count)
        ]


def run(
    query: Query,
    events: Iterable[LogEvent],
    limit: int = MOST_ROWS,
    counted: Counted | None = None,
    since: int = 0,
) -> list[Shown]:
    """The rows of the answer, at most `limit` unless the query says how many. Events before `since` (ms since 1970) are
    of the time that `diff` compares with. Raises TooManyGroups, TooManyPatterns."""
    running, every = Run(query, limit, counted, since), list(events)
    for start in range(0, len(every), BATCH):
        running.add(Events.of(every[start : start + BATCH]))
    return running.rows()


def _holds(command: Command) -> bool:
    return not isinstance(command, Fields | Display | Filter | Parse | Unnest)


def _wanted(rest: Query, most: int) -> int | None:
    """How many rows of a sort can come to be shown; None where a later command needs all."""
    kept = all(isinstance(one, Fields | Display | Parse | Limit) for one in rest[1:])
    return min([most, *(one.count for one in rest if isinstance(one, Limit))]) if kept else None


# --- commands that look at one row each, or at rows that are in an order


def step_of(command: Command) -> Step:
    """What does it."""
    match command:
        case Fields() | Display():
            return _computed(command.columns)
        case Filter():
            return condition(command.condition)
        case Parse():
            return _parsed(command)
        case Unnest():
            return _unnested(command)
        case Limit():
            return lambda batch: batch.take(range(min(command.count, batch.count)))
        case Dedup():
            return lambda batch: first_of_each(command, batch)
    raise AssertionError(command)


def _computed(columns: tuple[Named, ...]) -> Step:
    made = [(one.name, compiled(one.expression)) for one in columns if one.expression != FieldName(one.name)]

    def step(batch: Batch) -> Batch:
        for name, column in made:
            batch = batch.with_made({name: column(batch)})
        return batch

    return step if made else lambda batch: batch


def _parsed(command: Parse) -> Step:
    source, names = compiled(command.source), command.names
    try:
        find = patterns.between(command.parts) if command.parts else patterns.finder(command.pattern)
    except patterns.Unmatchable:
        return lambda batch: batch

    def step(batch: Batch) -> Batch:
        found = [None if one is None else find(one) for one in texts(source(batch))]
        return batch.with_made({name: _taken(batch, name, place, found) for place, name in enumerate(names)})

    return step


def _taken(batch: Batch, name: str, place: int, found: list[patterns.Groups | None]) -> list[Value]:
    """What a group holds; where nothing matches a field is what it was."""
    if None not in found or not _may_have(batch, name):
        return [None if one is None else one[place] for one in found]
    there = iter(batch.where([one is None for one in found]).column(name))
    return [next(there) if one is None else one[place] for one in found]


def _may_have(batch: Batch, name: str) -> bool:
    """Whether a row has a field; most often none, which messages show that don't say its name."""
    if batch.events is None or name in batch.made or "." in name or name.startswith("@"):
        return True
    messages = "\n".join(batch.events.messages)
    return f'"{name}"' in messages or ("\\" in messages and "\\u" in messages)


def _unnested(command: Unnest) -> Step:
    source = compiled(command.source)

    def step(batch: Batch) -> Batch:
        lists = [value if isinstance(value, list) else [] for value in source(batch)]
        places = [place for place, items in enumerate(lists) for _ in items]
        return batch.take(places).with_made({command.name: [item for items in lists for item in items]})

    return step
