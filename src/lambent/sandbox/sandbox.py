"""One sandbox and the process in it, as the server sees them."""

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambent.sandbox import watch
from lambent.sandbox.calls import Calls, connect_here
from lambent.sandbox.channel import Channel
from lambent.sandbox.errors import SandboxGone, StartFailed, StepFailed
from lambent.sandbox.groups import Group
from lambent.sandbox.held import Held
from lambent.sandbox.inside import wire
from lambent.sandbox.keeper import Keeper
from lambent.sandbox.orders import Counts, named, process_order
from lambent.sandbox.spec import ExitStatus, Level, ProcessSpec, SandboxSpec

START_SECONDS = 30.0
END_SECONDS = 5.0
REMOVE_SECONDS = 5.0
_PAUSE = 0.002
_log = logging.getLogger("lambent.sandbox")


class Process:
    """A started process of a sandbox. With the last of them everything else in the sandbox ends."""

    def __init__(self, sandbox: "Sandbox", number: int, pid: int) -> None:
        self._sandbox = sandbox
        self._number = number
        self.pid = pid
        """Process id as this machine's other processes see it."""
        self.exited: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        """Resolved when it has ended, and if it was the last one running, when everything else in the sandbox has too.
        What it left behind goes on while another started process runs. Never fails."""
        self.times: list[tuple[str, float]] = []
        """When each step of starting it was done, in seconds of CLOCK_MONOTONIC."""

    def terminate(self) -> None:
        """SIGTERM to it, which it may handle or ignore; nothing if it has ended."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to it; nothing if it has ended. `exited` tells when it is done."""
        self._send(signal.SIGKILL)

    def _send(self, signal_number: int) -> None:
        if not self.exited.done():
            self._sandbox.signal_process(self._number, signal_number)


@dataclass(slots=True)
class Made:
    """What a sandbox is made of on this side."""

    level: Level
    group: Group
    counted: bool
    """Whether the group counts processes."""
    charged: bool
    """Whether the group counts memory: then what is in /tmp, too."""
    watcher: watch.MemoryWatch
    baseline_bytes: int
    folder: Path | None
    """Level PROCESS: a private folder of the host; its `tmp` stands for /tmp."""
    ended: Callable[["Sandbox", "Made"], None]
    free: Callable[[], None] = lambda: None
    """Gives its network slot back, to the network that it is of."""
    user: int = 0
    """Its own user outside; 0 is none."""


class Sandbox:
    """A confined place with a /tmp of its own, in which processes are started.

    Made by `SandboxHost.create`. Everything is called on the event loop.
    """

    def __init__(self, spec: SandboxSpec, made: Made, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self.spec = spec
        self.id = spec.id
        self.listeners: dict[int, socket.socket] = {}
        self.datagrams: dict[int, socket.socket] = {}
        """Asked port to the listening socket, or that of datagrams (non-blocking), closed with the sandbox."""
        self.gone: asyncio.Future[None] = loop.create_future()
        """Resolved when nothing runs in it any more, however it ended. Never fails. Shield it when waiting with a
        timeout, which would cancel it for everybody."""
        self.lost: asyncio.Future[None] = loop.create_future()
        """Resolved when it ends, or is about to, though nobody has asked for that. Never fails."""
        self.baseline_bytes = made.baseline_bytes
        """What an interpreter takes that has imported nothing, which is in no other figure."""
        self.pid = 0
        """The keeper's process id on this machine."""
        self.times: list[tuple[str, float]] = []
        """When each step of making it was done, in seconds of CLOCK_MONOTONIC."""
        self.network = -1
        """Restored from a snapshot: the descriptor of its network namespace, until the host has taken it."""
        self.networked = made.level is Level.NAMESPACE  # with a network of its own
        self._made = made
        self._loop = loop
        self._ready: asyncio.Future[None] = loop.create_future()
        self._numbers = itertools.count(1)
        self._starting: dict[int, asyncio.Future[Process]] = {}
        self._failures: dict[int, StepFailed] = {}
        self.processes: dict[int, Process] = {}
        """The running ones."""
        self._calls = Calls(spec.id)
        self.held = Held(made.group, spec.memory_bytes, made.charged)
        self._frozen = False
        self._ending = False
        self._over = False
        self._keeper = Keeper(self._ended)
        self._removed: asyncio.Future[None] = loop.create_future()
        self._removing: asyncio.Task[None] | None = None
        self._channel = Channel(sock, self._on_message)

    # --- for its users

    def inside(self, path: str) -> str:
        """Where the sandbox's processes find `path`: itself, or at level PROCESS the host's folder behind it."""
        return path if self._made.folder is None else _place(self.spec, self._made.folder, path)

    async def start(self, spec: ProcessSpec) -> Process:
        """Start a process, beside those that run. Raises StartFailed (the sandbox stays usable), SandboxGone."""
        self._check_there()
        self.thaw()
        number = next(self._numbers)
        started = self._starting[number] = self._loop.create_future()
        try:
            return await self._ask(number, spec, started)
        finally:
            del self._starting[number]

    async def connect(self, port: int) -> socket.socket:
        """A non-blocking socket connected to `port` of the sandbox's loopback (at level PROCESS, the host's), which
        is the caller's to close. While the sandbox is frozen it waits.

        Raises OSError (ConnectionRefusedError when nothing listens), SandboxGone.
        """
        self._check_there()
        if self._made.level is Level.PROCESS:
            return await connect_here(port)
        return await self._calls.connect(self._channel, port)

    def throttle(self) -> None:
        """Hold the CPU limit from now on."""
        self._made.group.limit_cpu(self.spec.cpus)

    def unthrottle(self) -> None:
        """No CPU limit until `throttle`."""
        self._made.group.limit_cpu(None)

    def freeze(self) -> None:
        """Stop every process until `thaw`. Nothing happens once `destroy` was called: what is frozen can't end."""
        if self._frozen or self._ending or self.gone.done():
            return
        self._frozen = True
        self._made.watcher.remove(self)
        if not self._made.group.freeze(True):
            self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let every process go on."""
        if not self._frozen or self.gone.done():
            return
        self._frozen = False
        if not self._made.group.freeze(False):
            self._signal(signal.SIGCONT)
        if self.processes:
            self._made.watcher.add(self)

    def memory_peak(self) -> int:
        """The most memory held so far in bytes, without /tmp and without `baseline_bytes`; 0 when unknown."""
        return max(0, min(self.held.peak(), self.spec.memory_bytes))

    async def destroy(self) -> None:
        """End everything in it; nothing of it is left afterwards. May be called more than once."""
        self._end()
        try:
            await asyncio.wait_for(asyncio.shield(self._removed), END_SECONDS)
        except TimeoutError:
            self._made.group.freeze(False)
            self._keeper.kill()
            await asyncio.wait([self._removed], timeout=END_SECONDS)
            self._ended()  # a snapshot's own code says which process its keeper is
            await asyncio.shield(self._removed)

    # --- for the host and the memory watch

    async def wait_ready(self) -> None:
        """Until the keeper has made the sandbox. Raises StepFailed, SandboxGone."""
        await asyncio.wait_for(asyncio.shield(self._ready), START_SECONDS)

    def over_limit(self) -> bool:
        """Whether more memory is held than may be, or the kernel has killed for that; unknown during a start."""
        return not self._starting and self.held.is_over_limit()

    def end_for_memory(self) -> None:
        """Kill the processes because they hold too much."""
        self._over = True
        self.kill_processes()

    def kill_processes(self) -> None:
        """SIGKILL to everything that runs in it. It can be used further."""
        self.signal_process(0, signal.SIGKILL)

    def signal_process(self, number: int, signal_number: int) -> None:
        """To one started process, or with 0 to all. If the keeper can't be told of a SIGKILL, it ends with all."""
        self.thaw()
        if not self._signal(signal_number, number) and signal_number == signal.SIGKILL:
            self._keeper.kill()

    def _check_there(self) -> None:
        if self.gone.done() or self._channel.closed:
            raise SandboxGone(f"sandbox {self.id} has ended")

    # --- the conversation with the keeper

    async def _ask(self, number: int, spec: ProcessSpec, started: "asyncio.Future[Process]") -> Process:
        extra = {} if self._made.folder is None else {"TMPDIR": self.inside("/tmp")}  # noqa: S108
        counts = Counts(self._made.counted, self._made.charged)
        order = process_order(number, spec, self.spec, counts, extra, self.fail_step)
        try:
            await self._channel.send(order, list(spec.fds.values()))
            return await asyncio.wait_for(asyncio.shield(started), START_SECONDS)
        except ConnectionError:
            raise SandboxGone(f"sandbox {self.id} has ended") from None
        except TimeoutError:
            self._keeper.kill()
            raise StartFailed("start", f"no answer in {START_SECONDS:.0f} s", "", 0) from None
        except OSError as failed:
            raise StartFailed.by("start", failed) from failed

    fail_step = ""
    """A step of the next start that is made to fail: the tests' seam."""

    def _began(self, message: wire.Message) -> None:
        """Here and not where it is awaited: the process's end may be the next message."""
        number = message.body["started"]
        group = self._made.group
        process = Process(self, number, message.pid)
        process.times = message.body["times"]
        if not self.processes:
            self._over = False
            self.held.begin()
        self.processes[number] = process
        group.watch(message.pid, self.pid, forked=message.body["forked"])
        if self.spec.throttled:
            self.throttle()
        self._made.watcher.add(self)
        _resolve(self._starting.get(number), process)

    def _on_message(self, message: wire.Message | None) -> None:
        if message is None:
            self._lost()
        elif "error" in message.body:
            self._failed(message.body["error"], message.body["process"])
        elif "started" in message.body:
            self._began(message)
        elif "exited" in message.body:
            self._exited(message.body["exited"], message.body["status"])
        elif "connected" in message.body:
            self._calls.answered(message)
        elif "ready" in message.body:
            self._made_ready(message)

    def _made_ready(self, message: wire.Message) -> None:
        self.pid = message.pid
        self.times = message.body["times"]
        self._keeper.take(message.fds.pop(0))
        if self.spec.zygote.snapshot is not None:
            self.network = message.fds.pop(0)
        if message.body["tmp"]:
            self.held.counts_tmp(message.fds.pop(0))
        _take_sockets(self, wire.take_sockets(message))
        _resolve(self._ready, None)

    def _failed(self, error: dict[str, Any], number: int) -> None:
        """Of making the sandbox, or of starting a process, whose end is then reported too."""
        starting = self._starting.get(number)
        if not self._ready.done():
            self._ready.set_exception(StepFailed.of(named(error, self.spec)))
        elif starting is not None and not starting.done():
            self._failures[number] = StartFailed.of(error)
        else:
            _log.warning("sandbox %s: %s", self.id, StepFailed.of(error))

    def _exited(self, number: int, raw: int) -> None:
        failure = self._failures.pop(number, None) or StartFailed("start", "the process ended at once", "", 0)
        starting = self._starting.get(number)
        if starting is not None and not starting.done():
            starting.set_exception(failure)
            return
        self._conclude(number, _status(raw))

    def _conclude(self, number: int, status: ExitStatus) -> None:
        process = self.processes.pop(number, None)
        if not self.processes:
            self._made.watcher.remove(self)
        if process is None:
            return
        self._made.group.unwatch(process.pid)
        short = self._over or self.held.is_oom_killed()
        if not process.exited.done():  # who waited may have given up, which cancels it
            process.exited.set_result(ExitStatus(status.code, status.signal, short))

    # --- the end

    def _end(self) -> None:
        """Begin to end, whatever its state."""
        self._ending = True
        with contextlib.suppress(OSError):
            self.thaw()
        if self._made.level is Level.NAMESPACE:
            self._keeper.kill()
        else:
            self._channel.close()  # the keeper kills all below it, then ends
        if not self._keeper.is_known:
            self._channel.close()
            self._ended()

    def _signal(self, number: int, process: int = 0) -> bool:
        try:
            return self._channel.send_nowait({"signal": int(number), "process": process})
        except OSError:
            return False

    def lose(self) -> None:
        """It is about to end: what it needs is gone."""
        if not self._ending:
            _resolve(self.lost, None)

    def _lost(self) -> None:
        """The keeper has ended. Its pidfd tells when all below it has, for which nothing may be frozen."""
        self.lose()
        with contextlib.suppress(OSError):
            self.thaw()
        if not self._ready.done():
            self._ready.set_exception(SandboxGone(f"the keeper of sandbox {self.id} ended before it was ready"))
            self._ready.exception()  # known, also when nobody waits yet

    def _ended(self) -> None:
        """Nothing runs in it any more."""
        if self._removing is not None:
            return
        self.lose()  # if nobody has asked for it; the channel's end may be seen later
        self._removing = self._loop.create_task(self._remove())
        self._channel.close()
        self._keeper.let_go()
        _give_up(self._starting.values(), SandboxGone(f"sandbox {self.id} ended while a process was started"))
        self._calls.end()
        if not self._ready.done():
            self._ready.set_result(None)
        for number in list(self.processes):
            self._conclude(number, ExitStatus(signal=signal.SIGKILL))
        if self.network >= 0:
            os.close(self.network)
            self.network = -1
        self.held.end(self._loop)
        for sock in (*self.listeners.values(), *self.datagrams.values()):
            sock.close()
        _resolve(self.gone, None)

    async def _remove(self) -> None:
        """Remove what the kernel does not remove by itself."""
        try:
            await _remove_rest(self.id, self._made)
        finally:
            self._made.ended(self, self._made)
            _resolve(self._removed, None)


def _status(raw: int) -> ExitStatus:
    """What wait(2) says."""
    code = os.waitstatus_to_exitcode(raw)
    return ExitStatus(code=code) if code >= 0 else ExitStatus(signal=-code)


def _place(spec: SandboxSpec, folder: Path, path: str) -> str:
    """Where `path` of a sandbox of level PROCESS is on the host."""
    places = {bind.inside: str(bind.source) for bind in (*spec.zygote.binds, *spec.binds)}
    places["/tmp"] = str(folder / "tmp")  # noqa: S108
    for place in sorted(places, key=len, reverse=True):
        if path == place or path.startswith(place + "/"):
            return places[place] + path[len(place) :]
    return path


async def _remove_rest(sandbox_id: str, made: Made) -> None:
    if not await _remove_group(made.group):
        _log.warning("the control group of sandbox %s can't be removed; the next start will", sandbox_id)
    if made.folder is not None:
        await asyncio.to_thread(_remove_folder, made.folder)


async def _remove_group(group: Group) -> bool:
    """Whether it is gone. The kernel lets go of a group a moment after the last process in it has ended."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + REMOVE_SECONDS
    while not group.remove():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(_PAUSE)
    return True


def _remove_folder(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _resolve(future: "asyncio.Future[Any] | None", value: object) -> None:
    if future is not None and not future.done():
        future.set_result(value)


def _give_up(waiting: "Iterable[asyncio.Future[Any]]", error: Exception) -> None:
    for future in waiting:
        if not future.done():
            future.set_exception(error)


def _take_sockets(sandbox: Sandbox, made: list[socket.socket]) -> None:
    """Those that were made inside; at level PROCESS there are none, and the host has made them."""
    for sock in made:
        sock.setblocking(False)
    listen = len(sandbox.spec.listen)
    sandbox.listeners.update(zip(sandbox.spec.listen, made, strict=False))
    sandbox.datagrams.update(zip(sandbox.spec.datagrams, made[listen:], strict=False))
