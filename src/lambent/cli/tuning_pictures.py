"""What a tuning found, as a picture: bars for a terminal, and SVG that stands by itself or in a page. Pure.

The SVG has its colours as attributes, and its text in the colour of what is around: it suits a light and a dark page.
"""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from lambent.engine.tuning import Stat

BAR = 24
"""Characters."""
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 260, 56, 56, 34, 30
TIME, COST, GRID = "#1c6fb8", "#b86e00", "#8884"
WHY = {"cost": "is cheapest", "speed": "is fastest", "balanced": "is the best balance of cost and speed"}


def sentence(best: Stat, strategy: str) -> str:
    """Which it is."""
    return f"{best.power} MB {WHY[strategy]}: {best.duration:,.1f} ms, ${best.cost * 1e6:,.2f} for a million runs"


def bars(stats: Sequence[Stat], best: int) -> Iterator[str]:
    """A line for each power, with bars for its time and its cost; an arrow at the best."""
    longest, dearest = max(one.duration for one in stats), max(one.cost for one in stats)
    yield f"{'power':>10}  {'duration':<{BAR + 13}}  cost of a million"
    for one in stats:
        mark = "→" if one.power == best else " "
        time, cost = f"{one.duration:,.1f} ms", f"${one.cost * 1e6:,.2f}"
        yield (
            f"{mark} {one.power:>5} MB  {time:>12} {_bar(one.duration / longest):<{BAR}}  "
            f"{cost:>9} {_bar(one.cost / dearest)}"
        ).rstrip()


def _bar(part: float) -> str:
    return "█" * max(round(part * BAR), 1)


def svg(stats: Sequence[Stat], best: int) -> str:
    """Durations (left) and costs (right) over powers."""
    times, costs = [one.duration for one in stats], [one.cost * 1e6 for one in stats]
    inner = [_grid(), *_powers(stats, best), *_axis(max(times), costs=False), *_axis(max(costs), costs=True)]
    inner += [_line(times, TIME), _line(costs, COST), *_legend()]
    said = escape(", ".join(f"{one.power} MB {one.duration:.1f} ms ${one.cost * 1e6:.2f} a million" for one in stats))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tuning" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="11.5" fill="currentColor" aria-label="{said}">'
        f"{''.join(inner)}</svg>\n"
    )


def _x(place: int, many: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (place + 0.5) / many


def _y(part: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part


def _grid() -> str:
    rows = (f"M{LEFT} {_y(part):.1f}H{WIDTH - RIGHT}" for part in (0, 0.5, 1))
    return f'<path d="{"".join(rows)}" stroke="{GRID}" fill="none"/>'


def _powers(stats: Sequence[Stat], best: int) -> Iterator[str]:
    width = (WIDTH - LEFT - RIGHT) / len(stats)
    for place, one in enumerate(stats):
        x, weight = _x(place, len(stats)), ""
        if one.power == best:
            yield (
                f'<rect x="{x - width / 2 + 4:.1f}" y="{TOP - 6}" width="{width - 8:.1f}" rx="5" '
                f'height="{HEIGHT - TOP - 4}" fill="{TIME}" fill-opacity="0.13"/>'
            )
            weight = ' font-weight="700"'
        yield f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="middle"{weight}>{one.power:,}</text>'


def _axis(most: float, *, costs: bool) -> Iterator[str]:
    say: Callable[[float], str] = (lambda value: f"${value:,.2f}") if costs else (lambda value: f"{value:,.0f} ms")
    x, anchor = (WIDTH - RIGHT + 8, "start") if costs else (LEFT - 8, "end")
    for part in (0, 0.5, 1):
        text = say(most * part)
        yield f'<text x="{x}" y="{_y(part) + 4:.1f}" text-anchor="{anchor}">{text}</text>'


def _line(values: Sequence[float], colour: str) -> str:
    most = max(values) or 1.0
    places = [(_x(place, len(values)), _y(value / most)) for place, value in enumerate(values)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places)
    return f'<path d="M{path}" stroke="{colour}" stroke-width="2" fill="none"/>{dots}'


def _legend() -> Iterator[str]:
    for x, colour, text in (
        (LEFT, TIME, "duration of a run"),
        (LEFT + 150, COST, "cost of a million"),
        (LEFT + 290, "none", "by MB of memory"),
    ):
        yield f'<circle cx="{x + 5}" cy="14" r="4" fill="{colour}"/><text x="{x + 14}" y="18">{text}</text>'
