"""Who reads a shard by enhanced fan-out: one subscription for each consumer and shard.

Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html: five minutes; a second call
within five seconds of a successful one is refused, a later one takes the subscription over.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lambent.streams.throughput import READ_BYTES, Bucket

SECONDS = 300.0
TAKE_OVER_SECONDS = 5.0


@dataclass(eq=False, slots=True)
class Subscription:
    """One, from `began` on. `over`: another one has taken its place."""

    began: float
    _bucket: Bucket
    _pace: Callable[[], float]
    over: bool = False

    def due(self, now: float) -> bool:
        """Whether its time has passed."""
        return now >= self.began + SECONDS

    def pay(self, size: int) -> float:
        """So many bytes were sent; how many seconds to wait before more, for 2 MB a second."""
        self._bucket.fill(self._pace())
        self._bucket.owe(size)
        return max(-self._bucket.left / self._bucket.rate, 0.0)


class Subscriptions:
    """Those that are alive. `now` and `pace` are monotonic times, in seconds: the platform's, and that of limits."""

    def __init__(self, now: Callable[[], float], pace: Callable[[], float]) -> None:
        self._now = now
        self._pace = pace
        self._alive: dict[tuple[str, int], Subscription] = {}

    def take(self, consumer: str, shard: int) -> Subscription | None:
        """A new one, by the consumer's ARN; whoever had the shard is over. None: it is too soon for that."""
        now = self._now()
        before = self._alive.get((consumer, shard))
        if before is not None and now < before.began + TAKE_OVER_SECONDS:
            return None
        if before is not None:
            before.over = True
        taken = Subscription(now, Bucket(READ_BYTES, READ_BYTES, self._pace()), self._pace)
        self._alive[(consumer, shard)] = taken
        return taken

    def end(self, consumer: str, shard: int, ended: Subscription) -> None:
        """Its stream of events has ended."""
        if self._alive.get((consumer, shard)) is ended:
            del self._alive[(consumer, shard)]
