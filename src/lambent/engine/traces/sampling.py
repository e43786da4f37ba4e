"""Which requests are recorded: the first of each second, and a share of the others.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html ("1 request per second and 5 percent of
additional requests"); https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html.
"""

from collections.abc import Callable

RESERVOIR, RATE = 1, 0.05
BOUND = 20_000
"""Functions whose seconds are counted; when there are more, counting begins anew."""


class Sampler:
    """`now` answers seconds, `chance` a number from 0 until before 1."""

    def __init__(self, now: Callable[[], float], chance: Callable[[], float]) -> None:
        self._now = now
        self._chance = chance
        self._seconds: dict[str, int] = {}

    def takes(self, key: str) -> bool:
        """Whether the next request of what `key` names is recorded."""
        second = int(self._now())
        if self._seconds.get(key) != second:
            if len(self._seconds) >= BOUND:
                self._seconds.clear()
            self._seconds[key] = second
            return True
        return self._chance() < RATE
