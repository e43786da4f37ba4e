from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lambent.runtime_api.telemetry import Api, Subscription
from lambent.runtime_api.telemetry_buffer import Buffer

ASKED = Subscription(Api.TELEMETRY, "2022-07-01", ("function",), 80, "POST", "/", 3, 100, 1.0)


def test_a_batch_goes_when_it_is_old_enough() -> None:
    buffer = Buffer(ASKED)
    assert buffer.deadline is None
    buffer.add(b"a", 10.0)
    buffer.add(b"b", 10.9)
    assert buffer.deadline == 11.0
    assert buffer.take(10.99) is None
    batch = buffer.take(11.0)
    assert batch is not None
    assert batch.records == [b"a", b"b"]
    assert buffer.deadline is None
    assert buffer.empty


def test_a_batch_goes_when_it_is_full() -> None:
    buffer = Buffer(ASKED)
    for record in (b"a", b"b", b"c", b"d"):
        buffer.add(record, 0.0)
    batch = buffer.take(0.0)
    assert batch is not None
    assert batch.records == [b"a", b"b", b"c"]
    assert buffer.take(0.5) is None
    assert not buffer.empty


def test_a_batch_goes_when_it_is_large() -> None:
    buffer = Buffer(ASKED)
    buffer.add(b"x" * 60, 0.0)
    assert buffer.take(0.0) is None
    buffer.add(b"x" * 60, 0.0)
    batch = buffer.take(0.0)
    assert batch is not None
    assert batch.size == 120


def test_sealing_needs_no_time() -> None:
    buffer = Buffer(ASKED)
    buffer.seal()
    assert buffer.take(0.0) is None
    buffer.add(b"a", 0.0)
    buffer.seal()
    assert buffer.deadline == float("-inf")
    assert buffer.take(0.0) is not None


def test_a_subscriber_that_does_not_keep_up_loses_the_newest() -> None:
    buffer = Buffer(ASKED)
    for number in range(5):
        buffer.add(b"%d" % number * 60, 0.0)
        buffer.seal()
    first = buffer.take(0.0)
    assert first is not None
    assert first.records == [b"0" * 60]
    assert buffer.take(0.0) is None
    assert buffer.dropped() == (4, 240)
    assert buffer.dropped() == (0, 0)


@given(st.lists(st.tuples(st.integers(1, 150), st.floats(0, 2), st.booleans()), max_size=60))
def test_nothing_is_lost_unsaid_and_memory_is_bounded(steps: list[tuple[int, float, bool]]) -> None:
    buffer = Buffer(replace(ASKED, max_items=5))
    now, taken, lost = 0.0, 0, 0
    for size, pause, takes in steps:
        now += pause
        buffer.add(b"x" * size, now)
        if takes and (batch := buffer.take(now)) is not None:
            taken += len(batch.records)
        lost += buffer.dropped()[0]
        held = buffer._current.size + sum(batch.size for batch in buffer._ready)
        assert held <= 2 * ASKED.max_bytes + 150
    buffer.seal()
    while (batch := buffer.take(now)) is not None:
        taken += len(batch.records)
    assert taken + lost + buffer.dropped()[0] == len(steps)
