"""The ordered plans: what is done, in which order, at which level. A step's name is its module's name."""

from __future__ import annotations

import errno
import os
import time
from types import ModuleType
from typing import Any

from .kernel import CallError
from .steps import (
    base_binds,
    base_devices,
    base_folders,
    base_proc,
    base_programs,
    base_root,
    base_seal,
    base_view,
    bind_places,
    bind_sources,
    binds,
    bounding_set,
    capabilities,
    confine,
    control_groups,
    descriptors,
    directory,
    environment,
    first_joins,
    host_view,
    hostname,
    identity,
    keeper,
    limits,
    listen,
    loopback,
    namespaces,
    network,
    own_pids,
    own_user,
    parent_death,
    pid_namespace,
    preload,
    proc,
    randomness,
    restorable,
    root,
    sandbox_pids,
    session,
    settled,
    signals,
    stdio,
    subreaper,
    system_calls,
    title,
    tmp,
    tmp_content,
    user_namespace,
)

NAMESPACE = "namespace"
PROCESS = "process"

GUARD: dict[str, tuple[ModuleType, ...]] = {
    NAMESPACE: (user_namespace, pid_namespace),
    PROCESS: (),
}
"""Done once by the guard, before it forks the zygote."""

_BASE = (
    parent_death,
    host_view,
    base_root,
    base_programs,
    base_folders,
    base_devices,
    base_binds,
    base_proc,
    base_seal,
)

ZYGOTE: dict[str, tuple[ModuleType, ...]] = {
    NAMESPACE: (*_BASE, preload, bounding_set, title),
    PROCESS: (parent_death, preload, bounding_set, title),
}
"""Done once by the zygote, before it forks anything."""

CONFINED = (*_BASE, confine)
"""Done by a zygote that will run a function's own code, before it forks the snapshot."""

SNAPSHOT = (control_groups, stdio, own_pids, proc, tmp, loopback, listen)
"""Done by the snapshot before it runs anything of the function's."""

IMPORTS = (preload, environment)
"""As in any zygote, with an empty environment; the function's own comes with its entry."""

RESTORABLE = (restorable, settled, bounding_set, title)
"""Done by the snapshot when the function has initialised, before it forks anything."""

SNAPSHOT_FORK = (sandbox_pids,)
"""FORK of a snapshot: its own view is the base root."""

SNAPSHOT_SANDBOX = (control_groups, first_joins, hostname, tmp, tmp_content, listen, keeper)
"""SANDBOX of a snapshot: the code is bound already, where the snapshot found it."""

FORK: dict[str, tuple[ModuleType, ...]] = {
    NAMESPACE: (base_view, sandbox_pids),
    PROCESS: (),
}
"""Done by the zygote just before it forks a keeper."""

BLANK: dict[str, tuple[ModuleType, ...]] = {
    NAMESPACE: (namespaces, proc, loopback),
    PROCESS: (subreaper,),
}
"""Done by each keeper before it has an order."""

SOURCES: dict[str, tuple[ModuleType, ...]] = {
    NAMESPACE: (bind_sources,),
    PROCESS: (),
}
"""Done by the zygote for each order, before a keeper gets it."""

SANDBOX: dict[str, tuple[ModuleType, ...]] = {
    NAMESPACE: (
        control_groups,
        network,
        first_joins,
        hostname,
        root,
        tmp,
        bind_places,
        binds,
        listen,
        own_user,
        keeper,
    ),
    PROCESS: (control_groups, first_joins, keeper),
}
"""Done by each keeper when it has its order."""

STARTED: tuple[ModuleType, ...] = (
    signals,
    session,
    descriptors,
    limits,
    identity,
    capabilities,
    environment,
    directory,
    randomness,
    system_calls,
)
"""Done by each process before it becomes what it is to run, at both levels."""


class StepFailed(Exception):
    """A step of a plan failed."""

    def __init__(self, step: str, failed: OSError) -> None:
        operation = getattr(failed, "operation", step)
        super().__init__(f"{step}: {operation}: {failed}")
        self.message = {
            "step": step,
            "operation": operation,
            "path": os.fsdecode(failed.filename) if isinstance(failed.filename, (str, bytes)) else "",
            "errno": failed.errno or 0,
            "text": failed.strerror or str(failed),
        }


def run(plan: tuple[ModuleType, ...], context: Any) -> None:
    """Do every step of `plan` in order. Raises StepFailed at the first one that fails.

    `context.fail_step` names a step that is made to fail instead of being done: the tests' seam. When each step was
    done is noted in `context.times` (CLOCK_MONOTONIC, which all processes share).
    """
    for step in plan:
        name = step.__name__.rpartition(".")[2]
        try:
            if context.fail_step == name:
                raise CallError(errno.EIO, "injected")
            step.run(context)
            context.times.append((name, time.monotonic()))
        except OSError as failed:
            raise StepFailed(name, failed) from failed
