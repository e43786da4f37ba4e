"""One life of the moto process: how it is started, heard and ended."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from lambent.neighbour import moto_server

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
MADE_UP = {"AWS_ACCESS_KEY_ID": "moto", "AWS_SECRET_ACCESS_KEY": "moto", "AWS_EC2_METADATA_DISABLED": "true"}
"""Nothing of the caller's credentials: moto shall never speak to AWS."""
SETTINGS = "MOTO_"
"""What the variables begin with that moto reads; its user's are passed on."""
WITHHELD = ("MOTO_AMIS_PATH", "MOTO_EVENTS_INVOKE_HTTP", "MOTO_RECORDER_FILEPATH")
"""But those which name a file or have it reach an address: it may do neither."""
DEFAULTS = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
"""As on AWS, whose managed policies are there."""


class Life(Protocol):
    """A running moto. `output` and `errors` are its standard ones."""

    @property
    def pid(self) -> int: ...

    @property
    def output(self) -> asyncio.StreamReader: ...

    @property
    def errors(self) -> asyncio.StreamReader: ...

    async def wait(self) -> int:
        """Its exit status; that of a signal is negative."""

    async def end(self) -> None:
        """End it, if it has not ended, and all that is left of it."""


Launch = Callable[[int], Awaitable[Life]]
"""Starts a moto that serves on the listening socket with this descriptor. Raises OSError."""


class Bare:
    """Starts it as a process like any other, which may do whatever its user may: for tests of what is around it.

    What its services send goes to the socket at `gateway`; without one, to functions and queues of moto's own.
    """

    def __init__(self, program: Path = Path(moto_server.__file__), gateway: Path | None = None) -> None:
        self._program = program
        self._arguments = () if gateway is None else (str(gateway),)

    async def __call__(self, listening: int) -> Life:
        """Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(self._program), str(listening), str(os.getpid()), *self._arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(listening,),
            env=environment(),
            start_new_session=True,
        )
        return Child(process)


class Child:
    """A process of ours."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None and process.stderr is not None
        self._process = process
        self.pid = process.pid
        self.output = process.stdout
        self.errors = process.stderr

    async def wait(self) -> int:
        return await self._process.wait()

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()


def environment() -> dict[str, str]:
    """Of the server's own what moto needs to run, and no more."""
    return {**bare_environment(), **settings(), **MADE_UP}


def bare_environment() -> dict[str, str]:
    """The same for any program."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def settings() -> dict[str, str]:
    """moto's own variables, as its user has set them."""
    said = {name: value for name, value in os.environ.items() if name.startswith(SETTINGS) and name not in WITHHELD}
    return {**DEFAULTS, **said}
