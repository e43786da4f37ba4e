"""The Lineage of a trace header."""

import re

import pytest

from lambent.model.lineage import ROUNDS, advance, first

PLAIN = "Root=1-69963f09-0d53825959fc8b6738f20936;Parent=60d5b6543333d209;Sampled=0"
A, B = "arn:aws:lambda:us-east-1:111111111111:function:a", "arn:aws:lambda:us-east-1:111111111111:function:b"


def test_the_first_function_of_a_chain() -> None:
    header, before = advance(PLAIN, A)
    assert before == 0
    assert header == first(PLAIN, A)
    assert re.fullmatch(re.escape(PLAIN) + r";Lineage=1:[0-9a-f]{8}:0", header)


def test_each_function_counts_its_own_rounds() -> None:
    header, seen = PLAIN, []
    for arn in (A, B, A, B, A):
        header, before = advance(header, arn)
        seen.append(before)
    assert seen == [0, 0, 1, 1, 2]
    assert re.search(r";Lineage=1:[0-9a-f]{8}:2\|[0-9a-f]{8}:1$", header)


def test_the_seventeenth_round_is_the_one_too_many() -> None:
    header, rounds = PLAIN, 0
    for _ in range(17):
        header, rounds = advance(header, A)
    assert rounds == ROUNDS


@pytest.mark.parametrize(
    ("lineage", "after"),
    [
        ("a87bd80c:1|68fd508a:5", "a87bd80c:1|68fd508a:5|{own}:0"),
        ("25:a87bd80c:1", "25:a87bd80c:1|{own}:0"),
        ("", "{own}:0"),
        ("nonsense||12:zz", "{own}:0"),
        ("{own}:7", "{own}:8"),
        ("1:{own}:999999999", "1:{own}:0"),
    ],
)
def test_headers_of_all_kinds(lineage: str, after: str) -> None:
    own = first("", A).split(":")[1]
    header, _ = advance(f"Root=1;Lineage={lineage.format(own=own)};Sampled=1", A)
    assert header == f"Root=1;Lineage={after.format(own=own)};Sampled=1"
