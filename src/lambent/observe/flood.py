"""How much of what an environment writes is kept, when it writes without end. Pure: time is passed in.

A bucket: what is kept takes from it, time fills it again. Once it is empty nothing is kept until a quarter is full, so
that what is kept of a flood are pieces that can be read, and not a line here and there.
"""

KEPT_BURST = 32 << 20
"""Units that are kept at once."""
KEPT_RATE = 4 << 20
"""Units that are kept a second, for ever."""
LINE_UNITS = 64
"""What a line costs beside its bytes: the work on a line is that of so many bytes."""


class Allowance:
    """One environment's. `now` is seconds on any monotonic clock."""

    __slots__ = ("_at", "_burst", "_left", "_rate", "over")

    def __init__(self, burst: int = KEPT_BURST, rate: int = KEPT_RATE) -> None:
        self._burst = burst
        self._rate = rate
        self._left = float(burst)
        self._at = 0.0
        self.over = False
        """Nothing is kept at present."""

    def take(self, size: int, lines: int, now: float) -> bool:
        """Whether `size` bytes of `lines` lines are kept."""
        if self._left < self._burst:
            self._left = min(self._left + max(now - self._at, 0.0) * self._rate, float(self._burst))
        self._at = now
        if self.over and self._left < self._burst / 4:
            return False
        self._left -= size + lines * LINE_UNITS
        self.over = self._left < 0
        return True
