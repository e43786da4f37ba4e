"""What a target tracking policy does, minute by minute."""

from hypothesis import given
from hypothesis import strategies as st

from lambent.engine.autoscaling import History, Tracking, bounded, track

POLICY = Tracking(0.7)


def play(policy: Tracking, points: list[float | None], capacity: int = 10) -> list[int]:
    """The capacities after each minute."""
    history, found = History(), []
    for minute, point in enumerate(points):
        history, wanted = track(policy, history, point, minute * 60.0, capacity)
        capacity = capacity if wanted is None else wanted
        found.append(capacity)
    return found


def test_three_minutes_over_the_target_scale_out() -> None:
    assert play(POLICY, [1.0, 1.0, 1.0, 1.0]) == [10, 10, 15, 22]
    assert play(POLICY, [1.0, 1.0, 0.7, 1.0, 1.0, 0.71]) == [10, 10, 10, 10, 10, 11]


def test_fifteen_minutes_well_under_it_scale_in_by_small_steps() -> None:
    assert play(POLICY, [0.1] * 17) == [10] * 14 + [9, 8, 7]
    assert play(POLICY, [0.1] * 14 + [0.63] + [0.1] * 14) == [10] * 29
    assert play(POLICY, [0.1] * 15, capacity=100)[-1] == 90


def test_cooldowns() -> None:
    assert play(Tracking(0.7, out_cooldown=120), [1.0] * 6) == [10, 10, 15, 15, 22, 22]
    assert play(Tracking(0.7, in_cooldown=120), [0.1] * 18)[-4:] == [9, 9, 8, 8]


def test_scale_in_can_be_off() -> None:
    assert play(Tracking(0.7, scale_in=False), [0.0] * 30) == [10] * 30


def test_without_invocations_there_is_nothing_to_go_by() -> None:
    assert play(POLICY, [None] * 60) == [10] * 60
    assert play(POLICY, [1.0, 1.0, None, 1.0, 1.0]) == [10] * 5


def test_one_is_the_least() -> None:
    assert min(play(POLICY, [0.0] * 60, capacity=3)) == 1


def test_registered_bounds_hold() -> None:
    assert [bounded(capacity, 2, 5) for capacity in (1, 3, 9)] == [2, 3, 5]


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=60), st.integers(1, 500), st.floats(0.1, 0.9))
def test_it_moves_towards_its_target(points: list[float | None], capacity: int, target: float) -> None:
    history = History()
    for minute, point in enumerate(points):
        history, wanted = track(Tracking(target), history, point, minute * 60.0, capacity)
        if wanted is not None:
            assert point is not None
            assert wanted >= 1
            assert (wanted > capacity) == (point > target)
            capacity = wanted
