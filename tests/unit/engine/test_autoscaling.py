"""What a target tracking policy does, minute by minute."""

from hypothesis import given
from hypothesis import strategies as st

from lambent.engine.autoscaling import Action, Decision, History, Target, Tracking, decide, track

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
    why = "the capacity was out of bounds"
    found = [decide(Target(2, 5), capacity, (), {}, None) for capacity in (1, 3, 9)]
    assert found == [Decision(2, 2, 5, why), None, Decision(5, 2, 5, why)]


def test_the_policy_that_wants_most_is_followed() -> None:
    assert decide(Target(1, 9), 4, (), {"low": 2, "high": 6}, 0.9) == Decision(
        6, 1, 9, "policy high: utilization was 0.9"
    )
    assert decide(Target(1, 9), 4, (), {"low": 2, "kept": 4}, 0.9) is None


def test_what_is_suspended_is_not_carried_out() -> None:
    assert decide(Target(1, 9, out_suspended=True), 4, (), {"p": 6}, 0.9) is None
    assert decide(Target(1, 9, in_suspended=True), 4, (), {"p": 3}, 0.1) is None
    assert decide(Target(1, 9, schedule_suspended=True), 4, [Action("a", 6, 6)], {}, None) is None


def test_a_scheduled_action_sets_the_bounds_that_it_names() -> None:
    why = "scheduled action name a was triggered"
    assert decide(Target(1, 9), 4, [Action("a", low=6)], {}, None) == Decision(6, 6, 9, why)
    assert decide(Target(1, 9), 4, [Action("a", high=3)], {}, None) == Decision(3, 1, 3, why)
    assert decide(Target(1, 9), 4, [Action("a", low=20)], {}, None) == Decision(20, 20, 20, why)
    assert decide(Target(1, 9), 4, [Action("a")], {}, None) == Decision(4, 1, 9, why)


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
