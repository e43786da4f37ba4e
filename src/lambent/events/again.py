"""How soon what failed for a reason of ours is tried again."""

AGAIN_SECONDS = 1.0
"""Real seconds until a read or write that failed is tried again: of a queue, a stream or the store."""
