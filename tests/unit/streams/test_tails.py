"""What is kept of the latest records in memory, and that it is bounded over all shards."""

from lambent.store.stream_records import RecordRow
from lambent.streams.tails import OVERHEAD, SHARD_BYTES, Tails

KILOBYTE = 1_000 - OVERHEAD
"""Bytes of data with which a record counts as 1,000."""


def row(shard: int, seq: int, size: int = KILOBYTE) -> RecordRow:
    return RecordRow(1, shard, seq, 0.0, "k", b"x" * size)


def seqs(rows: list[RecordRow] | None) -> list[int] | None:
    return None if rows is None else [one.seq for one in rows]


def test_what_lies_behind_a_place_is_found_or_not_known() -> None:
    tails = Tails()
    tails.add([row(0, 11), row(1, 12), row(0, 13)], before=10)
    assert seqs(tails.behind(1, 0, 10, 5)) == [11, 13]
    assert seqs(tails.behind(1, 0, 11, 5)) == [13]
    assert seqs(tails.behind(1, 0, 13, 5)) == []
    assert seqs(tails.behind(1, 0, 10, 1)) == [11]
    assert tails.behind(1, 0, 9, 5) is None, "what came before is on disk only"
    assert tails.behind(1, 7, 99, 5) is None
    tails.forget(1)
    assert tails.behind(1, 0, 10, 5) is None and tails.bytes == 0


def test_all_shards_together_are_bounded() -> None:
    tails = Tails(most=10_000)
    for seq in range(1, 1_001):
        tails.add([row(seq % 100, seq)], before=seq - 1)
        assert tails.bytes <= 10_000
    assert seqs(tails.behind(1, 0, 999, 5)) == [1_000], "the latest is there"
    assert tails.behind(1, 1, 900, 5) is None, "what was written to long ago is not"


def test_one_shard_is_bounded_by_its_older_half() -> None:
    tails = Tails()
    size = 1 << 20
    for seq in range(1, 21):
        tails.add([row(0, seq, size)], before=seq - 1)
    assert tails.bytes <= SHARD_BYTES + size
    assert seqs(tails.behind(1, 0, 18, 5)) == [19, 20] and tails.behind(1, 0, 0, 5) is None
