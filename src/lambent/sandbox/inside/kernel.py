"""The system calls that Python does not offer on every version from 3.8. The only place that calls the kernel by hand.

Every function raises CallError, which names the call and what it was about.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

ATTR_RDONLY = 1
ATTR_NOSUID = 2
ATTR_NODEV = 4
ATTR_NOEXEC = 8

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_NAME = 15
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2

_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_OPEN_TREE_CLOEXEC = os.O_CLOEXEC
_MOVE_MOUNT_F_EMPTY_PATH = 4
_MOVE_MOUNT_T_SYMLINKS = 0x10
_CAPABILITY_VERSION_3 = 0x20080522

# Since Linux 5.0 new calls have one number on all architectures.
_OPEN_TREE = 428
_MOVE_MOUNT = 429
_PIDFD_OPEN = 434
_CLOSE_RANGE = 436
_MOUNT_SETATTR = 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_TGKILL = {"x86_64": 234, "aarch64": 131}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.malloc.restype = ctypes.c_void_p
_libc.malloc.argtypes = (ctypes.c_size_t,)
_locked = ctypes.PyDLL(None, use_errno=True)
"""The same, called without giving up the interpreter's lock."""
_machine = platform.machine()


class CallError(OSError):
    """A system call failed: `operation` is its name, `filename` what it was about, `errno` why."""

    def __init__(self, number: int, operation: str, path: str = "") -> None:
        super().__init__(number, os.strerror(number), path or None)
        self.operation = operation


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


class Filter(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def _checked(result: int, operation: str, path: str = "") -> int:
    if result == -1:
        raise CallError(ctypes.get_errno(), operation, path)
    return result


def _syscall(operation: str, path: str, number: int, *arguments: object) -> int:
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), operation, path)


def fork() -> int:
    """fork(2) alone: the child may make a sandbox, but what runs anything else it forks with `os.fork`.

    What that does beside, for the sake of threads, locks and random numbers, writes to half a megabyte that is shared.
    """
    return _checked(_locked.fork(), "fork")


def unshare(flags: int) -> None:
    """unshare(2)."""
    _checked(_libc.unshare(flags), "unshare")


def setns(fd: int, kind: int) -> None:
    """setns(2)."""
    _checked(_libc.setns(fd, kind), "setns")


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    arguments = (source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), data.encode())
    _checked(_libc.mount(*arguments), "mount", target)


def make_private(target: str) -> None:
    """mount(2): no mount below `target` is shared with another namespace any more."""
    flags = ctypes.c_ulong(MS_REC | MS_PRIVATE)
    _checked(_libc.mount(None, os.fsencode(target), None, flags, None), "mount private", target)


def detach(target: str) -> None:
    """umount2(2) with MNT_DETACH."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), "umount", target)


def pivot_root(new: str, old: str) -> None:
    """pivot_root(2)."""
    _syscall("pivot_root", new, _PIVOT_ROOT[_machine], os.fsencode(new), os.fsencode(old))


def clone_tree(path: str) -> int:
    """open_tree(2): a detached copy of what is at `path`, mounts below it too, as a descriptor."""
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | _AT_RECURSIVE
    return _syscall("open_tree", path, _OPEN_TREE, _AT_FDCWD, os.fsencode(path), flags)


def clone_tree_named(names: mmap.mmap, start: int, meant: str) -> int:
    """The same of what the zero-terminated name at `start` names, which is copied nowhere. `meant` is for the error
    alone."""
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | _AT_RECURSIVE
    name = ctypes.c_char.from_buffer(names, start)
    result = _libc.syscall(ctypes.c_long(_OPEN_TREE), _AT_FDCWD, ctypes.byref(name), flags)
    del name  # an error would keep it, and with it the mapping
    return _checked(result, "open_tree", meant)


def attach_tree(fd: int, target: str, *, follow: bool = False) -> None:
    """move_mount(2): the detached mount `fd` comes to `target`, or to where a link there leads if `follow`."""
    flags = _MOVE_MOUNT_F_EMPTY_PATH | (_MOVE_MOUNT_T_SYMLINKS if follow else 0)
    arguments = (fd, b"", _AT_FDCWD, os.fsencode(target), flags)
    _syscall("move_mount", target, _MOVE_MOUNT, *arguments)


def restrict_tree(fd: int, attributes: int, path: str = "") -> None:
    """mount_setattr(2) on the detached mount `fd` and all below it. `path` is for the error alone."""
    flags = _AT_EMPTY_PATH | _AT_RECURSIVE
    attr = _MountAttr(attr_set=attributes)
    size = ctypes.c_size_t(ctypes.sizeof(attr))
    _syscall("mount_setattr", path, _MOUNT_SETATTR, fd, b"", flags, ctypes.byref(attr), size)


def restrict_mount(target: str, attributes: int) -> None:
    """mount_setattr(2) on the one mount at `target`."""
    attr = _MountAttr(attr_set=attributes)
    size = ctypes.c_size_t(ctypes.sizeof(attr))
    arguments = (_AT_FDCWD, os.fsencode(target), 0, ctypes.byref(attr), size)
    _syscall("mount_setattr", target, _MOUNT_SETATTR, *arguments)


def set_hostname(name: str) -> None:
    """sethostname(2)."""
    raw = name.encode()
    _checked(_libc.sethostname(raw, ctypes.c_size_t(len(raw))), "sethostname", name)


def prctl(operation: str, option: int, value: int = 0) -> None:
    """prctl(2) with one number."""
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero), operation)


def set_name(name: str) -> None:
    """prctl(2): the thread's name in `ps`."""
    _checked(_libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0), "prctl PR_SET_NAME")


def set_filter(filter: Filter) -> None:
    """prctl(2): seccomp. The filter stays for good and for every child."""
    mode = ctypes.c_ulong(SECCOMP_MODE_FILTER)
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(PR_SET_SECCOMP, mode, ctypes.byref(filter), zero, zero), "prctl PR_SET_SECCOMP")


def set_capabilities(kept: tuple[int, ...]) -> None:
    """capset(2): effective and permitted are `kept`, nothing is inheritable."""
    data = (_CapData * 2)()
    for capability in kept:
        bit = 1 << (capability % 32)
        data[capability // 32].effective |= bit
        data[capability // 32].permitted |= bit
    header = _CapHeader(_CAPABILITY_VERSION_3, 0)
    _syscall("capset", "", _CAPSET[_machine], ctypes.byref(header), data)


def pidfd_open(pid: int) -> int:
    """pidfd_open(2)."""
    return _syscall("pidfd_open", "", _PIDFD_OPEN, ctypes.c_int(pid), 0)


def tgkill(pid: int, thread: int, number: int) -> None:
    """tgkill(2): a signal to one thread."""
    _syscall("tgkill", "", _TGKILL[_machine], ctypes.c_int(pid), ctypes.c_int(thread), ctypes.c_int(number))


def close_all_but(kept: set[int]) -> None:
    """close_range(2) over every gap between the descriptors that are kept."""
    first = 0
    for fd in [*sorted(kept), None]:
        last = 0xFFFFFFFF if fd is None else fd - 1
        if last >= first:
            _close_range(first, last)
        first = 0 if fd is None else fd + 1


def _close_range(first: int, last: int) -> None:
    try:
        _syscall("close_range", "", _CLOSE_RANGE, ctypes.c_uint(first), ctypes.c_uint(last), 0)
    except CallError:  # Linux before 5.9
        os.closerange(first, min(last + 1, 1 << 16))


def allocate(size: int) -> int:
    """malloc(3): the address, 0 without memory. Nothing frees it."""
    return _libc.malloc(size) or 0


def clear_environment() -> None:
    """clearenv(3), and what Python knows of the environment. One by one: `clear` is far more Python (see `memory`)."""
    for name in list(os.environ):
        del os.environ[name]
    _libc.clearenv()
