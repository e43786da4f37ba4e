"""The processes of a sandbox but its keeper, who asks."""

# ruff: noqa: PTH123, PTH208
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os
import signal

from .kernel import CallError, tgkill


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


def signal_one(pid: int, number: int) -> None:
    """Send a signal to a process, a child of the caller: to its first thread, unless that blocks it.

    So kill(2) does with processes that are not stopped (complete_signal in the kernel's signal.c). While the threads of
    one leave a freeze it is any thread's, and the first, whose turn the handlers of Python wait for, sleeps on.
    """
    if number != signal.SIGKILL and _takes(pid, number):
        try:
            tgkill(pid, pid, number)
            return
        except CallError:  # it has just ended
            pass
    os.kill(pid, number)


def _takes(pid: int, number: int) -> bool:
    """Whether the first thread lives and does not block the signal, as /proc tells it (proc_pid_status(5))."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            fields = dict(line.split(b":", 1) for line in file)
    except OSError:
        return False
    blocked = int(fields[b"SigBlk"], 16)
    return fields[b"State"].split()[0] not in (b"Z", b"X") and not blocked >> (number - 1) & 1


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
    """Every process below `pid`, as /proc tells it (proc_pid_task_children(5)): each thread has children of its own,
    and a chain of them can be as long as processes are allowed."""
    found = [pid]
    for parent in found:
        found += _children(parent)
    return found[1:]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += [int(child) for child in file.read().split()]
        except OSError:
            continue
    return found
