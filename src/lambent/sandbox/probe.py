"""What this machine lets the server do, found by doing it: a throw-away sandbox is made."""

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambent.sandbox import groups, network
from lambent.sandbox.channel import Channel
from lambent.sandbox.errors import LevelUnavailable, StepFailed
from lambent.sandbox.inside import wire
from lambent.sandbox.orders import HostSettings, sandbox_order, zygote_order
from lambent.sandbox.spec import Level, SandboxSpec, ZygoteSpec
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
    outbound_problem: str = ""
    """Why sandboxes of level NAMESPACE can't reach the internet."""

    def promises(self, level: Level) -> dict[str, dict[str, Any]]:
        """Each promise at `level` on this machine: {"kept": bool, "how": text}; the text says why not if it isn't."""
        return {name: {"kept": kept, "how": how} for name, (kept, how) in _promises(self, level).items()}


def probe(*, outbound: bool = True) -> Abilities:
    """Look. Takes about a tenth of a second and blocks; leaves nothing.

    Without `outbound` the way to the internet is not tried: `SandboxHost.outbound_problem` tells then.
    """
    tree = groups.find()
    supported = sys.platform == "linux" and platform.machine() in MACHINES
    problem = "" if supported else f"sandboxes need Linux on {' or '.join(MACHINES)}"
    namespaces_problem = problem or _try(Level.NAMESPACE)
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
        outbound_problem=namespaces_problem or (network.problem() if outbound else ""),
    )


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


def _try(level: Level) -> str:
    """Make a zygote and a sandbox at `level`; what failed, or nothing."""
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
                return _ask(ours, lifeline, SandboxSpec("probe", zygote), settings)
            finally:
                ours.close()
                _end(process)
    except OSError as failed:
        return f"probing failed: {failed}"
    finally:
        os.close(lifeline)
        os.close(held)


def _ask(control: socket.socket, lifeline: int, spec: SandboxSpec, settings: HostSettings) -> str:
    wire.send(control, zygote_order(spec.zygote, settings), [lifeline])
    problem = _answer(control)
    if problem:
        return problem
    ours, theirs = Channel.pair()
    with ours:
        with theirs:
            wire.send(control, sandbox_order(spec, settings, "probe"), [theirs.fileno()])
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
        "no_capabilities": lambda found, namespaced: (True, "none held, none to be gained by executing a file"),
        "system_call_filter": lambda found, namespaced: (True, "seccomp, denied calls in sandbox/inside/denied.py"),
        "freeze": _freeze,
        "nothing_survives": _survival,
    }
    return {name: rule(found, namespaced) for name, rule in rules.items()}


def _group(found: Abilities, controller: str) -> str:
    return f"control group version {found.cgroup_version}" if controller in found.controllers else ""


def _memory(found: Abilities, namespaced: bool) -> _Promise:
    group = _group(found, groups.MEMORY)
    if group:
        return True, f"{group}; /tmp is not counted" if namespaced else group
    return True, "no control group: the server looks every 20 ms or more and kills, so short excesses pass unseen"


def _cpu(found: Abilities, namespaced: bool) -> _Promise:
    group = _group(found, groups.CPU)
    return (True, group) if group else (False, "no control group with the cpu controller can be made by this user")


def _pids(found: Abilities, namespaced: bool) -> _Promise:
    group = _group(found, groups.PIDS)
    return (True, group) if group else (False, "RLIMIT_NPROC instead: it counts all sandboxes of this user together")


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


def _freeze(found: Abilities, namespaced: bool) -> _Promise:
    group = _group(found, groups.FREEZER)
    return (True, group) if group else (True, "SIGSTOP and SIGCONT, which a process can notice")


def _survival(found: Abilities, namespaced: bool) -> _Promise:
    if namespaced:
        return True, "the kernel ends the PID namespace with its keeper, the keeper with its zygote"
    return False, "the keeper ends what it started; a process could kill the keeper, which has the same user"
