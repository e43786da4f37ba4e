"""What runtimes carry besides the interpreter, installed once per machine by the registries' ordinary clients.

An install is complete or absent: it is made in a folder beside, marked, and renamed. A lock file keeps two servers
from installing the same at once.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

TIMEOUT = 600.0
"""Seconds that one installation may take."""

_MARK = "lambent-client.json"
_UNREACHABLE = re.compile(
    r"Connection|NewConnectionError|Max retries|ConnectTimeout|ReadTimeout|ProxyError|SSLError|"
    r"Name or service not known|Temporary failure in name resolution|Network is unreachable|"
    r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH",
)


_LOOK_SECONDS = 0.1
_running: "set[subprocess.Popen[str]]" = set()
_stopped = threading.Event()


class ClientError(Exception):
    """Something that a runtime needs could not be installed."""


class RegistryUnreachable(ClientError):
    """The package registry does not answer."""


class ClientUnavailable(ClientError):
    """There is no build of it for this machine."""


def ensure(folder: Path, mark: Mapping[str, object], make: Callable[[Path], None]) -> Path:
    """`folder`, made by `make` (into another folder that is then renamed) unless it is there with this `mark`.

    Blocks, for seconds when it has to install: call it off the event loop. Raises ClientError and what `make` raises.
    """
    if not _complete(folder, mark):
        with _locked(folder):
            if not _complete(folder, mark):
                _make(folder, mark, make)
    return folder


def run(command: Sequence[str], cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """A registry's client, without this process's Python settings.

    Raises subprocess.TimeoutExpired; ClientError when `stop` was called.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        cwd=cwd,
        start_new_session=True,
    )
    _running.add(process)
    if _stopped.is_set():
        _kill(process)
    try:
        stdout, stderr = process.communicate(timeout=TIMEOUT)
    except BaseException:
        _kill(process)
        process.communicate()
        raise
    finally:
        _running.discard(process)
    _go_on()
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def stop() -> None:
    """The server ends: no installation goes on, and none begins."""
    _stopped.set()
    for process in tuple(_running):
        _kill(process)


def _kill(process: "subprocess.Popen[str]") -> None:
    """With all that it started: it leads a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _go_on() -> None:
    if _stopped.is_set():
        raise ClientError("the installation was given up: the server ends")


def unreachable(stderr: str) -> bool:
    """Whether a registry's client says that it could not reach the registry."""
    return _UNREACHABLE.search(stderr) is not None


def _complete(folder: Path, mark: Mapping[str, object]) -> bool:
    try:
        found: dict[str, object] = json.loads((folder / _MARK).read_bytes())
    except (OSError, ValueError):
        return False
    return found == mark


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One installer at a time, in any process of this machine."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = (folder.parent / f".{folder.name}.lock").open("w")
    except OSError as failed:
        raise ClientError(f"cannot write to {folder.parent}: {failed.strerror}") from failed
    with lock:
        while not _taken(lock):
            _go_on()
            time.sleep(_LOOK_SECONDS)
        yield


def _taken(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make(folder: Path, mark: Mapping[str, object], make: Callable[[Path], None]) -> None:
    _sweep(folder)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".new", dir=folder.parent))
    try:
        make(made)
        (made / _MARK).write_text(json.dumps(mark))
        made.chmod(0o755)
        if folder.exists():
            folder.rename(made.with_suffix(".old"))
        made.rename(folder)
    except OSError as failed:
        raise ClientError(f"cannot write to {folder.parent}: {failed.strerror}") from failed
    finally:
        _sweep(folder)


def _sweep(folder: Path) -> None:
    """Remove what an interrupted or replaced installation left. The lock is held."""
    for ending in ("new", "old"):
        for left in folder.parent.glob(f".{folder.name}.*.{ending}"):
            shutil.rmtree(left, ignore_errors=True)
