"""All processes of a sandbox but its keeper, who asks."""

# ruff: noqa: PTH123, PTH208
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os
import signal


def signal_all(level: str, number: int) -> None:
    """Send a signal to every process of the sandbox."""
    if level == "namespace":
        try:
            os.kill(-1, number)  # everything in the PID namespace but process 1, which is the caller
        except ProcessLookupError:
            return
        return
    for pid in descendants(os.getpid()):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def end_all(level: str) -> None:
    """Kill until nothing is left, and collect it. The caller is the keeper, whose children all orphans become."""
    while True:
        signal_all(level, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


def descendants(pid: int) -> list[int]:
    """Every process below `pid`, as /proc tells it (proc_pid_task_children(5))."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                children = [int(child) for child in file.read().split()]
        except OSError:
            continue
        for child in children:
            found.append(child)
            found.extend(descendants(child))
    return found
