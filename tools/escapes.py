"""What code in an environment could try to get out: each attempt returns if it succeeded and raises OSError if not.

Runs inside a sandbox, by the entry `escapes:attempt_all`. The environment variable PLAN tells where the targets are
that `tools.isolation` has put up outside. Nothing here does harm where it succeeds.
"""

# ruff: noqa: PTH108, PTH123, PTH208

import ctypes
import errno
import json
import os
import platform
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

_CLONE_NEWUSER, _CLONE_NEWNS, _CLONE_NEWNET = 0x10000000, 0x20000, 0x40000000
_PTRACE_ATTACH = 16
_NUMBERS = {
    "x86_64": {"keyctl": 250, "bpf": 321, "perf_event_open": 298, "kexec_load": 246, "init_module": 175,
               "process_vm_readv": 310, "userfaultfd": 323, "mount": 165, "umount2": 166, "pivot_root": 155,
               "syslog": 103, "setns": 308, "unshare": 272, "ptrace": 101, "shmget": 29, "chroot": 161},
    "aarch64": {"keyctl": 219, "bpf": 280, "perf_event_open": 241, "kexec_load": 104, "init_module": 105,
                "process_vm_readv": 270, "userfaultfd": 282, "mount": 40, "umount2": 39, "pivot_root": 41,
                "syslog": 116, "setns": 268, "unshare": 97, "ptrace": 117, "shmget": 194, "chroot": 51},
}  # fmt: skip
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _call(name: str, *arguments: Any) -> int:
    result: int = _libc.syscall(ctypes.c_long(_NUMBERS[platform.machine()][name]), *arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _write(path: str, text: str = "x") -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _create(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    os.unlink(path)


def _connect(address: tuple[str, int] | str, family: int = socket.AF_INET) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(1)
        sock.connect(address)


def _fails(number: int) -> None:
    raise OSError(number, os.strerror(number))


def _send_signal(pid: int) -> None:
    """Signal 0 asks whether one might."""
    os.kill(pid, 0)


def _kill_keeper() -> None:
    """Process 1 of the PID namespace is not harmed from inside by a signal that it does not handle."""
    keeper = os.getppid()
    os.kill(keeper, signal.SIGSTOP)
    time.sleep(0.05)
    with open(f"/proc/{keeper}/stat") as file:
        stopped = file.read().rpartition(")")[2].split()[0] == "T"
    if not stopped:
        _fails(errno.EPERM)
    os.kill(keeper, signal.SIGCONT)


def _become_root() -> None:
    os.setuid(0)
    if os.getuid() != 0:
        _fails(errno.EPERM)
    with open("/proc/self/status") as file:
        if "CapEff:\t0000000000000000" in file.read():
            _fails(errno.EPERM)  # the server's own user is root: the number is, the power is not


def _gain_by_setuid_file() -> None:
    """no_new_privs makes the bit worth nothing (prctl(2))."""
    if _libc.prctl(39, 0, 0, 0, 0) == 1:
        _fails(errno.EPERM)


def _new_user_namespace() -> None:
    pid = os.fork()
    if pid == 0:
        try:
            _call("unshare", _CLONE_NEWUSER)
        except OSError as failed:
            os._exit(failed.errno or 1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        _fails(status)


def _share_memory(key: int) -> None:
    _call("shmget", ctypes.c_int(key), ctypes.c_size_t(1), 0)


def _raise_limit() -> None:
    more = resource.getrlimit(resource.RLIMIT_NOFILE)[1] + 1
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, more))
    except ValueError:
        _fails(errno.EPERM)


def _own_group() -> str:
    with open("/proc/self/cgroup") as file:
        lines = [line.strip().split(":", 2) for line in file]
    number, names, path = next((line for line in lines if "memory" in line[1]), lines[-1])
    base = "/sys/fs/cgroup" if number == "0" else f"/sys/fs/cgroup/{names}"
    return f"{base}{path}/cgroup.procs"


def attempts(plan: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """Every attempt by its name in the table of `tools.isolation`."""
    parent = os.getppid()
    raw = socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP
    return {
        "ptrace the keeper": lambda: _call("ptrace", _PTRACE_ATTACH, parent, 0, 0),
        "process_vm_readv of the keeper": lambda: _call("process_vm_readv", parent, 0, 0, 0, 0, 0),
        "read the keeper's memory": lambda: open(f"/proc/{parent}/mem", "rb"),
        "read the keeper's descriptors": lambda: os.listdir(f"/proc/{parent}/fd"),
        "stop the keeper": _kill_keeper,
        "signal the server": lambda: _send_signal(plan["server"]),
        "read the server's environment": lambda: open(f"/proc/{plan['server']}/environ").read(),
        "signal another environment": lambda: _send_signal(plan["neighbour"]),
        "read another environment's /tmp": lambda: open(f"{plan['neighbour_tmp']}/secret").read(),
        "read a file of the server's user": lambda: open(plan["file"]).read(),
        "write a file of the server's user": lambda: _write(plan["file"]),
        "read /etc/shadow": lambda: open("/etc/shadow").read(),
        "create a file in /usr": lambda: _create("/usr/lambent-escape"),
        "create a file beside the code": lambda: _create(f"{plan['code']}/lambent-escape"),
        "write /proc/sys": lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)),
        "write /proc/sysrq-trigger": lambda: os.close(os.open("/proc/sysrq-trigger", os.O_WRONLY)),
        "write /sys": lambda: os.close(os.open("/sys/kernel/profiling", os.O_WRONLY)),
        "leave the control group": lambda: _write(_own_group().rpartition("/")[0] + "/../cgroup.procs", "0"),
        "raise an own limit": _raise_limit,
        "spare oneself from out-of-memory": lambda: _write("/proc/self/oom_score_adj", "-500"),
        "become root": _become_root,
        "gain rights by a setuid file": _gain_by_setuid_file,
        "make a device node": lambda: os.mknod(f"{plan['tmp']}/device", 0o60600, os.makedev(7, 0)),
        "read the memory device": lambda: os.close(os.open("/dev/mem", os.O_RDONLY)),
        "mount a file system": lambda: _call("mount", b"none", plan["tmp"].encode(), b"tmpfs", 0, 0),
        "unmount /proc": lambda: _call("umount2", b"/proc", 2),
        "chroot": lambda: _call("chroot", plan["tmp"].encode()),
        "pivot_root": lambda: _call("pivot_root", b".", b"."),
        "make a user namespace": _new_user_namespace,
        "make a mount namespace": lambda: _call("unshare", _CLONE_NEWNS),
        "enter the keeper's namespaces": lambda: _call("setns", os.open(f"/proc/{parent}/ns/mnt", os.O_RDONLY), 0),
        "open a raw socket": lambda: socket.socket(*raw).close(),
        "open a packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
        "open a vsock": lambda: socket.socket(40, socket.SOCK_STREAM).close(),
        "reach the host's loopback": lambda: _connect(("127.0.0.1", plan["port"])),
        "reach the host's abstract sockets": lambda: _connect("\0" + plan["abstract"], socket.AF_UNIX),
        "reach the metadata address": lambda: _connect(("169.254.169.254", plan["port"])),
        "use the host's shared memory": lambda: _share_memory(plan["shared_memory"]),
        "keyctl": lambda: _call("keyctl", 0, ctypes.c_int(-3), 1),
        "bpf": lambda: _call("bpf", 0, 0, 0),
        "perf_event_open": lambda: _call("perf_event_open", 0, 0, -1, -1, 0),
        "userfaultfd": lambda: _call("userfaultfd", 1),
        "kexec_load": lambda: _call("kexec_load", 0, 0, 0, 0),
        "load a kernel module": lambda: _call("init_module", 0, 0, b""),
        "read the kernel's log": lambda: _call("syslog", 3, ctypes.create_string_buffer(64), 64),
        "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
        "change the host name": lambda: socket.sethostname(socket.gethostname()),
    }


def attempts_of_moto(plan: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """What code in moto's process could try besides, by its name in the second table."""
    return {
        "read the database, the token or a package": lambda: open(plan["kept"]).read(),
        "write beside its own folder": lambda: _create(f"{plan['folder']}/lambent-escape"),
        "look at the socket that it serves": lambda: os.listdir(plan["folder"]),
        "connect by the socket that it serves": lambda: _connect_by(int(sys.argv[1]), plan["port"]),
        "reach another address": lambda: _connect(("192.0.2.1", 80)),
        "look a name up": lambda: socket.getaddrinfo("localhost.example", 80),
        "write its own folder": lambda: _create(f"{plan['tmp']}/lambent-escape"),
        "connect to the hatch": lambda: _connect(sys.argv[3], socket.AF_UNIX),
    }


def _connect_by(fd: int, port: int) -> None:
    """A listening TCP socket could be made one that connects, in the network that it comes from (connect(2))."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=os.dup(fd)) as sock:
        sock.shutdown(socket.SHUT_RDWR)
        sock.connect(("127.0.0.1", port))


def attempt_all() -> None:
    """Write to descriptor 1, as JSON, the name of each attempt's error, "" for one that succeeded."""
    plan = json.loads(os.environ["PLAN"])
    found = {}
    for name, attempt in {**attempts(plan), **(attempts_of_moto(plan) if "kept" in plan else {})}.items():
        try:
            attempt()
        except OSError as failed:
            found[name] = errno.errorcode.get(failed.errno or 0, "error")
        else:
            found[name] = ""
    os.write(1, json.dumps(found).encode())
