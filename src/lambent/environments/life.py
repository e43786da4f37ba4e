"""What an execution environment has been through, for people who look: its phases with their times."""

from collections import deque
from typing import Any

from lambent.engine.environment import Phase
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope

KEPT = 64
"""Phases of an environment; an invocation has four."""
ENDED = "ended"


class Life:
    """`stream` is the environment's log stream, `how` how it was initialised; times are seconds since 1970."""

    __slots__ = ("_phases", "function", "how", "stream")

    def __init__(self, function: FunctionVersion, stream: str, how: str) -> None:
        self.function, self.stream, self.how = function, stream, how
        self._phases: deque[tuple[float, str]] = deque(maxlen=KEPT)

    def enters(self, phase: Phase, now: float) -> None:
        """A phase begins."""
        self._phases.append((now, phase.value))

    def ends(self, now: float) -> None:
        """Nothing is left of the environment."""
        self._phases.append((now, ENDED))

    def is_of(self, scope: Scope, name: str) -> bool:
        """Whether it is one of a function, or ("") of any of an account and region."""
        return self.function.scope == scope and name in ("", self.function.name)

    def document(self) -> dict[str, Any]:
        """For the page."""
        return {
            "function": self.function.name,
            "version": self.function.version,
            "stream": self.stream,
            "initialization": self.how,
            "phases": [list(phase) for phase in self._phases],
        }
