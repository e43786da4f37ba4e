"""What a pattern matches, and why a text is none. Answers of EventBridge with their place were published:
https://github.com/aws/aws-cdk/issues/36904, https://github.com/lalcebo/json-schema/pull/171,
https://github.com/cloud-custodian/cloud-custodian/issues/6507."""

import json
import time
from typing import Any

import pytest

from lambent.engine import event_pattern, event_pattern_reading
from lambent.engine.json_places import Invalid

CASES: list[tuple[Any, Any, bool]] = [
    ([{"wildcard": "*.pdf"}], "a.pdf", True),
    ([{"wildcard": "a*b*c"}], "a-b-b-c", True),
    ([{"wildcard": "a*b*c"}], "a-c", False),
    ([{"wildcard": "ab*ba"}], "aba", False),
    ([{"wildcard": "\\*x\\\\*"}], "*x\\y", True),
    ([{"wildcard": "\\*x"}], "yx", False),
    ([{"wildcard": "*"}], 5, False),
    ([{"anything-but": {"wildcard": ["*/bin/*", "*.jar"]}}], "/usr/bin/x", False),
    ([{"anything-but": {"wildcard": "*/bin/*"}}], "/usr/lib/x", True),
    ([{"anything-but": {"equals-ignore-case": ["A", "B"]}}], "a", False),
    ([{"anything-but": {"suffix": [".x"]}}], "a.y", True),
    ([{"anything-but": "x"}], ["x", "y"], True),
    ([{"cidr": "10.0.0.0/24"}], "10.0.0.255", True),
    ([{"cidr": "10.0.0.0/24"}], "10.0.1.0", False),
    ([{"cidr": "2001:db8::/32"}], "2001:db8::1", True),
    ([{"cidr": "10.0.0.0/24"}], "host", False),
    ([{"exactly": "x"}], "x", True),
    ([{"suffix": {"equals-ignore-case": ".PNG"}}], "a.png", True),
]


@pytest.mark.parametrize(("rules", "value", "met"), CASES)
def test_an_operator(rules: Any, value: Any, met: bool) -> None:
    pattern = event_pattern_reading.read(json.dumps({"a": rules}))
    assert event_pattern.matches(pattern, {"a": value}) is met


@pytest.mark.parametrize(("rules", "value", "met"), CASES)
def test_an_operator_on_a_long_list(rules: Any, value: Any, met: bool) -> None:
    values = value if isinstance(value, list) else [value]
    for more in ([], [{"b": 1}, {"b": 2}], [[1], [2]]):
        short = {"a": [*values, *more]}
        wanted = event_pattern.matches({"a": rules}, short)
        assert event_pattern.matches({"a": rules}, {"a": short["a"] * event_pattern.FEW}) is wanted
    literals = [f"x{number}" for number in range(500)]
    assert event_pattern.matches({"a": [*literals, *rules]}, {"a": values * 3}) is met
    assert event_pattern.matches({"a": [*literals, True]}, {"a": [1, 0, 1.0]}) is False
    assert event_pattern.matches({"a": [*literals, 1]}, {"a": ["y", True, 1.0]}) is True


def test_a_list_as_long_as_an_event_is_tried_in_a_moment(caplog: pytest.LogCaptureFixture) -> None:
    values = [f"{number:x}" for number in range(150_000)]
    began = time.process_time()
    assert not event_pattern.matches({"a": [f"x{number}" for number in range(600)]}, {"a": values})
    assert event_pattern.matches({"a": ["y", "249ef"]}, {"a": values})
    assert not event_pattern.matches({"a": [{"wildcard": f"*x{number}*"} for number in range(200)]}, {"a": values})
    assert time.process_time() - began < 5
    assert "200 conditions of an event pattern are too many for a list of 150000 values" in caplog.text


@pytest.mark.parametrize(
    "pattern", [{"detail": {"state": {"is": ["on"]}}}, {"detail.state.is": ["on"]}, {"detail": {"state.is": ["on"]}}]
)
def test_a_dot_joins_names_as_nesting_does(pattern: Any) -> None:
    for detail in ({"state": {"is": "on"}}, {"state.is": "on"}):
        assert event_pattern.matches(pattern, {"detail": detail})
        assert not event_pattern.matches(pattern, {"detail": {name: {"is": "off"} for name in detail}})
    assert event_pattern.matches({"detail.state": [{"exists": False}]}, {"detail": {}})


def test_members_of_objects_in_a_list_match_in_one_object() -> None:
    pattern = {"people": {"first": ["Ada"], "last": ["Turing"]}}
    one, other = {"first": "Ada", "last": "Lovelace"}, {"first": "Alan", "last": "Turing"}
    assert not event_pattern.matches(pattern, {"people": [one, other]})
    assert event_pattern.matches(pattern, {"people": [one, {**other, "first": "Ada"}]})


def test_many_wildcards_take_no_long_time() -> None:
    began = time.process_time()
    assert not event_pattern.matches({"a": [{"wildcard": "*a" * 500 + "*b"}]}, {"a": "a" * 200_000})
    assert time.process_time() - began < 1


LONG = '{"detail-type":["Object Created"],"source":"aws.s3","detail":{"bucket":"b"}}'
REASONS = [
    ('{"source": ["aws.health"], "detail": {}}', "Empty objects are not allowed", 40),
    ('{"detail-type":[],"source":["example.source"]}', "Empty arrays are not allowed", 18),
    (LONG, '"source" must be an object or an array', 45),
    ("[]", "Filter is not an object", 2),
    ('"x"', "Filter is not an object", 2),
    ('{"a":[{"near":1}]}', "Unrecognized match type near", 16),
    ('{"a":[{"prefix":5}]}', "prefix match pattern must be a string", 18),
    ('{"a":[{"prefix":{"suffix":"x"}}]}', "Unsupported prefix pattern: suffix", 28),
    ('{"a":[{"prefix":"x","suffix":"y"}]}', "Only one key allowed in match expression", 31),
    ('{"a":[[1]]}', "Match value must be String, number, true, false, or null", 8),
    ('{"a":[{"exists":1}]}', "exists match pattern must be either true or false.", 18),
    ('{"a":[{"wildcard":"a**"}]}', "Consecutive wildcard characters at pos 2", 24),
    ('{"a":[{"wildcard":"a\\\\b"}]}', "Invalid escape character at pos 2", 25),
    ('{"a":[{"cidr":"10.0.0.0"}]}', "Malformed CIDR, one '/' required", 25),
    ('{"a":[{"cidr":"10.0.0.0/32"}]}', "IPv4 mask bits must be < 32", 28),
    ('{"a":[{"numeric":5}]}', "Value of numeric must be an array.", 19),
    ('{"a":[{"numeric":["!",5]}]}', "Unrecognized numeric range operator: !", 22),
    ('{"a":[{"numeric":[">","5"]}]}', "Value of > must be numeric", 24),
    ('{"a":[{"numeric":[">",5,"<",5]}]}', "Bottom must be less than top", 31),
    ('{"a":[{"numeric":["<",5,">",1]}]}', "Too many elements in numeric expression", 26),
    ('{"a":[{"anything-but":[1,"x"]}]}', "Inside anything but list, either all values are number or string, "
     "mixed type is not supported", 30),
    ('{"a":[{"anything-but":{"prefix":""}}]}', "Null prefix/suffix not allowed", 35),
    ('{"a":[{"anything-but":null}]}', "Value of anything-but must be an array or single string/number value.", 27),
    ('{"$or":[{"a":[1]}]}', "There must have at least 2 Objects in $or relationship.", 19),
    ('{"$or":[{"prefix":[1]},{"b":[1]}]}', "prefix is Ruler reserved fieldName which cannot be used inside $or.", 20),
    ("{", "Unexpected end-of-input", 2),
    ("{'a':1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name", 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason", "column"), REASONS)
def test_what_is_no_pattern_is_said_with_its_place(text: str, reason: str, column: int) -> None:
    with pytest.raises(Invalid) as refused:
        event_pattern_reading.read(text)
    assert str(refused.value) == f'{reason}\n at [Source: (String)"{text}"; line: 1, column: {column}]'


@pytest.mark.parametrize("text", ['{"a":' * 800, "[" * 4096, "", " ", '{"a":tru}', '{"a":[1]} x', '{"a" [1]}', "\x00"])
def test_what_can_not_be_read_is_no_pattern_either(text: str) -> None:
    with pytest.raises(Invalid):
        event_pattern_reading.read(text)


def test_alternatives_make_a_thousand_combinations_at_most() -> None:
    def pattern(*numbers: int) -> str:
        return json.dumps({f"k{at}": {"$or": [{"a": [n]} for n in range(one)]} for at, one in enumerate(numbers)})

    event_pattern_reading.read(pattern(10, 10, 10))
    event_pattern_reading.read(json.dumps({"$or": [json.loads(pattern(10, 10)), json.loads(pattern(30, 30))]}))
    for text in (pattern(10, 10, 11), pattern(*[2] * 10)):
        with pytest.raises(Invalid, match="more than 1000 combinations"):
            event_pattern_reading.read(text)
