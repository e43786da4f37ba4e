"""A timer that is moved often and hardly ever falls due."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls `due` once when the deadline has come, unless it is moved or disarmed before.

    The loop's timer is left where it is when it fires before the deadline: it then looks again. Deadlines move several
    times an invocation; moving a timer costs more than a look.
    """

    def __init__(self, monotonic: Callable[[], float], due: Callable[[], None]) -> None:
        self._monotonic = monotonic
        self._due = due
        self._deadline = 0.0
        self._armed = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0

    def arm(self, deadline: float) -> None:
        """`deadline` is in seconds on the monotonic clock."""
        self._armed = True
        self._deadline = deadline
        if self._timer is not None:
            if self._timer_due <= deadline:
                return
            self._timer.cancel()
        self._timer_due = deadline
        self._timer = asyncio.get_running_loop().call_later(max(deadline - self._monotonic(), 0.0), self._look)

    def disarm(self) -> None:
        """The deadline holds no more."""
        self._armed = False

    def close(self) -> None:
        """No timer is left."""
        self._armed = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if not self._armed:
            return
        if self._monotonic() < self._deadline:
            self.arm(self._deadline)
        else:
            self._armed = False
            self._due()
