"""What helps where a promise is not kept on this machine.

Sources: user_namespaces(7), namespaces(7), systemd.resource-control(5) (Delegate=), slirp4netns(1); the sysctls of
Debian (kernel.unprivileged_userns_clone) and Ubuntu (kernel.apparmor_restrict_unprivileged_userns).
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from lambent.sandbox.network import TOOLS, TUN

SYSCTLS = (
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("user/max_user_namespaces", "0", "15000"),
)
"""What forbids user namespaces: the file below /proc/sys, its forbidding value, and one that allows them."""

OF_NAMESPACES = frozenset(
    ("private_network", "private_tmp", "read_only_root", "private_processes", "separate_user", "nothing_survives")
)
OF_GROUPS = frozenset(("memory_limit", "cpu_share", "process_limit", "freeze"))


@dataclass(frozen=True, slots=True)
class Means:
    """What a remedy depends on, of this machine and its user."""

    root: bool = False
    namespaces: bool = False
    """Whether level NAMESPACE can be had."""
    closed: tuple[str, ...] = ()
    """Sysctls that forbid user namespaces, with the values that allow them: "user.max_user_namespaces=15000"."""
    delegates: bool = False
    """Whether systemd can hand a control group to this user."""
    program: bool = False
    """Whether a program for an ordinary user's way out is installed."""
    tun: str = ""
    """Why /dev/net/tun can't be opened: "missing", "closed" or nothing."""


def look(root: bool, namespaces: bool) -> Means:
    """This machine's. Reads a few files."""
    return Means(
        root=root,
        namespaces=namespaces,
        closed=tuple(f"{name.replace('/', '.')}={good}" for name, bad, good in SYSCTLS if _read(name) == bad),
        delegates=Path("/sys/fs/cgroup/cgroup.controllers").exists() and Path("/run/systemd/system").exists(),
        program=any(shutil.which(name) for name in TOOLS),
        tun=_tun(),
    )


def remedy(promise: str, means: Means) -> str:
    """What to do, for a promise that is not kept."""
    if promise in OF_NAMESPACES:
        return _namespaces(means)
    if promise in OF_GROUPS:
        return _groups(means)
    if promise == "own_user_limits":
        return _users(means)
    return _outbound(means) if promise == "outbound_network" else "run it as root"


def _namespaces(means: Means) -> str:
    if means.namespaces:
        return "start it with --isolation namespace"
    if means.closed:
        return f"as root: sysctl -w {' '.join(means.closed)}; or run it as root"
    return "run it as root; in a container, allow it user namespaces (seccomp and AppArmor profiles forbid them)"


def _users(means: Means) -> str:
    if means.root and means.namespaces:
        return "let user namespaces be made (sysctl user.max_user_namespaces); a container needs all ids"
    return "run it as root, at isolation level namespace"


def _groups(means: Means) -> str:
    if means.root:
        return "let it write to /sys/fs/cgroup (in a container: a private cgroup namespace, mounted writable)"
    if means.delegates:
        return "start it in a group of its own: systemd-run --user --scope -p Delegate=yes lambent up"
    return "run it as root: only systemd with control groups of version 2 hands one to an ordinary user"


def _outbound(means: Means) -> str:
    if means.root:
        return "let it administrate the network (CAP_NET_ADMIN), on a kernel with veth and nf_tables"
    if not means.program:
        return "as root: apt-get install slirp4netns (or passt)"
    if means.tun == "missing":
        return "as root: modprobe tun; a container needs the device /dev/net/tun"
    if means.tun:
        return "as root: chmod 666 /dev/net/tun (it only lets users make devices in namespaces of their own)"
    return "run it as root, or install the other of slirp4netns and passt"


def _read(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


def _tun() -> str:
    if not Path(TUN).exists():
        return "missing"
    return "" if os.access(TUN, os.R_OK | os.W_OK) else "closed"
