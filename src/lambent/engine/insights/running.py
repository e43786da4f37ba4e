"""Runs a query over log events, that come in any order: rows go through the commands one by one, and no more of them
are held than must be (the rows of `limit`, the groups of `stats`, the values of `dedup`).

What AWS leaves open is decided so: rows that no command sorts come newest first; of rows with the same values `dedup`
keeps the first as sorted, else the newest.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cmp_to_key
from itertools import islice
from typing import Any

from lambent import patterns
from lambent.engine.insights.aggregates import AGGREGATES, Kept
from lambent.engine.insights.clustering import Patterns
from lambent.engine.insights.fields import LogEvent, Row
from lambent.engine.insights.functions import FUNCTIONS, OPERATORS
from lambent.engine.insights.query import (
    Call,
    Command,
    Dedup,
    Display,
    Expression,
    FieldName,
    Fields,
    Filter,
    Limit,
    Literal,
    Named,
    Parse,
    Pattern,
    Query,
    Sort,
    Stats,
    Unnest,
    Value,
)
from lambent.engine.insights.reading import MOST_ROWS, aggregated
from lambent.engine.insights.values import order, text, truth

Run = Callable[[Row], Value]
Rows = Iterator[Row]
Shown = list[tuple[str, str]]
"""A row as it is answered: (field, value), what is missing left out."""
DEFAULT_COLUMNS = ("@timestamp", "@message")
PATTERN_COLUMNS = ("@pattern", "@ratio", "@sampleCount", "@severityLabel")
DIFF_COLUMNS = ("@previousSampleCount", "@difference", "@differenceDescription")
"""Names of our own: AWS documents what its console shows."""
MOST_GROUPS = 100_000
"""Groups of `stats` and values of `dedup`; more are not held."""


class TooManyGroups(Exception):
    """A query would hold more than `MOST_GROUPS`."""


@dataclass(slots=True)
class Counted:
    """What a query went through."""

    scanned: int = 0
    matched: int = 0
    bytes: int = 0


@dataclass(slots=True)
class _Columns:
    """Which columns are shown."""

    names: list[str] = field(default_factory=list)
    displayed: list[str] | None = None
    of_events: bool = True
    since: int = 0

    def add(self, names: Iterable[str]) -> None:
        """Further columns, each once."""
        self.names += [name for name in names if name not in self.names]

    def start_anew(self, names: Iterable[str]) -> None:
        """Rows are no events any more, and have these columns."""
        self.of_events, self.displayed, self.names = False, None, list(names)

    def shown(self) -> list[str]:
        """Those of `display`, else of `fields`, else AWS's own; an event's rows end with its pointer."""
        names = self.displayed or self.names or list(DEFAULT_COLUMNS)
        return [*(name for name in names if name != "@ptr"), "@ptr"] if self.of_events else names


def run(
    query: Query,
    events: Iterable[LogEvent],
    limit: int = MOST_ROWS,
    counted: Counted | None = None,
    since: int = 0,
) -> list[Shown]:
    """The rows of the answer, at most `limit` unless the query says how many. Events before `since` (ms since 1970) are
    of the time that `diff` compares with. Raises TooManyGroups, TooManyPatterns."""
    counted, columns = counted or Counted(), _Columns(since=since)
    rows: Rows = _counting(events, counted)
    wanted = [one.count for one in query if isinstance(one, Limit)]
    most = min([*wanted, MOST_ROWS]) if wanted else limit
    ordered = matching = False
    for place, command in enumerate(query):
        if not matching and not isinstance(command, Filter | Fields | Display | Parse):
            rows, matching = _matched(rows, counted), True
        if isinstance(command, Limit | Dedup) and not ordered:
            rows, ordered = _newest(rows, command.count if isinstance(command, Limit) else None), True
        rows = _step(command, rows, columns, _wanted(query[place:], most))
        ordered = ordered or isinstance(command, Sort | Stats | Pattern)
    if not matching:
        rows = _matched(rows, counted)
    if not ordered:
        rows = _newest(rows, most)
    return [_shown(row, columns.shown()) for row in islice(rows, most)]


def _counting(events: Iterable[LogEvent], counted: Counted) -> Rows:
    for event in events:
        counted.scanned += 1
        counted.bytes += len(event.message)
        yield Row(event)


def _matched(rows: Rows, counted: Counted) -> Rows:
    for row in rows:
        counted.matched += 1
        yield row


def _newest(rows: Rows, most: int | None) -> Rows:
    if most is None:
        return iter(sorted(rows, key=lambda row: -row.at))
    return iter(heapq.nlargest(most, rows, key=lambda row: row.at))


def _shown(row: Row, names: list[str]) -> Shown:
    values = ((name, row.get(name)) for name in names)
    return [(name, text(value)) for name, value in values if value is not None]


def _wanted(rest: Query, most: int) -> int | None:
    """How many rows of a sort can come to be shown; None where a later command needs all."""
    kept = all(isinstance(one, Fields | Display | Parse | Limit) for one in rest[1:])
    return min([most, *(one.count for one in rest if isinstance(one, Limit))]) if kept else None


def _step(command: Command, rows: Rows, columns: _Columns, most: int | None) -> Rows:
    match command:
        case Fields():
            columns.add(column.name for column in command.columns)
            return _computed(command.columns, rows)
        case Display():
            columns.displayed = [column.name for column in command.columns]
            return _computed(command.columns, rows)
        case Filter():
            return filter(_condition(command.condition), rows)
        case Parse():
            return _parsed(command, rows)
        case Unnest():
            return _unnested(command, rows)
        case Dedup():
            return _different(command.columns, rows)
        case Limit():
            return islice(rows, command.count)
        case Sort():
            return _sorted(command, rows, most)
        case Stats():
            columns.start_anew(column.name for column in (*command.by, *command.columns))
            return _grouped(command, rows)
        case Pattern():
            columns.start_anew((*PATTERN_COLUMNS, *(DIFF_COLUMNS if command.against else ())))
            return _patterns(command, rows, columns.since)


# --- commands


def _computed(columns: tuple[Named, ...], rows: Rows) -> Rows:
    made = [(one.name, compiled(one.expression)) for one in columns if one.expression != FieldName(one.name)]
    if not made:
        return rows
    return (_with(row, made) for row in rows)


def _with(row: Row, made: list[tuple[str, Run]]) -> Row:
    for name, run in made:
        row.made[name] = run(row)
    return row


def _condition(expression: Expression) -> Callable[[Row], bool]:
    run = compiled(expression)
    return lambda row: truth(run(row))


def _parsed(command: Parse, rows: Rows) -> Rows:
    source = compiled(command.source)
    for row in rows:
        value = source(row)
        groups = () if value is None else _groups(command.pattern, text(value))
        row.made.update(zip(command.names, groups, strict=False))
        yield row


def _groups(pattern: str, value: str) -> tuple[str | None, ...]:
    try:
        return patterns.groups(pattern, value)
    except patterns.Unmatchable:
        return ()


def _unnested(command: Unnest, rows: Rows) -> Rows:
    source = compiled(command.source)
    for row in rows:
        value = source(row)
        for item in value if isinstance(value, list) else []:
            yield Row(row.event, {**row.made, command.name: item})


def _different(columns: tuple[Named, ...], rows: Rows) -> Rows:
    runs = [compiled(column.expression) for column in columns]
    seen: set[tuple[str | None, ...]] = set()
    for row in rows:
        key = _key(runs, row)
        if key not in seen:
            _bound(seen)
            seen.add(key)
            yield row


def _key(runs: list[Run], row: Row) -> tuple[str | None, ...]:
    return tuple(None if value is None else text(value) for value in (run(row) for run in runs))


def _bound(held: Any) -> None:
    if len(held) >= MOST_GROUPS:
        raise TooManyGroups(f"the query has more than {MOST_GROUPS} groups")


def _patterns(command: Pattern, rows: Rows, since: int) -> Rows:
    source, found = compiled(command.source), Patterns()
    for row in rows:
        value = source(row)
        if value is not None:
            found.add(text(value), before=row.at < since)
    for made in found.rows(compared=bool(command.against)):
        yield Row(None, made)


def _sorted(command: Sort, rows: Rows, most: int | None) -> Rows:
    keys = [(compiled(expression), down) for expression, down in command.keys]
    if len({down for _, down in keys}) > 1:
        key = _both_ways(keys)
        return iter(sorted(rows, key=key) if most is None else heapq.nsmallest(most, rows, key=key))
    runs, down = [run for run, _ in keys], keys[0][1]

    def place(row: Row) -> Any:
        return [order(run(row)) for run in runs]

    if most is None:
        return iter(sorted(rows, key=place, reverse=down))
    return iter((heapq.nlargest if down else heapq.nsmallest)(most, rows, key=place))


def _both_ways(keys: list[tuple[Run, bool]]) -> Callable[[Row], Any]:
    """Of keys some of which go up and some down."""

    def compare(left: Row, right: Row) -> int:
        for run, down in keys:
            one, other = order(run(left)), order(run(right))
            if one != other:
                return 1 if (one > other) != down else -1
        return 0

    return cmp_to_key(compare)


def _grouped(command: Stats, rows: Rows) -> Rows:
    """Groups by the time of the first row that came of each, newest first; those of a former `stats` as they come."""
    by = [(one.name, compiled(one.expression)) for one in command.by]
    aggregates = list(dict.fromkeys(call for column in command.columns for call in _calls(column.expression)))
    arguments = [compiled(call.arguments[0] if call.arguments else Literal(1)) for call in aggregates]
    groups: dict[tuple[str | None, ...], tuple[float, dict[str, Value], list[Kept]]] = {}
    for row in rows:
        values = {name: run(row) for name, run in by}
        key = tuple(None if value is None else text(value) for value in values.values())
        group = groups.get(key)
        if group is None:
            _bound(groups)
            group = groups[key] = (row.at, values, [_begun(call) for call in aggregates])
        for run, kept in zip(arguments, group[2], strict=True):
            kept.add(run(row), row.at)
    if not groups and not by:
        groups[()] = (0, {}, [_begun(call) for call in aggregates])
    for _, values, held in sorted(groups.values(), key=lambda group: -group[0]):
        yield _summed(command, values, dict(zip(aggregates, held, strict=True)))


def _calls(expression: Expression) -> Iterator[Call]:
    if isinstance(expression, Call):
        if expression.name in AGGREGATES:
            yield expression
        else:
            for one in expression.arguments:
                yield from _calls(one)


def _begun(call: Call) -> Kept:
    settled = [one.value for one in call.arguments[1:] if isinstance(one, Literal)]
    return AGGREGATES[call.name].begin(*settled)


def _summed(command: Stats, values: dict[str, Value], kept: dict[Call, Kept]) -> Row:
    row = Row(None, dict(values))
    for column in command.columns:
        row.made[column.name] = compiled(_settled(column.expression, kept))(row)
    return row


def _settled(expression: Expression, kept: dict[Call, Kept]) -> Expression:
    """The same with each aggregate as the value that it has."""
    if not isinstance(expression, Call) or not aggregated(expression):
        return expression
    if expression.name in AGGREGATES:
        return Literal(kept[expression].result())
    return Call(expression.name, tuple(_settled(one, kept) for one in expression.arguments))


# --- expressions


def compiled(expression: Expression) -> Run:
    """What computes it from a row."""
    match expression:
        case Literal():
            value = expression.value
            return lambda row: value
        case FieldName():
            name = expression.name
            return lambda row: row.get(name)
        case Call():
            return _called(expression)
        case _:
            return lambda row: expression


def _called(call: Call) -> Run:
    if call.name == "bin":
        (period,) = call.arguments
        return _called(Call("datefloor", (FieldName("@timestamp"), period)))
    runs = [compiled(one) for one in call.arguments]
    if call.name in ("and", "or"):
        return _short(call.name == "and", runs)
    function = OPERATORS.get(call.name) or FUNCTIONS[call.name].run
    if len(runs) == 1:
        (only,) = runs
        return lambda row: function(only(row))
    if len(runs) == 2:
        first, second = runs
        return lambda row: function(first(row), second(row))
    return lambda row: function(*[run(row) for run in runs])


def _short(every: bool, parts: list[Run]) -> Run:
    """Parts are computed until one of them decides."""
    if every:
        return lambda row: all(truth(part(row)) for part in parts)
    return lambda row: any(truth(part(row)) for part in parts)
