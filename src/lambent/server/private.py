"""What a server keeps is for its user alone: variables of functions, messages, objects and logs are secrets of theirs.

Other users of the machine may come by the endpoint, where it is decided who may do what, and by nothing else.
"""

import os
import stat
from pathlib import Path

from lambent.server.reset import KEPT

OTHERS = stat.S_IRWXG | stat.S_IRWXO
DIALS = ("dial", "trial-dial")
"""What functions read, whose users are others: the time."""


def keep_private(folder: Path) -> None:
    """Take from everybody else what is in a data folder: by the folder's own mode, or entry by entry where something
    lies in it that is not a server's. Raises OSError."""
    found = sorted(folder.iterdir())
    own = [path for path in found if path.name in KEPT]
    secret = [path for path in own if path.name not in DIALS]
    for path in secret if own != found else [folder]:
        said = path.lstat()
        if said.st_uid == os.geteuid() and said.st_mode & OTHERS and not stat.S_ISLNK(said.st_mode):
            path.chmod(stat.S_IMODE(said.st_mode) & ~OTHERS)
