"""What was measured, and the one table that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Goal:
    """What is aimed at: the bound, for the ratio to the reference or for our own figure."""

    bound: float
    at_least: bool = False
    of_ratio: bool = False

    def met(self, ours: float | None, ratio: float | None) -> bool | None:
        """None when there is nothing to compare."""
        value = ratio if self.of_ratio else ours
        if value is None:
            return None
        return value >= self.bound if self.at_least else value <= self.bound

    def text(self, unit: str) -> str:
        """As in `>= 0.60x`."""
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.bound:.2f}x" if self.of_ratio else f"{sign} {shown(self.bound, unit)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. `reference` and `peer` were measured in the same run, the same way; None is what can't be seen."""

    name: str
    unit: str
    ours: float | None
    reference: float | None = None
    peer: float | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """Ours by the reference's."""
        return self.ours / self.reference if self.reference and self.ours is not None else None


def shown(value: float | None, unit: str) -> str:
    """A figure as text, with three digits or so."""
    if value is None:
        return ""
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed. Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return percentile(values, 0.5)


def table(figures: Sequence[Figure], title: str, peer: bool) -> Table:
    """All figures, in the order in which they were measured."""
    grid = Table(title=title, title_justify="left")
    grid.add_column("figure", no_wrap=True)
    for column in ("Lambent", "reference", "ratio", *(("peer",) if peer else ()), "goal"):
        grid.add_column(column, justify="right", no_wrap=True)
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.3g}x"
        cells = [shown(figure.ours, figure.unit) or "not seen", shown(figure.reference, figure.unit), ratio]
        if peer:
            cells.append(shown(figure.peer, figure.unit))
        grid.add_row(figure.name, *cells, _goal(figure))
    return grid


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    mark = {True: "[green]✓[/]", False: "[red]✗[/]", None: " "}
    return f"{figure.goal.text(figure.unit)} {mark[figure.goal.met(figure.ours, figure.ratio)]}"
