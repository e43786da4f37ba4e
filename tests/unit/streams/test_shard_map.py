"""Shards part and join: every hash key has one open shard, and no shard comes from more than two."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.streams.shard_map import HASHES, Shard, dump, hash_of, load, merge, number_of, ranges, split, spread


def start(count: int) -> list[Shard]:
    return [Shard(number, first, last, number, 1.0) for number, (first, last) in enumerate(ranges(count))]


def is_open(shards: Sequence[Shard]) -> list[Shard]:
    return sorted((one for one in shards if one.open), key=lambda one: one.first)


def check(shards: Sequence[Shard]) -> None:
    """What always holds."""
    there = is_open(shards)
    assert there[0].first == 0 and there[-1].last == HASHES - 1
    assert all(one.last + 1 == other.first for one, other in itertools.pairwise(there))
    by_number = {one.number: one for one in shards}
    assert len(by_number) == len(shards)
    for one in shards:
        for parent in one.parents:
            came_from = by_number[parent]
            assert not came_from.open and came_from.ends is not None and came_from.ends < one.begins
            assert one.ends is None or one.begins < one.ends
            assert came_from.first <= one.last and one.first <= came_from.last
        covered = sum(
            min(one.last, by_number[parent].last) - max(one.first, by_number[parent].first) + 1
            for parent in one.parents
        )
        assert not one.parents or covered == one.last - one.first + 1, "a key came from a shard that is no parent"


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_first_shards_share_all_keys_evenly(count: int) -> None:
    shards = start(count)
    check(shards)
    sizes = {one.last - one.first for one in shards}
    assert max(sizes) - min(sizes) <= 1
    assert [load(dump(one)) for one in shards] == shards


def test_a_split_and_a_merge_are_each_other_undone() -> None:
    place = itertools.count(100).__next__
    shards = split(start(1), start(1)[0], 1 << 127, place, 5.0)
    check(shards)
    low, high = is_open(shards)
    assert (low.parents, high.parents, low.opened, shards[0].closed) == ((0,), (0,), 5.0, 5.0)
    shards = merge(shards, low, high, place, 6.0)
    check(shards)
    (one,) = is_open(shards)
    assert (one.first, one.last, one.parent, one.adjacent) == (0, HASHES - 1, 1, 2)


def test_two_become_three_by_a_shard_that_lives_for_a_moment() -> None:
    place = itertools.count(100).__next__
    shards = spread(start(2), 3, place, 5.0)
    check(shards)
    assert [(one.first, one.last) for one in is_open(shards)] == ranges(3)
    middle = is_open(shards)[1]
    parents = [next(one for one in shards if one.number == number) for number in middle.parents]
    assert [one.parents for one in parents] == [(0,), (1,)], "its records come after those of both first shards"


def test_what_keeps_its_range_stays() -> None:
    shards = start(2)
    assert spread(shards, 2, itertools.count(9).__next__, 1.0) == shards
    doubled = spread(shards, 4, itertools.count(9).__next__, 1.0)
    assert [one.parents for one in is_open(doubled)] == [(0,), (0,), (1,), (1,)]


@given(st.integers(1, 9), st.lists(st.integers(1, 9), max_size=4))
def test_any_series_of_counts_keeps_the_ranges_whole(first: int, counts: list[int]) -> None:
    place, shards = itertools.count(100).__next__, start(first)
    for count in counts:
        shards = spread(shards, count, place, 1.0)
        check(shards)
        assert [(one.first, one.last) for one in is_open(shards)] == ranges(count)


def test_names_and_hash_keys() -> None:
    assert number_of("shardId-000000000012") == number_of("12") == 12
    assert number_of("shardId-x") is None and number_of("shardId-" + "9" * 40) is None
    assert hash_of("") == 0xD41D8CD98F00B204E9800998ECF8427E
