"""Keeps the moto process alive: starts it, knows when it can answer, starts it again when it dies."""

import asyncio
import enum
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lambent.neighbour import moto_server

log = logging.getLogger(__name__)

BACK_OFF = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each new start; the last one repeats."""
SETTLED_SECONDS = 30.0
"""A process that lived this long is started again as if it had never died."""
STOP_SECONDS = 2.0
LAST_WORDS = 2000
"""Bytes of its standard error that are kept to say why it died."""
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")


class State(enum.Enum):
    """What the process is up to."""

    NOT_STARTED = "not started"
    STARTING = "starting"
    READY = "ready"
    DEAD = "dead"
    CLOSED = "closed"


class MotoProcess:
    """One moto, and its successors. `port` is where it listens on 127.0.0.1, the same for all of them.

    What its services send to functions and queues goes to those at the URL `gateway`; without one, to its own.
    """

    def __init__(
        self,
        program: Path = Path(moto_server.__file__),
        monotonic: Callable[[], float] = time.monotonic,
        gateway: str | None = None,
    ) -> None:
        self.state = State.NOT_STARTED
        self.port = 0
        self.pid: int | None = None
        self.starts = 0
        self.reason = ""
        self._program = program
        self._monotonic = monotonic
        self._arguments = () if gateway is None else (gateway,)
        self._changed = asyncio.Event()
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to start it, once; needs a running loop. Raises OSError when no port can be had."""
        if self._task is None:
            self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
            self.port = self._socket.getsockname()[1]
            self._become(State.STARTING)
            self._task = asyncio.create_task(self._live(), name="moto")

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
        if self._socket is not None:
            self._socket.close()
            self._socket = None

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
            log.warning("moto: %s; starting it again", self.reason)
            await asyncio.sleep(BACK_OFF[min(deaths, len(BACK_OFF) - 1)])
            deaths += 1
            self._become(State.STARTING)

    async def _one_life(self) -> None:
        """From start to death."""
        assert self._socket is not None
        self.starts += 1
        descriptor = self._socket.fileno()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(self._program), str(descriptor), str(os.getpid()), *self._arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(descriptor,),
            env=_environment(),
            start_new_session=True,
        )
        self.pid = process.pid
        assert process.stdout is not None and process.stderr is not None
        words = asyncio.create_task(_last_words(process.stderr))
        try:
            if await process.stdout.readline() == moto_server.READY:
                self._become(State.READY)
            await process.wait()
            self.reason = f"it {_manner(process.returncode)}{await _said(words)}"
        finally:
            await _end(process)
            words.cancel()
            self.pid = None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()


async def _last_words(errors: asyncio.StreamReader) -> bytes:
    kept = b""
    while data := await errors.read(1 << 16):
        kept = (kept + data)[-LAST_WORDS:]
    return kept


async def _said(words: "asyncio.Task[bytes]") -> str:
    """The last line of its standard error, if it said anything."""
    done, _ = await asyncio.wait([words], timeout=STOP_SECONDS)
    lines = words.result().decode("utf-8", "replace").strip().splitlines() if done else []
    return f" ({lines[-1].strip()})" if lines else ""


def _manner(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"was killed by signal {-returncode}"
    return f"ended with exit status {returncode}"


def _environment() -> dict[str, str]:
    """Nothing of the caller's credentials: moto shall never speak to AWS."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    made_up = {"AWS_ACCESS_KEY_ID": "moto", "AWS_SECRET_ACCESS_KEY": "moto", "AWS_EC2_METADATA_DISABLED": "true"}
    return {**kept, **made_up}
