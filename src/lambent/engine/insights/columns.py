"""What computes an expression for all rows of a batch. The commonest comparisons look at plain values themselves; what
they are of others, `functions` says."""

from collections.abc import Callable, Sequence
from typing import Any

from lambent import patterns
from lambent.engine.insights.batch import Batch
from lambent.engine.insights.functions import FUNCTIONS, OPERATORS
from lambent.engine.insights.query import (
    UNITS,
    WEEK,
    Call,
    Expression,
    FieldName,
    Literal,
    Moment,
    Period,
    Regex,
    Value,
)
from lambent.engine.insights.values import MONDAY, floored, number, text, texts, truth

Column = Callable[[Batch], list[Value]]
Values = list[Any]
Compute = Callable[[Values, Any, Callable[..., Any]], Values]
DECIDING = frozenset(("=", "!=", "<", ">", "<=", ">=", "like", "in", "not", "and", "or", "ispresent"))
"""What answers True or False."""
PLAIN = frozenset((int, float))


def compiled(expression: Expression) -> Column:
    """What computes it of a batch."""
    match expression:
        case Literal():
            value = expression.value
            return lambda batch: [value] * batch.count
        case FieldName():
            name = expression.name
            return lambda batch: batch.column(name)
        case Call():
            return _called(expression)
        case _:
            return lambda batch: [expression] * batch.count


def condition(expression: Expression) -> Callable[[Batch], Batch]:
    """What leaves the rows for which it is true."""
    if isinstance(expression, Call) and expression.name == "and":
        parts = [condition(one) for one in expression.arguments]
        return lambda batch: _narrowed(batch, parts)
    column = _truths(expression)
    return lambda batch: batch.where(column(batch))


def _narrowed(batch: Batch, parts: list[Callable[[Batch], Batch]]) -> Batch:
    for part in parts:
        if batch.count:
            batch = part(batch)
    return batch


def _truths(expression: Expression) -> Column:
    column = compiled(expression)
    if isinstance(expression, Call) and expression.name in DECIDING:
        return column
    return lambda batch: [truth(value) for value in column(batch)]


def _called(call: Call) -> Column:
    if call.name in ("and", "or"):
        return _of_truths(any if call.name == "or" else all, [_truths(one) for one in call.arguments])
    if call.name == "bin":
        return _called(Call("datefloor", (FieldName("@timestamp"), *call.arguments)))
    if call.name == "datefloor" and isinstance(call.arguments[1], Period):
        return _floors(call.arguments[0], call.arguments[1])
    function = OPERATORS.get(call.name) or FUNCTIONS[call.name].run
    columns = [compiled(one) for one in call.arguments]
    if len(columns) == 2 and (quick := _quick(call.name, columns[0], call.arguments[1])) is not None:
        return quick
    return lambda batch: list(map(function, *[column(batch) for column in columns]))


def _of_truths(those: Callable[[Any], bool], columns: list[Column]) -> Column:
    return lambda batch: [those(values) for values in zip(*[column(batch) for column in columns], strict=True)]


def _floors(source: Expression, period: Period) -> Column:
    column, length = compiled(source), UNITS[period.unit]
    if not length or not period.count:
        return lambda batch: [floored(value, period) for value in column(batch)]
    step, begin = length * period.count, MONDAY if length == WEEK else 0

    def run(batch: Batch) -> list[Value]:
        if source == FieldName("@timestamp") and batch.is_of_events("@timestamp"):
            return _floors_of(batch.times, step, begin)
        values = column(batch)
        if all(type(value) is Moment for value in values):
            return _floors_of(values, step, begin)
        return [floored(value, period) for value in values]

    return run


def _floors_of(times: Sequence[Any], step: int, begin: int) -> list[Value]:
    """Those of times; most often they are near to one another."""
    if not times:
        return []
    first = (min(times) - begin) // step
    if (max(times) - begin) // step == first:
        return [Moment(first * step + begin)] * len(times)
    numbers = [(at - begin) // step for at in times]
    moments = {one: Moment(one * step + begin) for one in set(numbers)}
    return [moments[one] for one in numbers]


# --- comparisons with what the query says


def _quick(name: str, column: Column, wanted: Expression) -> Column | None:
    if isinstance(wanted, Regex) and name == "like":
        return _matching(column, wanted.pattern)
    if not isinstance(wanted, Literal):
        return None
    value = wanted.value
    if isinstance(value, str):
        return _with_text(name, column, value)
    compute = _NUMBERS.get(name)
    return None if compute is None else _with_number(column, compute, value, OPERATORS[name])


def _with_number(column: Column, compute: Compute, wanted: Any, other: Callable[..., Any]) -> Column:
    def run(batch: Batch) -> list[Value]:
        values = column(batch)
        try:
            return compute(values, wanted, other)
        except ArithmeticError:
            return [other(value, wanted) for value in values]

    return run


def _with_text(name: str, column: Column, wanted: str) -> Column | None:
    if name == "like":
        return lambda batch: [
            wanted in value if type(value) is str else value is not None and wanted in text(value)
            for value in column(batch)
        ]
    if number(wanted) is not None:
        return None
    if name == "=":
        return lambda batch: [
            value == wanted if type(value) is str else value is not None and text(value) == wanted
            for value in column(batch)
        ]
    if name == "!=":
        return lambda batch: [
            value != wanted if type(value) is str else value is not None and text(value) != wanted
            for value in column(batch)
        ]
    return None


_NUMBERS: dict[str, Compute] = {
    "=": lambda values, wanted, other: [
        value == wanted if type(value) in PLAIN else other(value, wanted) for value in values
    ],
    "<": lambda values, wanted, other: [
        value < wanted if type(value) in PLAIN else other(value, wanted) for value in values
    ],
    ">": lambda values, wanted, other: [
        value > wanted if type(value) in PLAIN else other(value, wanted) for value in values
    ],
    "<=": lambda values, wanted, other: [
        value <= wanted if type(value) in PLAIN else other(value, wanted) for value in values
    ],
    ">=": lambda values, wanted, other: [
        value >= wanted if type(value) in PLAIN else other(value, wanted) for value in values
    ],
    "+": lambda values, wanted, other: [
        value + wanted if type(value) in PLAIN else other(value, wanted) for value in values
    ],
    "-": lambda values, wanted, other: [
        value - wanted if type(value) in PLAIN else other(value, wanted) for value in values
    ],
    "*": lambda values, wanted, other: [
        value * wanted if type(value) in PLAIN else other(value, wanted) for value in values
    ],
    "/": lambda values, wanted, other: [
        value / wanted if type(value) in PLAIN else other(value, wanted) for value in values
    ],
}


def _matching(column: Column, pattern: str) -> Column:
    try:
        found = patterns.finder(pattern)
    except patterns.Unmatchable:
        return lambda batch: [False] * batch.count
    return lambda batch: [one is not None and found(one) is not None for one in texts(column(batch))]
