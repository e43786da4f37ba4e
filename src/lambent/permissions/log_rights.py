"""Logs only with the role's rights: in `enforce`, what a function writes is lost without them, as on AWS, in silence.

A finding (`logs-lost`) says it. What is written before it is known waits, up to a bound.
Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html#monitoring-cloudwatchlogs-prereqs
"""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope
from lambent.permissions import roles
from lambent.permissions.gate import Gate
from lambent.permissions.lacking import lacking

WAITING = 10_000
"""Lines of one environment that wait until it is known; of more the oldest are lost."""
Append = Callable[[int, str], None]
"""Takes a line: milliseconds since 1970, and the text."""


class LogRights:
    """Whose lines are kept. Without `bind` everybody's are."""

    def __init__(self) -> None:
        self._gate: Gate | None = None
        self._has_group: Callable[[Scope, str], bool] = lambda _scope, _group: True
        self._spawn: Callable[[Coroutine[Any, Any, None]], object] = lambda _later: None

    def bind(
        self,
        gate: Gate,
        has_group: Callable[[Scope, str], bool],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`has_group` tells whether a log group exists, `spawn` runs in the background."""
        self._gate, self._has_group, self._spawn = gate, has_group, spawn

    def held(self, function: FunctionVersion, append: Append, waiting: int = WAITING) -> Append:
        """What takes the lines of an environment in the place of `append`; so many wait for the rights, the newest."""
        if self._gate is None or self._gate.mode != "enforce":
            return append
        return _Held(self._gate, self._has_group, self._spawn, function, append, waiting)


class _Held:
    """The lines of one environment."""

    def __init__(
        self,
        gate: Gate,
        has_group: Callable[[Scope, str], bool],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        function: FunctionVersion,
        append: Append,
        waiting: int,
    ) -> None:
        self._gate = gate
        self._has_group = has_group
        self._spawn = spawn
        self._function = function
        self._append = append
        self._waiting: deque[tuple[int, str]] = deque(maxlen=waiting)
        self._asks = False
        self._known: tuple[int, bool] | None = None
        """The policies' revision and whether there was a log group when it was asked."""
        self._may = False

    def __call__(self, epoch_ms: int, message: str) -> None:
        if not self._asks and self._known == self._state():
            if self._may:
                self._append(epoch_ms, message)
            return
        self._waiting.append((epoch_ms, message))
        if not self._asks:
            self._asks = True
            self._spawn(self._find_out())

    def _state(self) -> tuple[int, bool]:
        was_there = self._may or (self._known is not None and self._known[1])
        return self._gate.revision, was_there or self._has_group(self._function.scope, self._function.log_group)

    async def _find_out(self) -> None:
        state = self._state()
        try:
            self._may = await self._is_allowed(state[1])
            self._known = self._gate.revision, state[1] or self._may
            while self._may and self._waiting:
                self._append(*self._waiting.popleft())
        finally:
            self._waiting.clear()
            self._asks = False

    async def _is_allowed(self, has_group: bool) -> bool:
        function = self._function
        if not function.role:
            return False
        arn = roles.log_stream(function.arn, function.log_group)
        actions = roles.LOGS if has_group else (roles.MAKES_GROUP, *roles.LOGS)
        needs = (roles.Need(action, arn, "logs-lost") for action in actions)
        return await lacking(self._gate, function.role, function.name, needs, function.scope) is None
