"""The user's regular expressions and wildcards: what Java matches, and never for long."""

import re
import time

import pytest

from lambent import patterns
from lambent.http_events import alb


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a+b", "aab", True),
        ("a+b", "xaab", False),
        (r"(?!test-)[a-z-]+", "prod-x", True),
        (r"(?!test-)[a-z-]+", "test-x", False),
        (r"(\w)\1", "aa", True),
        (r"(\w)\1", "ab", False),
        (r"\d", "٣", False),
        (r"(?=a)\w", "ä", False),
    ],
)
def test_whole_texts_match(pattern: str, text: str, fits: bool) -> None:
    assert patterns.matches(pattern, text) is fits


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "a*" * 20 + "b", "((a+)b?)*(?=c)", "a*a*a*a*a*(?=c)"])
def test_a_pattern_that_goes_back_and_forth_is_answered(pattern: str) -> None:
    began = time.process_time()
    try:
        assert not patterns.matches(pattern, "a" * 5_000)
    except patterns.Unmatchable as error:
        assert "too long" in str(error)
    assert time.process_time() - began < 3


def test_one_that_can_t_be_answered_in_time_says_so() -> None:
    with pytest.raises(patterns.Unmatchable, match="takes too long"):
        patterns.matches("(a|aa)+$(?!x)c", "a" * 60)


@pytest.mark.parametrize("pattern", ["(", "(?<a", "[b-a]"])
def test_what_is_no_expression_says_so(pattern: str) -> None:
    with pytest.raises(patterns.Unmatchable, match="no regular expression"):
        patterns.matches(pattern, "a")


def test_wildcards_never_take_long() -> None:
    expression = re.compile(patterns.wildcard(["", *["a"] * 40, "b"]))
    began = time.process_time()
    assert expression.fullmatch("a" * 10_000) is None
    assert expression.fullmatch("a" * 100 + "b") is not None
    assert not alb._like("*a" * 40 + "*b", "a" * 10_000)
    assert alb._like("/*a?c*/\\*", "/xxabc/yy/*")
    assert not alb._like("/*a?c*/\\*", "/xxabc/yy/z")
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=x)" + "(" * 6 + "a" + "{99})" * 6,
        "((((a{99}){99}){99}){99})",
        "(?=x)(?:(?:[a-z]{1,9999}){1,9999})",
        "(?=x)a{99999999999999999999}",
        r"(?=x)((\w\)){999}){999}",
    ],
)
def test_a_pattern_that_repeats_its_repetitions_is_none(pattern: str) -> None:
    began = time.process_time()
    with pytest.raises(patterns.Unmatchable, match="repeats too much"):
        patterns.matches(pattern, "a")
    assert time.process_time() - began < 1


def test_ordinary_repetitions_are_matched() -> None:
    assert patterns.matches(r"(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,64}", "Abcdefg1")
    assert patterns.matches(r"(?!xn--)[a-z0-9]{1,63}(\.[a-z0-9]{1,63}){1,5}", "a.example")


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (r"took (?P<took>\d+) ms", "took "),
        ("ab+cd*e?fgh", "fgh"),
        ("a{2,3}bc", "bc"),
        (r"x\.yz[^]q]ok", "yz"),
        (r"\x41bc", ""),
        ("(?i)abc", ""),
        ("ab|cd", ""),
        ("(abc)?de", "de"),
        (r"\bword\b", "word"),
    ],
)
def test_a_text_that_all_matches_hold(pattern: str, literal: str) -> None:
    assert patterns.literal(pattern) == literal


def test_groups_of_many_texts_are_those_of_each() -> None:
    for pattern in (r"é(\w+)( x)?", r"(?P<a>.)é", r"(?=é)(é)", "é"):
        find = patterns.finder(pattern)
        for text in ("aéb", "éb x", "none", ""):
            there = patterns.search(pattern, text)
            assert find(text) == (patterns.groups(pattern, text) if there else None)
    with pytest.raises(patterns.Unmatchable):
        patterns.finder("(")


def test_texts_between_parts() -> None:
    assert patterns.between(["a=", " b=", ""])("x a=1\n b=2 3") == ("1\n", "2 3")
    assert patterns.between(["", "-"])("1-2-3") == ("1",)
    assert patterns.between(["a", "b", "a"])("ab") is None
    assert patterns.between(["x"])("abc") is None


def test_what_is_found_too_often_is_given_up() -> None:
    assert patterns.replaced("\\$\\.", "$0.", "a$.", 3) == ("a$..", 1)
    assert patterns.replaced("a", "$0-b", "aaa", 3) == ("a-ba-ba-b", 3)
    assert patterns.replaced("(a)", r"\$0\\$1\d", "a", 3) == ("$0\\ad", 1)
    assert patterns.replaced("(a)(?=b)", r"\$0\\$1\d", "ab", 3) == ("$0\\adb", 1)
    assert patterns.split("[,]", "a,b,c", 2) == ["a", "b", "c"]
    with pytest.raises(patterns.Unmatchable):
        patterns.replaced("[a]", "b", "aaaa", 3)
    with pytest.raises(patterns.Unmatchable):
        patterns.split("[,]", "a,b,c,d", 2)
    began = time.process_time()
    assert patterns.replace(r"\.", "b", "." * 1_000_000) == "b" * 1_000_000
    assert len(patterns.split(",", "a," * 1_000_000)) == 1_000_000
    for pattern in ("a?", "[a]", "a(?=a)"):
        with pytest.raises(patterns.Unmatchable):
            patterns.replace(pattern, "b", "a" * 10_000_000)
    assert time.process_time() - began < 2
