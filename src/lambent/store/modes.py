"""What of an unpacked package only its owner may read: on AWS a function is somebody else."""

import os
import stat
from pathlib import Path

MOST = 1000
"""Names that are of use to anybody."""


def unreadable(folder: Path) -> list[str]:
    """The files and folders below `folder` that others than their owner can't read or enter, from its root. Blocks."""
    found: list[str] = []
    for at, folders, files in os.walk(folder):
        for names, needed in ((folders, stat.S_IROTH | stat.S_IXOTH), (files, stat.S_IROTH)):
            for name in names:
                path = Path(at, name)
                mode = path.lstat().st_mode
                if not stat.S_ISLNK(mode) and mode & needed != needed:
                    found.append(str(path.relative_to(folder)))
        if len(found) >= MOST:
            break
    return sorted(found)
