"""When a stream in on-demand mode gets more shards. Pure; seconds of any one clock.

A stream takes up to double of its previous peak: when more than half of what its shards take was written in a minute,
their number doubles. Writes may be throttled when they more than double within 15 minutes: so often, and not oftener.
Source: https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html (on-demand mode). Over how long AWS
takes a peak is not documented: here it is the mean of a minute.
"""

from dataclasses import dataclass

from lambent.model.limits import SHARD_BYTES, SHARD_RECORDS

FIRST_SHARDS = 4
"""4 MB/s in, 8 MB/s out. Source: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html"""
MOST_SHARDS = 200
"""200 MB/s; 10 GB/s in LARGE_REGIONS. Source: service-sizes-and-limits, as above."""
LARGE_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
LARGE_MOST_SHARDS = 10_000
PEAK_SECONDS = 60.0
GROWTH_SECONDS = 15 * 60.0


@dataclass(slots=True)
class Load:
    """What was written to one stream in the minute that began at `since`."""

    since: float
    records: int = 0
    size: int = 0
    grown: float = float("-inf")
    """When it last grew."""

    def wrote(self, records: int, size: int, now: float, shards: int, most: int) -> int:
        """So many records and bytes were accepted by so many open shards; how many shards it should have then."""
        wanted = shards
        if now - self.since >= PEAK_SECONDS:
            wanted = self._wanted(now, shards, most)
            self.since, self.records, self.size = now, 0, 0
        self.records += records
        self.size += size
        return wanted

    def _wanted(self, now: float, shards: int, most: int) -> int:
        taken = max(self.records / SHARD_RECORDS, self.size / SHARD_BYTES) / PEAK_SECONDS
        if 2 * taken <= shards or 2 * shards > most or now - self.grown < GROWTH_SECONDS:
            return shards
        self.grown = now
        return 2 * shards


def most_shards(region: str) -> int:
    """How many shards a stream grows to."""
    return LARGE_MOST_SHARDS if region in LARGE_REGIONS else MOST_SHARDS
