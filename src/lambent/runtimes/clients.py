"""Each interpreter's own copy of what AWS's Python runtime carries: the runtime client and the AWS SDK.

Installed once, on first need, into `<cache>/clients/<version>-<machine>/` by the server's own pip, which
can fetch for other interpreters, so those need no pip. An install is complete or absent: it is made in a
folder beside and renamed. A lock file keeps two servers from installing at once.
"""

import fcntl
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lambent.runtimes.interpreters import Interpreter

REQUIREMENTS = ("awslambdaric>=2.0.11,<5", "boto3>=1.37,<2", "simplejson>=3.17,<5")
"""What /var/runtime holds on AWS; the SDK brings botocore, s3transfer, jmespath, python-dateutil, urllib3
and six, awslambdaric brings snapshot-restore-py (from 3.9)."""

LAYOUT = 2
"""Raised when copies made by an older Lambent must not be used any more."""

TIMEOUT = 600.0
"""Seconds that one installation may take."""

_MARK = "lambent-client.json"
_UNREACHABLE = re.compile(
    r"Connection|NewConnectionError|Max retries|ConnectTimeout|ReadTimeout|ProxyError|SSLError|"
    r"Name or service not known|Temporary failure in name resolution|Network is unreachable",
)


class ClientError(Exception):
    """The runtime client of an interpreter could not be installed."""


class RegistryUnreachable(ClientError):
    """The package registry does not answer."""


class ClientUnavailable(ClientError):
    """There is no build of the client for this interpreter and machine."""


def install(interpreter: Interpreter, cache: Path) -> Path:
    """The folder with the client of `interpreter`, installed into `cache` if it is not there yet.

    Blocks, for seconds when it has to install: call it off the event loop. Raises ClientError.
    """
    folder = folder_of(interpreter, cache)
    if not _complete(folder):
        with _locked(folder):
            if not _complete(folder):
                _make(interpreter, folder)
    return folder


def folder_of(interpreter: Interpreter, cache: Path) -> Path:
    """Where the client of `interpreter` is or will be."""
    return cache / "clients" / f"{interpreter.version}-{platform.machine()}"


def _complete(folder: Path) -> bool:
    try:
        mark: dict[str, object] = json.loads((folder / _MARK).read_bytes())
    except (OSError, ValueError):
        return False
    return mark == _mark()


def _mark() -> dict[str, object]:
    return {"layout": LAYOUT, "requirements": list(REQUIREMENTS)}


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


def _make(interpreter: Interpreter, folder: Path) -> None:
    _sweep(folder)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".new", dir=folder.parent))
    try:
        _run_pip(interpreter, made)
        _compile(interpreter, made)
        (made / _MARK).write_text(json.dumps(_mark()))
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


def _run_pip(interpreter: Interpreter, target: Path) -> None:
    """Fetch, then install what was fetched.

    One `pip install` would do, but it holds Requires-Python against pip's own interpreter, not against
    `--python-version`, unless the index says it in its listing; private indexes often don't. `pip download` asks
    the packages themselves.
    """
    wheels = target / ".wheels"
    chosen = [
        *("--python-version", interpreter.version, "--implementation", "cp", "--only-binary", ":all:"),
        *(word for name in _platforms() for word in ("--platform", name)),
    ]
    _pip(interpreter, "download", "--dest", str(wheels), *chosen, *REQUIREMENTS)
    found = sorted(str(wheel) for wheel in wheels.glob("*.whl"))
    placed = ("--no-compile", "--no-warn-script-location", "--no-deps", "--no-index", "--target", str(target))
    _pip(interpreter, "install", *placed, *chosen, *found)
    shutil.rmtree(wheels)


def _pip(interpreter: Interpreter, *words: str) -> None:
    command = [sys.executable, "-m", "pip", *words, "--quiet", "--disable-pip-version-check", "--no-input"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            env=environ,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise RegistryUnreachable(_failure(interpreter, f"pip took over {TIMEOUT:.0f} s")) from late
    if done.returncode != 0:
        raise explain(interpreter, done.stderr)


def explain(interpreter: Interpreter, stderr: str) -> ClientError:
    """pip's failure as the error that names its cause."""
    lines = [line for line in stderr.splitlines() if line.startswith("ERROR")] or stderr.splitlines()[-1:]
    said = lines[-1] if lines else "pip failed without a word"
    if "No module named pip" in stderr:
        return ClientError(_failure(interpreter, f"{sys.executable} has no pip: python -m ensurepip"))
    if _UNREACHABLE.search(stderr):
        return RegistryUnreachable(_failure(interpreter, f"the package registry can't be reached: {said}"))
    if "No matching distribution" in stderr or "Could not find a version" in stderr:
        what = f"no build for CPython {interpreter.version} on {platform.machine()}: {said}"
        return ClientUnavailable(_failure(interpreter, what))
    return ClientError(_failure(interpreter, said))


def _failure(interpreter: Interpreter, why: str) -> str:
    return f"AWS's runtime client for CPython {interpreter.version} could not be installed: {why}"


def _platforms() -> list[str]:
    """The wheel platforms that run here: every manylinux up to the host's glibc (PEP 600), newest first."""
    machine = platform.machine()
    if sys.platform != "linux":
        raise ClientError(f"AWS's runtime client has builds for Linux only, this is {sys.platform}")
    name, version = platform.libc_ver()
    if name != "glibc":
        return [f"musllinux_1_{minor}_{machine}" for minor in (2, 1)]
    minor = int(version.split(".")[1])
    exact = [f"manylinux_2_{number}_{machine}" for number in range(minor, 4, -1)]
    return [*exact, f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}"]


def _compile(interpreter: Interpreter, target: Path) -> None:
    """Byte-code by the interpreter that will import it; without it each start would compile the SDK anew."""
    subprocess.run(
        [interpreter.path, "-I", "-S", "-m", "compileall", "-q", str(target)],
        capture_output=True,
        timeout=TIMEOUT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
