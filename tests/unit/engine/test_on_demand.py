"""A stream in on-demand mode doubles when it is more than half used, and not oftener than AWS says."""

import pytest

from lambent.engine.on_demand import LARGE_MOST_SHARDS, MOST_SHARDS, Load, most_shards
from lambent.model.limits import SHARD_BYTES


def minutes(load: Load, begin: int, end: int, records: int, shards: int, size: int = 0, most: int = 200) -> list[int]:
    """Write so much each second from one minute to another; the sizes that it grew to."""
    grown = []
    for second in range(begin * 60, end * 60):
        wanted = load.wrote(records, size, float(second), shards, most)
        if wanted != shards:
            grown.append(wanted)
            shards = wanted
    return grown


@pytest.mark.parametrize("records, size", [(2_100, 0), (1, int(2.1 * SHARD_BYTES))])
def test_more_than_half_of_what_it_takes_doubles_it(records: int, size: int) -> None:
    assert minutes(Load(0.0), 0, 2, records, 4, size) == [8]


def test_half_of_it_is_no_reason_to_grow() -> None:
    assert minutes(Load(0.0), 0, 60, 2_000, 4, 2 * SHARD_BYTES) == []


def test_a_peak_of_a_second_is_none_of_a_minute() -> None:
    load = Load(0.0)
    assert load.wrote(4_000, 0, 0.0, 4, 200) == 4
    assert load.wrote(1, 0, 61.0, 4, 200) == 4


def test_a_stream_that_stays_full_doubles_every_fifteen_minutes() -> None:
    load = Load(0.0)
    assert minutes(load, 0, 2, 4_000, 4) == [8]
    assert minutes(load, 2, 15, 8_000, 8) == []
    assert minutes(load, 15, 18, 8_000, 8) == [16]


def test_a_stream_grows_to_what_its_region_has() -> None:
    assert minutes(Load(0.0), 0, 60, 1_000_000, 100) == [200]
    assert (most_shards("eu-central-1"), most_shards("eu-west-1")) == (MOST_SHARDS, LARGE_MOST_SHARDS)


def test_a_peak_counts_after_a_pause_too() -> None:
    load = Load(0.0)
    load.wrote(200_000, 0, 0.0, 4, 200)
    assert load.wrote(1, 0, 3_600.0, 4, 200) == 8
