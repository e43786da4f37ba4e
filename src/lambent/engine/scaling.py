"""How fast things may happen: requests in a second, new execution environments in ten.

Both are buckets that are refilled all the time and hold so much at most: what is not used is not saved up.
Source: https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html; for the profile aws-2022 the same page as of
that year (a burst by region, then 500 a minute, for all functions of an account together).
"""

from typing import NamedTuple

from lambent.model.invocation import Throttled
from lambent.model.limits import Limits
from lambent.model.scope import Scope

REASON = "ConcurrentInvocationLimitExceeded"
"""Which reason AWS gives is not documented; of those there are, that of the concurrency which isn't there yet."""
FORGET_AT = 1_000
"""Buckets that are kept at least before the full ones, which say nothing, are forgotten."""


class Rate(NamedTuple):
    """A bucket's size, and how much comes into it in a second."""

    burst: float
    per_second: float


class Bucket:
    """One bucket; full at first. `now` is seconds of a clock that never goes back."""

    __slots__ = ("at", "level", "rate")

    def __init__(self, rate: Rate, now: float = 0.0) -> None:
        self.rate = rate
        self.level = rate.burst
        self.at = now

    def ready(self, now: float) -> bool:
        """Whether there is one to take; take it with `level -= 1`."""
        level = self.level + (now - self.at) * self.rate.per_second
        self.level = min(level, self.rate.burst)
        self.at = now
        return self.level >= 1.0

    def take(self, now: float) -> bool:
        """Take one if there is one."""
        if not self.ready(now):
            return False
        self.level -= 1.0
        return True

    def wait(self, now: float) -> float:
        """Seconds until there is one; infinite if nothing ever comes."""
        if self.ready(now):
            return 0.0
        per_second = self.rate.per_second
        return (1.0 - self.level) / per_second if per_second > 0 and self.rate.burst >= 1 else float("inf")

    def refit(self, rate: Rate) -> None:
        """Another rate from now on; what is in it stays if it fits."""
        if self.rate != rate:
            full = self.level >= self.rate.burst
            self.rate = rate
            self.level = rate.burst if full else min(self.level, rate.burst)


def environments(limits: Limits, region: str) -> Rate:
    """How fast new environments may be started."""
    burst = limits.scaling_bursts.get(region, limits.scaling_burst)
    return Rate(burst, limits.scaling_per_minute / 60)


class Scaling:
    """The buckets of new environments: one for each function, in older profiles one for each account and region."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[tuple[Scope, str], Bucket] = {}
        self._forget_at = FORGET_AT

    def grow(self, scope: Scope, name: str, now: float) -> bool:
        """Whether one more environment may be started for a function now; counts it if so."""
        return self._bucket(scope, name, now).take(now)

    def require(self, scope: Scope, name: str, now: float) -> None:
        """The same for an invocation that needs one. Raises Throttled."""
        if not self.grow(scope, name, now):
            raise Throttled(REASON, self.wait(scope, name, now))

    def wait(self, scope: Scope, name: str, now: float) -> float:
        """Seconds until one may."""
        return self._bucket(scope, name, now).wait(now)

    def _bucket(self, scope: Scope, name: str, now: float) -> Bucket:
        key = (scope, "" if self._limits.scaling_shared else name)
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._forget_at:
                self._forget(now)
            bucket = self._buckets[key] = Bucket(environments(self._limits, scope.region), now)
        return bucket

    def _forget(self, now: float) -> None:
        for key, bucket in list(self._buckets.items()):
            if bucket.ready(now) and bucket.level >= bucket.rate.burst:
                del self._buckets[key]
        self._forget_at = max(2 * len(self._buckets), FORGET_AT)
