"""What holds rows until all of them have come: `sort` and what is shown of the newest, `dedup`, `stats`, `pattern`.

No more is held than must be. What one of them holds (`state`) can be merged into another one that has not seen the same
rows, as if those had come to it behind its own: rows may be gone through in parts.
"""

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cmp_to_key
from itertools import chain, compress
from typing import Any, Protocol

from lambent.engine.insights.aggregates import AGGREGATES, Kept
from lambent.engine.insights.batch import Batch
from lambent.engine.insights.clustering import Patterns
from lambent.engine.insights.columns import Column, compiled
from lambent.engine.insights.query import Call, Dedup, Expression, FieldName, Literal, Pattern, Sort, Stats, Value
from lambent.engine.insights.reading import aggregated
from lambent.engine.insights.values import orders, text, texts

MOST_GROUPS = 100_000
"""Groups of `stats` and values of `dedup`; more are not held."""
SPARE = 2_000
"""Rows that are held beyond those that are wanted, before they are looked through."""
UNSETTLED = 8
"""Batches of which few rows are wanted, but which are held as they came: to settle one costs as much as to read it."""


class TooManyGroups(Exception):
    """A query would hold more than `MOST_GROUPS`."""


class Stage(Protocol):
    """One of them."""

    def add(self, batch: Batch) -> None:
        """Further rows."""
        ...

    def rows(self) -> Batch:
        """What becomes of them."""
        ...


class Mergeable(Stage, Protocol):
    """One that can be gone through in parts."""

    def state(self) -> Any:
        """What it holds, for another process."""
        ...

    def merge(self, state: Any) -> None:
        """What another one held."""
        ...


class OfRows(ABC):
    """What others of its kind have found is rows like any."""

    @abstractmethod
    def add(self, batch: Batch) -> None:
        """Further rows."""

    @abstractmethod
    def rows(self) -> Batch:
        """What is left of them."""

    def state(self) -> Batch:
        """The rows."""
        return self.rows()

    def merge(self, state: Batch) -> None:
        """Rows of another one."""
        self.add(state)


class Best(OfRows):
    """The rows that `places` (a value of each row) puts first, or last if they go `down`; `most` of them, or all. Of
    equal ones the first that came is first."""

    def __init__(self, places: Callable[[Batch], Sequence[Any]], down: bool, most: int | None) -> None:
        self._places = places
        self._down = down
        self._most = most
        self._worst: Any = None
        self._held: list[tuple[Sequence[Any], Batch]] = []
        self._count = self._unsettled = 0

    def add(self, batch: Batch) -> None:
        """Further rows."""
        places = self._places(batch)
        if self._worst is not None:
            worst = self._worst
            wanted = [place > worst for place in places] if self._down else [place < worst for place in places]
            places, batch = list(compress(places, wanted)), batch.where(wanted)
        if self._most is not None and batch.count > self._most:
            first = sorted(range(batch.count), key=places.__getitem__, reverse=self._down)[: self._most]
            places, batch = [places[place] for place in first], batch.take(first)
        if batch.count:
            self._held.append((places, batch if self._most else batch.settled()))
            self._count += batch.count
            self._unsettled += 1
        if self._most is not None and (self._count > 2 * self._most + SPARE or self._unsettled > UNSETTLED):
            self._cut()

    def _cut(self) -> None:
        if not self._held:
            return
        places = list(chain.from_iterable(places for places, _ in self._held))
        ranked = sorted(range(len(places)), key=places.__getitem__, reverse=self._down)[: self._most]
        whole = Batch.joined([batch for _, batch in self._held]).take(ranked).settled()
        places = [places[place] for place in ranked]
        self._unsettled = 0
        self._held, self._count = [(places, whole)] if ranked else [], len(ranked)
        if ranked and len(ranked) == self._most:
            self._worst = places[-1]

    def rows(self) -> Batch:
        """In their order."""
        self._cut()
        return self._held[0][1] if self._held else Batch(0)


def newest(most: int | None) -> Best:
    """The newest rows."""
    return Best(lambda batch: batch.times, True, most)


def ordered(command: Sort, most: int | None) -> Best:
    """The first rows by the keys of `sort`."""
    columns = [(compiled(expression), down) for expression, down in command.keys]
    if len({down for _, down in columns}) > 1:
        return Best(_both_ways(columns), False, most)

    def places(batch: Batch) -> list[Any]:
        keys = [orders(column(batch)) for column, _ in columns]
        return keys[0] if len(keys) == 1 else list(zip(*keys, strict=True))

    return Best(places, columns[0][1], most)


def _both_ways(columns: list[tuple[Column, bool]]) -> Callable[[Batch], list[Any]]:
    """Of keys some of which go up and some down."""
    downs = [down for _, down in columns]

    def compare(left: tuple[Any, ...], right: tuple[Any, ...]) -> int:
        for one, other, down in zip(left, right, downs, strict=True):
            if one != other:
                return 1 if (one > other) != down else -1
        return 0

    key = cmp_to_key(compare)
    return lambda batch: [key(one) for one in zip(*[orders(column(batch)) for column, _ in columns], strict=True)]


class Different(OfRows):
    """`dedup`: the newest row of each combination of values."""

    def __init__(self, command: Dedup) -> None:
        self._columns = [compiled(column.expression) for column in command.columns]
        self._newest: dict[tuple[str | None, ...], tuple[float, int]] = {}
        self._held: list[tuple[list[int], list[tuple[str | None, ...]], Batch]] = []
        self._count = 0
        self._came = 0

    def add(self, batch: Batch) -> None:
        """Further rows."""
        keys, batch = _latest(keys_of(self._columns, batch), batch)
        known, numbers = self._newest, list(range(self._came, self._came + batch.count))
        self._came += batch.count
        for key, at, came in zip(keys, batch.times, numbers, strict=True):
            one = known.get(key)
            if one is None or at > one[0]:
                known[key] = (at, came)
        if len(known) > MOST_GROUPS:
            raise TooManyGroups(f"the query has more than {MOST_GROUPS} groups")
        self._hold(numbers, keys, batch)
        if self._count > 2 * len(known) + SPARE or len(self._held) > UNSETTLED:
            self._cut()

    def _hold(self, numbers: list[int], keys: list[tuple[str | None, ...]], batch: Batch) -> None:
        """Those that are the newest."""
        wanted = [self._newest[key][1] == came for key, came in zip(keys, numbers, strict=True)]
        left = list(compress(numbers, wanted))
        if left:
            self._held.append((left, list(compress(keys, wanted)), batch.where(wanted)))
            self._count += len(left)

    def _cut(self) -> None:
        held, self._held, self._count = self._held, [], 0
        if held:
            numbers = list(chain.from_iterable(one[0] for one in held))
            keys = list(chain.from_iterable(one[1] for one in held))
            self._hold(numbers, keys, Batch.joined([one[2] for one in held]))
            self._held = [(numbers, keys, batch.settled()) for numbers, keys, batch in self._held]

    def rows(self) -> Batch:
        """The newest ones first."""
        self._cut()
        if not self._held:
            return Batch(0)
        batch = self._held[0][2]
        times = batch.times
        return batch.take(sorted(range(batch.count), key=times.__getitem__, reverse=True))


def _latest(keys: list[Any], batch: Batch) -> tuple[list[Any], Batch]:
    """The newest rows of each key, where rows are in the order of time as they stand in a log; else all of them."""
    times = batch.times
    if times != sorted(times):
        return keys, batch
    if len(set(times)) == len(times):
        last = sorted(dict(zip(keys, range(len(keys)), strict=True)).values())
        return [keys[place] for place in last], batch.take(last)
    newest_of = dict(zip(keys, times, strict=True))
    wanted = [newest_of[key] == at for key, at in zip(keys, times, strict=True)]
    return list(compress(keys, wanted)), batch.where(wanted)


def first_of_each(command: Dedup, batch: Batch) -> Batch:
    """`dedup` of rows that are in an order: the first of each combination of values."""
    columns = [compiled(column.expression) for column in command.columns]
    seen: dict[tuple[str | None, ...], int] = {}
    for place, key in enumerate(keys_of(columns, batch)):
        seen.setdefault(key, place)
    if len(seen) > MOST_GROUPS:
        raise TooManyGroups(f"the query has more than {MOST_GROUPS} groups")
    return batch.take(list(seen.values()))


def keys_of(columns: Iterable[Column], batch: Batch) -> list[tuple[str | None, ...]]:
    """The texts of a row's values."""
    return list(zip(*[texts(column(batch)) for column in columns], strict=True))


Group = tuple[float, list[Value], list[Kept]]
"""When the first of its rows was, what they have in common, and what is kept of them."""


class Groups:
    """`stats`: groups by the time of the first row that came of each, newest first; those of a former `stats` as they
    come."""

    def __init__(self, command: Stats) -> None:
        self._command = command
        self._by = [compiled(one.expression) for one in command.by]
        self._one = len(self._by) == 1
        calls = (call for column in command.columns for call in _calls(column.expression))
        self._aggregates = list(dict.fromkeys(calls))
        self._counting = [place for place, call in enumerate(self._aggregates) if not call.arguments]
        self._arguments: defaultdict[Expression, list[int]] = defaultdict(list)
        for place, call in enumerate(self._aggregates):
            if call.arguments:
                self._arguments[call.arguments[0]].append(place)
        self._columns = {argument: compiled(argument) for argument in self._arguments}
        self._timed = [AGGREGATES[call.name].timed for call in self._aggregates]
        self._known: dict[Any, list[Kept]] = {}
        self._groups: dict[tuple[str | None, ...], Group] = {}

    def add(self, batch: Batch) -> None:
        """Further rows."""
        if not batch.count:
            return
        by = [column(batch) for column in self._by]
        keys, counts = _counted(by) if by else ([()] * batch.count, Counter({(): batch.count}))
        self._know(counts, keys, batch)
        for place in self._counting:
            for key, many in counts.items():
                self._known[key][place].add([1] * many, ())
        for argument, places in self._arguments.items():
            self._spread(places, keys, self._columns[argument](batch), batch.times, alone=len(counts) == 1)

    def _spread(
        self, places: list[int], keys: list[Any], values: list[Value], times: Sequence[float], *, alone: bool
    ) -> None:
        """Give each group the values of an argument, and all that is kept of them."""
        timed = any(self._timed[place] for place in places)
        if None in values and not alone:
            there = [value is not None for value in values]
            keys, values = list(compress(keys, there)), list(compress(values, there))
            times = list(compress(times, there)) if timed else times
        those = _by_key(keys, values, alone)
        at = _by_key(keys, times, alone) if timed else {}
        for key, found in those.items():
            for place in places:
                self._known[key][place].add(found, at.get(key, ()))

    def _know(self, those: Iterable[Any], keys: list[Any], batch: Batch) -> None:
        """Find or begin the groups that have these values."""
        if len(self._known) > MOST_GROUPS:
            self._known.clear()
        unknown = [key for key in those if key not in self._known]
        firsts = dict(zip(reversed(keys), reversed(batch.times), strict=True)) if unknown else {}
        for key in unknown:
            values = [key] if self._one else list(key)
            said = tuple(None if value is None else text(value) for value in values)
            group = self._groups.get(said)
            if group is None:
                self._bound()
                group = self._groups[said] = (firsts[key], values, [_begun(call) for call in self._aggregates])
            self._known[key] = group[2]

    def _bound(self) -> None:
        if len(self._groups) >= MOST_GROUPS:
            raise TooManyGroups(f"the query has more than {MOST_GROUPS} groups")

    def state(self) -> Any:
        """The groups."""
        return self._groups

    def merge(self, state: Any) -> None:
        """Groups of another one."""
        for said, group in state.items():
            own = self._groups.get(said)
            if own is None:
                self._bound()
                self._groups[said] = group
            else:
                for mine, other in zip(own[2], group[2], strict=True):
                    mine.merge(other)

    def rows(self) -> Batch:
        """One of each group."""
        if not self._groups and not self._by:
            self._groups[()] = (0, [], [_begun(call) for call in self._aggregates])
        those = sorted(self._groups.values(), key=lambda group: -group[0])
        made = {one.name: [group[1][place] for group in those] for place, one in enumerate(self._command.by)}
        results = {call: [group[2][place].result() for group in those] for place, call in enumerate(self._aggregates)}
        for column in self._command.columns:
            of_results = Batch(len(those), None, made | {_name(call): found for call, found in results.items()})
            made = made | {column.name: compiled(_settled(column.expression))(of_results)}
        return Batch(len(those), None, made)


def _by_key(keys: list[Any], values: Sequence[Any], alone: bool) -> dict[Any, Sequence[Any]]:
    """The values of each key; `alone` when there is one."""
    if alone:
        return {keys[0]: values}
    found: defaultdict[Any, list[Any]] = defaultdict(list)
    for key, value in zip(keys, values, strict=True):
        found[key].append(value)
    return dict(found)


def _counted(by: list[list[Value]]) -> tuple[list[Any], Counter[Any]]:
    """The combinations of values (of one field the values), and how many there are of each; lists and objects as their
    texts."""
    keys = _combined(by)
    try:
        return keys, Counter(keys)
    except TypeError:
        keys = _combined([[text(one) if isinstance(one, list | dict) else one for one in values] for values in by])
        return keys, Counter(keys)


def _combined(by: list[list[Value]]) -> list[Any]:
    return by[0] if len(by) == 1 else list(zip(*by, strict=True))


def _calls(expression: Expression) -> Iterable[Call]:
    if isinstance(expression, Call):
        if expression.name in AGGREGATES:
            yield expression
        else:
            for one in expression.arguments:
                yield from _calls(one)


def _begun(call: Call) -> Kept:
    settled = [one.value for one in call.arguments[1:] if isinstance(one, Literal)]
    return AGGREGATES[call.name].begin(*settled)


def _name(call: Call) -> str:
    """What an aggregate's result is called, which no query can say."""
    return f"\0{call!r}"


def _settled(expression: Expression) -> Expression:
    """The same with each aggregate as its result."""
    if not isinstance(expression, Call) or not aggregated(expression):
        return expression
    if expression.name in AGGREGATES:
        return FieldName(_name(expression))
    return Call(expression.name, tuple(_settled(one) for one in expression.arguments))


class Alike:
    """`pattern`: what texts have in common. It can't be gone through in parts."""

    def __init__(self, command: Pattern, since: int) -> None:
        self._command = command
        self._source = compiled(command.source)
        self._since = since
        self._found = Patterns()

    def add(self, batch: Batch) -> None:
        """Further rows; those before `since` (ms since 1970) are of the time that is compared with."""
        for value, at in zip(self._source(batch), batch.times, strict=True):
            if value is not None:
                self._found.add(text(value), before=at < self._since)

    def rows(self) -> Batch:
        """One of each pattern."""
        rows = list(self._found.rows(compared=bool(self._command.against)))
        names = dict.fromkeys(name for row in rows for name in row)
        return Batch(len(rows), None, {name: [row.get(name) for row in rows] for name in names})
