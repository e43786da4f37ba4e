"""What a shard takes and gives in a second. Pure; seconds of any one clock.

Source: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html: 1 MB and 1,000 records a second
in, five reads and 2 MB a second out; a read may answer 10 MB, after which reads fail until that is paid.
"""

from dataclasses import dataclass

from lambent.model.limits import MB, SHARD_BYTES, SHARD_RECORDS

READ_BYTES = 2 * MB
READS = 5
READ_ANSWER_BYTES = 10 * MB


@dataclass(slots=True)
class Bucket:
    """Fills by `rate` a second up to one second's worth; what is taken may leave a debt."""

    rate: float
    left: float
    at: float

    def fill(self, now: float) -> None:
        """Time has passed."""
        if now == self.at:
            return
        self.left = min(self.rate, self.left + max(now - self.at, 0.0) * self.rate)
        self.at = now

    def take(self, amount: float, now: float) -> bool:
        """Take that much, if it is there."""
        self.fill(now)
        if self.left < amount:
            return False
        self.left -= amount
        return True

    def owe(self, amount: float) -> None:
        """Take that much, whatever is there."""
        self.left -= amount


class Throughput:
    """One shard's."""

    def __init__(self, now: float) -> None:
        self._records = Bucket(SHARD_RECORDS, SHARD_RECORDS, now)
        self._bytes = Bucket(SHARD_BYTES, SHARD_BYTES, now)
        self._reads = Bucket(READS, READS, now)
        self._read_bytes = Bucket(READ_BYTES, READ_BYTES, now)

    def write(self, size: int, now: float) -> bool:
        """Whether it takes one more record of that many bytes. A record larger than a second's worth leaves a debt."""
        self._bytes.fill(now)
        if self._bytes.left < min(size, SHARD_BYTES) or not self._records.take(1, now):
            return False
        self._bytes.owe(size)
        return True

    def may_read(self, now: float) -> bool:
        """Whether one more read may be made."""
        self._read_bytes.fill(now)
        return self._read_bytes.left > 0 and self._reads.take(1, now)

    def read(self, size: int) -> None:
        """A read has answered so many bytes."""
        self._read_bytes.owe(size)
