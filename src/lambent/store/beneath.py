"""Files of this machine that a request names: below a folder that the user has listed, and never through a link."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

_STEP = os.O_PATH | os.O_DIRECTORY if hasattr(os, "O_PATH") else os.O_RDONLY | os.O_DIRECTORY
_KEPT = os.O_NOFOLLOW | os.O_CLOEXEC


class NotBeneath(Exception):
    """There is no such file or folder, or it is not for everyone: who asks is not told which."""


def open_beneath(folders: Iterable[Path], path: Path) -> int:
    """A descriptor of the file or folder at `path`, to be read. Raises NotBeneath.

    A link on the way below the listed folder is no way, nor is a pipe or a device at its end a file.
    """
    for folder in folders:
        if path.is_relative_to(folder) and ".." not in path.parts:
            return _open(folder, path.relative_to(folder).parts)
    raise NotBeneath(path)


def _open(folder: Path, parts: tuple[str, ...]) -> int:
    try:
        at = os.open(folder, _STEP | os.O_CLOEXEC)
        for number, part in enumerate(parts, 1):
            flags = _STEP if number < len(parts) else os.O_RDONLY | os.O_NONBLOCK  # or a pipe would keep us waiting
            at = _next(at, part, flags | _KEPT)
        if not parts:
            at = _next(at, ".", os.O_RDONLY | _KEPT)
    except (OSError, ValueError) as error:
        raise NotBeneath(folder) from error
    kind = os.fstat(at).st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        os.close(at)
        raise NotBeneath(folder)
    return at


def _next(at: int, part: str, flags: int) -> int:
    try:
        return os.open(part, flags, dir_fd=at)
    finally:
        os.close(at)
