"""The Lineage of a trace header."""

import re

import pytest

from lambent.model.lineage import ROUNDS, advance, first, unwatched, way_of

PLAIN = "Root=1-69963f09-0d53825959fc8b6738f20936;Parent=60d5b6543333d209;Sampled=0"
A, B = "arn:aws:lambda:us-east-1:111111111111:function:a", "arn:aws:lambda:us-east-1:111111111111:function:b"


def test_the_first_function_of_a_chain() -> None:
    header, before, _ = advance(PLAIN, A)
    assert before == 0
    assert header == first(PLAIN, A)
    assert re.fullmatch(re.escape(PLAIN) + r";Lineage=1:[0-9a-f]{8}:0", header)


def test_each_function_counts_its_own_rounds() -> None:
    header, seen = PLAIN, []
    for arn in (A, B, A, B, A):
        header, before, _ = advance(header, arn)
        seen.append(before)
    assert seen == [0, 0, 1, 1, 2]
    assert re.search(r";Lineage=1:[0-9a-f]{8}:2\|[0-9a-f]{8}:1$", header)


def test_the_seventeenth_round_is_the_one_too_many() -> None:
    header, rounds = PLAIN, 0
    for _ in range(17):
        header, rounds, _ = advance(header, A)
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
    header, _, _ = advance(f"Root=1;Lineage={lineage.format(own=own)};Sampled=1", A)
    assert header == f"Root=1;Lineage={after.format(own=own)};Sampled=1"


def test_behind_an_unwatched_hop_the_lineage_is_gone_and_the_count_is_kept() -> None:
    header = advance(advance(PLAIN, A).header, A).header
    behind = unwatched(header, "events")
    own = first("", A).split(":")[1]
    assert behind == f"{PLAIN};Unwatched=events:{own}:1"
    entered = advance(behind, A)
    assert entered.header == f"{behind};Lineage=1:{own}:0"
    assert (entered.rounds, entered.in_all) == (0, 2)
    assert (way_of(entered.header), way_of(PLAIN)) == ("events", "")


def test_a_loop_through_unwatched_hops_is_known_in_the_same_round_and_not_counted_as_aws_does() -> None:
    header, seen = PLAIN, []
    for _ in range(ROUNDS + 1):
        entered = advance(header, A)
        assert entered.rounds == 0
        seen.append(entered.is_unseen_loop)
        header = unwatched(entered.header, "events")
    assert seen == [False] * ROUNDS + [True]


def test_rounds_before_and_behind_a_hop_are_counted_together() -> None:
    header = PLAIN
    for place in range(ROUNDS):
        header = advance(header, A).header
        header = unwatched(header, "plain") if place % 3 == 2 else header
    entered = advance(advance(header, B).header, A)
    assert (entered.in_all, entered.is_unseen_loop) == (ROUNDS, True)
    assert header.count("Unwatched=") == 1


def test_a_loop_that_aws_stops_is_not_an_unseen_one() -> None:
    header = unwatched(advance(PLAIN, A).header, "events")
    for _ in range(ROUNDS + 1):
        entered = advance(header, A)
        header = entered.header
    assert (entered.rounds, entered.is_unseen_loop) == (ROUNDS, False)


@pytest.mark.parametrize("header", ["", PLAIN, f"{PLAIN};Lineage=", f"{PLAIN};Unwatched=nonsense"])
def test_where_nothing_is_known_nothing_is_added(header: str) -> None:
    assert unwatched(header, "events") == header
