"""When a batch is closed."""

from lambent.engine.batching import ENVELOPE_BYTES, Batch


def batch(size: int = 3, window: float = 5.0, limit: int = 1000) -> Batch[str]:
    return Batch(size, window, limit)


def test_by_its_size() -> None:
    one = batch()
    for name in "ab":
        one.add(name, 10, now=0.0)
    assert not one.closed(1.0) and one.room == 1
    one.add("c", 10, now=1.0)
    assert one.closed(1.0) and not one.takes(1)


def test_by_its_window_from_the_first_record_on() -> None:
    one = batch()
    assert not one.closed(100.0)
    one.add("a", 10, now=100.0)
    one.add("b", 10, now=104.0)
    assert not one.closed(104.9) and one.due == 105.0
    assert one.closed(105.0)


def test_without_a_window_one_record_is_enough() -> None:
    one = batch(window=0.0)
    one.add("a", 10, now=0.0)
    assert one.closed(0.0)


def test_by_its_bytes_counted_as_the_event_has_them() -> None:
    one = batch(limit=ENVELOPE_BYTES + 21)
    one.add("a", 10, now=0.0)
    assert one.takes(10) and not one.takes(11)
    one.add("b", 10, now=0.0)
    assert one.bytes == len('{"Records":[' + "x" * 10 + "," + "x" * 10 + "]}")


def test_one_record_always_fits() -> None:
    assert batch(limit=5).takes(1_000_000)
