"""Intrinsic functions whose bounds are looked at before they are carried out."""

from types import SimpleNamespace
from typing import Any

import pytest

from lambent.neighbour.bridges.expressions.array_range import counted


def made(*arguments: Any) -> Any:
    """What is on the stack afterwards, from arguments as moto's interpreter leaves them there."""
    env = SimpleNamespace(stack=[])
    function = SimpleNamespace(argument_list=SimpleNamespace(eval=lambda env: env.stack.append(list(arguments))))
    counted(None, None)(function, env)  # type: ignore[arg-type]
    return env.stack.pop()


def test_a_range_is_made() -> None:
    assert made(1, 9, 2) == [1, 3, 5, 7, 9]
    assert made(1.4, 3.6, 1) == [1, 2, 3, 4]
    assert made(5, 1, 1) == []
    assert len(made(1, 1000, 1)) == 1000


@pytest.mark.parametrize("arguments", [(1, 1001, 1), (1, 10**18, 1), (-(10**30), 10**30, 7), (1, 9, 0), (1, 9, -1)])
def test_one_that_is_too_long_or_has_no_end_is_not_begun(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError):
        made(*arguments)


def test_it_takes_numbers() -> None:
    with pytest.raises(TypeError):
        made("1", 2, 3)
