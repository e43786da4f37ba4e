"""What moto's process does in place of moto's own."""

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.neighbour.bridges import iam
from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.places import PLACES, Place


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_moto_has_what_is_replaced_where_it_is_replaced(place: Place) -> None:
    assert tuple(inspect.signature(place.current()).parameters) == place.parameters


def test_a_policy_without_a_version_is_as_good_as_on_aws() -> None:
    def former(_validator: Any) -> None:
        raise AssertionError

    validate = iam.validate_version(Gateway(""), former)
    validate(SimpleNamespace(_policy_json={"Statement": []}))
    with pytest.raises(AssertionError):
        validate(SimpleNamespace(_policy_json={"Version": "2008-10-17"}))
