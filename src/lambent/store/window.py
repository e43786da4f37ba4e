"""Which of the rows that wait are brought into memory: those that are due, as far as there is room."""

from collections.abc import Collection, Iterable
from typing import Any


def choose(
    rows: Iterable[tuple[Any, ...]], now: float, count: int, room: int, besides: Collection[int]
) -> tuple[list[int], float | None]:
    """Up to `count` numbers of `rows` (number, when it is due, bytes; in their order), in all no more than `room` bytes
    but for the first one, none of `besides`; and when the next one behind them is due (None: there is none)."""
    chosen: list[int] = []
    for number, due, size in rows:
        if number in besides:
            continue
        if due > now or len(chosen) == count or (chosen and size > room):
            return chosen, due
        chosen.append(number)
        room -= size
    return chosen, None
