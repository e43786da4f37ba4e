"""moto in a sandbox, as a function would be: it parses whatever anybody sends, and it can do what its user may.

Its own user, no capabilities, no_new_privs, seccomp, a root of its own without the host's files, a network in which
nothing answers. Three things are put in: the listening socket that it serves on, the hatch (`lambent.server.hatch`)
and one folder for the bytes of large objects. At level process only what needs no namespace.
"""

import asyncio
import itertools
import os
import shutil
import site
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lambent
from lambent.neighbour import life, moto_server
from lambent.sandbox.errors import SandboxError
from lambent.sandbox.host import Process, Sandbox, SandboxHost
from lambent.sandbox.probe import Abilities
from lambent.sandbox.spec import NONE, Bind, Level, ProcessSpec, SandboxSpec, ZygoteSpec

IDS = (992, 989)
"""User and group, other than the environments' (`lambent.sandbox.orders`)."""
OWN, HATCH, PROGRAM, CODE = "/mnt/own", "/mnt/hatch", "/mnt/program/moto_server.py", "/mnt/code"
LISTENING = 3
"""The listening socket's descriptor inside."""
DESCRIPTORS = 16384
"""S3 keeps a file open for each object above 16 MB."""
PROCESSES = 1024
TMP_BYTES = 64 << 20
"""Of /tmp, which is memory; what moto writes goes to its own folder."""
MEMORY_BYTES = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
"""No limit of ours: state that is lost costs more than memory."""


class Confined:
    """Starts moto, each time in a new sandbox of `host`. `folder` is the server's own: what moto may write lies in it,
    beside what it may not see. `hatch` is the path of a socket."""

    def __init__(
        self, host: SandboxHost, folder: Path, hatch: Path, program: Path = Path(moto_server.__file__)
    ) -> None:
        self._host = host
        self._own = folder / "own"
        self._hatch = hatch
        self._program = program
        self._numbers = itertools.count(1)

    async def __call__(self, listening: int) -> "_Life":
        """Raises OSError."""
        await asyncio.to_thread(self._empty)
        try:
            sandbox = await self._host.create(self._spec())
        except SandboxError as error:
            raise OSError(f"it can't be confined: {error}") from error
        pipes = await _Pipes.open()
        try:
            process = await sandbox.start(self._order(sandbox, {**pipes.inside, LISTENING: listening}))
        except BaseException as error:
            pipes.close()
            await sandbox.destroy()
            raise (OSError(str(error)) if isinstance(error, SandboxError) else error) from error
        finally:
            pipes.close_inside()
        return _Life(sandbox, process, pipes)

    def _empty(self) -> None:
        """Nobody knows any more what an earlier one has written there."""
        shutil.rmtree(self._own, ignore_errors=True)
        self._own.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._host.level is Level.NAMESPACE and os.geteuid() == 0:
            os.chown(self._own, *self._host.ids)

    def _spec(self) -> SandboxSpec:
        code = [Bind(source, inside) for inside, source in code_places().items()]
        own = [Bind(self._own, OWN, writable=True), Bind(self._hatch, HATCH), Bind(self._program, PROGRAM)]
        return SandboxSpec(
            f"moto{next(self._numbers)}",
            ZygoteSpec(Path(_interpreter())),
            (*code, *own),
            tmp_bytes=TMP_BYTES,
            memory_bytes=MEMORY_BYTES,
            descriptors=DESCRIPTORS,
            processes=PROCESSES,
            throttled=False,
            network=NONE,
        )

    def _order(self, sandbox: Sandbox, fds: dict[int, int]) -> ProcessSpec:
        parent = 1 if self._host.level is Level.NAMESPACE else sandbox.pid
        own = sandbox.inside(OWN)
        paths = [_search_path(inside, sandbox.inside(inside)) for inside in code_places()]
        return ProcessSpec(
            {
                **life.settings(),
                **life.MADE_UP,
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "HOME": own,
                "TMPDIR": own,
                "PYTHONPATH": os.pathsep.join(paths),
                "PYTHONDONTWRITEBYTECODE": "1",
                "DOCKER_HOST": "unix:///nowhere",
            },
            argv=(
                _interpreter(),
                "-s",
                "-S",
                "-P",
                sandbox.inside(PROGRAM),
                str(LISTENING),
                str(parent),
                sandbox.inside(HATCH),
            ),
            cwd=own,
            fds=fds,
        )


def promises(abilities: Abilities, level: Level) -> dict[str, dict[str, Any]]:
    """Every promise of this machine: those of environments, and moto's. `up`, health and doctor say the same."""
    return {**abilities.promises(level), "confined_moto": promise(level, root=abilities.root)}


def promise(level: Level, *, root: bool) -> dict[str, Any]:
    """What holds code that gets into moto, as `lambent.sandbox.probe` says of environments."""
    if level is Level.PROCESS:
        left = "the server's user, the host's files, processes and network; no capabilities, seccomp, limits"
        return {"kept": False, "how": left, "remedy": "start it with --isolation namespace"}
    whose = "" if root else " in a user namespace; outside it is the server's user"
    how = f"uid {IDS[0]}, gid {IDS[1]}{whose}; own root, processes and network, in which nothing answers"
    return {"kept": True, "how": how}


def code_places() -> dict[str, Path]:
    """Place inside to folder of the host, of all that moto imports beside the standard library."""
    found = dict.fromkeys(path for path in _packages() if path.is_dir())
    places = {f"{CODE}/{number}": path for number, path in enumerate(found)}
    own = Path(lambent.__file__).parent
    return places if own.parent in found else {f"{CODE}/own/{own.name}": own, **places}


def _packages() -> Iterable[Path]:
    """Folders that packages are installed in; that of moto first."""
    moto = find_spec("moto")
    if moto is not None and moto.origin is not None:
        yield Path(moto.origin).parents[1]
    folders = site.getsitepackages() + ([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])
    yield from (Path(folder) for folder in folders)


def _search_path(inside: str, found: str) -> str:
    """For sys.path: a package's own place is searched from the folder above."""
    return os.path.dirname(found) if inside.startswith(f"{CODE}/own/") else found  # noqa: PTH120


def _interpreter() -> str:
    """The one that this environment was made with: that is where the standard library is."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


@dataclass
class _Pipes:
    """Standard input, output and errors: `inside` by number, until they are handed on."""

    inside: dict[int, int]
    ends: list[Any]
    output: asyncio.StreamReader
    errors: asyncio.StreamReader

    @classmethod
    async def open(cls) -> "_Pipes":
        stdin, held = os.pipe2(os.O_CLOEXEC)
        output, stdout = os.pipe2(os.O_CLOEXEC)
        errors, stderr = os.pipe2(os.O_CLOEXEC)
        said, complained = await _reader(output), await _reader(errors)
        ends = [os.fdopen(held, "wb", buffering=0), said[1], complained[1]]
        return cls({0: stdin, 1: stdout, 2: stderr}, ends, said[0], complained[0])

    def close_inside(self) -> None:
        for fd in self.inside.values():
            os.close(fd)
        self.inside = {}

    def close(self) -> None:
        for end in self.ends:
            end.close()


async def _reader(fd: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0)
    )
    return reader, transport


class _Life:
    """A `lambent.neighbour.life.Life`."""

    def __init__(self, sandbox: Sandbox, process: Process, pipes: _Pipes) -> None:
        self._sandbox = sandbox
        self._process = process
        self._pipes = pipes
        self.pid = process.pid
        self.output = pipes.output
        self.errors = pipes.errors

    async def wait(self) -> int:
        status = await asyncio.shield(self._process.exited)
        return -status.signal if status.signal else status.code or 0

    async def end(self) -> None:
        await self._sandbox.destroy()
        self._pipes.close()
