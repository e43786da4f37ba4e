"""One shard on its way through one function, in simulated time."""

import math
import random

import pytest

from lambent.engine.shard import Condition, Record, Rules, Shard, Work


def record(number: int, key: str = "k", arrived: float = 0.0, passes: bool = True) -> Record:
    return Record(f"{number:06d}", key, arrived, 100, passes=passes)


def shard(count: int, **rules: object) -> Shard:
    one = Shard(Rules(**{"batch_size": 100, **rules}))  # type: ignore[arg-type]
    one.arrive([record(number) for number in range(count)], 0.0)
    return one


def numbers(work: Work) -> list[int]:
    return [int(one.sequence) for one in work.records]


def test_batches_by_size_one_at_a_time_and_the_checkpoint_follows() -> None:
    one = shard(5, batch_size=2)
    (first,) = one.take(0.0)
    assert numbers(first) == [0, 1] and one.take(0.0) == [] and one.checkpoint == ""
    one.succeeded(first)
    assert one.checkpoint == "000001" and one.held == 3
    (second,) = one.take(0.0)
    one.succeeded(second)
    (third,) = one.take(0.0)
    assert numbers(third) == [4]


def test_a_window_waits_for_more() -> None:
    one = shard(2, window=10.0)
    assert one.take(9.9) == [] and one.due() == 10.0
    one.arrive([record(2)], 5.0)
    assert numbers(one.take(10.0)[0]) == [0, 1, 2]


def test_a_failed_batch_blocks_the_shard_until_it_succeeds() -> None:
    one = shard(2, batch_size=1)
    now = 0.0
    for _ in range(50):
        (work,) = one.take(now)
        assert numbers(work) == [0]
        one.failed(work, now)
        assert one.take(now) == []
        now = one.due()
        assert now < math.inf
    one.succeeded(one.take(now)[0])
    assert numbers(one.take(now)[0]) == [1]


def test_attempts_are_counted_and_then_the_batch_is_discarded() -> None:
    one = shard(2, maximum_retries=2)
    now = 0.0
    for _ in range(3):
        (work,) = one.take(now)
        one.failed(work, now)
        now = min(one.due(), 1e9)
    (gone,) = one.discarded
    assert (gone.condition, gone.invocations, len(gone.records)) == (Condition.RETRIES, 3, 2)
    assert one.checkpoint == "000001" and one.held == 0


def test_records_that_are_too_old_are_discarded_and_the_rest_runs() -> None:
    one = Shard(Rules(100, maximum_age=60.0))
    one.arrive([record(0, arrived=0.0), record(1, arrived=50.0)], 50.0)
    (work,) = one.take(61.0)
    assert numbers(work) == [1] and one.discarded[0].condition is Condition.AGE
    assert one.checkpoint == "000000"


def test_a_partial_failure_goes_on_from_the_lowest() -> None:
    one = shard(4)
    (work,) = one.take(0.0)
    one.failed(work, 0.0, lowest="000002")
    assert one.checkpoint == "000001"
    (again,) = one.take(one.due())
    assert numbers(again) == [2, 3] and again.errors == 0, "recorded: it begins anew"


@pytest.mark.parametrize("poison", [0, 1, 499, 998, 999])
def test_bisecting_finds_the_poison_in_few_invocations(poison: int) -> None:
    one, now, runs, seen = shard(1000, batch_size=1000, bisects=True, maximum_retries=0), 0.0, 0, []
    while work := one.take(now):
        runs += 1
        if poison in numbers(work[0]):
            one.failed(work[0], now)
        else:
            seen += numbers(work[0])
            one.succeeded(work[0])
    assert seen == [number for number in range(1000) if number != poison]
    assert runs <= 2 * math.ceil(math.log2(1000)) + 1
    assert [int(one_.sequence) for gone in one.discarded for one_ in gone.records] == [poison]
    assert one.held == 0


def test_lanes_keep_the_order_of_a_key() -> None:
    one = Shard(Rules(3, lanes=4))
    chance = random.Random(1)
    one.arrive([record(number, f"key-{chance.randrange(20)}") for number in range(300)], 0.0)
    last: dict[str, int] = {}
    running: list[Work] = []
    most = 0
    while one.held:
        running += one.take(0.0)
        most = max(most, len(running))
        work = running.pop(chance.randrange(len(running)))
        for each in work.records:
            assert last.get(each.key, -1) < int(each.sequence)
            last[each.key] = int(each.sequence)
        one.succeeded(work)
    assert most == 4 and one.checkpoint == "000299"


def test_the_checkpoint_waits_for_the_slowest_lane() -> None:
    one = Shard(Rules(1, lanes=2))
    one.arrive([record(0, "a"), record(1, "c"), record(2, "b")], 0.0)
    works = one.take(0.0)
    assert len(works) == 2, "the keys were chosen for two lanes"
    late = next(work for work in works if numbers(work) == [0])
    other = next(work for work in works if work is not late)
    one.succeeded(other)
    assert one.checkpoint == ""
    one.succeeded(late)
    assert one.checkpoint != ""


def test_what_no_filter_lets_pass_moves_the_checkpoint_alone() -> None:
    one = Shard(Rules(10))
    one.arrive([record(0, passes=False), record(1, passes=False)], 0.0)
    assert one.take(0.0) == [] and one.checkpoint == "000001" and one.held == 0


def test_throttles_cost_no_attempt() -> None:
    one = shard(1, maximum_retries=0)
    now = 0.0
    for _ in range(5):
        (work,) = one.take(now)
        assert one.take(now) == [], "its lane is taken until it is postponed"
        one.postponed(work, now)
        now += 1.0
    assert one.take(now)[0].invocations == 1 and not one.discarded


def test_tumbling_windows_part_batches_and_end_with_a_final_invocation() -> None:
    one = Shard(Rules(10, tumbling=60))
    one.arrive([record(0, arrived=10.0), record(1, arrived=59.0), record(2, arrived=61.0)], 62.0)
    (first,) = one.take(62.0)
    assert (numbers(first), first.window, first.final) == ([0, 1], 0, False)
    one.succeeded(first)
    (second,) = one.take(62.0)
    assert (numbers(second), second.window) == ([2], 60)
    one.succeeded(second)
    (final,) = one.take(62.0)
    assert (final.records, final.window, final.final) == ([], 0, True)
    one.succeeded(final)
    assert one.take(62.0) == [] and one.due() == 120.0
    (last,) = one.take(120.0)
    assert (last.window, last.final) == (60, True)
    one.succeeded(last)
    assert one.due() == math.inf


def test_a_thousand_shards_lose_nothing_and_repeat_nothing_that_was_done() -> None:
    chance = random.Random(7)
    for _ in range(1000):
        rules = Rules(
            chance.randrange(1, 20), lanes=chance.randrange(1, 5), bisects=chance.random() < 0.5, maximum_retries=3
        )
        one, now, done, order = Shard(rules), 0.0, [], {}
        count = chance.randrange(1, 60)
        one.arrive([record(number, f"k{number % 5}") for number in range(count)], now)
        for _turn in range(5000):
            works = one.take(now)
            for work in works:
                if work.records and chance.random() < 0.4:
                    lowest = chance.choice(work.records).sequence if chance.random() < 0.5 else None
                    before = [each for each in work.records if lowest is not None and each.sequence < lowest]
                    one.failed(work, now, lowest)
                    done += before
                else:
                    one.succeeded(work)
                    done += work.records
            if not one.held:
                break
            if not works:
                now = one.due()
        gone = [each for discarded in one.discarded for each in discarded.records]
        assert sorted(each.sequence for each in (*done, *gone)) == [f"{number:06d}" for number in range(count)]
        for each in done:
            assert order.get(each.key, "") < each.sequence
            order[each.key] = each.sequence


def test_what_is_left_after_some_success_begins_anew() -> None:
    """As recorded: with three retries the record that fails is seen five times, and the last four are counted."""
    one = shard(3, maximum_retries=3)
    now, seen = 0.0, []
    while one.held:
        (work,) = one.take(now)
        seen.append(numbers(work))
        one.failed(work, now, work.records[-1].sequence)
        now = one.due() if one.held else now
    assert seen == [[0, 1, 2], [2], [2], [2], [2]]
    assert [each.invocations for each in one.discarded] == [4]


def test_a_poisoned_record_among_ten_thousand_is_found_by_halves() -> None:
    chance = random.Random(3)
    for poison in (0, 9_999, *(chance.randrange(10_000) for _ in range(20))):
        one = Shard(Rules(10_000, bisects=True, maximum_retries=0))
        one.arrive([record(number) for number in range(10_000)], 0.0)
        failed, done = 0, []
        while one.held:
            (work,) = one.take(0.0)
            if any(each.sequence == f"{poison:06d}" for each in work.records):
                failed += 1
                one.failed(work, 0.0)
            else:
                one.succeeded(work)
                done += numbers(work)
            if not one.discarded:
                assert work.invocations <= 2 * math.log2(10_000)
        assert done == [number for number in range(10_000) if number != poison], "each once, in order"
        assert failed <= math.ceil(math.log2(10_000)) + 1
        assert [numbers(Work(list(each.records))) for each in one.discarded] == [[poison]]
