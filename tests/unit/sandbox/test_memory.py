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


def test_what_comes_afterwards_lies_in_no_hole() -> None:
    folder = str(Path(memory.__file__).parents[1])
    gc.collect()
    subprocess.run([sys.executable, "-I", "-S", "-c", SCRIPT.format(folder=folder)], check=True, timeout=20)
