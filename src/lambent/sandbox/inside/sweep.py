"""Removes control groups that nobody owns any more, and what still runs in them. Used by the guard and the server."""

# ruff: noqa: PTH106, PTH123, PTH208
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os
import signal
import time

_THAW = (("freezer.state", "THAWED"), ("cgroup.freeze", "0"))
_PAUSE = 0.005


def sweep_groups(folders: list[str], prefixes: list[str], seconds: float, spared: str | None = None) -> list[str]:
    """Thaw, kill and remove every group in `folders` whose name has one of `prefixes` and not the prefix `spared`.

    Returns the ones that are still there after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        left = [path for path in find(folders, prefixes, spared) if not _remove(path)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(_PAUSE)


def find(folders: list[str], prefixes: list[str], spared: str | None = None) -> list[str]:
    """Paths of the groups that are meant."""
    found = []
    for folder in folders:
        try:
            names = os.listdir(folder)
        except OSError:  # a controller that was unmounted
            continue
        for name in names:
            if name.startswith(tuple(prefixes)) and not (spared and name.startswith(spared)):
                found.append(folder + "/" + name)
    return found


def _remove(path: str) -> bool:
    for name, state in _THAW:
        _write(path + "/" + name, state)
    for pid in _processes(path):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:  # gone already
            continue
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _processes(path: str) -> list[int]:
    try:
        with open(path + "/cgroup.procs", "rb") as file:
            pids = [int(line) for line in file.read().split()]
    except OSError:
        return []
    return [pid for pid in pids if pid > 0]


def _write(path: str, text: str) -> None:
    try:
        fd = os.open(path, os.O_WRONLY)
    except OSError:  # another controller's or version's file
        return
    try:
        os.write(fd, text.encode())
    except OSError:
        return
    finally:
        os.close(fd)
