"""The order of a trace's rows: each segment and subsegment beneath what called it, by when it began."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lambent.engine.traces.documents import Document, walk


class Row(NamedTuple):
    """A segment, or a subsegment of one, and how deep it is."""

    document: Document
    depth: int
    is_segment: bool


def rows(segments: Sequence[Document]) -> Iterator[Row]:
    """Parents before what they called, each document once, also where segments name each other as parents."""
    known = {part["id"] for one in segments for part in walk(one)}
    called: dict[str, list[Document]] = {}
    for one in segments:
        parent = one.get("parent_id", "")
        called.setdefault(parent if parent in known else "", []).append(one)
    own = {id(one) for one in segments}
    in_circles = [(one, 0) for one in _latest_first(segments)]  # what is beneath a root is seen before its turn comes
    waiting = [*in_circles, *((one, 0) for one in _latest_first(called.get("", [])))]
    seen: set[int] = set()
    while waiting:
        one, depth = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield Row(one, depth, id(one) in own)
        below = [*(one.get("subsegments") or ()), *called.get(one["id"], ())]
        waiting += [(part, depth + 1) for part in _latest_first(below)]


def start_of(document: Mapping[str, Any]) -> float:
    """When it began (seconds since 1970)."""
    return float(document.get("start_time", 0.0))


def _latest_first(those: Sequence[Document]) -> list[Document]:
    return sorted(those, key=start_of)[::-1]
