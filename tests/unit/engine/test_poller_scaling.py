"""How many batches of a queue run at once."""

from lambent.engine import poller_scaling as scaling


def after(one: scaling.Scaling, seconds: int, step: float = 0.2) -> scaling.Scaling:
    """`seconds` later, with messages waiting all the time."""
    start = one.at
    for turn in range(int(seconds / step) + 1):
        one = scaling.grow(one, start + turn * step, waiting=True)
    return one


def test_five_at_first_and_300_more_a_minute_up_to_1250() -> None:
    one = scaling.begin(0.0)
    assert one.places == 5
    assert after(one, 60).places in (304, 305)
    assert after(one, 600).places == scaling.MOST == 1250


def test_maximum_concurrency_caps_it() -> None:
    one = scaling.begin(0.0, maximum=2)
    assert one.places == 2 and after(one, 60).places == 2
    assert after(scaling.begin(0.0, maximum=50), 60).places == 50


def test_provisioned_pollers_run_ten_each() -> None:
    one = scaling.begin(0.0, pollers=(2, 4))
    assert one.places == 20 and after(one, 60).places == 40


def test_errors_take_places_and_successes_bring_them_back() -> None:
    one = scaling.begin(0.0)
    for _ in range(10):
        one = scaling.failed(one)
    assert one.places == 1
    for _ in range(10):
        one = scaling.succeeded(one)
    assert one.places == 5


def test_it_starts_anew_after_a_quiet_minute() -> None:
    one = after(scaling.begin(0.0), 60)
    one = scaling.grow(one, 61.0, waiting=False)
    assert one.places > 300
    assert scaling.grow(one, 61.0 + scaling.QUIET_SECONDS, waiting=False).places == 5
