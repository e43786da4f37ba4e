"""What a watcher says: a pitfall that was seen to happen, with its evidence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lambent.pitfalls.finding import Finding, Level
from lambent.pitfalls.watching.seen import Seen

EVIDENCE = 5
"""Ids that are shown of those that show it."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One pitfall of one function. `evidence` are request ids (or trace ids, of calls); `figures` numbers; `place` is
    where the code stood, as (path, line) in the package; `subject` tells several of one code apart."""

    code: str
    message: str
    evidence: tuple[str, ...] = ()
    figures: tuple[tuple[str, float], ...] = ()
    level: Level = "warning"
    place: tuple[str, int] | None = None
    subject: str = ""

    def as_json(self, function: str, known: Iterable[Finding] = ()) -> dict[str, Any]:
        """The form of `--json`; `known` is what reading the code found of the same pitfall."""
        path, line = self.place or (None, None)
        return {
            "code": self.code,
            "function": function,
            "level": self.level,
            "message": self.message,
            "evidence": list(self.evidence[:EVIDENCE]),
            "figures": dict(self.figures),
            "path": path,
            "line": line,
            "read": [f"{one.place.path}:{one.place.line}" for one in known],
        }


@dataclass(frozen=True, slots=True)
class Watcher:
    """One thing to look for. `needs`: how it is known; `mend` where no rule of the same code says it."""

    codes: tuple[str, ...]
    needs: str
    look: Callable[[Seen], Iterable[Sight]]
