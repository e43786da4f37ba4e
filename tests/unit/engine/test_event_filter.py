"""Which records a mapping's filters let pass."""

import json
from typing import Any

import pytest

from lambent.engine import event_filter

CASES: list[tuple[Any, Any, bool]] = [
    ({"a": ["x"]}, {"a": "x"}, True),
    ({"a": ["x"]}, {"a": "y"}, False),
    ({"a": ["x", "y"]}, {"a": "y"}, True),
    ({"a": ["x"], "b": [1]}, {"a": "x", "b": 1}, True),
    ({"a": ["x"], "b": [1]}, {"a": "x", "b": 2}, False),
    ({"a": {"b": [None]}}, {"a": {"b": None}}, True),
    ({"a": [None]}, {}, False),
    ({"a": [""]}, {"a": ""}, True),
    ({"a": [True]}, {"a": 1}, False),
    ({"a": [1]}, {"a": 1.0}, True),
    ({"a": ["x"]}, {"a": ["z", "x"]}, True),
    ({"a": {"b": ["x"]}}, {"a": [{"b": "y"}, {"b": "x"}]}, True),
    ({"a": [{"prefix": "us-"}]}, {"a": "us-east-1"}, True),
    ({"a": [{"prefix": {"equals-ignore-case": "US-"}}]}, {"a": "us-east-1"}, True),
    ({"a": [{"suffix": ".pdf"}]}, {"a": "x.pdf"}, True),
    ({"a": [{"suffix": ".pdf"}]}, {"a": 3}, False),
    ({"a": [{"equals-ignore-case": "ALICE"}]}, {"a": "alice"}, True),
    ({"a": [{"exists": True}]}, {"a": None}, True),
    ({"a": [{"exists": True}]}, {}, False),
    ({"a": [{"exists": False}]}, {}, True),
    ({"a": [{"exists": False}]}, {"a": 1}, False),
    ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
    ({"a": [{"anything-but": ["x", "y"]}]}, {"a": "z"}, True),
    ({"a": [{"anything-but": ["x", "y"]}]}, {"a": "x"}, False),
    ({"a": [{"anything-but": 5}]}, {"a": 6}, True),
    ({"a": [{"anything-but": {"prefix": "us"}}]}, {"a": "eu"}, True),
    ({"a": [{"anything-but": {"prefix": "us"}}]}, {"a": "us"}, False),
    ({"a": [{"numeric": [">", 1, "<=", 5]}]}, {"a": 5}, True),
    ({"a": [{"numeric": [">", 1, "<=", 5]}]}, {"a": 1}, False),
    ({"a": [{"numeric": ["=", 5]}]}, {"a": "5"}, False),
    ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
    ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 3}, False),
    ({"c": ["x"], "$or": [{"a": [1]}, {"b": [2]}]}, {"a": 1, "c": "x"}, True),
]


@pytest.mark.parametrize(("pattern", "value", "met"), CASES)
def test_a_pattern(pattern: Any, value: Any, met: bool) -> None:
    assert event_filter.matches(pattern, value) is met


@pytest.mark.parametrize(
    ("pattern", "body", "passes"),
    [
        ({"body": {"a": [1]}}, '{"a": 1}', True),
        ({"body": {"a": [1]}}, '{"a": 2}', False),
        ({"body": {"a": [1]}}, "plain", False),
        ({"body": ["plain"]}, "plain", True),
        ({"body": ["plain"]}, "other", False),
        ({"body": ["plain"]}, '{"a": 1}', False),
        ({"messageAttributes": {"x": {"stringValue": ["1"]}}}, "whatever", True),
    ],
)
def test_the_form_of_the_data_is_the_patterns(pattern: Any, body: str, passes: bool) -> None:
    one = event_filter.read([json.dumps(pattern)], "body")
    assert one.matches({"body": body, "messageAttributes": {"x": {"stringValue": "1"}}}) is passes


def test_patterns_are_alternatives_and_none_lets_everything_pass() -> None:
    two = event_filter.read(['{"body": {"a": [1]}}', '{"body": {"a": [2]}}'], "body")
    assert [two.matches({"body": f'{{"a": {value}}}'}) for value in (1, 2, 3)] == [True, True, False]
    assert event_filter.read([], "body").matches({"body": "x"})


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 50_000])
def test_data_nested_too_deep_is_no_json(body: str) -> None:
    assert not event_filter.read(['{"body": {"a": [1]}}'], "body").matches({"body": body})
