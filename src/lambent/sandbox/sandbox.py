"""One sandbox and the process in it, as the server sees them."""

import asyncio
import contextlib
import errno
import itertools
import logging
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambent.sandbox import watch
from lambent.sandbox.channel import Channel, writable
from lambent.sandbox.errors import SandboxGone, StartFailed, StepFailed
from lambent.sandbox.groups import Group
from lambent.sandbox.inside import wire
from lambent.sandbox.orders import Counts, named, process_order
from lambent.sandbox.spec import ExitStatus, Level, ProcessSpec, SandboxSpec

START_SECONDS = 30.0
END_SECONDS = 5.0
REMOVE_SECONDS = 5.0
_PAUSE = 0.002
_RARELY = 8
"""Every so many looks at a sandbox that holds little it is asked whether one of its processes was killed meanwhile."""

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
        """Asked port to the listening socket (non-blocking), which is closed with the sandbox."""
        self.gone: asyncio.Future[None] = loop.create_future()
        """Resolved when nothing runs in it any more, however it ended. Never fails. Shield it when waiting with a
        timeout, which would cancel it for everybody."""
        self.lost: asyncio.Future[None] = loop.create_future()
        """Resolved when it ends, or is about to, though nobody has asked for that: it is of no use any more. Never
        fails."""
        self.baseline_bytes = made.baseline_bytes
        """What an interpreter takes that has imported nothing. Sandboxes share it with their zygote, so it is in no
        other figure."""
        self.pid = 0
        """The keeper's process id on this machine."""
        self.times: list[tuple[str, float]] = []
        """When each step of making it was done, in seconds of CLOCK_MONOTONIC."""
        self.network = -1
        """Restored from a snapshot: the descriptor of its network namespace, until the host has taken it."""
        self._made = made
        self._loop = loop
        self._ready: asyncio.Future[None] = loop.create_future()
        self._numbers = itertools.count(1)
        self._starting: dict[int, asyncio.Future[Process]] = {}
        self._failures: dict[int, StepFailed] = {}
        self._processes: dict[int, Process] = {}
        """The running ones."""
        self._calls: dict[int, asyncio.Future[socket.socket]] = {}
        self._frozen = False
        self._ending = False
        self._over = False
        self._oom_kills = 0
        self._looks = 0
        self._most_held = 0
        self._most_in_tmp = 0
        self._pidfd = -1
        self._tmp = -1
        self._removed: asyncio.Future[None] = loop.create_future()
        self._removing: asyncio.Task[None] | None = None
        self._channel = Channel(sock, self._on_message)

    # --- for its users

    def inside(self, path: str) -> str:
        """Where the sandbox's processes find `path`: itself, or at level PROCESS the host's folder behind it."""
        folder = self._made.folder
        if folder is None:
            return path
        places = {bind.inside: str(bind.source) for bind in (*self.spec.zygote.binds, *self.spec.binds)}
        places["/tmp"] = str(folder / "tmp")  # noqa: S108
        for place in sorted(places, key=len, reverse=True):
            if path == place or path.startswith(place + "/"):
                return places[place] + path[len(place) :]
        return path

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
            return await self._connect_here(port)
        number = next(self._numbers)
        call = self._calls[number] = self._loop.create_future()
        try:
            await self._channel.send({"connect": port, "call": number})
        except ConnectionError:
            self._calls.pop(number, None)
            raise SandboxGone(f"sandbox {self.id} has ended") from None
        try:
            sock = await asyncio.shield(call)
        except asyncio.CancelledError:
            call.add_done_callback(_drop)
            raise
        return await self._connected(sock)

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
        if self._processes:
            self._made.watcher.add(self)

    def memory_peak(self) -> int:
        """The most memory held so far in bytes, without /tmp and without `baseline_bytes`; 0 when unknown.

        The kernel's own figure. Where /tmp was written to, which the kernel counts as well, no less than was seen when
        looking, and than what is left of the kernel's figure without the most that /tmp held.
        """
        try:
            self._look(self._made.group.usage())
            peak = max(self._most_held, self._made.group.peak() - self._most_in_tmp)
        except OSError:
            return 0
        return max(0, min(peak, self.spec.memory_bytes))

    async def destroy(self) -> None:
        """End everything in it; nothing of it is left afterwards. May be called more than once."""
        self._end()
        try:
            await asyncio.wait_for(asyncio.shield(self._removed), END_SECONDS)
        except TimeoutError:
            self._made.group.freeze(False)
            self._kill_keeper()
            await asyncio.shield(self._removed)

    # --- for the host and the memory watch

    async def wait_ready(self) -> None:
        """Until the keeper has made the sandbox. Raises StepFailed, SandboxGone."""
        await asyncio.wait_for(asyncio.shield(self._ready), START_SECONDS)

    def over_limit(self) -> bool:
        """Whether more memory is held than the sandbox may, or the kernel has killed one of its processes for that."""
        group, limit = self._made.group, self.spec.memory_bytes
        try:
            usage = group.usage()
            self._look(usage)
            if watch.over_limit(limit, usage, group.held, self._tmp_used):
                return True
            self._looks += 1
            return (usage > limit // 2 or self._looks % _RARELY == 0) and self._oom_killed()
        except OSError:  # just gone
            return False

    def _look(self, usage: int) -> None:
        in_tmp = self._tmp_used()
        self._most_in_tmp = max(self._most_in_tmp, in_tmp)
        self._most_held = max(self._most_held, usage - in_tmp)

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
            self._kill_keeper()

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
            self._kill_keeper()
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
        if not self._processes:
            self._over = False
            self._oom_kills = group.oom_kills()
        self._processes[number] = process
        group.watch(message.pid, forked=message.body["forked"])
        if self.spec.throttled:
            self.throttle()
        self._made.watcher.add(self)
        self._resolve(self._starting.get(number), process)

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
            self._answered(message)
        elif "ready" in message.body:
            self._made_ready(message)

    def _made_ready(self, message: wire.Message) -> None:
        self.pid = message.pid
        self.times = message.body["times"]
        self._pidfd, *rest = message.fds
        if self.spec.zygote.snapshot is not None:
            self.network = rest.pop(0)
        if message.body["tmp"]:
            self._tmp = rest.pop(0)
        for port, fd in zip(self.spec.listen, rest, strict=False):
            listener = self.listeners[port] = socket.socket(fileno=fd)
            listener.setblocking(False)
        self._loop.add_reader(self._pidfd, self._ended)
        self._resolve(self._ready, None)

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
        code = os.waitstatus_to_exitcode(raw)
        self._conclude(number, ExitStatus(code=code) if code >= 0 else ExitStatus(signal=-code))

    def _conclude(self, number: int, status: ExitStatus) -> None:
        process = self._processes.pop(number, None)
        if not self._processes:
            self._made.watcher.remove(self)
        if process is None:
            return
        self._made.group.unwatch(process.pid)
        short = self._over or self._oom_killed()
        if not process.exited.done():  # who waited may have given up, which cancels it
            process.exited.set_result(ExitStatus(status.code, status.signal, short))

    def _oom_killed(self) -> bool:
        """Whether the kernel has killed for want of memory since the first of the running processes was started."""
        try:
            return self._made.group.oom_kills() > self._oom_kills
        except OSError:  # just gone
            return False

    def _answered(self, message: wire.Message) -> None:
        """To `connect`."""
        call = self._calls.pop(message.body["connected"])
        failed = message.body["errno"]
        if failed:
            call.set_exception(OSError(failed, os.strerror(failed)))
        else:
            call.set_result(socket.socket(fileno=message.fds[0]))

    async def _connected(self, sock: socket.socket) -> socket.socket:
        """When a connection that is being made is there. Raises OSError."""
        sock.setblocking(False)
        try:
            await writable(sock, self._loop)
            failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                raise OSError(failed, os.strerror(failed))
        except BaseException:
            sock.close()
            raise
        return sock

    async def _connect_here(self, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        failed = sock.connect_ex(("127.0.0.1", port))
        if failed not in (0, errno.EINPROGRESS):
            sock.close()
            raise OSError(failed, os.strerror(failed))
        return await self._connected(sock)

    # --- the end

    def _end(self) -> None:
        """Begin to end, whatever its state."""
        self._ending = True
        with contextlib.suppress(OSError):
            self.thaw()
        if self._made.level is Level.NAMESPACE:
            self._kill_keeper()
        else:
            self._channel.close()  # the keeper kills all below it, then ends
        if self._pidfd < 0:
            self._channel.close()
            self._ended()

    def _kill_keeper(self) -> None:
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def _signal(self, number: int, process: int = 0) -> bool:
        try:
            return self._channel.send_nowait({"signal": int(number), "process": process})
        except OSError:
            return False

    def lose(self) -> None:
        """It is about to end: what it needs is gone."""
        if not self._ending:
            self._resolve(self.lost, None)

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
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        for starting in self._starting.values():
            if not starting.done():
                starting.set_exception(SandboxGone(f"sandbox {self.id} ended while a process was started"))
        for call in self._calls.values():
            call.set_exception(SandboxGone(f"sandbox {self.id} has ended"))
        self._calls.clear()
        if not self._ready.done():
            self._ready.set_result(None)
        for number in list(self._processes):
            self._conclude(number, ExitStatus(signal=signal.SIGKILL))
        if self.network >= 0:
            os.close(self.network)
            self.network = -1
        if self._tmp >= 0:  # with it goes all that is in /tmp: a million files take the kernel seconds
            self._loop.run_in_executor(None, os.close, self._tmp)
            self._tmp = -1
        for listener in self.listeners.values():
            listener.close()
        self._resolve(self.gone, None)

    async def _remove(self) -> None:
        """Remove what the kernel does not remove by itself."""
        try:
            if not await self._remove_group():
                _log.warning("the control group of sandbox %s can't be removed; the next start will", self.id)
            if self._made.folder is not None:
                await asyncio.to_thread(_remove_folder, self._made.folder)
        finally:
            self._made.ended(self, self._made)
            self._resolve(self._removed, None)

    async def _remove_group(self) -> bool:
        """The kernel lets go of a group a moment after the last process in it has ended."""
        deadline = self._loop.time() + REMOVE_SECONDS
        while not self._made.group.remove():
            if self._loop.time() > deadline:
                return False
            await asyncio.sleep(_PAUSE)
        return True

    def _tmp_used(self) -> int:
        """Bytes in the private /tmp that the group has counted."""
        if self._tmp < 0 or not self._made.charged:
            return 0
        found = os.fstatvfs(self._tmp)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    @staticmethod
    def _resolve(future: "asyncio.Future[Any] | None", value: object) -> None:
        if future is not None and not future.done():
            future.set_result(value)


def _drop(call: "asyncio.Future[socket.socket]") -> None:
    """A connection that nobody waits for any more."""
    if call.exception() is None:
        call.result().close()


def _remove_folder(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
