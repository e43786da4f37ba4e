"""What a document says, with where it says it: maps and lists that know the lines of their keys."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]
"""First and last line, from 1."""


class Map(dict[str, Any]):
    """A mapping of a document. `at` has the span of each key with its value."""

    def __init__(self, span: Span = (1, 1)) -> None:
        super().__init__()
        self.span = span
        self.at: dict[str, Span] = {}

    def put(self, key: str, value: Any, span: Span) -> None:
        """Set a key that stands at a span."""
        self[key] = value
        self.at[key] = span

    def over(self, other: "Map") -> "Map":
        """This map's keys over another's, maps within maps merged, lists joined: as SAM merges Globals."""
        merged = Map(self.span)
        for source in (other, self):
            for key, value in source.items():
                merged.put(key, _merge(value, merged.get(key)), source.at.get(key, source.span))
        return merged


def _merge(value: Any, below: Any) -> Any:
    if isinstance(value, Map) and isinstance(below, Map):
        return value.over(below)
    if isinstance(value, Seq) and isinstance(below, Seq):
        joined = Seq(value.span)
        joined.extend([*below, *value])
        joined.at = [*below.at, *value.at]
        return joined
    return value


class Seq(list[Any]):
    """A list of a document. `at` has the span of each item."""

    def __init__(self, span: Span = (1, 1)) -> None:
        super().__init__()
        self.span = span
        self.at: list[Span] = []

    def put(self, value: Any, span: Span) -> None:
        """Append an item that stands at a span."""
        self.append(value)
        self.at.append(span)


class Unknown:
    """A value that can't be known from the files: a parameter, a condition, a variable of the environment."""

    def __init__(self, why: str = "") -> None:
        self.why = why

    def __repr__(self) -> str:
        return f"Unknown({self.why})"

    def __bool__(self) -> bool:
        return True


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Ref:
    """What names another resource of the same stack: `Ref` (attribute "") or an attribute of it."""

    id: str
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Text with parts that are references or unknown."""

    parts: tuple[Any, ...]

    def refs(self) -> list[Ref]:
        """The references in it."""
        return [part for part in self.parts if isinstance(part, Ref)]


def text(parts: list[Any]) -> Any:
    """The simplest value that says the same: a str, a lone reference, or Text."""
    joined: list[Any] = []
    for part in parts:
        if isinstance(part, Text):
            joined.extend(part.parts)
        elif isinstance(part, str | int | float) and joined and isinstance(joined[-1], str):
            joined[-1] += str(part)
        elif part != "":
            joined.append(str(part) if isinstance(part, int | float) else part)
    if not joined:
        return ""
    if len(joined) == 1 and isinstance(joined[0], str | Ref | Unknown):
        return joined[0]
    return Text(tuple(joined))


def each(value: "Map | Seq", turn: Callable[[Any], Any]) -> "Map | Seq":
    """The same with what `turn` makes of each value, at the same places."""
    if isinstance(value, Map):
        made = Map(value.span)
        for key, inner in value.items():
            made.put(key, turn(inner), value.at[key])
        return made
    listed = Seq(value.span)
    for inner, span in zip(value, value.at, strict=True):
        listed.put(turn(inner), span)
    return listed


def known(value: Any) -> bool:
    """Whether nothing of a scalar is unknown."""
    return not isinstance(value, Unknown | Ref | Text)


def whole(value: Any) -> int | None:
    """A whole number, also when written as text; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def refs(value: Any) -> Iterator[Ref]:
    """Every reference anywhere in a value."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Text):
        yield from value.refs()
    elif isinstance(value, dict):
        for inner in value.values():
            yield from refs(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from refs(inner)


def plain(value: Any) -> str:
    """A value as text for a message: unknown parts as an asterisk."""
    if isinstance(value, Text):
        return "".join(part if isinstance(part, str) else "*" for part in value.parts)
    return "*" if isinstance(value, Unknown | Ref) else str(value)
