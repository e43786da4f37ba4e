"""What a query says, as values.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from dataclasses import dataclass
from typing import Any


class MalformedQuery(ValueError):
    """The query can't be read. `start` and `end` count characters of its text."""

    def __init__(self, message: str, start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.start = start
        self.end = max(end, start)


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text."""

    value: float | int | str


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time: so many of a unit (`query.UNITS`)."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Regex:
    """What stands between slashes."""

    pattern: str


@dataclass(frozen=True, slots=True)
class FieldName:
    """A field of the event, or one that was made by an earlier command."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments; operators are called by their sign, `and` and `or` with all their parts. `*` is no
    argument."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The texts and numbers between brackets, behind `in`."""

    values: tuple[float | int | str, ...]


Expression = Literal | Period | Regex | FieldName | Call | Choice


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name of the column that it becomes."""

    expression: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    """`fields`: columns are added to those that are shown."""

    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Display:
    """`display`: these columns are shown, and no others."""

    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """`filter`: rows for which it is true stay."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Stats:
    """`stats`: aggregates of each group of rows."""

    columns: tuple[Named, ...]
    by: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """`sort`: (expression, whether it goes down), the most important one first."""

    keys: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """`limit`: so many rows."""

    count: int


@dataclass(frozen=True, slots=True)
class Parse:
    """`parse`: fields are taken from a text, by a regular expression with named groups, or by what stands between the
    `parts` of a pattern with wildcards."""

    source: Expression
    pattern: str
    names: tuple[str, ...]
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dedup:
    """`dedup`: one row for each combination of values."""

    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Unnest:
    """`unnest`: a row for each item of a list."""

    source: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """`pattern`: what texts have in common. With `diff` behind it they are compared with those of an earlier time:
    "period" (just before), "day", "week" or "month"."""

    source: Expression
    against: str = ""


Command = Fields | Display | Filter | Stats | Sort | Limit | Parse | Dedup | Unnest | Pattern
Query = tuple[Command, ...]


def _called(*names: str) -> list[str]:
    """A unit's names, and where they have more than one letter their plurals."""
    return [*names, *(f"{name}s" for name in names if len(name) > 1)]


WEEK = 7 * 86_400_000
MONTHS = {
    **dict.fromkeys(_called("mo", "mon", "month"), 1),
    **dict.fromkeys(_called("q", "qtr", "quarter"), 3),
    **dict.fromkeys(_called("y", "yr", "year"), 12),
}
UNITS: dict[str, int | None] = {
    **dict.fromkeys(_called("ms", "msec", "millisecond"), 1),
    **dict.fromkeys(_called("s", "sec", "second"), 1000),
    **dict.fromkeys(_called("m", "min", "minute"), 60_000),
    **dict.fromkeys(_called("h", "hr", "hour"), 3_600_000),
    **dict.fromkeys(_called("d", "day"), 86_400_000),
    **dict.fromkeys(_called("w", "week"), WEEK),
    **dict.fromkeys(MONTHS),
}
"""Units of time in milliseconds; months and longer differ.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html"""

Value = Any
"""None, a number, a text, a boolean, a Moment; a dict or a list where jsonParse made one."""


class Moment(float):
    """Milliseconds since 1970, shown as a date."""
