"""One sandbox and the process in it, as the server sees them."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambent.sandbox import watch
from lambent.sandbox.channel import Channel
from lambent.sandbox.errors import SandboxGone, StartFailed, StepFailed
from lambent.sandbox.groups import Group
from lambent.sandbox.inside import wire
from lambent.sandbox.orders import process_order
from lambent.sandbox.spec import ExitStatus, Level, ProcessSpec, SandboxSpec

START_SECONDS = 30.0
END_SECONDS = 5.0
REMOVE_SECONDS = 5.0
_PAUSE = 0.002

_log = logging.getLogger("lambent.sandbox")


class Process:
    """A process in a sandbox. When it ends, everything that it started in the sandbox is ended with it."""

    def __init__(self, sandbox: "Sandbox", pid: int) -> None:
        self._sandbox = sandbox
        self.pid = pid
        """Process id as this machine's other processes see it."""
        self.exited: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        """Resolved when it and all that it started have ended. Never fails."""
        self.times: list[tuple[str, float]] = []
        """When each step of starting it was done, in seconds of CLOCK_MONOTONIC."""

    def kill(self) -> None:
        """SIGKILL to it and all that it started; nothing if it has ended. `exited` tells when it is done."""
        if not self.exited.done():
            self._sandbox.kill_processes()


@dataclass(slots=True)
class Made:
    """What a sandbox is made of on this side."""

    level: Level
    group: Group
    counted: bool
    """Whether the group counts processes."""
    watcher: watch.MemoryWatch
    baseline_bytes: int
    folder: Path | None
    """Level PROCESS: a private folder of the host; its `tmp` stands for /tmp."""
    ended: Callable[["Sandbox"], None]


class Sandbox:
    """A confined place with a /tmp of its own, in which one process at a time is started.

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
        self.baseline_bytes = made.baseline_bytes
        """What an interpreter takes that has imported nothing. Sandboxes share it with their zygote, so it is in no
        other figure."""
        self.pid = 0
        """The keeper's process id on this machine."""
        self.times: list[tuple[str, float]] = []
        """When each step of making it was done, in seconds of CLOCK_MONOTONIC."""
        self._made = made
        self._loop = loop
        self._ready: asyncio.Future[None] = loop.create_future()
        self._starting: asyncio.Future[Process] | None = None
        self._failure: StepFailed | None = None
        self._process: Process | None = None
        self._frozen = False
        self._ending = False
        self._over = False
        self._oom_kills = 0
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
        """Start a process; the last one must have ended.

        Raises StartFailed (the sandbox stays usable), SandboxGone, RuntimeError when one is running.
        """
        if self.gone.done() or self._channel.closed:
            raise SandboxGone(f"sandbox {self.id} has ended")
        if self._starting is not None or (self._process is not None and not self._process.exited.done()):
            raise RuntimeError(f"a process is running in sandbox {self.id}")
        self.thaw()
        self._starting = self._loop.create_future()
        try:
            return await self._ask(spec, self._starting)
        finally:
            self._starting = None

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
        if self._process is not None and not self._process.exited.done():
            self._made.watcher.add(self)

    def memory_peak(self) -> int:
        """The most memory held so far in bytes, without /tmp and without `baseline_bytes`; 0 when unknown."""
        try:
            peak = self._made.group.peak() - self._tmp_used()
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
        """Whether more memory is held than the sandbox may."""
        group = self._made.group
        try:
            return watch.over_limit(self.spec.memory_bytes, group.usage(), group.held, self._tmp_used)
        except OSError:  # just gone
            return False

    def end_for_memory(self) -> None:
        """Kill the processes because they hold too much."""
        self._over = True
        self.kill_processes()

    def kill_processes(self) -> None:
        """SIGKILL to all processes but the keeper; to all if the keeper can't be told."""
        self.thaw()
        if not self._signal(signal.SIGKILL):
            self._kill_keeper()

    # --- the conversation with the keeper

    async def _ask(self, spec: ProcessSpec, started: "asyncio.Future[Process]") -> Process:
        extra = {} if self._made.folder is None else {"TMPDIR": self.inside("/tmp")}  # noqa: S108
        order = process_order(spec, self.spec, self._made.counted, extra, self.fail_step)
        order = process_order(spec, self.spec, self._made.counted, extra, self.fail_step)
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
        group = self._made.group
        process = Process(self, message.pid)
        process.times = message.body["times"]
        self._process = process
        self._over = False
        self._oom_kills = group.oom_kills()
        group.watch(message.pid)
        if self.spec.throttled:
            self.throttle()
        self._made.watcher.add(self)
        self._resolve(self._starting, process)

    def _on_message(self, message: wire.Message | None) -> None:
        if message is None:
            self._lost()
        elif "error" in message.body:
            self._failed(message.body["error"])
        elif "started" in message.body:
            self._began(message)
        elif "exited" in message.body:
            self._exited(message.body["exited"])
        elif "ready" in message.body:
            self._made_ready(message)

    def _made_ready(self, message: wire.Message) -> None:
        self.pid = message.pid
        self.times = message.body["times"]
        self._pidfd, *rest = message.fds
        if message.body["tmp"]:
            self._tmp = rest.pop(0)
        for port, fd in zip(self.spec.listen, rest, strict=False):
            listener = self.listeners[port] = socket.socket(fileno=fd)
            listener.setblocking(False)
        self._loop.add_reader(self._pidfd, self._ended)
        self._resolve(self._ready, None)

    def _failed(self, error: dict[str, Any]) -> None:
        """Of making the sandbox, or of starting a process, whose end is then reported too."""
        if not self._ready.done():
            self._ready.set_exception(StepFailed.of(error))
        elif self._starting is not None and not self._starting.done():
            self._failure = StartFailed.of(error)
        else:
            _log.warning("sandbox %s: %s", self.id, StepFailed.of(error))

    def _exited(self, raw: int) -> None:
        if self._starting is not None and not self._starting.done():
            failure = self._failure or StartFailed("start", "the process ended at once", "", 0)
            self._failure = None
            self._starting.set_exception(failure)
            return
        code = os.waitstatus_to_exitcode(raw)
        self._conclude(ExitStatus(code=code) if code >= 0 else ExitStatus(signal=-code))

    def _conclude(self, status: ExitStatus) -> None:
        process = self._process
        self._made.watcher.remove(self)
        if process is None or process.exited.done():
            return
        short = self._over
        with contextlib.suppress(OSError):
            short = short or self._made.group.oom_kills() > self._oom_kills
        process.exited.set_result(ExitStatus(status.code, status.signal, short))

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

    def _signal(self, number: int) -> bool:
        try:
            return self._channel.send_nowait({"signal": int(number)})
        except OSError:
            return False

    def _lost(self) -> None:
        """The keeper has ended. Its pidfd tells when all below it has, for which nothing may be frozen."""
        with contextlib.suppress(OSError):
            self.thaw()
        if not self._ready.done():
            self._ready.set_exception(SandboxGone(f"the keeper of sandbox {self.id} ended before it was ready"))

    def _ended(self) -> None:
        """Nothing runs in it any more."""
        if self._removing is not None:
            return
        self._removing = self._loop.create_task(self._remove())
        self._channel.close()
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        if self._starting is not None and not self._starting.done():
            self._starting.set_exception(SandboxGone(f"sandbox {self.id} ended while a process was started"))
        if not self._ready.done():
            self._ready.set_result(None)
        self._conclude(ExitStatus(signal=signal.SIGKILL))
        if self._tmp >= 0:
            os.close(self._tmp)
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
            self._made.ended(self)
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
        """Bytes in the private /tmp."""
        if self._tmp < 0:
            return 0
        found = os.fstatvfs(self._tmp)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    @staticmethod
    def _resolve(future: "asyncio.Future[Any] | None", value: object) -> None:
        if future is not None and not future.done():
            future.set_result(value)


def _remove_folder(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
