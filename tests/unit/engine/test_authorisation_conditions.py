"""Condition operators, a row each, from the user guide's page reference_policies_elements_condition_operators.html.

A key of the request is None when it lacks it, a tuple when it has several values.
"""

import pytest

from lambent.engine.authorisation import conditions
from lambent.engine.authorisation.patterns import Keys

YES, NO = True, False
ROLE = "arn:aws:iam::123456789012:role/app/reader"
QUEUE = "arn:aws:sqs:us-east-2:123456789012:jobs"
STRINGS = [
    ("StringEquals", ["john"], "john", YES),
    ("StringEquals", ["john"], "John", NO),
    ("StringEquals", ["john", "jane"], "jane", YES),
    ("StringEquals", ["jo*"], "john", NO),
    ("StringEquals", ["jo*"], "jo*", YES),
    ("StringEquals", ["john"], None, NO),
    ("StringEquals", [""], "", YES),
    ("StringEquals", [], "john", NO),
    ("StringNotEquals", ["john"], "john", NO),
    ("StringNotEquals", ["john"], "jane", YES),
    ("StringNotEquals", ["john", "jane"], "jane", NO),
    ("StringNotEquals", ["john", "jane"], "jill", YES),
    ("StringNotEquals", ["john"], None, YES),
    ("StringEqualsIgnoreCase", ["JOHN"], "john", YES),
    ("StringEqualsIgnoreCase", ["JOHN"], "jane", NO),
    ("StringEqualsIgnoreCase", ["JOHN"], None, NO),
    ("StringNotEqualsIgnoreCase", ["JOHN"], "john", NO),
    ("StringNotEqualsIgnoreCase", ["JOHN"], "jane", YES),
    ("StringNotEqualsIgnoreCase", ["JOHN"], None, YES),
    ("StringLike", ["home/*"], "home/jane/x", YES),
    ("StringLike", ["home/*"], "homes/jane", NO),
    ("StringLike", ["h?me"], "home", YES),
    ("StringLike", ["h?me"], "hme", NO),
    ("StringLike", ["*"], "", YES),
    ("StringLike", ["*"], None, NO),
    ("StringLike", ["", "home/"], "", YES),
    ("StringLike", ["HOME/*"], "home/x", NO),
    ("StringLike", ["a.b"], "axb", NO),
    ("StringLike", ["a**b"], "a123b", YES),
    ("StringNotLike", ["home/*"], "home/x", NO),
    ("StringNotLike", ["home/*"], "etc/x", YES),
    ("StringNotLike", ["home/*"], None, YES),
    ("stringequals", ["a"], "a", YES),
    ("STRINGLIKE", ["a*"], "ab", YES),
]
NUMBERS = [
    ("NumericEquals", ["10"], "10", YES),
    ("NumericEquals", ["10"], "10.0", YES),
    ("NumericEquals", ["10"], "11", NO),
    ("NumericEquals", ["10", "11"], "11", YES),
    ("NumericEquals", ["10"], None, NO),
    ("NumericEquals", ["ten"], "10", NO),
    ("NumericEquals", ["10"], "ten", NO),
    ("NumericNotEquals", ["10"], "11", YES),
    ("NumericNotEquals", ["10"], "10", NO),
    ("NumericNotEquals", ["10"], None, YES),
    ("NumericLessThan", ["10"], "9", YES),
    ("NumericLessThan", ["10"], "10", NO),
    ("NumericLessThan", ["10"], "-1", YES),
    ("NumericLessThanEquals", ["10"], "10", YES),
    ("NumericLessThanEquals", ["10"], "11", NO),
    ("NumericGreaterThan", ["10"], "11", YES),
    ("NumericGreaterThan", ["10"], "10", NO),
    ("NumericGreaterThanEquals", ["10"], "10", YES),
    ("NumericGreaterThanEquals", ["10"], "9", NO),
    ("NumericLessThan", ["inf"], "9", NO),
    ("NumericEquals", ["nan"], "nan", NO),
    ("NumericEquals", ["1e3"], "1000", YES),
]
DATES = [
    ("DateGreaterThan", ["2026-01-01T00:00:00Z"], "2026-06-01T00:00:00Z", YES),
    ("DateGreaterThan", ["2026-01-01T00:00:00Z"], "2025-06-01T00:00:00Z", NO),
    ("DateLessThan", ["2026-01-01T00:00:00Z"], "2025-06-01T00:00:00Z", YES),
    ("DateLessThan", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:00Z", NO),
    ("DateLessThanEquals", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:00Z", YES),
    ("DateGreaterThanEquals", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:00Z", YES),
    ("DateEquals", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:00Z", YES),
    ("DateEquals", ["2026-01-01T00:00:00Z"], "1767225600", YES),
    ("DateEquals", ["2026-01-01"], "2026-01-01T00:00:00Z", YES),
    ("DateEquals", ["2026-01"], "2026-01-01T00:00:00Z", YES),
    ("DateEquals", ["2026"], "2026-01-01T00:00:00Z", YES),
    ("DateEquals", ["2026-01-01T01:00:00+01:00"], "2026-01-01T00:00:00Z", YES),
    ("DateNotEquals", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:00Z", NO),
    ("DateNotEquals", ["2026-01-01T00:00:00Z"], "2026-01-02T00:00:00Z", YES),
    ("DateNotEquals", ["2026-01-01T00:00:00Z"], None, YES),
    ("DateGreaterThan", ["yesterday"], "2026-01-01T00:00:00Z", NO),
    ("DateLessThan", ["1767225600"], "1767225599", YES),
    ("DateLessThan", ["2026-01-01T00:00:00Z"], None, NO),
]
OTHERS = [
    ("Bool", ["true"], "true", YES),
    ("Bool", ["true"], "false", NO),
    ("Bool", ["false"], "false", YES),
    ("Bool", ["True"], "true", YES),
    ("Bool", ["true"], "yes", NO),
    ("Bool", ["true"], None, NO),
    ("Bool", ["false"], None, NO),
    ("BinaryEquals", ["QmluYXJ5VmFsdWVJbkJhc2U2NA=="], "QmluYXJ5VmFsdWVJbkJhc2U2NA==", YES),
    ("BinaryEquals", ["QUJD"], "QUJE", NO),
    ("BinaryEquals", ["%%"], "QUJD", NO),
    ("BinaryEquals", ["QUJD"], None, NO),
    ("IpAddress", ["203.0.113.0/24"], "203.0.113.9", YES),
    ("IpAddress", ["203.0.113.0/24"], "203.0.114.9", NO),
    ("IpAddress", ["203.0.113.9"], "203.0.113.9", YES),
    ("IpAddress", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", YES),
    ("IpAddress", ["2001:DB8:1234:5678::/64"], "203.0.113.9", NO),
    ("IpAddress", ["203.0.113.7/24"], "203.0.113.9", YES),
    ("IpAddress", ["0.0.0.0/0"], "127.0.0.1", YES),
    ("IpAddress", ["here"], "127.0.0.1", NO),
    ("IpAddress", ["203.0.113.0/24"], None, NO),
    ("NotIpAddress", ["203.0.113.0/24"], "203.0.113.9", NO),
    ("NotIpAddress", ["203.0.113.0/24"], "198.51.100.1", YES),
    ("NotIpAddress", ["203.0.113.0/24"], None, YES),
    ("ArnEquals", [QUEUE], QUEUE, YES),
    ("ArnEquals", ["arn:aws:sqs:*:123456789012:*"], QUEUE, YES),
    ("ArnEquals", ["arn:aws:sqs:us-east-1:*:*"], QUEUE, NO),
    ("ArnLike", ["arn:aws:sqs:us-east-?:123456789012:jobs"], QUEUE, YES),
    ("ArnLike", ["arn:aws:s3:::bucket"], QUEUE, NO),
    ("ArnLike", ["arn:aws:s3:::bucket"], "arn:aws:s3:::bucket", YES),
    ("ArnLike", ["arn:aws:s3:::bucket"], "arn:aws:s3:::bucket2", NO),
    ("ArnLike", ["arn:aws:iam::123456789012:role/*"], ROLE, YES),
    ("ArnLike", ["arn:*"], ROLE, YES),
    ("ArnLike", ["arn:aws:*:jobs"], QUEUE, NO),
    ("ArnLike", ["*"], QUEUE, YES),
    ("ArnLike", [QUEUE], None, NO),
    ("ArnNotEquals", [QUEUE], QUEUE, NO),
    ("ArnNotEquals", [QUEUE], ROLE, YES),
    ("ArnNotLike", ["arn:aws:sqs:*:*:*"], QUEUE, NO),
    ("ArnNotLike", ["arn:aws:sns:*:*:*"], QUEUE, YES),
    ("ArnNotLike", ["arn:aws:sns:*:*:*"], None, YES),
    ("Null", ["true"], None, YES),
    ("Null", ["true"], "x", NO),
    ("Null", ["false"], "x", YES),
    ("Null", ["false"], None, NO),
    ("Null", ["true"], (), YES),
    ("Null", ["True"], None, YES),
]
IF_EXISTS = [
    ("StringEqualsIfExists", ["a"], None, YES),
    ("StringEqualsIfExists", ["a"], "a", YES),
    ("StringEqualsIfExists", ["a"], "b", NO),
    ("StringLikeIfExists", ["a*"], None, YES),
    ("StringLikeIfExists", ["a*"], "b", NO),
    ("StringNotEqualsIfExists", ["a"], None, YES),
    ("StringNotEqualsIfExists", ["a"], "a", NO),
    ("NumericLessThanIfExists", ["10"], None, YES),
    ("NumericLessThanIfExists", ["10"], "11", NO),
    ("DateLessThanIfExists", ["2026-01-01T00:00:00Z"], None, YES),
    ("BoolIfExists", ["true"], None, YES),
    ("BoolIfExists", ["true"], "false", NO),
    ("IpAddressIfExists", ["10.0.0.0/8"], None, YES),
    ("IpAddressIfExists", ["10.0.0.0/8"], "11.0.0.1", NO),
    ("ArnLikeIfExists", ["arn:aws:sqs:*:*:*"], None, YES),
    ("ArnLikeIfExists", ["arn:aws:sns:*:*:*"], QUEUE, NO),
]
SETS = [
    ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), YES),
    ("ForAllValues:StringEquals", ["a", "b"], ("a",), YES),
    ("ForAllValues:StringEquals", ["a", "b"], ("a", "c"), NO),
    ("ForAllValues:StringEquals", ["a", "b"], None, YES),
    ("ForAllValues:StringEquals", ["a", "b"], (), YES),
    ("ForAllValues:StringEquals", ["a"], "a", YES),
    ("ForAllValues:StringLike", ["a*"], ("ab", "ac"), YES),
    ("ForAllValues:StringLike", ["a*"], ("ab", "bc"), NO),
    ("ForAllValues:StringNotEquals", ["a"], ("b", "c"), YES),
    ("ForAllValues:StringNotEquals", ["a"], ("a", "c"), NO),
    ("ForAllValues:NumericLessThan", ["5"], ("1", "4"), YES),
    ("ForAllValues:NumericLessThan", ["5"], ("1", "6"), NO),
    ("ForAllValues:ArnLike", ["arn:aws:sqs:*:*:*"], (QUEUE,), YES),
    ("ForAllValues:IpAddress", ["10.0.0.0/8"], ("10.0.0.1", "11.0.0.1"), NO),
    ("ForAnyValue:StringEquals", ["a", "b"], ("c", "b"), YES),
    ("ForAnyValue:StringEquals", ["a", "b"], ("c", "d"), NO),
    ("ForAnyValue:StringEquals", ["a", "b"], None, NO),
    ("ForAnyValue:StringEquals", ["a", "b"], (), NO),
    ("ForAnyValue:StringLike", ["a*"], ("x", "ab"), YES),
    ("ForAnyValue:StringNotEquals", ["a"], ("a", "b"), YES),
    ("ForAnyValue:StringNotEquals", ["a"], ("a",), NO),
    ("ForAnyValue:StringNotEquals", ["a"], None, NO),
    ("ForAnyValue:StringEqualsIfExists", ["a"], None, YES),
    ("ForAnyValue:Bool", ["true"], ("false", "true"), YES),
    ("foranyvalue:stringequals", ["a"], ("a",), YES),
    ("StringEquals", ["a"], ("b", "a"), YES),
    ("StringEquals", ["a"], ("b",), NO),
    ("StringNotEquals", ["a"], ("b", "a"), NO),
]
ROWS = [*STRINGS, *NUMBERS, *DATES, *OTHERS, *IF_EXISTS, *SETS]


@pytest.mark.parametrize(("operator", "said", "has", "met"), ROWS)
def test_an_operator(operator: str, said: list[str], has: str | tuple[str, ...] | None, met: bool) -> None:
    condition = conditions.read(operator, "aws:TheKey", said)
    assert condition is not None
    keys: Keys = {} if has is None else {"aws:thekey": has}
    assert conditions.is_met(condition, keys) is met


@pytest.mark.parametrize(
    ("said", "keys", "met"),
    [
        ("${aws:username}", {"aws:username": "jane", "k": "jane"}, YES),
        ("${aws:username}", {"aws:username": "john", "k": "jane"}, NO),
        ("${aws:username}", {"k": "jane"}, NO),
        ("${aws:PrincipalTag/team, 'company-wide'}", {"k": "company-wide"}, YES),
        ("${aws:PrincipalTag/team, 'company-wide'}", {"aws:principaltag/team": "red", "k": "red"}, YES),
        ("${*}", {"k": "*"}, YES),
        ("${?}${$}", {"k": "?$"}, YES),
        ("a${b:c}d", {"b:c": "-", "k": "a-d"}, YES),
        ("${b:c}", {"b:c": ("x", "y"), "k": "x"}, NO),
    ],
)
def test_a_variable(said: str, keys: Keys, met: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"""
    condition = conditions.read("StringEquals", "K", [said])
    assert condition is not None
    assert conditions.is_met(condition, keys) is met


def test_what_stands_for_a_variable_is_no_pattern() -> None:
    condition = conditions.read("StringLike", "s3:prefix", ["home/${aws:username}/*"])
    assert condition is not None
    assert not conditions.is_met(condition, {"aws:username": "*", "s3:prefix": "home/jane/x"})
    assert conditions.is_met(condition, {"aws:username": "*", "s3:prefix": "home/*/x"})


@pytest.mark.parametrize("operator", ["StringEqual", "ForSomeValues:StringEquals", "NullIfExists", "", "IfExists"])
def test_an_operator_that_aws_does_not_have(operator: str) -> None:
    assert conditions.read(operator, "k", ["v"]) is None
