"""Pictures as inline SVG, made of numbers alone: colours are classes of the style sheet. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT = 360, 120
LEFT, RIGHT, TOP, BOTTOM = 44, 6, 8, 18
"""Around what is drawn, for its labels; all in the units of the picture."""
BAR_GAP = 0.25

Points = Sequence[tuple[float, float]]
"""(seconds since 1970, value), in order."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series: its name, its class in the style sheet (`c1` …), its points, and whether it is drawn as bars."""

    name: str
    colour: str
    points: Points
    bars: bool = False


class Span(NamedTuple):
    """What is drawn of time (seconds since 1970), and how long a period is."""

    start: float
    end: float
    period: float


def chart(title: str, lines: Sequence[Line], span: Span, unit: str = "") -> Markup:
    """A chart of series over time."""
    top = ceiling(max((value for line in lines for _, value in line.points), default=0))
    drawn = [_bars(line, span, top) if line.bars else _path(line, span, top) for line in lines]
    inner = Markup("").join([_grid(top, unit), _times(span), *drawn])
    said = escape(f"{title}: {_said(lines)}")
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{said}"><title>{said}</title>{inner}</svg>'
    ).format(w=WIDTH, h=HEIGHT, said=said, inner=inner)


def _said(lines: Sequence[Line]) -> str:
    if not any(line.points for line in lines):
        return "nothing measured yet"
    return ", ".join(f"{line.name} {short(line.points[-1][1])} at last" for line in lines if line.points)


def ceiling(value: float) -> float:
    """The first of 1, 2, 2.5, 5, 10 … that is no less; 1 for nothing."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= value * 0.999999)


def short(value: float) -> str:
    """`950`, `1.2k`, `3.4M`, `0.25`."""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"


def _x(at: float, span: Span) -> float:
    return LEFT + (at - span.start) / max(span.end - span.start, 1e-9) * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)


def _grid(top: float, unit: str) -> Markup:
    row = Markup('<line class="grid" x1="{x1}" x2="{x2}" y1="{y:.1f}" y2="{y:.1f}"/>'
                 '<text class="tick end" x="{tx}" y="{ty:.1f}">{text}</text>')  # fmt: skip
    return Markup("").join(
        row.format(x1=LEFT, x2=WIDTH - RIGHT, y=_y(part, top), tx=LEFT - 5, ty=_y(part, top) + 3.5, text=text)
        for part, text in ((0.0, "0"), (top / 2, _label(top / 2, top, unit)[0]), (top, "".join(_label(top, top, unit))))
    )


def _label(value: float, top: float, unit: str) -> tuple[str, str]:
    """A number of an axis and its unit: many milliseconds are seconds."""
    return (short(value / 1000), " s") if unit == " ms" and top >= 1000 else (short(value), unit)


def _times(span: Span) -> Markup:
    form = "%H:%M" if span.end - span.start <= 86_400 else "%d %b"
    places = ((span.start, "start"), ((span.start + span.end) / 2, "middle"), (span.end, "end"))
    return Markup("").join(
        Markup('<text class="tick {anchor}" x="{x:.1f}" y="{y}">{text}</text>').format(
            anchor=anchor, x=_x(at, span), y=HEIGHT - 5, text=datetime.fromtimestamp(at, UTC).strftime(form)
        )
        for at, anchor in places
    )


def _path(line: Line, span: Span, top: float) -> Markup:
    """A line with a dot for each value, and a gap where a period has none."""
    steps, before = [], -math.inf
    middle = span.period / 2
    for at, value in line.points:
        steps.append(
            f"{'L' if at - before <= span.period * 1.5 else 'M'}{_x(at + middle, span):.1f} {_y(value, top):.1f}"
        )
        before = at
    dots = Markup("").join(
        Markup('<circle class="dot {c}" cx="{x:.1f}" cy="{y:.1f}" r="1.8"/>').format(
            c=line.colour, x=_x(at + middle, span), y=_y(value, top)
        )
        for at, value in line.points
    )
    return Markup('<path class="line {c}" d="{d}"/>{dots}').format(c=line.colour, d=" ".join(steps), dots=dots)


def _bars(line: Line, span: Span, top: float) -> Markup:
    width = max((_x(span.start + span.period, span) - LEFT) * (1 - BAR_GAP), 1.0)
    return Markup("").join(
        Markup('<rect class="bar {c}" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}"/>').format(
            c=line.colour, x=_x(at, span), y=_y(value, top), w=width, h=max(_y(0, top) - _y(value, top), 0.0)
        )
        for at, value in line.points
        if value > 0
    )


ROW, GAP, LIFE_LEFT, LIFE_WIDTH = 16, 6, 96, 720
"""Of the timeline of environments."""
PHASE_CLASSES: Mapping[str, str] = {
    **dict.fromkeys(("init", "extension_init", "restore", "reinit", "extension_reinit"), "p-init"),
    **dict.fromkeys(("busy", "answered"), "p-busy"),
    **{"idle": "p-idle", "frozen": "p-frozen", "reset": "p-reset"},
    **dict.fromkeys(("stopping", "leaving", "ending", "ended"), "p-ended"),
}
"""Phases of `engine/environment.py`, in lower case, as the timeline colours them."""


@dataclass(frozen=True, slots=True)
class Life:
    """An environment: a short name, and (seconds since 1970, phase) of each change, the last of them what it is now."""

    name: str
    phases: Points | Sequence[tuple[float, str]]


def timeline(lives: Sequence[Life], start: float, end: float) -> Markup:
    """A row for each environment, coloured by its phases between two times."""
    height = len(lives) * (ROW + GAP) + BOTTOM
    rows = Markup("").join(_life(life, number * (ROW + GAP), start, end) for number, life in enumerate(lives))
    axis = Markup("").join(
        Markup('<text class="tick {a}" x="{x:.1f}" y="{y}">{text}</text>').format(
            a=anchor, x=x, y=height - 4, text=datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
        )
        for at, x, anchor in ((start, LIFE_LEFT, "start"), (end, LIFE_WIDTH, "end"))
    )
    return Markup(
        '<svg class="timeline" viewBox="0 0 {w} {h}" role="img" aria-label="{n} environments over time">'
        "{rows}{axis}</svg>"
    ).format(w=LIFE_WIDTH, h=height, n=len(lives), rows=rows, axis=axis)


def _life(life: Life, y: float, start: float, end: float) -> Markup:
    scale = (LIFE_WIDTH - LIFE_LEFT) / max(end - start, 1e-9)
    parts = [Markup('<text class="tick start" x="0" y="{y}">{n}</text>').format(y=y + ROW - 4, n=life.name)]
    for number, (at, phase) in enumerate(life.phases):
        until = life.phases[number + 1][0] if number + 1 < len(life.phases) else end
        if until < start or phase == "ended":
            continue
        x = LIFE_LEFT + (max(at, start) - start) * scale
        parts.append(
            Markup(
                '<rect class="{c}" x="{x:.1f}" y="{y}" width="{w:.1f}" height="{h}"><title>{t}</title></rect>'
            ).format(
                c=PHASE_CLASSES.get(str(phase), "p-idle"), x=x, y=y, h=ROW,
                w=max((until - max(at, start)) * scale, 1.0), t=f"{phase} for {until - at:.3f} s",
            )
        )  # fmt: skip
    return Markup("").join(parts)
