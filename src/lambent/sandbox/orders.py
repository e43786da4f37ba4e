"""What is asked of the processes below, as messages. `inside/contexts.py` is the other side."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lambent.sandbox.spec import Bind, Level, ProcessSpec, SandboxSpec, SnapshotSpec, ZygoteSpec

BIND_SOURCES = "bind_sources"
"""The step that takes what is bound."""
OWN_USER = "own_user"
"""The step that gives a sandbox a user of its own outside."""
UID, GID = 993, 990
"""The sandboxes' user and group."""


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What is the same for everything that one host makes.

    `groups` is what a guard removes when the server is gone; `counted` tells that a control group counts processes;
    `fail_step` names a step that is made to fail; `connected` tells that sandboxes get their network from the server;
    `users` is the descriptor of the user namespace which those networks belong to, or -1. `user` and `group` are the
    numbers under which everything runs.
    """

    level: Level
    groups: dict[str, list[str]]
    counted: bool
    fail_step: str = ""
    connected: bool = False
    users: int = -1
    user: int = UID
    group: int = GID


def zygote_order(spec: ZygoteSpec, settings: HostSettings, stdio: Iterable[int] = (), user: int = 0) -> dict[str, Any]:
    """A guard's and its zygote's first message. `stdio` are a snapshot's descriptor numbers, `user` its own user
    outside, or 0."""
    return {
        "level": settings.level.value,
        "fail_step": settings.fail_step,
        "user": user,
        "uid": settings.user,
        "gid": settings.group,
        "unprivileged": os.geteuid() != 0,
        "joins_user": settings.users >= 0,
        "connected": settings.connected and spec.snapshot is None,
        "paths": spec.paths,
        "preload": spec.preload,
        "binds": _sources(spec.binds),
        "files": spec.files,
        "programs": spec.programs,
        "groups": settings.groups,
        "snapshot": _snapshot(spec.snapshot, list(stdio)) if spec.snapshot else None,
    }


def _snapshot(spec: SnapshotSpec, stdio: list[int]) -> dict[str, Any]:
    return {
        "entry": spec.entry,
        "environment": dict(spec.environment),
        "listen": spec.listen,
        "tmp_bytes": spec.tmp_bytes,
        "stdio": stdio,
    }


def sandbox_order(
    spec: SandboxSpec, settings: HostSettings, hostname: str, *, slot: bool = False, user: int = 0
) -> dict[str, Any]:
    """A sandbox, asked of a zygote. `slot` tells that a network namespace comes with it; the names of what is bound
    are in the `source_file`; `user` is its own user outside, or 0."""
    bound = _bound(spec, settings.level)
    return {
        "hostname": hostname,
        "user": user,
        "binds": [bind.inside for bind in bound],
        "sources": int(bool(bound)),
        "writable": _writable(spec.binds),
        "tmp_bytes": spec.tmp_bytes,
        "listen": spec.listen,
        "datagrams": spec.datagrams,
        "root": spec.root is not None,
        "network": int(slot),
        "fail_step": settings.fail_step,
    }


@dataclass(frozen=True, slots=True)
class Counts:
    """Whether a sandbox's control group counts its processes, and its memory."""

    processes: bool
    memory: bool


def source_file(spec: SandboxSpec, level: Level) -> list[int]:
    """The descriptor that comes first with a sandbox's order, if something is bound; the caller's to close. Raises
    OSError."""
    bound = _bound(spec, level)
    if not bound:
        return []
    file = os.memfd_create("sources", os.MFD_CLOEXEC)
    os.pwrite(file, b"".join(os.fsencode(bind.source) + b"\0" for bind in bound), 0)
    return [file]


def named(error: dict[str, Any], spec: SandboxSpec) -> dict[str, Any]:
    """A failed step as it is told, with the source that the zygote does not know the name of."""
    sources = {bind.inside: str(bind.source) for bind in _bound(spec, Level.NAMESPACE)}
    return {**error, "path": sources.get(error["path"], error["path"])} if error["step"] == BIND_SOURCES else error


def _bound(spec: SandboxSpec, level: Level) -> list[Bind]:
    """The root file system first, if there is one."""
    if level is not Level.NAMESPACE:
        return []
    return [*([Bind(spec.root, "/")] if spec.root else []), *spec.binds]


def process_order(
    number: int, spec: ProcessSpec, sandbox: SandboxSpec, counts: Counts, extra: dict[str, str], fail_step: str
) -> dict[str, Any]:
    """A process, asked of a keeper, which speaks of it by `number`. `extra` variables give way to the asked ones."""
    return {
        "start": {
            "process": number,
            "environment": {**extra, **spec.environment},
            "cwd": spec.cwd,
            "entry": spec.entry,
            "argv": spec.argv,
            "fds": list(spec.fds),
            "descriptors": sandbox.descriptors,
            "processes": 0 if counts.processes else sandbox.processes,
            "charged": counts.memory,
            "fail_step": fail_step,
        }
    }


def _sources(binds: tuple[Bind, ...]) -> list[tuple[str, str]]:
    return [(str(bind.source), bind.inside) for bind in binds]


def _writable(binds: tuple[Bind, ...]) -> list[str]:
    """The places at which something can be written."""
    return [bind.inside for bind in binds if bind.writable]
