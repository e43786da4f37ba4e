"""What runtimes carry besides the interpreter, installed once per machine by the registries' ordinary clients.

An install is complete or absent: it is made in a folder beside, marked, and renamed. A lock file keeps two servers
from installing the same at once.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

TIMEOUT = 600.0
"""Seconds that one installation may take."""

_MARK = "lambent-client.json"
_UNREACHABLE = re.compile(
    r"Connection|NewConnectionError|Max retries|ConnectTimeout|ReadTimeout|ProxyError|SSLError|"
    r"Name or service not known|Temporary failure in name resolution|Network is unreachable|"
    r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH",
)


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
    """A registry's client, without this process's Python settings. Raises subprocess.TimeoutExpired."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        env=environ,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        check=False,
    )


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
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
