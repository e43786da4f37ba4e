"""What one health check after another makes of a target."""

import pytest

from lambent.engine.target_health import CHECKING, FAILED, HEALTHY, REGISTERING, TIMED_OUT, after, mismatch


@pytest.mark.parametrize(
    ("checks", "states"),
    [
        ("+", "healthy"),
        ("-", "initial"),
        ("-+", "initial healthy"),
        ("--", "initial unhealthy"),
        ("+-+--", "healthy healthy healthy healthy unhealthy"),
        ("--++", "initial unhealthy unhealthy unhealthy"),
        ("--++-+++", "initial unhealthy unhealthy unhealthy unhealthy unhealthy unhealthy healthy"),
    ],
)
def test_so_many_in_a_row_change_what_a_target_is(checks: str, states: str) -> None:
    health, seen = REGISTERING, []
    for check in checks:
        health = after(health, None if check == "+" else TIMED_OUT, passes=3, failures=2)
        seen.append(health.state)
    assert seen == states.split()


def test_the_reason_is_that_of_the_last_check() -> None:
    first = after(REGISTERING, FAILED, 5, 2)
    assert (first.reason, first.description) == (CHECKING.reason, "Initial health checks in progress")
    second = after(first, mismatch(404), 5, 2)
    assert (second.reason, second.description) == (
        "Target.ResponseCodeMismatch",
        "Health checks failed with these codes: [404]",
    )
    assert after(second, TIMED_OUT, 5, 2).reason == "Target.Timeout"
    assert (HEALTHY.reason, HEALTHY.description) == ("", "")
