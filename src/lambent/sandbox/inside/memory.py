"""Memory that forks share: what is allocated after a fork shall not lie between what was allocated before it.

An allocator first fills the holes that freed objects left. In a fork each hole lies on a page shared with the zygote,
which is copied for the sake of a few bytes. So the zygote fills the holes itself, and forks begin on fresh pages.
"""

from __future__ import annotations

from collections.abc import Callable

STEP = 16
SMALL = 512
"""Up to here objects come from pools of one size each (Objects/obmalloc.c), above from the C library."""
LARGE = 2048
_HEADER = 33
"""Bytes of an empty bytes object."""
_POOL = 4096
"""The smallest there is (16,384 from CPython 3.10 on)."""
_AT_MOST = 5_000

_held: list[object] = []


def fill_holes() -> None:
    """Allocate until what comes lies side by side: no hole of that size is left."""
    _fill(STEP, lambda _: object())
    _fill(2 * STEP, float)
    for size in range(3 * STEP, LARGE, STEP):
        _fill(size, bytes)


def _fill(size: int, make: Callable[[int], object]) -> None:
    """Half a pool in a row is no accident."""
    enough = max(3, _POOL // size // 2) if size <= SMALL else 2
    in_a_row = last = 0
    for _ in range(_AT_MOST):
        filler = make(size - _HEADER)
        _held.append(filler)
        in_a_row = in_a_row + 1 if 0 < id(filler) - last <= size + STEP else 0
        if in_a_row == enough:
            return
        last = id(filler)
