"""One JSONata expression: what it answers, and how it fails as on AWS."""

from typing import Any

import pytest

from lambent.neighbour.bridges.expressions.evaluating import Failed, NotParsed, NoValue, Undefined, evaluate, parsed

STATES = {"input": {"items": [{"n": 3}, {"n": 9}], "none": None, "nested": [[1, 2], [3]], "text": 'say "hi"'}}


def of(expression: str, **more: Any) -> Any:
    return evaluate(expression, {"states": STATES, **more})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$states.input.items.n", [3, 9]),
        ("$states.input.items[n > 3]", {"n": 9}),
        ("$states.input.none", None),
        ("[$states.input.none]", [None]),
        ("$states.input.nested", [[1, 2], [3]]),
        ("$states.input.text", 'say "hi"'),
        ("$sum($states.input.items.n) = 12", True),
        ("$count([1..900000])", 900_000),
        ("$match('abc', /B(.)/i)", {"match": "bc", "index": 1, "groups": ["c"]}),
        ("$x.a & 'b'", "1b"),
        ("$partition([1..5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 5, 2)", [0, 2, 4]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("""$parse('{"a": null}')""", {"a": None}),
        ("$random(3) = $random(3)", True),
        ("$length($uuid())", 36),
        ("$pad('a', 3, '-') & $pad('a', -3)", "a--  a"),
        ("$states.input.items[0].n > 2 ? 'yes' : 'no'", "yes"),
    ],
)
def test_an_expression_answers_json(expression: str, value: Any) -> None:
    assert of(expression, x={"a": 1}) == value


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("1 + 'a'", '. T2002: The right side of the "+" operator must evaluate to a number'),
        ("$abs('a')", '. T0410: Argument 1 of function "abs" does not match function signature'),
        ("$nothing(1)", ". T1006: Attempted to invoke a non-function"),
        ("$eval('1')", ": $eval is not available; $parse reads JSON"),
        ("[1..5000000]", ". D2014: "),
        ("$pad('a', 1000000000)", ": $pad makes texts of 1000000 characters at most"),
        ("$pad('a', -1000000000)", ": $pad makes texts of 1000000 characters at most"),
        ("($f := function($x){1 + $f($x)}; $f(1))", ". D1011: Stack overflow."),
        ("$hash('a', 'CRC')", ": a text and one of MD5"),
        ("$partition([1], 0)", ": the size of a part"),
    ],
)
def test_one_that_fails_says_why_after_its_code(expression: str, text: str) -> None:
    with pytest.raises(Failed) as failed:
        of(expression)
    assert str(failed.value).startswith(text)


@pytest.mark.parametrize("expression", ["$states.input.missing", "$$", "$", "$unknown"])
def test_nothing_is_not_null(expression: str) -> None:
    with pytest.raises(Undefined):
        of(expression)


@pytest.mark.parametrize("expression", ["$sum", "function($x){$x}", "{'a': $sum}", "/a/"])
def test_a_function_is_no_answer(expression: str) -> None:
    with pytest.raises(NoValue):
        of(expression)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("a[1,2)", 'Expected "]", got ","'),
        ("1 +", "Unexpected end of expression"),
        ("'unterminated", "String literal must be terminated by a matching quote"),
        ('{"a":}', 'The symbol "}" cannot be used as a unary operator'),
        ("$match('a', /(?=a)/)", "Syntax error: the regular expression /(?=a)/ looks ahead"),
    ],
)
def test_what_does_not_parse(expression: str, text: str) -> None:
    with pytest.raises(NotParsed) as refused:
        parsed(expression)
    assert str(refused.value).startswith(text)


def test_no_regular_expression_takes_long() -> None:
    assert of("$contains($x, /^(a+)+$/)", x="a" * 50_000 + "!") is False
