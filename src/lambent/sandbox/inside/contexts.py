"""What the steps of each plan work on."""

from __future__ import annotations

import os
import socket
from types import ModuleType
from typing import Any, NamedTuple


class ZygoteContext:
    """The guard's and the zygote's: made from the server's first message."""

    def __init__(self, control: socket.socket, config: dict[str, Any]) -> None:
        self.zygote = self  # steps that both do look here
        self.control = control
        self.level: str = config["level"]
        self.times: list[tuple[str, float]] = []
        self.fail_step: str = config["fail_step"]
        self.uid: int = config["uid"]
        self.gid: int = config["gid"]
        self.user: int = config["user"]
        """A snapshot's own user outside, or 0."""
        self.unprivileged: bool = config["unprivileged"]
        self.joins_user: bool = config["joins_user"]
        """Whether the descriptor of a user namespace comes with the order."""
        self.connected: bool = config["connected"]
        """Whether the server gives sandboxes their network namespaces."""
        self.paths: list[str] = config["paths"]
        self.preload: list[str] = config["preload"]
        self.binds: list[tuple[str, str]] = [(source, inside) for source, inside in config["binds"]]
        self.files: list[tuple[str, str]] = config["files"]
        self.programs: list[tuple[str, list[str]]] = config["programs"]
        self.notes: list[str] = []
        """What is not as it was asked for, for the log."""
        self.user_view = -1
        """Descriptor of the user namespace to join instead of making one."""
        self.host_view = -1
        """Descriptor of the mount namespace in which the host's files are seen."""
        self.base_view = -1
        """Descriptor of the mount namespace whose root is the base of every sandbox."""
        self.pid_view = -1
        """Descriptor of the zygote's own PID namespace."""
        self.trees: list[tuple[int, str]] = []
        """Detached mounts, and where they will be."""
        self.entry: str = ""
        """"module:function" that a snapshot runs; empty for a zygote that runs nobody's code."""
        self.kept: dict[int, int] = {}
        """Descriptors that the function's code holds in every environment, with the place in the file; -1: none."""
        self.skipped: dict[str, str] = {}
        """Modules that could not be imported, and why."""
        self.modules: list[ModuleType] = []
        """Our own, which are hidden from what is imported."""
        self.baseline = 0
        """Resident bytes before anything was preloaded."""
        if config.get("snapshot"):
            self._plan_snapshot(config["snapshot"])

    def _plan_snapshot(self, config: dict[str, Any]) -> None:
        self.entry = config["entry"]
        self.environment: dict[str, str] = config["environment"]
        self.ports: list[int] = config["listen"]
        self.datagrams: list[int] = []
        self.tmp_bytes: int = config["tmp_bytes"]
        self.listeners: list[socket.socket] = []
        self.tmp = -1
        self.tmp_used = 0
        self.stdio_numbers: list[int] = config["stdio"]
        self.stdio: dict[int, int] = {}
        self.groups: list[int] = []

    def kept_by_keepers(self) -> set[int]:
        """What a keeper holds on to: also, until it is copied, what was in /tmp."""
        return {*self.kept, self.tmp} if self.entry and self.tmp_used else set(self.kept)

    def take(self, fds: list[int]) -> None:
        """The descriptors that came with the order: a user namespace if one is to be joined, those for stdio_numbers,
        then cgroup.procs files to join."""
        if self.joins_user:
            self.user_view, *fds = fds
        if self.entry:
            count = len(self.stdio_numbers)
            self.stdio = dict(zip(self.stdio_numbers, fds[:count]))  # noqa: B905 - new in 3.10
            self.groups = fds[count:]


class Spare(NamedTuple):
    """A fork that waits to become the sandbox's first process. In the fork itself `pid` is 0."""

    pid: int
    sock: socket.socket


class BlankContext:
    """A keeper's before it has an order. `orders` is its socket to the zygote, None in the zygote itself."""

    def __init__(self, zygote: ZygoteContext, fail_step: str) -> None:
        self.zygote = zygote
        self.level = zygote.level
        self.times: list[tuple[str, float]] = []
        self.fail_step = fail_step
        self.orders: socket.socket | None = None


class SandboxContext:
    """A sandbox's, in the zygote and in its keeper: made from the message that asks for it.

    `fds`, until they are used: in the zygote, if body["sources"] is 1, a file with the names of what is to be bound; in
    the keeper, what is mounted at body["trees"] (first, if there is one, the root file system at "/"); a network
    namespace if body["network"] is 1; then cgroup.procs files for the keeper to join.
    """

    def __init__(self, zygote: ZygoteContext, control: socket.socket, body: dict[str, Any], fds: list[int]) -> None:
        places: list[str] = body.get("trees", [])
        self.zygote = zygote
        self.control = control
        self.level = zygote.level
        self.times: list[tuple[str, float]] = []
        self.fail_step: str = body["fail_step"]
        self.hostname: str = body["hostname"]
        self.user: int = body["user"]
        """The user outside whom everything in it belongs to; 0 where that is not its own."""
        self.user_view = -1
        """Descriptor of that user's namespace, in the keeper."""
        self.first: Spare | None = None
        self.tmp_bytes: int = body["tmp_bytes"]
        self.ports: list[int] = body["listen"]
        self.datagrams: list[int] = body["datagrams"]
        self.root: bool = body["root"]
        self.binds: list[str] = body["binds"]
        """Where something is bound, "/" first if `root`."""
        self.sources = fds[0] if body["sources"] else -1
        """Descriptor of the file with the names, in the zygote until they are taken."""
        fds = fds[body["sources"] :]
        self.writable: list[str] = body["writable"]
        self.trees: list[tuple[int, str]] = list(zip(fds, places))  # noqa: B905 - new in 3.10
        self.network = fds[len(places)] if body["network"] else -1
        """Descriptor of the network namespace that the server gave."""
        self.groups = fds[len(places) + body["network"] :]
        self.listeners: list[socket.socket] = []
        self.tmp = -1
        """Descriptor of the private /tmp, for the server to ask how full it is."""

    def namespaces(self) -> list[int]:
        """The descriptor of the network namespace, if there is one."""
        return [self.network] if self.network >= 0 else []

    def close(self) -> None:
        """Close what is not used yet."""
        sources = [self.sources] if self.sources >= 0 else []
        for fd in [*sources, *self.groups, *(fd for fd, _ in self.trees), *self.namespaces()]:
            os.close(fd)
        self.groups, self.trees, self.network, self.sources = [], [], -1, -1
        self.control.close()


class ProcessContext:
    """A process's: made from the message that asks to start it. `processes` is 0 where a control group counts.

    `user` is its own user outside, or 0; `user_view` the namespace in which it has the sandbox's number, -1 if it is
    there already.
    """

    def __init__(
        self,
        zygote: ZygoteContext,
        control: socket.socket,
        body: dict[str, Any],
        fds: list[int],
        user: int = 0,
        user_view: int = -1,
    ) -> None:
        self.zygote = zygote
        self.control = control
        self.user = user
        self.user_view = user_view
        self.times: list[tuple[str, float]] = []
        self.fail_step: str = body["fail_step"]
        self.number: int = body["process"]
        self.descriptors: int = body["descriptors"]
        self.processes: int = body["processes"]
        self.charged: bool = body["charged"]
        """Whether a control group counts memory."""
        self.environment: dict[str, str] = body["environment"]
        self.cwd: str = body["cwd"]
        self.entry: str = body["entry"]
        self.argv: list[str] = body["argv"]
        self.fds: dict[int, int] = dict(zip(body["fds"], fds))  # noqa: B905 - new in 3.10
        """Descriptor number inside to the one received."""
