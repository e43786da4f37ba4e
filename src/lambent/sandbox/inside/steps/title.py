"""The host's paths are wiped from the command line that every fork inherits."""

# ruff: noqa: PTH123
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import ctypes

from ..contexts import ZygoteContext
from ..kernel import set_name

TITLE = b"python"


def run(context: ZygoteContext) -> None:
    """The arguments lie where proc_pid_stat(5) says (fields 48 and 49)."""
    set_name("lambent-zygote")
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    if 0 < start < end and end - start > len(TITLE):
        ctypes.memset(start, 0, end - start)
        ctypes.memmove(start, TITLE, len(TITLE))
