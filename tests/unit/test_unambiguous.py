"""Which expressions Python's matcher is given, and that it finds what RE2 does."""

import time

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from lambent import patterns, unambiguous


@pytest.mark.parametrize(
    "pattern",
    [
        r"took (?<took>\d+) ms",
        r"(\w+)\s+(\d+)",
        r"user=(?P<u>\S+) took",
        "[^,]+,",
        "x.*",
        "(a|b)c",
        "a{3}b",
        r"[\d.]+ ms",
    ],
)
def test_taken(pattern: str) -> None:
    assert unambiguous.compiled(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    ["a.*b", "(ab)+", r"\d*\d", "^a", "a{2,}a", "(?i)abc", "[[:alpha:]]+", r"(\d+)?x", "é+", r"foo\b", "a+?b", "foo$",
     "a*b*a", "ab|cd", "a{,3}b", r"[\s,]+x", r"\101", "(", "[a&&b]"],
)  # fmt: skip
def test_left_to_re2(pattern: str) -> None:
    assert unambiguous.compiled(pattern) is None


ATOMS = st.sampled_from(
    ["a", "b", "1", " ", "-", r"\d", r"\w", r"\s", r"\S", r"\W", ".", "[ab]", "[^a]", "[0-9.]", r"\.", r"\t"]
)
REPEATED = st.sampled_from(["", "", "", "+", "*", "{2}", "{1,3}", "?"])
PARTS = st.lists(st.tuples(ATOMS, REPEATED, st.booleans()), min_size=1, max_size=6)
TEXTS = st.text(alphabet="ab1 -.\t\n\v_é", max_size=24)


@given(parts=PARTS, text=TEXTS)
def test_what_is_taken_finds_what_re2_finds(parts: list[tuple[str, str, bool]], text: str) -> None:
    pattern = "".join(f"({atom}{more})" if group else atom + more for atom, more, group in parts)
    taken = unambiguous.compiled(pattern)
    if taken is None:
        return
    expected, found = re2.search(pattern, text), taken.search(text)
    assert (found and (found.span(), found.groups())) == (expected and (expected.span(), expected.groups()))


def test_a_long_text_is_no_long_time() -> None:
    began = time.process_time()
    for pattern in (r"\d+ ms", "[^,]+,", r"(\w+)\s+(\d+)"):
        assert patterns.finder(pattern)("1" * (1 << 20)) is None
        assert patterns.finder(pattern)("1" * unambiguous.LONGEST) is None
    assert patterns.between(["a", "b", "c"])("ab" * (1 << 19)) is None
    assert time.process_time() - began < 5
