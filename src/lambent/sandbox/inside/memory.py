"""Memory that forks share: what is allocated after a fork shall not lie between what was allocated before it.

An allocator first fills the holes that freed objects left. In a fork each hole lies on a page shared with the zygote,
which is copied for the sake of a few bytes. So the zygote fills the holes itself, and forks begin on fresh pages.

Who only looks at an object writes to it, too: its count of references. So what runs in a fork goes through no large
collection, such as `sys.modules`, and through little Python: the C functions below `json` and `signal`, no enum.
"""

from __future__ import annotations

from collections.abc import Callable

from .kernel import allocate

STEP = 16
SMALL = 512
"""Up to here objects come from pools of one size each (Objects/obmalloc.c), above from the C library's heap."""
_HEADER = 33
"""Bytes of an empty bytes object."""
_POOL = 4096
"""The smallest there is (16,384 from CPython 3.10 on)."""
_AT_MOST = 5_000

_SMALLEST = 24
_CACHED = 7
_LARGEST_CACHED = 1032
"""glibc keeps so many freed blocks of each size up to this one apart, for that size alone (tcache)."""
_BLOCKS = (2048, 1024, 512, 256, 128, 64, _SMALLEST)
_NO_HOLE = 16_384
"""Bytes side by side that are worth no filling: most of them are whole pages."""
_BLOCKS_AT_MOST = 50_000

_held: list[object] = []


def fill_holes() -> None:
    """Allocate until what comes lies side by side: no hole is left."""
    _fill(STEP, lambda _: object())
    _fill(2 * STEP, float)
    for size in range(3 * STEP, SMALL + 1, STEP):
        _fill(size, bytes)
    _fill_heap()


def _fill(size: int, make: Callable[[int], object]) -> None:
    """Half a pool in a row is no accident."""
    enough = max(3, _POOL // size // 2)
    in_a_row = last = 0
    for _ in range(_AT_MOST):
        filler = make(size - _HEADER)
        _held.append(filler)
        in_a_row = in_a_row + 1 if 0 < id(filler) - last <= size + STEP else 0
        if in_a_row == enough:
            return
        last = id(filler)


def _fill_heap() -> None:
    """A block is cut from the smallest hole that has room: what is left over is filled with smaller ones."""
    for size in range(_SMALLEST, _LARGEST_CACHED + 1, STEP):
        for _ in range(_CACHED):
            allocate(size)
    for size in _BLOCKS:
        start = end = 0
        for _ in range(_BLOCKS_AT_MOST):
            block = allocate(size)
            if not 0 <= block - end <= STEP:
                start = block
            end = block + size
            if end - start >= _NO_HOLE:
                break
