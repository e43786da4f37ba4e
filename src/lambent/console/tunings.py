"""What is measured of functions, one after the other, and what was found: in memory, as long as the console runs."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Measure = Callable[[Mapping[str, str], Callable[[str], None]], Mapping[str, Any]]
"""Measures what a form asks for (`function`, `event`, `powers`, `num`, `strategy`), tells of each size in a line, and
answers what to show: `picture` (markup), `sentence`, `link`, `notes`, `best`, `stats`. Raises users' errors."""


@dataclass(slots=True)
class Tuning:
    """One function's: what was said so far, and how it ended."""

    asked: Mapping[str, str]
    lines: list[str] = field(default_factory=list)
    found: Mapping[str, Any] | None = None
    trouble: str = ""

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.found is not None or bool(self.trouble)


@dataclass(slots=True)
class Tunings:
    """The latest of each function. Two at once would take each other's CPU: they wait for each other."""

    _known: dict[str, Tuning] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, function: str) -> Tuning | None:
        """The latest."""
        return self._known.get(function)

    def begin(self, asked: Mapping[str, str], measure: Measure, explain: Callable[[Exception], str]) -> Tuning:
        """Measure, unless that function is being measured. `explain` makes a line of an error."""
        name = asked["function"]
        known = self._known.get(name)
        if known is not None and not known.over:
            return known
        made = self._known[name] = Tuning(asked)
        threading.Thread(target=self._run, args=(made, measure, explain), daemon=True).start()
        return made

    def _run(self, made: Tuning, measure: Measure, explain: Callable[[Exception], str]) -> None:
        with self._lock:
            try:
                made.found = measure(made.asked, made.lines.append)
            except Exception as error:
                made.trouble = explain(error)
