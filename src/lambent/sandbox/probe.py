"""What this machine lets the server do, found by doing it: a throw-away sandbox is made."""

import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.sandbox import groups, network, remedies
from lambent.sandbox.channel import Channel
from lambent.sandbox.errors import LevelUnavailable, StepFailed
from lambent.sandbox.inside import wire
from lambent.sandbox.orders import HostSettings, sandbox_order, source_file, zygote_order
from lambent.sandbox.spec import Level, SandboxSpec, ZygoteSpec
from lambent.sandbox.users import Users
from lambent.sandbox.zygotes import spawn

PROBE_SECONDS = 20.0
MACHINES = ("x86_64", "aarch64")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What was found. `namespaces_problem` and `sandbox_problem` are empty where there is none."""

    root: bool
    kernel: str
    namespaces: bool
    namespaces_problem: str
    """Why level NAMESPACE can't be had."""
    sandbox_problem: str
    """Why not even level PROCESS can be had."""
    cgroup_version: int
    """0: none that this user can use."""
    controllers: tuple[str, ...]
    memory_problem: str = ""
    """What a control group's memory limit does not stop, though there is one."""
    users_problem: str = ""
    """Why sandboxes of level NAMESPACE have no user of their own outside."""
    counts_apart: bool = True
    """Whether they have at least a user namespace of their own."""
    outbound_problem: str = ""
    """Why sandboxes of level NAMESPACE can't reach the internet."""
    means: remedies.Means = field(default_factory=remedies.Means)

    def promises(self, level: Level) -> dict[str, dict[str, Any]]:
        """Each promise at `level` on this machine: {"kept": bool, "how": text}; the text says why not if it isn't, and
        "remedy" what to do."""
        return {name: self._said(name, kept, how) for name, (kept, how) in _promises(self, level).items()}

    def _said(self, name: str, kept: bool, how: str) -> dict[str, Any]:
        said = {"kept": kept, "how": how}
        return said if kept else said | {"remedy": remedies.remedy(name, self.means)}


def probe(*, outbound: bool = True) -> Abilities:
    """Look. Takes about a tenth of a second and blocks; leaves nothing.

    Without `outbound` the way to the internet is not tried: `SandboxHost.outbound_problem` tells then.
    """
    tree = groups.find()
    supported = sys.platform == "linux" and platform.machine() in MACHINES
    problem = "" if supported else f"sandboxes need Linux on {' or '.join(MACHINES)}"
    users = Users(0, problem) if problem else Users.here()
    namespaces_problem = problem or _try_namespaces(users)
    if namespaces_problem and not problem:
        problem = _try(Level.PROCESS)
    return Abilities(
        root=os.geteuid() == 0,
        kernel=platform.release(),
        namespaces=not namespaces_problem,
        namespaces_problem=namespaces_problem,
        sandbox_problem=problem,
        cgroup_version=_version(tree),
        controllers=tuple(sorted(tree.controllers)),
        memory_problem=_overrun(tree),
        users_problem=users.problem,
        counts_apart=not users.problem or users.shared != 0,
        outbound_problem=namespaces_problem or (network.problem() if outbound else ""),
        means=remedies.look(os.geteuid() == 0, not namespaces_problem),
    )


def best(abilities: Abilities) -> Level | None:
    """The strongest level that this machine lets one have."""
    return None if abilities.sandbox_problem else choose("auto", abilities)


def choose(setting: str, abilities: Abilities) -> Level:
    """The level for the setting "auto", "namespace" or "process". Raises LevelUnavailable, ValueError."""
    if setting not in ("auto", *(level.value for level in Level)):
        raise ValueError(f"isolation {setting!r}: one of auto, namespace, process is needed")
    if abilities.sandbox_problem:
        raise LevelUnavailable(abilities.sandbox_problem)
    if setting == Level.NAMESPACE.value and not abilities.namespaces:
        raise LevelUnavailable(f"isolation namespace is not possible here: {abilities.namespaces_problem}")
    if setting == Level.PROCESS.value or not abilities.namespaces:
        return Level.PROCESS
    return Level.NAMESPACE


def _version(tree: groups.Tree) -> int:
    return {groups.TreeV1: 1, groups.TreeV2: 2}.get(type(tree), 0)


# --- trying

_TRIED_BYTES = 32 << 20
_OVERRUNS = {
    "private memory": "held = b'x' * size",
    "shared memory": "import os; fd = os.memfd_create('x'); os.write(fd, b'x' * size)",
}
"""What a process does that takes more than it may."""


def _overrun(tree: groups.Tree) -> str:
    """Kinds of memory that a control group lets a process have beyond its limit, found by taking them."""
    if groups.MEMORY not in tree.controllers:
        return ""
    try:
        running = {kind: _take(tree, kind, code) for kind, code in _OVERRUNS.items()}
        return ", ".join(kind for kind, end in running.items() if not end())
    except OSError as failed:
        return f"probing failed: {failed}"


def _take(tree: groups.Tree, kind: str, code: str) -> Callable[[], bool]:
    """Begin to take memory; then, whether that ended by a signal."""
    name = f"lambent-probe-{os.getpid()}-{kind.partition(' ')[0]}"
    group = tree.create(name, groups.Limits(_TRIED_BYTES // 2, 16))
    joins = group.joins()
    join = "".join(f"__import__('os').write({fd}, b'0');" for fd in joins)
    script = f"{join}size = {_TRIED_BYTES}; {code}"
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", script], pass_fds=joins, stderr=subprocess.DEVNULL
        )
    except OSError:
        group.remove()
        raise
    finally:
        for fd in joins:
            os.close(fd)

    def ended() -> bool:
        _end(process)
        deadline = time.monotonic() + 1
        while not group.remove() and time.monotonic() < deadline:
            time.sleep(0.001)
        return process.returncode == -signal.SIGKILL

    return ended


def _try_namespaces(users: Users) -> str:
    """Why level NAMESPACE can't be had; nothing where it can, with what is left of `users`."""
    while failed := _try(Level.NAMESPACE, users.any()):
        if not users.give_up(failed):
            return failed
    return ""


def _try(level: Level, user: int = 0) -> str:
    """Make a zygote and a sandbox at `level`, with `user` outside; what failed, or nothing."""
    settings = HostSettings(level, {"folders": [], "prefixes": ["-"]}, counted=True)
    zygote = ZygoteSpec(Path(sys.executable))
    ours, theirs = Channel.pair()
    lifeline, held = os.pipe2(os.O_CLOEXEC)
    try:
        with ours, theirs:
            process = spawn(zygote.interpreter, theirs.fileno())
            theirs.close()
            ours.settimeout(PROBE_SECONDS)
            try:
                return _ask(ours, lifeline, SandboxSpec("probe", zygote), settings, user)
            finally:
                ours.close()
                _end(process)
    except OSError as failed:
        return f"probing failed: {failed}"
    finally:
        os.close(lifeline)
        os.close(held)


def _ask(control: socket.socket, lifeline: int, spec: SandboxSpec, settings: HostSettings, user: int) -> str:
    wire.send(control, zygote_order(spec.zygote, settings), [lifeline])
    problem = _answer(control)
    if problem:
        return problem
    ours, theirs = Channel.pair()
    with ours:
        with theirs:
            sources = source_file(spec, settings.level)
            wire.send(control, sandbox_order(spec, settings, "probe", user=user), [theirs.fileno(), *sources])
            wire.close(sources)
        ours.settimeout(PROBE_SECONDS)
        return _answer(ours)


def _answer(sock: socket.socket) -> str:
    while True:
        message = wire.receive(sock)
        if message is None:
            return "the probing process ended"
        wire.close(message.fds)
        if "error" in message.body:
            return str(StepFailed.of(message.body["error"]))
        if "ready" in message.body:
            return ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- promises

_Promise = tuple[bool, str]


def _promises(found: Abilities, level: Level) -> dict[str, _Promise]:
    namespaced = level is Level.NAMESPACE
    rules: dict[str, Callable[[Abilities, bool], _Promise]] = {
        "memory_limit": _memory,
        "cpu_share": _cpu,
        "process_limit": _pids,
        "descriptor_limit": lambda found, namespaced: (True, "RLIMIT_NOFILE"),
        "private_network": _network,
        "outbound_network": _outbound,
        "private_tmp": _tmp,
        "read_only_root": _root,
        "private_processes": _processes,
        "separate_user": _user,
        "own_user_limits": _user_limits,
        "root_owned_folders": _owner,
        "no_capabilities": lambda found, namespaced: (True, "none held, none to be gained by executing a file"),
        "system_call_filter": lambda found, namespaced: (True, "seccomp, denied calls in sandbox/inside/denied.py"),
        "freeze": _freeze,
        "nothing_survives": _survival,
    }
    return {name: rule(found, namespaced) for name, rule in rules.items()}


def _group(found: Abilities, controller: str) -> str:
    return f"control group version {found.cgroup_version}" if controller in found.controllers else ""


_UNCHARGED = (
    "no control group with the memory controller can be made by this user: the server looks every 20 ms or more, and "
    "kills; what is shared counts while it is mapped; memfd and System V memory, queues and semaphores are refused; "
    "what the kernel holds for it, as buffers of sockets and file locks, is not counted"
)


def _memory(found: Abilities, namespaced: bool) -> _Promise:
    group = _group(found, groups.MEMORY)
    if group and found.memory_problem:
        return False, f"{group}, which does not stop: {found.memory_problem}"
    if group:
        return True, f"{group}; /tmp is not counted" if namespaced else group
    return False, _UNCHARGED


def _cpu(found: Abilities, namespaced: bool) -> _Promise:
    group = _group(found, groups.CPU)
    return (True, group) if group else (False, "no control group with the cpu controller can be made by this user")


def _pids(found: Abilities, namespaced: bool) -> _Promise:
    group = _group(found, groups.PIDS)
    if group:
        return True, group
    if namespaced and found.counts_apart and _release(found.kernel) >= COUNTS_BY_NAMESPACE:
        return True, "RLIMIT_NPROC, in a user namespace of each environment's own (with SnapStart, of each version's)"
    return False, "RLIMIT_NPROC instead: it counts all sandboxes of this user together"


COUNTS_BY_NAMESPACE = (5, 14)
"""The first Linux in which RLIMIT_NPROC is counted by user namespace, too (getrlimit(2), kernel/ucount.c)."""


def _release(kernel: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)", kernel)
    return (int(found[1]), int(found[2])) if found else (0,)


def _network(found: Abilities, namespaced: bool) -> _Promise:
    return (True, "network namespace") if namespaced else (False, "the host's network is used")


def _outbound(found: Abilities, namespaced: bool) -> _Promise:
    if not namespaced:
        return True, "the host's network is used"
    if found.outbound_problem:
        return False, f"functions can't reach the internet: {found.outbound_problem}"
    return True, "NAT; neither other environments, nor the host, nor link-local addresses can be reached"


def _tmp(found: Abilities, namespaced: bool) -> _Promise:
    if namespaced:
        return True, "tmpfs of the configured size"
    return False, "TMPDIR names a private folder without a size limit; /tmp itself is the host's"


def _root(found: Abilities, namespaced: bool) -> _Promise:
    if namespaced:
        return True, "mount namespace with a root of its own"
    return False, "the host's files are seen, and written where the server's user may"


def _processes(found: Abilities, namespaced: bool) -> _Promise:
    return (True, "PID namespace") if namespaced else (False, "the host's processes are seen")


def _user(found: Abilities, namespaced: bool) -> _Promise:
    if not namespaced:
        return False, "the server's user"
    if found.root:
        return True, "uid 993, gid 990"
    return True, "uid 993, gid 990 in a user namespace; outside it is the server's user, whom files belong to"


def _user_limits(found: Abilities, namespaced: bool) -> _Promise:
    if namespaced and not found.users_problem:
        return True, (
            "outside, each environment has a user of its own; those with file systems share one, as do those of one "
            "version with SnapStart"
        )
    why = found.users_problem or "isolation level process"
    if namespaced and found.counts_apart:
        return False, (
            "pending signals are counted apart, in a user namespace each; of inotify's instances and watches each gets "
            "at most a quarter, so that several together can use them up; pipe buffers are shared, watches of epoll "
            "with the server too, which looks for them in /proc and ends an environment with too many, but would "
            f"end if hidden ones took all of fs.epoll.max_user_watches ({why})"
        )
    return False, (
        "what the kernel counts by user (inotify instances, pending signals, pipe buffers) is shared by all "
        f"environments, whose user is the same outside: one can use up fs.inotify.max_user_instances ({why})"
    )


def _owner(found: Abilities, namespaced: bool) -> _Promise:
    if namespaced and found.root:
        return True, "/var/task, /opt and /tmp belong to root, as on AWS"
    return False, "/var/task, /opt and /tmp belong to the function's own user, on AWS to root"


def _freeze(found: Abilities, namespaced: bool) -> _Promise:
    group = _group(found, groups.FREEZER)
    return (True, group) if group else (True, "SIGSTOP and SIGCONT, which a process can notice")


def _survival(found: Abilities, namespaced: bool) -> _Promise:
    if namespaced:
        return True, "the kernel ends the PID namespace with its keeper, the keeper with its zygote"
    return False, "the keeper ends what it started; a process could kill the keeper, which has the same user"
