"""What must be the same before and after: processes, mounts, control groups, descriptors, files."""

import ctypes
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PR_SET_CHILD_SUBREAPER = 36


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """This process is the parent of whatever its children leave meanwhile, so that nothing gets out of sight. Not for
    longer: what others leave afterwards would stay as zombies here, that nobody waits for."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def census(owner: str, *folders: Path) -> dict[str, list[str]]:
    """What is there now that the sandboxes of `owner` could leave."""
    return {
        "processes": sorted(descendants(os.getpid())),
        "mounts": sorted(Path("/proc/self/mounts").read_text().splitlines()),
        "groups": sorted(groups(owner)),
        "descriptors": sorted(_descriptors()),
        "files": sorted(
            str(path) for folder in folders for path in folder.rglob("*") if "__pycache__" not in str(path)
        ),
    }


def assert_same(before: dict[str, Any], owner: str, *folders: Path, seconds: float = 10.0) -> None:
    """That nothing is left; the kernel and a guard may take a moment."""
    deadline = time.monotonic() + seconds
    while (after := census(owner, *folders)) != before and time.monotonic() < deadline:
        time.sleep(0.02)
    for name, found in after.items():
        assert found == before[name], f"{name}: {set(found) ^ set(before[name])}"


def groups(owner: str) -> list[str]:
    """Control groups of `owner`."""
    found = []
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        found += [os.path.join(folder, name) for name in names if name.startswith(f"lambent-{owner}-")]
    return found


def descendants(pid: int) -> list[str]:
    """Every process below `pid`, with its name."""
    found = []
    for child in _children(pid):
        try:
            name = Path(f"/proc/{child}/comm").read_text().strip()
            ended = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if ended and pid == os.getpid():
            os.waitpid(child, os.WNOHANG)  # adopted
            continue
        found += [f"{child} {name}", *descendants(child)]
    return found


def _children(pid: int) -> list[int]:
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            found += [int(child) for child in (thread / "children").read_text().split()]
        except OSError:
            continue
    return found


def _descriptors() -> list[str]:
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            found.append(f"{fd} {os.readlink(f'/proc/self/fd/{fd}')}")
        except OSError:
            continue  # the listing's own
    return found
