"""Rules of composite alarms."""

import pytest

from lambent.engine.alarm_rule import AlarmRule, RuleError

STATES = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "with space": "ALARM"}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(a)", True),
        ('ALARM("with space") AND OK(b)', True),
        ("ALARM(b) OR INSUFFICIENT_DATA(c)", True),
        ("ALARM(a) AND NOT (OK(b) OR FALSE)", False),
        ("NOT ALARM(b) AND TRUE", True),
        ("FALSE AND TRUE OR TRUE", True),
        ("AT_LEAST(2, ALARM, (a, b, c))", False),
        ("AT_LEAST(1, ALARM, (a, b, c))", True),
        ("AT_LEAST(50%, NOT OK, (a, b, c))", True),
        ("alarm(a) and ok(b)", True),
        ("OK(unknown)", False),
    ],
)
def test_a_rule_is_true_of_states(rule: str, holds: bool) -> None:
    assert AlarmRule(rule).holds(STATES) is holds


def test_a_rule_says_which_alarms_it_needs() -> None:
    arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:b"
    assert AlarmRule(f'ALARM(a) OR ALARM("{arn}") OR OK(a)').children == ["a", arn]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "ALARM",
        "ALARM()",
        "ALARM(a",
        "a",
        "ALARM(a) AND",
        "NOT",
        "(ALARM(a)",
        "ALARM(a) b",
        '"',
        "AT_LEAST(x,OK,(a))",
        "(" * 2000,
        "NOT " * 2000 + "TRUE",
        " OR ".join(f"ALARM(a{number})" for number in range(101)),
    ],
)
def test_what_is_no_rule(rule: str) -> None:
    with pytest.raises(RuleError):
        AlarmRule(rule)
