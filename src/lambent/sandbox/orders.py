"""What is asked of the processes below, as messages. `inside/contexts.py` is the other side."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lambent.sandbox.spec import Bind, Level, ProcessSpec, SandboxSpec, SnapshotSpec, ZygoteSpec

UID, GID = 993, 990
"""The sandboxes' user and group."""


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What is the same for everything that one host makes.

    `groups` is what a guard removes when the server is gone; `counted` tells that a control group counts processes;
    `fail_step` names a step that is made to fail; `connected` tells that sandboxes get their network from the server;
    `users` is the descriptor of the user namespace which those networks belong to, or -1.
    """

    level: Level
    groups: dict[str, list[str]]
    counted: bool
    fail_step: str = ""
    connected: bool = False
    users: int = -1


def zygote_order(spec: ZygoteSpec, settings: HostSettings, stdio: Iterable[int] = ()) -> dict[str, Any]:
    """A guard's and its zygote's first message. `stdio` are a snapshot's descriptor numbers."""
    return {
        "level": settings.level.value,
        "fail_step": settings.fail_step,
        "uid": UID,
        "gid": GID,
        "unprivileged": os.geteuid() != 0,
        "joins_user": settings.users >= 0,
        "connected": settings.connected and spec.snapshot is None,
        "paths": spec.paths,
        "preload": spec.preload,
        "binds": _sources(spec.binds),
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


def sandbox_order(spec: SandboxSpec, settings: HostSettings, hostname: str, *, slot: bool = False) -> dict[str, Any]:
    """A sandbox, asked of a zygote. `slot` tells that a network namespace comes with it."""
    return {
        "hostname": hostname,
        "binds": _sources(spec.binds) if settings.level is Level.NAMESPACE else [],
        "writable": _writable(spec.binds),
        "tmp_bytes": spec.tmp_bytes,
        "listen": spec.listen,
        "root": str(spec.root or ""),
        "network": int(slot),
        "fail_step": settings.fail_step,
    }


def process_order(
    number: int, spec: ProcessSpec, sandbox: SandboxSpec, counted: bool, extra: dict[str, str], fail_step: str
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
            "processes": 0 if counted else sandbox.processes,
            "fail_step": fail_step,
        }
    }


def _sources(binds: tuple[Bind, ...]) -> list[tuple[str, str]]:
    return [(str(bind.source), bind.inside) for bind in binds]


def _writable(binds: tuple[Bind, ...]) -> list[str]:
    """The places at which something can be written."""
    return [bind.inside for bind in binds if bind.writable]
