"""Where sandboxes are made: one per server. Owns the zygotes, the control groups and what is left of earlier runs."""

import asyncio
import contextlib
import logging
import os
import resource
import secrets
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from lambent.sandbox import groups
from lambent.sandbox.channel import Channel
from lambent.sandbox.errors import LevelUnavailable, SandboxError, SandboxGone, StepFailed, ZygoteFailed
from lambent.sandbox.groups import Group, Limits, Tree
from lambent.sandbox.inside.steps.restorable import TMP_BYTES
from lambent.sandbox.inside.sweep import sweep_groups
from lambent.sandbox.network import Network, Slot
from lambent.sandbox.orders import HostSettings, sandbox_order
from lambent.sandbox.sandbox import Made, Process, Sandbox
from lambent.sandbox.snapshots import Holding
from lambent.sandbox.spec import NAT, NONE, Level, SandboxSpec, ZygoteSpec
from lambent.sandbox.watch import MemoryWatch
from lambent.sandbox.zygotes import Given, Zygote

__all__ = ["Process", "Sandbox", "SandboxHost"]

SWEEP_SECONDS = 10.0
_log = logging.getLogger("lambent.sandbox")


class SandboxHost:
    """Makes sandboxes at one level. `create` and `warm` may be called many at once."""

    def __init__(self, state_dir: Path, level: Level, owner: str, tree: Tree) -> None:
        self.level = level
        self._problem = ""
        self.fail_step = ""
        """A step that is made to fail instead of being done: the tests' seam."""
        self._state_dir = state_dir
        self._prefix = f"lambent-{owner}-"
        self._run = f"{self._prefix}{secrets.token_hex(3)}-"
        self._tree = tree
        self._watcher = MemoryWatch()
        self._zygotes: dict[ZygoteSpec, asyncio.Task[Zygote]] = {}
        self._snapshots: dict[ZygoteSpec, Holding] = {}
        self._sandboxes: dict[Sandbox, Zygote] = {}
        self._count = 0
        self._network: Network | None = None
        self._owner = owner
        self._closed = False

    @classmethod
    async def open(cls, state_dir: Path, level: Level, owner: str, network: str = "none") -> "SandboxHost":
        """Remove what an earlier run of `owner` has left, and be ready. One host per owner at a time.

        `network`: "none" connects no sandbox to anything; "auto" those that ask for it, where this machine allows it;
        "nat" the same, but raises LevelUnavailable where it does not.
        Raises this process's soft limit of descriptors to the hard one: each sandbox takes about six.
        """
        await asyncio.to_thread(state_dir.mkdir, parents=True, exist_ok=True)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        host = cls(state_dir, level, owner, groups.find())
        await asyncio.to_thread(host._sweep)
        try:
            await host._connect(network)
        except BaseException:
            await host.close()
            raise
        return host

    async def warm(self, spec: ZygoteSpec) -> dict[str, str]:
        """Have a zygote ready. Returns the modules that it could not preload, and why. Raises as `create`."""
        return dict((await self._zygote(spec)).skipped)

    async def snapshot(
        self, spec: ZygoteSpec, stdio: Mapping[int, int], listening: Callable[[dict[int, socket.socket]], None]
    ) -> "asyncio.Future[None]":
        """Run a function's initialisation, confined; sandboxes of that `spec` are then forked from there.

        `stdio` maps descriptor numbers inside to the caller's, which stay the caller's to close; `listening` takes the
        sockets, which are then its own, before the initialisation begins. The answer is resolved when the snapshot has
        ended, however that came. Raises LevelUnavailable, SnapshotFailed, SnapshotUnfit, ZygoteFailed, StepFailed;
        nothing is left then.
        """
        asked = spec.snapshot
        assert asked is not None
        if self.level is not Level.NAMESPACE:
            raise LevelUnavailable("snapshots need isolation level namespace")
        try:
            limits = Limits(asked.memory_bytes + TMP_BYTES, asked.processes)
            group = self._tree.create(f"{self._run}{asked.name}", limits)
        except OSError as failed:
            raise StepFailed.by("control_group", failed) from failed
        joins = group.joins()
        connected = self._network is not None and not self._network.lost and asked.network == NAT
        holding = Holding(group, self._network if connected else None)

        async def listens(listeners: dict[int, socket.socket], namespace: int) -> None:
            listening(listeners)
            await holding.connect(namespace)

        try:
            zygote = await Zygote.start(spec, self._settings(), Given(stdio, joins, listens))
        except BaseException:
            await asyncio.shield(holding.release())
            raise
        finally:
            for fd in joins:
                os.close(fd)
        zygote.lost.add_done_callback(lambda _: self._thaw(zygote))
        self._zygotes[spec] = asyncio.create_task(_result(zygote))
        self._snapshots[spec] = holding
        return zygote.dead

    async def forget(self, spec: ZygoteSpec) -> None:
        """End a snapshot, and every sandbox that was forked from it."""
        start, holding = self._zygotes.pop(spec, None), self._snapshots.pop(spec, None)
        if start is not None:
            await _stop(start)
        if holding is not None:
            await holding.release()

    async def create(self, spec: SandboxSpec) -> Sandbox:
        """Make a sandbox. Raises StepFailed, ZygoteFailed; nothing is left then."""
        zygote = await self._zygote(spec.zygote)
        try:
            return await self._create(spec, zygote)
        except SandboxGone:
            if not await zygote.has_ended():
                raise
        return await self._create(spec, await self._zygote(spec.zygote))

    @property
    def outbound_problem(self) -> str:
        """Why sandboxes don't reach the internet, or nothing if they do."""
        lost = self._network is not None and self._network.lost
        return "the network process has ended: start the server again" if lost else self._problem

    async def _connect(self, network: str) -> None:
        if network == NONE:
            self._problem = "switched off by the setting network"
        elif self.level is Level.NAMESPACE:
            try:
                self._network = await Network.open(self._owner, self._state_dir)
                self._problem = "; ".join(self._network.notes)
            except StepFailed as failed:
                self._problem = str(failed)
        if network == NAT and self.level is Level.NAMESPACE and self._network is None:
            raise LevelUnavailable(f"network nat is not possible here: {self._problem}")

    async def close(self) -> None:
        """End every sandbox and every zygote."""
        self._closed = True
        self._watcher.close()
        await asyncio.gather(*(sandbox.destroy() for sandbox in list(self._sandboxes)))
        starts = list(self._zygotes.values())
        self._zygotes.clear()
        await asyncio.gather(*(_stop(start) for start in starts))
        for holding in self._snapshots.values():
            await holding.release()
        if self._network is not None:
            await self._network.close()
        with contextlib.suppress(OSError):
            self._state_dir.rmdir()

    # --- one sandbox

    async def _create(self, spec: SandboxSpec, zygote: Zygote) -> Sandbox:
        async with zygote.turns:
            if self._closed:
                raise SandboxError("the sandbox host is closed")
            if spec.root is not None and self.level is not Level.NAMESPACE:
                raise LevelUnavailable("container images need isolation level namespace")
            made = self._prepare(spec, zygote, f"{self._run}{spec.id}")
            ours, theirs = Channel.pair()
            sandbox = Sandbox(spec, made, ours)
            self._sandboxes[sandbox] = zygote
            try:
                await self._make(zygote, sandbox, made, theirs)
            except BaseException:
                await asyncio.shield(sandbox.destroy())
                raise
            return sandbox

    def _prepare(self, spec: SandboxSpec, zygote: Zygote, name: str) -> Made:
        namespaced = self.level is Level.NAMESPACE
        group = self._make_group(spec, name)
        folder = None if namespaced else self._state_dir / name
        try:
            if folder is not None:
                (folder / "tmp").mkdir(parents=True, mode=0o700)
        except OSError as failed:
            group.remove()
            raise StepFailed.by("folder", failed) from failed
        return Made(
            level=self.level,
            group=group,
            counted=groups.PIDS in self._tree.controllers,
            watcher=self._watcher,
            baseline_bytes=zygote.baseline_bytes,
            folder=folder,
            ended=self._forget,
        )

    def _make_group(self, spec: SandboxSpec, name: str) -> Group:
        self._fail("control_group")
        room = spec.tmp_bytes if self.level is Level.NAMESPACE else 0
        try:
            return self._tree.create(name, Limits(spec.memory_bytes + room, spec.processes))
        except OSError as failed:
            raise StepFailed.by("control_group", failed) from failed

    async def _make(self, zygote: Zygote, sandbox: Sandbox, made: Made, theirs: socket.socket) -> None:
        fds: list[int] = []
        try:
            slot = await self._slot(sandbox.spec, made)
            fds += [slot.namespace] if slot else []
            fds += made.group.joins()
            order = sandbox_order(sandbox.spec, self._settings(), self._hostname(), slot=slot is not None)
            await zygote.channel.send(order, [theirs.fileno(), *fds])
        except ConnectionError:
            raise SandboxGone("the zygote has ended") from None
        except OSError as failed:
            raise StepFailed.by("control_group", failed) from failed
        finally:
            theirs.close()
            for fd in fds:
                os.close(fd)
        await sandbox.wait_ready()
        await self._connect_restored(sandbox, made)
        if self.level is Level.PROCESS:
            _listen(sandbox)

    async def _slot(self, spec: SandboxSpec, made: Made) -> Slot | None:
        """A way out for the sandbox, if it is to have one and there is one."""
        if self._network is None or self._network.lost or spec.network != NAT or spec.zygote.snapshot is not None:
            return None
        slot = await self._network.slot()
        made.slot = slot.number
        return slot

    async def _connect_restored(self, sandbox: Sandbox, made: Made) -> None:
        """What is forked from a snapshot has made its namespace itself: it may not enter one of the server's."""
        namespace, sandbox.network = sandbox.network, -1
        if namespace < 0:
            return
        try:
            if self._network is not None and not self._network.lost and sandbox.spec.network == NAT:
                made.slot = await self._network.connect(namespace)
        finally:
            os.close(namespace)

    def _hostname(self) -> str:
        self._count += 1
        return f"169-254-{self._count // 254 % 254 + 1}-{self._count % 254 + 1}"

    # --- zygotes

    async def _zygote(self, spec: ZygoteSpec) -> Zygote:
        """The living zygote of `spec`; whoever asks first starts it, the others wait with him."""
        task = self._zygotes.get(spec)
        if task is None or _is_over(task):
            if spec.snapshot is not None:
                raise ZygoteFailed(f"the snapshot {spec.snapshot.name} has ended")
            task = self._zygotes[spec] = asyncio.create_task(self._start_zygote(spec))
        try:
            return await asyncio.shield(task)
        except Exception:
            if self._zygotes.get(spec) is task:
                del self._zygotes[spec]
            raise

    async def _start_zygote(self, spec: ZygoteSpec) -> Zygote:
        zygote = await Zygote.start(spec, self._settings())
        zygote.lost.add_done_callback(lambda _: self._thaw(zygote))
        return zygote

    def _thaw(self, zygote: Zygote) -> None:
        for sandbox in [sandbox for sandbox, its in self._sandboxes.items() if its is zygote]:
            with contextlib.suppress(OSError):
                sandbox.thaw()

    def _forget(self, sandbox: Sandbox, made: Made) -> None:
        self._sandboxes.pop(sandbox, None)
        if made.slot and self._network is not None:
            self._network.free(made.slot)

    def _settings(self) -> HostSettings:
        swept = {"folders": self._tree.folders, "prefixes": [self._run]}
        counted = groups.PIDS in self._tree.controllers
        users = self._network.users if self._network is not None else -1
        return HostSettings(self.level, swept, counted, self.fail_step, self._network is not None, users)

    # --- leftovers

    def _sweep(self) -> None:
        left = sweep_groups(self._tree.folders, [self._prefix], SWEEP_SECONDS, spared=self._run)
        for path in left:
            _log.warning("left of an earlier run, can't be removed: %s", path)
        for folder in self._state_dir.iterdir():
            if folder.name.startswith(self._prefix):
                shutil.rmtree(folder, ignore_errors=True)

    def _fail(self, step: str) -> None:
        if self.fail_step == step:
            raise StepFailed(step, "injected", "", 5)


async def _result(zygote: Zygote) -> Zygote:
    return zygote


def _is_over(task: "asyncio.Task[Zygote]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None or task.result().channel.closed)


async def _stop(start: "asyncio.Task[Zygote]") -> None:
    if not start.done():
        start.cancel()
    try:
        zygote = await start
    except (SandboxError, asyncio.CancelledError, OSError):
        return
    await zygote.stop()


def _listen(sandbox: Sandbox) -> None:
    """Level PROCESS: any free port of the host's loopback stands for the asked one."""
    for port in sandbox.spec.listen:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        listener.setblocking(False)
        sandbox.listeners[port] = listener
