"""How soon what failed for a reason of ours is tried again."""

from dataclasses import dataclass

AGAIN_SECONDS = 1.0
"""Real seconds until a read or write that failed is tried again: of a queue, a stream or the store."""


@dataclass(frozen=True, slots=True)
class SourcePauses:
    """Real seconds of those who read a source, from one try to the next.

    `again` after a failure of ours; `patience` until a function that could not be run, or a shard that could not be
    read, is tried again; `discover` between looks for new shards (a shard that ends is looked behind at once).
    """

    again: float = AGAIN_SECONDS
    patience: float = 1.0
    discover: float = 5.0


SOURCE_PAUSES = SourcePauses()
