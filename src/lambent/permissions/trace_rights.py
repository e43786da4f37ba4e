"""Segments only with the role's rights: in `enforce`, what a function sends to X-Ray's daemon is lost without them, as
on AWS, in silence.

A finding (`traces-lost`) says it, in `report` as well. What comes before it is known waits, up to a bound.
Source: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html ("Execution role permissions").
"""

from collections.abc import Callable, Coroutine
from typing import Any

from lambent.model.function import FunctionVersion
from lambent.permissions import roles
from lambent.permissions.gate import Gate
from lambent.permissions.lacking import lacking

WAITING = 1_000
"""Documents of one role that wait until it is known; further ones are lost."""
BOUND = 10_000
"""Roles that are known; when there are more, all are asked again."""
Keep = Callable[[], None]


class TraceRights:
    """Whose segments are kept. Without `bind` everybody's are."""

    def __init__(self) -> None:
        self._gate: Gate | None = None
        self._spawn: Callable[[Coroutine[Any, Any, None]], object] = lambda _later: None
        self._known: dict[str, tuple[int, bool]] = {}
        self._waiting: dict[str, list[Keep]] = {}

    def bind(self, gate: Gate, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        """`spawn` runs in the background."""
        self._gate, self._spawn = gate, spawn

    def ask(self, function: FunctionVersion, keep: Keep) -> None:
        """Call `keep`, at once or when it is known, if the function's role may send segments."""
        gate = self._gate
        if gate is None or gate.mode == "off" or not function.role:
            keep()
            return
        revision, may = self._known.get(function.role, (-1, False))
        if revision == gate.revision:
            if may:
                keep()
            return
        waiting = self._waiting.get(function.role)
        if waiting is None:
            self._waiting[function.role] = [keep]
            self._spawn(self._find_out(gate, function))
        elif len(waiting) < WAITING:
            waiting.append(keep)

    async def _find_out(self, gate: Gate, function: FunctionVersion) -> None:
        revision, may = gate.revision, True
        try:
            needs = (roles.Need(action, "*", "traces-lost") for action in roles.TRACING)
            lacks = await lacking(gate, function.role, function.name, needs, function.scope)
            may = lacks is None or gate.mode != "enforce"
            if len(self._known) >= BOUND:
                self._known.clear()
            self._known[function.role] = revision, may
        finally:
            for keep in self._waiting.pop(function.role, []) if may else ():
                keep()
            self._waiting.pop(function.role, None)
