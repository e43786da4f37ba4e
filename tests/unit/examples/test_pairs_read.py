"""What reading finds of the examples' footguns, in the bad one of each pair and not in the good one."""

import pytest

from examples.footguns.pairs import PAIRS, Pair
from lambent.pitfalls import catalogue, checking


def found(pair: Pair, kind: str) -> set[str]:
    return {one.code for one in checking.check(pair.folder(kind)).findings}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_reading_tells_a_pair_apart(pair: Pair) -> None:
    assert set(pair.check) <= found(pair, "bad")
    assert found(pair, "good") == set()


def test_every_pair_is_told_apart_by_something_the_catalogue_knows() -> None:
    for pair in PAIRS:
        assert pair.check or pair.torture or pair.watch
        assert set(pair.check) <= set(catalogue.rules())
