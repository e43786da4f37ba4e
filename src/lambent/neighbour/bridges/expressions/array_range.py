"""Intrinsic functions of state machines that moto's interpreter carries out before it looks at their bounds.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html ("States.ArrayRange ... The newly
generated array can't contain more than 1000 items")
"""

from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

MOST_ITEMS = 1000


def counted(_gateway: Gateway, _former: Callable[..., None]) -> Callable[..., None]:
    """In place of moto's `ArrayRange._eval_body`, which makes the array and counts it then."""

    def evaluate(function: Any, env: Any) -> None:
        function.argument_list.eval(env=env)
        env.stack.append(items(*env.stack.pop()))

    return evaluate


def items(first: Any, last: Any, step: Any) -> list[int]:
    """The numbers from `first` to `last`. Raises TypeError, ValueError."""
    if not all(isinstance(one, int | float) for one in (first, last, step)):
        raise TypeError(f"States.ArrayRange takes three integers, but got: {[first, last, step]}")
    if (by := round(step)) <= 0:
        raise ValueError(f"Expected step argument to be non negative, but got: '{by}'.")
    found = range(round(first), round(last) + 1, by)
    if found[MOST_ITEMS:]:  # its length may be no integer of the machine's
        raise ValueError(f"Arrays cannot contain more than {MOST_ITEMS} items.")
    return list(found)
