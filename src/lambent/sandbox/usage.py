"""What a sandbox has used so far: processor time, bytes of its network, room in its /tmp.

Sources: proc_pid_stat(5) (clock ticks), proc_pid_net(5).
"""

import os
from typing import NamedTuple

from lambent.sandbox import left
from lambent.sandbox.inside.processes import descendants

TICK_MS = 1000 // os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """Milliseconds and bytes since the sandbox was made; of /tmp, descriptors and threads what is now."""

    user_ms: int
    system_ms: int
    received: int
    sent: int
    tmp_bytes: int
    tmp_free: int
    descriptors: int
    threads: int


def look(keeper: int, tmp: int, *, networked: bool) -> Usage:
    """Of everything below the process `keeper`; `tmp` is a descriptor of its /tmp (-1: unknown), `networked` tells that
    it has a network of its own. What is gone meanwhile counts as nothing."""
    pids = descendants(keeper)
    times = [_ticks(pid) for pid in (keeper, *pids)]
    received, sent = _network(keeper) if networked else (0, 0)
    size, free = _room(tmp)
    return Usage(
        user_ms=sum(user for user, _ in times) * TICK_MS,
        system_ms=sum(system for _, system in times) * TICK_MS,
        received=received,
        sent=sent,
        tmp_bytes=size,
        tmp_free=free,
        descriptors=sum(left.descriptors(pid) or 0 for pid in pids),
        threads=sum(left.threads(pid) or 0 for pid in pids),
    )


def _ticks(pid: int) -> tuple[int, int]:
    """User and system time of a process and of its children that have ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - once for each process
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0, 0
    return int(fields[11]) + int(fields[13]), int(fields[12]) + int(fields[14])


def passed(keeper: int) -> int:
    """Bytes that came and went over the way out of a sandbox that has a network of its own."""
    return sum(map(sum, (both for name, both in _interfaces(keeper) if name != "lo")))


def _network(pid: int) -> tuple[int, int]:
    """Bytes that came and went over all interfaces, the loopback among them."""
    rows = _interfaces(pid)
    return sum(received for _, (received, _sent) in rows), sum(sent for _, (_received, sent) in rows)


def _interfaces(pid: int) -> list[tuple[str, tuple[int, int]]]:
    """Of the network that a process is in: bytes received and sent."""
    try:
        with open(f"/proc/{pid}/net/dev", encoding="ascii") as file:  # noqa: PTH123
            rows = [line.partition(":") for line in file.readlines()[2:]]
    except OSError:
        return []
    return [(name.strip(), (int(row[0]), int(row[8]))) for name, _, said in rows if (row := said.split())]


def _room(tmp: int) -> tuple[int, int]:
    try:
        found = os.fstatvfs(tmp)
    except OSError:
        return 0, 0
    return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize
