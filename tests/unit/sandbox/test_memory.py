"""Filling the holes that freed objects left."""

import gc
import subprocess
import sys
from pathlib import Path

from lambent.sandbox.inside import memory

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from inside import memory
holes = [bytes(200) for _ in range(4000)]
where = {{id(one) for one in holes}}
del holes[::2]
memory.fill_holes()
new = [bytes(200) for _ in range(500)]
assert not any(id(one) in where for one in new)
assert len(memory._held) < 60_000
"""

HEAP = """
import sys
sys.path.insert(0, {folder!r})
from inside import kernel, memory
import ctypes
free = ctypes.CDLL(None).free
free.argtypes = (ctypes.c_void_p,)
sizes = (24, 40, 120, 600, 1500)
holes = {{size: [kernel.allocate(size) for _ in range(400)] for size in sizes}}
for size in sizes:
    for block in holes[size][::2]:
        free(block)
memory.fill_holes()
for size in sizes:
    first, last = min(holes[size]), max(holes[size])
    assert not any(first <= kernel.allocate(size) <= last for _ in range(100)), size
"""


def test_what_comes_afterwards_lies_in_no_hole() -> None:
    folder = str(Path(memory.__file__).parents[1])
    gc.collect()
    subprocess.run([sys.executable, "-I", "-S", "-c", SCRIPT.format(folder=folder)], check=True, timeout=20)


def test_nor_do_blocks_of_the_c_library() -> None:
    folder = str(Path(memory.__file__).parents[1])
    subprocess.run([sys.executable, "-I", "-S", "-c", HEAP.format(folder=folder)], check=True, timeout=20)
