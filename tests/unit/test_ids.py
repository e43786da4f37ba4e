"""Random ids."""

import re
import uuid

from lambent import ids


def test_a_uuid_is_a_random_one_and_never_the_same() -> None:
    made = [ids.new_uuid() for _ in range(3 * ids.BLOCK)]
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in map(uuid.UUID, made)} == {(4, uuid.RFC_4122)}
    assert {one[19] for one in made} == set("89ab")


def test_a_span_is_16_digits() -> None:
    assert all(re.fullmatch("[0-9a-f]{16}", ids.new_span()) for _ in range(ids.BLOCK))
