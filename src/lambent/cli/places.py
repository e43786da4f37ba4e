"""Where state, logs and cache lie on this machine, and how large they are."""

import os
from pathlib import Path

from lambent.cli import output


def size_of(path: Path) -> int:
    """Bytes that a file or a folder takes on disk, a file with several names counted once; 0 where nothing is."""
    seen: set[tuple[int, int]] = set()
    total = _taken(path, seen)
    for folder, folders, files in os.walk(path):
        total += sum(_taken(Path(folder, name), seen) for name in (*folders, *files))
    return total


def _taken(path: Path, seen: set[tuple[int, int]]) -> int:
    try:
        about = path.lstat()
    except OSError:
        return 0
    if (about.st_dev, about.st_ino) in seen:
        return 0
    seen.add((about.st_dev, about.st_ino))
    return about.st_blocks * 512


def table(data_dir: Path, cache_dir: Path) -> None:
    """Print them, with what empties each."""
    logs = data_dir / "logs"
    rows = [
        ("state", str(data_dir), output.size(size_of(data_dir) - size_of(logs)), "lambent reset"),
        ("logs", str(logs), output.size(size_of(logs)), "lambent reset"),
        ("cache", str(cache_dir), output.size(size_of(cache_dir)), "lambent cache clean"),
    ]
    output.table(("what", "where", "size", "emptied by"), rows, right=("size",))
