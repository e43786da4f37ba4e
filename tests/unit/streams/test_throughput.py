"""What a shard takes and gives in a second."""

from lambent.model.limits import MB
from lambent.streams.throughput import Throughput


def test_a_thousand_records_a_second_come_in() -> None:
    one = Throughput(0.0)
    assert all(one.write(10, 0.0) for _ in range(1_000))
    assert not one.write(10, 0.0)
    assert sum(one.write(10, 0.5) for _ in range(1_000)) == 500


def test_a_megabyte_a_second_comes_in_and_a_larger_record_is_paid_for() -> None:
    one = Throughput(0.0)
    assert one.write(MB, 0.0)
    assert not one.write(1, 0.0)
    assert one.write(MB // 2, 0.5)
    big = Throughput(0.0)
    assert big.write(10 * MB, 0.0)
    assert not big.write(1, 8.9)
    assert big.write(1, 9.1)


def test_five_reads_a_second_and_two_megabytes_go_out() -> None:
    one = Throughput(0.0)
    assert [one.may_read(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert one.may_read(0.2)
    much = Throughput(0.0)
    assert much.may_read(0.0)
    much.read(10 * MB)
    assert not much.may_read(3.9)
    assert much.may_read(4.1)
