"""Control groups, version 1 and version 2, behind one small interface; and what stands in where there are none.

One group per sandbox, made and removed by the server; the keeper joins by descriptors that the server opens.
https://docs.kernel.org/admin-guide/cgroup-v1/, https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from lambent.sandbox.inside.processes import descendants

MEMORY, CPU, PIDS, FREEZER = "memory", "cpu", "pids", "freezer"
CONTROLLERS = (MEMORY, CPU, PIDS, FREEZER)
PERIOD_US = 20_000
"""A short period spreads a small share evenly: at 100 ms a 7 % share would stand still for 93 ms at a time."""
LEAST_QUOTA_US = 1_000
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes (swap included) and processes."""

    memory_bytes: int
    processes: int


class Group(Protocol):
    """The control groups of one sandbox. Bytes. What a machine does not count is 0."""

    def joins(self) -> list[int]:
        """Open files that take a process in when it writes "0" to them; the caller's to close."""

    def limit_cpu(self, cpus: float | None) -> None:
        """A share of one CPU, or no limit."""

    def freeze(self, frozen: bool) -> bool:
        """Stop or go on; False where there is no freezer."""

    def usage(self) -> int:
        """All memory, page cache included."""

    def held(self) -> int:
        """Memory that can't be given back by dropping caches: the processes' own and tmpfs."""

    def peak(self) -> int:
        """The highest `usage` so far."""

    def oom_kills(self) -> int:
        """How often the kernel killed a process here because memory ran out."""

    def watch(self, pid: int, keeper: int, *, forked: bool) -> None:
        """A process that `keeper` has started, for where only processes can be asked; `forked`: not executed a file."""

    def unwatch(self, pid: int) -> None:
        """It has ended."""

    def remove(self) -> bool:
        """Whether it is gone. Not yet is usual just after the last process's end."""


class Tree(Protocol):
    """Where groups are made."""

    @property
    def controllers(self) -> frozenset[str]: ...

    @property
    def folders(self) -> list[str]:
        """The folders that groups are made in."""

    def create(self, name: str, limits: Limits) -> Group:
        """Make a group with its limits. Raises OSError, leaving nothing."""


# --- version 1


class TreeV1:
    """Controllers mounted one by one. `parents`: controller to the folder in which groups are made."""

    def __init__(self, parents: dict[str, Path]) -> None:
        self._parents = parents
        self.controllers = frozenset(parents)
        self.folders = sorted({str(parent) for parent in parents.values()})

    def create(self, name: str, limits: Limits) -> Group:
        paths = {controller: str(parent / name) for controller, parent in self._parents.items()}
        _make_folders(paths.values())
        group = GroupV1(paths)
        try:
            group.set_limits(limits)
        except OSError:
            group.remove()
            raise
        return group


class GroupV1:
    """See Group."""

    def __init__(self, paths: dict[str, str]) -> None:
        self._paths = paths

    def set_limits(self, limits: Limits) -> None:
        if MEMORY in self._paths:
            memory = self._paths[MEMORY]
            _write(f"{memory}/memory.limit_in_bytes", str(limits.memory_bytes))
            if os.path.exists(f"{memory}/memory.memsw.limit_in_bytes"):  # noqa: PTH110 - hot path
                _write(f"{memory}/memory.memsw.limit_in_bytes", str(limits.memory_bytes))
        if PIDS in self._paths:
            _write(f"{self._paths[PIDS]}/pids.max", str(limits.processes))

    def joins(self) -> list[int]:
        # A thread that moves itself by `tasks` needs no lock of all processes; `cgroup.procs` waits 5 to 20 ms for
        # one (cgroup_attach_lock in Linux's kernel/cgroup/cgroup.c). The keeper has one thread when it joins.
        return _open_joins(self._paths.values(), "tasks")

    def limit_cpu(self, cpus: float | None) -> None:
        if CPU in self._paths:
            folder = self._paths[CPU]
            _write(f"{folder}/cpu.cfs_period_us", str(PERIOD_US))
            _write(f"{folder}/cpu.cfs_quota_us", str(-1 if cpus is None else quota_us(cpus)))

    def freeze(self, frozen: bool) -> bool:
        if FREEZER not in self._paths:
            return False
        _write(f"{self._paths[FREEZER]}/freezer.state", "FROZEN" if frozen else "THAWED")
        return True

    def usage(self) -> int:
        return self._number("memory.usage_in_bytes")

    def held(self) -> int:
        if MEMORY not in self._paths:
            return 0
        found = _fields(f"{self._paths[MEMORY]}/memory.stat")
        return found.get("rss", 0) + found.get("shmem", 0)

    def peak(self) -> int:
        return self._number("memory.max_usage_in_bytes")

    def oom_kills(self) -> int:
        if MEMORY not in self._paths:
            return 0
        return _fields(f"{self._paths[MEMORY]}/memory.oom_control").get("oom_kill", 0)

    def watch(self, pid: int, keeper: int, *, forked: bool) -> None:
        pass

    def unwatch(self, pid: int) -> None:
        pass

    def remove(self) -> bool:
        return _remove(self._paths.values())

    def _number(self, name: str) -> int:
        return int(_read(f"{self._paths[MEMORY]}/{name}")) if MEMORY in self._paths else 0


# --- version 2


class TreeV2:
    """The unified hierarchy. Groups are made in `parent`, which hands `controllers` down."""

    def __init__(self, parent: Path, controllers: Iterable[str]) -> None:
        self._parent = parent
        self.controllers = frozenset(controllers) | {FREEZER}
        self.folders = [str(parent)]

    def create(self, name: str, limits: Limits) -> Group:
        path = str(self._parent / name)
        _make_folders([path])
        group = GroupV2(path, self.controllers)
        try:
            group.set_limits(limits)
        except OSError:
            group.remove()
            raise
        return group


class GroupV2:
    """See Group."""

    def __init__(self, path: str, controllers: frozenset[str]) -> None:
        self._path = path
        self._controllers = controllers

    def set_limits(self, limits: Limits) -> None:
        if MEMORY in self._controllers:
            _write(f"{self._path}/memory.max", str(limits.memory_bytes))
            for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
                if os.path.exists(f"{self._path}/{name}"):  # noqa: PTH110 - hot path
                    _write(f"{self._path}/{name}", value)
        if PIDS in self._controllers:
            _write(f"{self._path}/pids.max", str(limits.processes))

    def joins(self) -> list[int]:
        return _open_joins([self._path], "cgroup.procs")

    def limit_cpu(self, cpus: float | None) -> None:
        if CPU in self._controllers:
            _write(f"{self._path}/cpu.max", f"{'max' if cpus is None else quota_us(cpus)} {PERIOD_US}")

    def freeze(self, frozen: bool) -> bool:
        _write(f"{self._path}/cgroup.freeze", "1" if frozen else "0")
        return True

    def usage(self) -> int:
        return int(_read(f"{self._path}/memory.current")) if MEMORY in self._controllers else 0

    def held(self) -> int:
        if MEMORY not in self._controllers:
            return 0
        found = _fields(f"{self._path}/memory.stat")
        return found.get("anon", 0) + found.get("shmem", 0)

    def peak(self) -> int:
        if MEMORY not in self._controllers:
            return 0
        try:
            return int(_read(f"{self._path}/memory.peak"))
        except FileNotFoundError:  # Linux before 5.19
            return self.usage()

    def oom_kills(self) -> int:
        if MEMORY not in self._controllers:
            return 0
        return _fields(f"{self._path}/memory.events").get("oom_kill", 0)

    def watch(self, pid: int, keeper: int, *, forked: bool) -> None:
        pass

    def unwatch(self, pid: int) -> None:
        pass

    def remove(self) -> bool:
        return _remove([self._path])


# --- neither


class NoTree:
    """A machine, or a user, without control groups: memory is measured on the processes."""

    controllers: frozenset[str] = frozenset()
    folders: list[str] = []  # noqa: RUF012 - nobody adds to it

    def create(self, name: str, limits: Limits) -> Group:
        return NoGroup()


class NoGroup:
    """See Group. `usage` and `held` are the memory of all processes below the keeper, also of those whose parents have
    ended: what is their own, their page tables, and what they have mapped of memory that they share. /tmp is not in
    it. What a process shares with its forks counts for each of them in `usage`, and once in `held`."""

    def __init__(self) -> None:
        self._at_start: dict[int, int] = {}
        """Started process id to its private memory when it was new."""
        self._keeper = 0
        self._peak = 0

    def joins(self) -> list[int]:
        return []

    def limit_cpu(self, cpus: float | None) -> None:
        pass

    def freeze(self, frozen: bool) -> bool:
        return False

    def usage(self) -> int:
        now = sum(
            max(0, found.private - self._at_start.get(pid, 0)) + (shared_bytes(pid) if found.shares else 0)
            for pid, found in self._processes()
        )
        self._peak = max(self._peak, now)
        return now

    def held(self) -> int:
        return sum(proportional(pid) + found.tables for pid, found in self._processes())

    def _processes(self) -> Iterator["tuple[int, Resident]"]:
        """All of the sandbox; what the keeper has forked ahead is nobody's yet."""
        for pid in descendants(self._keeper) if self._at_start else ():
            found = resident(pid)
            if pid in self._at_start or found.confined:
                yield pid, found

    def peak(self) -> int:
        self.usage()
        return self._peak

    def oom_kills(self) -> int:
        return 0

    def watch(self, pid: int, keeper: int, *, forked: bool) -> None:
        """What a fork shares with its zygote counts as its own in /proc, so it is taken off."""
        self._keeper = keeper
        self._at_start[pid] = resident(pid).private if forked else 0

    def unwatch(self, pid: int) -> None:
        self._at_start.pop(pid, None)

    def remove(self) -> bool:
        return True


class Resident(NamedTuple):
    """What one process holds."""

    private: int
    """Bytes of its own, with its page tables."""
    tables: int
    """Bytes of these, which a process can have of a terabyte without a page in it."""
    shares: bool
    """Whether it has mapped memory that others may have, too."""
    confined: bool
    """Whether calls of it are filtered: that can't be undone, and comes last before a function's process begins."""


_FIELDS = ("RssAnon", "RssShmem", "VmPTE", "Seccomp")


def resident(pid: int) -> Resident:
    """Nothing when it is gone (proc_pid_status(5))."""
    try:
        lines = [line.split() for line in _read(f"/proc/{pid}/status").splitlines() if line.startswith(_FIELDS)]
    except OSError:
        return Resident(0, 0, False, False)
    fields = {line[0]: int(line[1]) for line in lines}
    if "RssAnon:" not in fields:  # a zombie
        return Resident(0, 0, False, False)
    tables = fields.get("VmPTE:", 0) << 10
    private = (fields["RssAnon:"] << 10) + tables
    return Resident(private, tables, fields["RssShmem:"] != 0, fields.get("Seccomp:", 0) != 0)


_PROPORTIONAL = ("Pss_Anon:", "Pss_Shmem:", "SwapPss:")


def proportional(pid: int) -> int:
    """A process's bytes of its own and of what it shares, each page divided among those who have it; costly, so only
    asked for where much seems to be held. Source: Documentation/ABI/testing/procfs-smaps_rollup."""
    try:
        lines = [line.split() for line in _read(f"/proc/{pid}/smaps_rollup").splitlines()]
    except OSError:
        return 0
    return sum(int(line[1]) << 10 for line in lines if line[0] in _PROPORTIONAL)


_SHARED = ("/dev/zero", "/memfd:", "/SYSV", "[anon_shmem")
"""How mappings of memory that is in no file system are called (proc_pid_maps(5))."""


def shared_bytes(pid: int) -> int:
    """A process's share of such memory: each page is divided among those who have it (proc_pid_smaps(5)). Files in
    /tmp are not counted: they are kept within its size."""
    found, counts = 0, False
    try:
        with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - hot path
            for line in file:
                first, _, rest = line.partition(" ")
                if not first.endswith(":"):
                    counts = any(f" {name}" in rest for name in _SHARED)
                elif counts and first == "Pss:":
                    found += int(rest.split()[0]) << 10
    except OSError:
        return found
    return found


# --- finding them


def find(mounts: Path = Path("/proc/self/mountinfo"), own: Path = Path("/proc/self/cgroup")) -> Tree:
    """The best tree that this process can make groups in: the hierarchy that has the memory controller."""
    try:
        mounted = [_Mount.parse(line) for line in mounts.read_text().splitlines()]
        member = dict(_membership(line) for line in own.read_text().splitlines())
    except OSError:
        return NoTree()
    parents = {
        controller: parent
        for controller in CONTROLLERS
        if (parent := _parent_v1(controller, mounted, member)) is not None
    }
    if MEMORY in parents:
        return TreeV1(parents)
    unified = next((mount for mount in mounted if mount.kind == "cgroup2"), None)
    tree = _tree_v2(unified, member.get("", "/")) if unified else None
    return tree or (TreeV1(parents) if parents else NoTree())


@dataclass(frozen=True, slots=True)
class _Mount:
    root: str
    point: Path
    kind: str
    options: tuple[str, ...]

    @classmethod
    def parse(cls, line: str) -> "_Mount":
        """A line of proc_pid_mountinfo(5)."""
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        return cls(fields[3], Path(fields[4]), kinds[0], tuple(kinds[2].split(",")) if len(kinds) > 2 else ())

    def folder(self, path: str) -> Path:
        """Where the group `path` is seen; the mount point itself when it lies outside."""
        if self.root != "/" and path.startswith(self.root):
            path = path[len(self.root) :]
        return self.point / path.lstrip("/")


def _membership(line: str) -> tuple[str, str]:
    """A line of /proc/self/cgroup (cgroups(7)): controllers, or "" for version 2, and the path."""
    _, controllers, path = line.split(":", 2)
    return controllers, path


def _parent_v1(controller: str, mounted: list[_Mount], member: dict[str, str]) -> Path | None:
    for mount in mounted:
        if mount.kind != "cgroup" or controller not in mount.options:
            continue
        path = next((path for names, path in member.items() if controller in names.split(",")), "/")
        for folder in (mount.folder(path), mount.point):
            if os.access(folder, os.W_OK):
                return folder
    return None


def _tree_v2(mount: _Mount, path: str) -> Tree | None:
    """The nearest group, from our own upwards, that is writable and hands the memory controller down."""
    folder = mount.folder(path)
    while folder.is_relative_to(mount.point):
        if os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK):
            _hand_down(folder)
            controllers = set(_read(str(folder / "cgroup.subtree_control")).split())
            if MEMORY in controllers:
                return TreeV2(folder, controllers & set(CONTROLLERS))
        folder = folder.parent
    return None


def _hand_down(folder: Path) -> None:
    """Refused (EBUSY) where processes are in the group itself: then a group above is the place."""
    there = _read(str(folder / "cgroup.subtree_control")).split()
    for controller in {MEMORY, CPU, PIDS}.difference(there):
        try:
            _write(str(folder / "cgroup.subtree_control"), f"+{controller}")
        except OSError:
            continue


# --- files


def quota_us(cpus: float) -> int:
    """Microseconds per period."""
    return max(LEAST_QUOTA_US, round(cpus * PERIOD_US))


def _make_folders(paths: Iterable[str]) -> None:
    made: list[str] = []
    try:
        for path in dict.fromkeys(paths):
            os.mkdir(path)  # noqa: PTH102 - hot path
            made.append(path)
    except OSError:
        _remove(made)
        raise


def _open_joins(paths: Iterable[str], name: str) -> list[int]:
    found: list[int] = []
    try:
        for path in dict.fromkeys(paths):
            found.append(os.open(f"{path}/{name}", os.O_WRONLY | os.O_CLOEXEC))
    except OSError:
        for fd in found:
            os.close(fd)
        raise
    return found


def _remove(paths: Iterable[str]) -> bool:
    gone = True
    for path in dict.fromkeys(paths):
        try:
            os.rmdir(path)  # noqa: PTH106 - hot path
        except FileNotFoundError:
            continue
        except OSError:
            gone = False
    return gone


def _read(path: str) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 1 << 16).decode()
    finally:
        os.close(fd)


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    except OSError as failed:
        failed.filename = path
        raise
    finally:
        os.close(fd)


def _fields(path: str) -> dict[str, int]:
    """A file of "name number" lines."""
    found = {}
    for line in _read(path).splitlines():
        name, _, value = line.partition(" ")
        if value.isdigit():
            found[name] = int(value)
    return found
