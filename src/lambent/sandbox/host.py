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
from lambent.sandbox.epolls import Epolls
from lambent.sandbox.errors import LevelUnavailable, SandboxError, SandboxGone, StepFailed, ZygoteKilled
from lambent.sandbox.groups import Group, Limits, Tree
from lambent.sandbox.inside.steps.restorable import TMP_BYTES
from lambent.sandbox.inside.sweep import sweep_groups
from lambent.sandbox.orders import GID, OWN_USER, UID, HostSettings, sandbox_order, source_file
from lambent.sandbox.sandbox import Made, Process, Sandbox
from lambent.sandbox.snapshots import Holding, Initialising
from lambent.sandbox.spec import Level, SandboxSpec, ZygoteSpec
from lambent.sandbox.users import Users
from lambent.sandbox.watch import MemoryWatch
from lambent.sandbox.way_out import WayOut
from lambent.sandbox.zygotes import Given, Zygote

__all__ = ["Process", "Sandbox", "SandboxHost"]

SWEEP_SECONDS = 10.0
TRIES = 12
"""How often a sandbox is made that is killed while it is made, before its maker is told."""
_log = logging.getLogger("lambent.sandbox")


class SandboxHost:
    """Makes sandboxes at one level. `create` and `warm` may be called many at once."""

    def __init__(
        self, state_dir: Path, level: Level, owner: str, tree: Tree, ids: tuple[int, int] = (UID, GID)
    ) -> None:
        self.level = level
        self.ids = ids
        """User and group of everything that runs in its sandboxes, at level NAMESPACE."""
        self.fail_step = ""
        """A step that is made to fail instead of being done: the tests' seam."""
        self._state_dir = state_dir
        self._prefix = f"lambent-{owner}-"
        self._run = f"{self._prefix}{secrets.token_hex(3)}-"
        self._tree = tree
        self._watcher = MemoryWatch(Epolls.shared(level))
        self._zygotes: dict[ZygoteSpec, asyncio.Task[Zygote]] = {}
        self._snapshots: dict[ZygoteSpec, Holding] = {}
        self._sandboxes: dict[Sandbox, Zygote] = {}
        self._count = 0
        self.way_out = WayOut(owner, state_dir)
        self._users = Users.here()
        self._closed = False

    @classmethod
    async def open(
        cls, state_dir: Path, level: Level, owner: str, network: str = "none", ids: tuple[int, int] = (UID, GID)
    ) -> "SandboxHost":
        """Remove what an earlier run of `owner` has left, and be ready. One host per owner at a time.

        `network`: "none" connects no sandbox to anything; "auto" those that ask for it, where this machine allows it;
        "nat" the same, but raises LevelUnavailable where it does not. `ids` are the user and group inside.
        Raises this process's soft limit of descriptors to the hard one: each sandbox takes about six.
        """
        await asyncio.to_thread(state_dir.mkdir, parents=True, exist_ok=True)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        host = cls(state_dir, level, owner, groups.find(), ids)
        await asyncio.to_thread(_sweep, state_dir, host._tree, host._prefix, host._run)
        try:
            await host.way_out.open(network, level)
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
        holding = Holding(group, self.way_out.standing(asked.network), asked.account)
        initialising = Initialising(asked.name, self._watcher)
        user = self._users.take()

        async def listens(listeners: dict[int, socket.socket], namespace: int) -> None:
            listening(listeners)
            await holding.connect(namespace)

        try:
            zygote = await Zygote.start(spec, self._settings(), Given(stdio, joins, listens, user, initialising.begun))
        except BaseException:
            self._users.give_back(user)
            initialising.forget()
            await asyncio.shield(holding.release())
            raise
        finally:
            for fd in joins:
                os.close(fd)
        initialising.over()
        zygote.lost.add_done_callback(lambda _: self._let_end(zygote))
        zygote.dead.add_done_callback(lambda _: self._users.give_back(user))
        zygote.dead.add_done_callback(lambda _: initialising.forget())
        self._zygotes[spec] = asyncio.create_task(_result(zygote))
        self._snapshots[spec] = holding
        return zygote.dead

    def stands(self, spec: ZygoteSpec) -> bool:
        """Whether a snapshot that was taken can be forked from."""
        task = self._zygotes.get(spec)
        return task is not None and not _is_over(task)

    async def forget(self, spec: ZygoteSpec) -> None:
        """End a snapshot, and every sandbox that was forked from it."""
        start, holding = self._zygotes.pop(spec, None), self._snapshots.pop(spec, None)
        if start is not None:
            await _stop(start)
        if holding is not None:
            await holding.release()

    async def create(self, spec: SandboxSpec) -> Sandbox:
        """Make a sandbox. Raises StepFailed, ZygoteFailed, SandboxGone; nothing is left then.

        What was killed while it was made (its zygote, the guard, the keeper) is made again: nothing has run in it.
        """
        for _ in range(TRIES - 1):
            with contextlib.suppress(SandboxGone, ZygoteKilled):
                return await self._try(spec)
        return await self._try(spec)

    async def _try(self, spec: SandboxSpec) -> Sandbox:
        zygote = await self._zygote(spec.zygote)
        try:
            return await self._create(spec, zygote)
        except SandboxGone:
            await zygote.settled()
            raise
        except StepFailed as failed:
            if failed.step == OWN_USER and failed.of_killed:
                raise SandboxGone(str(failed)) from None
            if failed.step != OWN_USER or self.fail_step or not self._users.give_up(str(failed)):
                raise
            _log.warning("environments share one user: %s", failed)
            return await self._create(spec, zygote)

    @property
    def users_problem(self) -> str:
        """Why sandboxes share one user outside, or nothing if each has its own."""
        return self._users.problem

    @property
    def counts_apart(self) -> bool:
        """Whether each sandbox has a user, or a user namespace, of its own."""
        return not self._users.problem or self._users.shared != 0

    @property
    def outbound_problem(self) -> str:
        """Why sandboxes don't reach the internet, or nothing if they do."""
        return self.way_out.problem

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
        await self.way_out.close()
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
            charged=groups.MEMORY in self._tree.controllers,
            watcher=self._watcher,
            baseline_bytes=zygote.baseline_bytes,
            folder=folder,
            ended=self._forget,
        )

    def _make_group(self, spec: SandboxSpec, name: str) -> Group:
        self._fail("control_group")
        room = spec.tmp_bytes if self.level is Level.NAMESPACE else 0
        try:
            limits = Limits(spec.memory_bytes + room, spec.processes)
            try:
                return self._tree.create(name, limits)
            except FileExistsError:  # the kernel has not let go of the one of a sandbox that was killed
                return self._tree.create(f"{name}-{secrets.token_hex(3)}", limits)
        except OSError as failed:
            raise StepFailed.by("control_group", failed) from failed

    async def _make(self, zygote: Zygote, sandbox: Sandbox, made: Made, theirs: socket.socket) -> None:
        fds: list[int] = []
        try:
            slot = await self.way_out.slot(sandbox.spec, made)
            fds += source_file(sandbox.spec, self.level)
            fds += [slot.namespace] if slot else []
            fds += made.group.joins()
            made.user = self._user(sandbox.spec)
            order = sandbox_order(
                sandbox.spec, self._settings(), self._hostname(), slot=slot is not None, user=made.user
            )
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
        await self.way_out.connect_restored(sandbox, made)
        if sandbox.lost.done():
            raise SandboxGone(f"sandbox {sandbox.id} ended as soon as it was ready")
        if self.level is Level.PROCESS:
            _listen(sandbox)

    def _user(self, spec: SandboxSpec) -> int:
        """The user outside that is the sandbox's own, or that shares it in a namespace of its own, or 0. What it writes
        in the host's folders belongs to the user that all have; what is forked from a snapshot has that one's."""
        if self.level is not Level.NAMESPACE or spec.zygote.snapshot:
            return 0
        return self._users.shared if any(bind.writable for bind in spec.binds) else self._users.any()

    def _hostname(self) -> str:
        """A link-local address, as on AWS: names that are addresses need no look-up, whoever asks for one's own."""
        self._count += 1
        return f"169.254.{self._count // 254 % 254 + 1}.{self._count % 254 + 1}"

    # --- zygotes

    async def _zygote(self, spec: ZygoteSpec) -> Zygote:
        """The living zygote of `spec`; whoever asks first starts it, the others wait with him."""
        task = self._zygotes.get(spec)
        if task is None or _is_over(task):
            if spec.snapshot is not None:
                raise ZygoteKilled(f"the snapshot {spec.snapshot.name} has ended")
            task = self._zygotes[spec] = asyncio.create_task(self._start_zygote(spec))
        try:
            return await asyncio.shield(task)
        except Exception:
            if self._zygotes.get(spec) is task:
                del self._zygotes[spec]
            raise

    async def _start_zygote(self, spec: ZygoteSpec) -> Zygote:
        zygote = await Zygote.start(spec, self._settings())
        zygote.lost.add_done_callback(lambda _: self._let_end(zygote))
        return zygote

    def _let_end(self, zygote: Zygote) -> None:
        """Its sandboxes end with it, and nobody is to use one of them meanwhile. What is frozen can't end."""
        for sandbox in [sandbox for sandbox, its in self._sandboxes.items() if its is zygote]:
            if self.level is Level.NAMESPACE:
                sandbox.lose()
            with contextlib.suppress(OSError):
                sandbox.thaw()

    def _forget(self, sandbox: Sandbox, made: Made) -> None:
        self._sandboxes.pop(sandbox, None)
        self._users.give_back(made.user)
        made.free()

    def _settings(self) -> HostSettings:
        swept = {"folders": self._tree.folders, "prefixes": [self._run]}
        counted = groups.PIDS in self._tree.controllers
        connected = self.way_out.network is not None
        return HostSettings(self.level, swept, counted, self.fail_step, connected, self.way_out.users, *self.ids)

    def _fail(self, step: str) -> None:
        if self.fail_step == step:
            raise StepFailed(step, "injected", "", 5)


def _sweep(state_dir: Path, tree: Tree, prefix: str, spared: str) -> None:
    """Remove what an earlier run has left."""
    for path in sweep_groups(tree.folders, [prefix], SWEEP_SECONDS, spared=spared):
        _log.warning("left of an earlier run, can't be removed: %s", path)
    for folder in state_dir.iterdir():
        if folder.name.startswith(prefix):
            shutil.rmtree(folder, ignore_errors=True)


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
    for port in sandbox.spec.datagrams:
        sock = sandbox.datagrams[port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        sock.bind(("127.0.0.1", 0))
