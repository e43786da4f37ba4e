"""Lambda Insights of one environment: its counters are read before and after each invocation.

AWS has an extension for it, which a function names as a layer (`model.own_layers`); without it nothing is read.
"""

from collections.abc import Callable

from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation
from lambent.observe.lambda_insights import Spent, line
from lambent.observe.report import Report
from lambent.sandbox.usage import Usage

Append = Callable[[int, str], None]
"""Takes a line: milliseconds since 1970, and the text."""
NOTHING = Usage(0, 0, 0, 0, 0, 0, 0, 0)


class Performance:
    """`look` reads the counters, None when there is nothing to read; `wall` answers seconds since 1970."""

    def __init__(
        self, function: FunctionVersion, look: Callable[[], Usage | None], append: Append, wall: Callable[[], float]
    ) -> None:
        self._function = function
        self._look = look
        self._append = append
        self._wall = wall
        self._before = NOTHING

    def begin(self) -> None:
        """An invocation begins."""
        self._before = self._look() or NOTHING

    def tell(self, invocation: Invocation, figures: Report) -> None:
        """It is over: its line."""
        before, after = self._before, self._look() or self._before
        spent = Spent(
            user_ms=max(after.user_ms - before.user_ms, 0),
            system_ms=max(after.system_ms - before.system_ms, 0),
            received=max(after.received - before.received, 0),
            sent=max(after.sent - before.sent, 0),
            tmp_bytes=after.tmp_bytes,
            tmp_free=after.tmp_free,
            descriptors=after.descriptors,
            threads=after.threads,
        )
        now_ms = int(self._wall() * 1000)
        self._append(now_ms, line(self._function, invocation, figures, spent, now_ms))
