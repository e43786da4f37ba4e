"""What APIs that take text get for the values of properties."""

from typing import Any

import pytest

from lambent.deploy.resources.texts import as_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"price_usd": [{"numeric": ["<", 100]}]}, '{"price_usd":[{"numeric":["<",100]}]}'),
        ([1, "a"], '[1,"a"]'),
        (True, "true"),
        (30, "30"),
        ('{"a": 1}', '{"a": 1}'),
    ],
)
def test_documents_have_no_blanks_and_text_is_as_it_is(value: Any, text: str) -> None:
    assert as_text(value) == text
