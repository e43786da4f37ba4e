"""Keeps the moto process alive: starts it, knows when it can answer, starts it again when it dies."""

import asyncio
import enum
import logging
import os
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from lambent.neighbour import moto_server, unix
from lambent.neighbour.life import Bare, Launch

log = logging.getLogger(__name__)

BACK_OFF = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each new start, if nothing else is said; the last one repeats."""
SETTLED_SECONDS = 30.0
"""A process that lived this long is started again as if it had never died."""
STOP_SECONDS = 2.0
LAST_WORDS = 2000
"""Bytes of its standard error that are kept to say why it died."""
PULSE_SECONDS = 5.0
"""Between looks whether it still answers."""
ANSWER_SECONDS = 60.0
"""A moto that answers nobody for so long is ended: one call into C may keep its interpreter for ever."""
SAID = 200
"""Characters of them that are told."""
SOCKET = "moto"
OWNERS_ALONE = 0o600


class State(enum.Enum):
    """What the process is up to."""

    NOT_STARTED = "not started"
    STARTING = "starting"
    READY = "ready"
    DEAD = "dead"
    CLOSED = "closed"


class MotoProcess:
    """One moto, and its successors, each started by `launch`. All of them serve on one socket, which lies in `folder`:
    no port, which any program and any web page on this machine could ask. Another program that behaves as `moto_server`
    is kept like it, under its own `name`.

    `risen` is awaited when one can answer, before it counts as ready. `alive` is asked whether one still does, `pulse`:
    seconds between two questions, and until one has to be answered.
    """

    def __init__(
        self,
        launch: Launch | None = None,
        folder: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        name: str = "moto",
        back_off: Sequence[float] = BACK_OFF,
        pulse: tuple[float, float] = (PULSE_SECONDS, ANSWER_SECONDS),
    ) -> None:
        self.state = State.NOT_STARTED
        self.address = ""
        self.pid: int | None = None
        self.starts = 0
        self.reason = ""
        self.risen: Callable[[], Awaitable[None]] = _nothing
        self.alive: Callable[[], Awaitable[None]] = _nothing
        self._launch = launch or Bare()
        self._folder = folder
        self._monotonic = monotonic
        self._name = name
        self._back_off = back_off
        self._pulse = pulse
        self._changed = asyncio.Event()
        self._socket: socket.socket | None = None
        self._opened = -1
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to start it, once, and never after `close`; needs a running loop. Raises OSError when there can be no
        socket."""
        if self.state is State.NOT_STARTED:
            folder = self._folder or Path(tempfile.mkdtemp(prefix="lambent-"))
            self._socket = unix.listen(folder / SOCKET, OWNERS_ALONE)
            self._opened = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            self.address = unix.address(self._opened, SOCKET)
            self._become(State.STARTING)
            self._task = asyncio.create_task(self._live(), name=self._name)

    async def wait_ready(self, seconds: float) -> bool:
        """Whether it can answer; while it is starting, not known before that went well or ill, or `seconds` passed."""
        if self.state is State.STARTING:
            try:
                await asyncio.wait_for(self._changed.wait(), seconds)
            except TimeoutError:
                return False
        return self.state is State.READY

    async def close(self) -> None:
        """End it, and wait until it is gone. Closing twice is allowed."""
        self._become(State.CLOSED)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        self._close_socket()

    def _close_socket(self) -> None:
        if self._socket is None:
            return
        self._socket.close()
        self._socket = None
        Path(self.address).unlink(missing_ok=True)
        if self._folder is None:
            Path(f"/proc/self/fd/{self._opened}").readlink().rmdir()
        os.close(self._opened)

    def _become(self, state: State) -> None:
        self.state = state
        self._changed.set()
        self._changed = asyncio.Event()

    async def _live(self) -> None:
        deaths = 0
        while True:
            born = self._monotonic()
            try:
                await self._one_life()
            except OSError as error:
                self.reason = f"it could not be started: {error}"
            deaths = 0 if self._monotonic() - born > SETTLED_SECONDS else deaths
            self._become(State.DEAD)
            log.warning("%s: %s; starting it again", self._name, self.reason)
            await asyncio.sleep(self._back_off[min(deaths, len(self._back_off) - 1)])
            deaths += 1
            self._become(State.STARTING)

    async def _rise(self) -> None:
        try:
            await self.risen()
        except OSError as error:
            log.warning("%s: it did not come up: %s", self._name, error)
        else:
            self._become(State.READY)

    async def _one_life(self) -> None:
        """From start to death."""
        assert self._socket is not None
        self.starts += 1
        life = await self._launch(self._socket.fileno())
        self.pid = life.pid
        words = asyncio.create_task(_last_words(life.errors))
        try:
            if await life.output.readline() == moto_server.READY:
                await self._rise()
            ended, silent = asyncio.create_task(life.wait()), asyncio.create_task(self._silence())
            try:
                await asyncio.wait((ended, silent), return_when=asyncio.FIRST_COMPLETED)
            finally:
                silent.cancel()
            if ended.done():
                self.reason = f"it {_manner(ended.result())}{await _said(words)}"
            else:
                self.reason = f"it answered nobody for {self._pulse[1]:.0f} seconds and was ended"
                ended.cancel()
        finally:
            await life.end()
            words.cancel()
            self.pid = None

    async def _silence(self) -> None:
        """Wait until it answers nobody any more."""
        pause, longest = self._pulse
        heard = self._monotonic()
        while True:
            await asyncio.sleep(pause)
            try:
                await asyncio.wait_for(self.alive(), longest)
            except TimeoutError:
                return
            except OSError:  # it is ending, or takes no connection
                if self._monotonic() - heard > longest:
                    return
            else:
                heard = self._monotonic()


async def _nothing() -> None:
    pass


async def _last_words(errors: asyncio.StreamReader) -> bytes:
    kept = b""
    while data := await errors.read(1 << 16):
        kept = (kept + data)[-LAST_WORDS:]
    return kept


async def _said(words: "asyncio.Task[bytes]") -> str:
    """The last line of its standard error, if it said anything."""
    done, _ = await asyncio.wait([words], timeout=STOP_SECONDS)
    lines = words.result().decode("utf-8", "replace").strip().splitlines() if done else []
    return f" ({lines[-1].strip()[:SAID]})" if lines else ""


def _manner(returncode: int) -> str:
    if returncode < 0:
        return f"was killed by signal {-returncode}"
    return f"ended with exit status {returncode}"
