"""JSONPath in templates: what it finds, and that none takes long."""

import time
from typing import Any

import pytest

from lambent.http_events import json_path

DOCUMENT: dict[str, Any] = {
    "a": {"b": [1, 2, 3], "c": "text"},
    "items": [{"n": 1, "s": "one"}, {"n": 2, "s": "two", "t": {"n": 3}}],
}
NEST: Any = {}
for _ in range(200):
    NEST = {"a": NEST, "b": [1, 2, 3, 4, 5, 6, 7, 8]}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.a.c", "text"),
        ("$.a.b[1]", 2),
        ("$.nobody", None),
        ("$..n", [1, 2, 3]),
        ("$.items[*].n", [1, 2]),
        ("$.items[?(@.n > 1)].s", ["two"]),
        ("$.items[?(@.s =~ 't.*')].n", [2]),
        ("$.items[0,1].n", [1, 2]),
    ],
)
def test_what_stands_at_a_path(path: str, found: Any) -> None:
    assert json_path.find(DOCUMENT, path) == found


@pytest.mark.parametrize(
    "path",
    [
        "$..*..*..*..*..*",
        "$" + "['a','a','a']" * 60,
        "$" + "[0,0,0]" * 60,
        "$.b[?(@ == $..b[?(@ == $..b)])]",
        "$" + ".a" * 2_000,
        "$" + "." * 1_500,
        "$" + "[" * 1_500,
        "$" + "(" * 1_500,
        "$.a|$.a|$.a|$.a" + "|$.a" * 300,
        "$.s.`sub(/(a+)+$/, x)`",
        "$..[?(@.s =~ '(a|aa)+$(?!x)c')]",
    ],
)
def test_what_takes_too_long_or_is_none_says_so_in_a_moment(path: str) -> None:
    began = time.process_time()
    with pytest.raises(json_path.NoPath):
        json_path.find({**NEST, "s": "a" * 60, "t": [{"s": "a" * 60}]}, path)
    assert time.process_time() - began < 3
