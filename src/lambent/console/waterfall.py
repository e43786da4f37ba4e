"""A trace as rows of a waterfall, and a service graph as places of a picture. Pure.

Sources: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html,
https://docs.aws.amazon.com/xray/latest/api/API_Service.html.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from markupsafe import Markup

from lambent.engine.traces import waterfall as ordered

MOST_COLUMNS, MOST_ROWS = 20, 500
BOX_WIDTH, BOX_HEIGHT, APART_X, APART_Y = 170, 58, 80, 22
"""Of the map, in the units of the picture."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A segment or subsegment: how deep it is, when it began and ended (seconds since 1970), and how."""

    name: str
    about: str
    depth: int
    start: float
    end: float
    state: str
    """"ok", "error", "fault", "throttle" or "open"."""


def rows(trace: Document) -> list[Row]:
    """The rows of a trace, parents before what they called."""
    documents = [json.loads(one["Document"]) for one in trace.get("Segments", [])]
    return [_row(one.document, one.depth) for one in islice(ordered.rows(documents), MOST_ROWS)]


def _row(document: Document, depth: int) -> Row:
    start = ordered.start_of(document)
    states = [name for name in ("fault", "throttle", "error") if document.get(name)]
    state = states[0] if states else ("open" if "end_time" not in document else "ok")
    operation = document.get("aws", {}).get("operation", "")
    about = " ".join(filter(None, [str(document.get("origin", document.get("namespace", ""))), str(operation)]))
    end = max(start, float(document.get("end_time", start)))
    return Row(str(document.get("name", "")), about, depth, start, end, state)


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a row's bar is, in hundredths of the picture."""

    row: Row
    x: float
    width: float


def bars(those: Sequence[Row]) -> tuple[list[Bar], float]:
    """Where each row's bar is, and how long all takes (seconds)."""
    start = min((row.start for row in those), default=0.0)
    length = max((row.end for row in those), default=0.0) - start
    whole = max(length, 1e-6)
    made = [Bar(row, (row.start - start) / whole * 100, max((row.end - row.start) / whole * 100, 0.3)) for row in those]
    return made, length


def service_map(services: Sequence[Document]) -> Markup:
    """Services as boxes, those that are called to the right of who calls them."""
    columns = _columns(services)
    places: dict[int, tuple[float, float]] = {}
    height = 1
    for number, column in enumerate(columns):
        height = max(height, len(column))
        for row, key in enumerate(column):
            places[key] = (number * (BOX_WIDTH + APART_X) + 4, row * (BOX_HEIGHT + APART_Y) + 4)
    edges = Markup("").join(
        _edge(places[one["ReferenceId"]], places[edge["ReferenceId"]])
        for one in services
        for edge in one.get("Edges", [])
        if edge.get("ReferenceId") in places
    )
    boxes = Markup("").join(_box(one, *places[one["ReferenceId"]]) for one in services)
    width = max(len(columns), 1) * (BOX_WIDTH + APART_X) - APART_X + 8
    return Markup(
        '<svg class="map" width="{w}" viewBox="0 0 {w} {h}" role="img" aria-label="{n} services">{edges}{boxes}</svg>'
    ).format(w=width, h=height * (BOX_HEIGHT + APART_Y), n=len(services), edges=edges, boxes=boxes)


def _columns(services: Sequence[Document]) -> list[list[int]]:
    """Each service is one column behind the last that calls it; a circle is cut."""
    depth = {one["ReferenceId"]: 0 for one in services}
    for _ in range(min(len(services), MOST_COLUMNS)):
        for one in services:
            for edge in one.get("Edges", []):
                called = edge.get("ReferenceId")
                if called in depth and called != one["ReferenceId"]:
                    depth[called] = min(max(depth[called], depth[one["ReferenceId"]] + 1), len(services))
    levels = sorted(set(depth.values()))
    return [[key for key, level in depth.items() if level == wanted] for wanted in levels]


def _edge(here: tuple[float, float], there: tuple[float, float]) -> Markup:
    x1, y1, x2, y2 = here[0] + BOX_WIDTH, here[1] + BOX_HEIGHT / 2, there[0], there[1] + BOX_HEIGHT / 2
    middle = (x1 + x2) / 2
    return Markup(
        '<path class="edge" d="M{x1:.0f} {y1:.0f} C{m:.0f} {y1:.0f} {m:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"/>'
    ).format(x1=x1, y1=y1, m=middle, x2=x2, y2=y2)


def _box(one: Document, x: float, y: float) -> Markup:
    figures = one.get("SummaryStatistics", {})
    total = figures.get("TotalCount", 0)
    failed = figures.get("FaultStatistics", {}).get("TotalCount", 0)
    average = figures.get("TotalResponseTime", 0.0) / total * 1000 if total else 0.0
    name, kind = str(one.get("Name", "?")), str(one.get("Type", ""))
    said = (
        f"{total} {'call' if total == 1 else 'calls'}, {average:.0f} ms{f', {failed} failed' if failed else ''}"
        if total
        else ""
    )
    lines = ((name if len(name) <= 22 else f"{name[:21]}…", "", 19), (kind, "tick", 34), (said, "tick", 48))
    texts = Markup("").join(
        Markup('<text class="{c}" x="{x}" y="{y}">{t}</text>').format(c=style, x=x + 10, y=y + down, t=text)
        for text, style, down in lines
    )
    return Markup(
        '<g class="box {c}"><title>{full}</title><rect x="{x}" y="{y}" width="{w}" height="{h}" rx="6"/>{texts}</g>'
    ).format(c="bad" if failed else "", full=name, x=x, y=y, w=BOX_WIDTH, h=BOX_HEIGHT, texts=texts)
