"""How many requests a second, and how many a day, week or month.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html (a token
bucket: `burst` is its size, `rate` how many come back a second) and
https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html (`offset` is what is gone of the first period).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass(slots=True)
class Bucket:
    """One token bucket; `now` is in seconds."""

    rate: float
    burst: int
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        """Take a token; False when there is none."""
        self.tokens = min(float(self.burst), self.tokens + max(now - self.at, 0.0) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Buckets:
    """Buckets by key, made when they are first asked for, full."""

    def __init__(self) -> None:
        self._buckets: dict[object, Bucket] = {}

    def take(self, key: object, rate: float, burst: int, now: float) -> bool:
        """Take a token of a key's bucket. Another rate or burst than last time counts from now on."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(rate, burst, float(burst), now)
        bucket.rate, bucket.burst = rate, burst
        return bucket.take(now)


def period_start(period: str, now: float) -> date:
    """The first day (UTC) of the period (`DAY`, `WEEK` from Sunday, `MONTH`) that a moment is in."""
    today = datetime.fromtimestamp(now, UTC).date()
    if period == "WEEK":
        return today - timedelta(days=(today.weekday() + 1) % 7)
    return today.replace(day=1) if period == "MONTH" else today
