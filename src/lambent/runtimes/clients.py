"""Each interpreter's own copy of what AWS's Python runtime carries: the runtime client and the AWS SDK.

Installed once, on first need, into `<cache>/clients/<version>-<machine>/` (see `installs`) by the server's own pip,
which can fetch for other interpreters, so those need no pip.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lambent.runtimes import installs
from lambent.runtimes.installs import TIMEOUT, ClientError, ClientUnavailable, RegistryUnreachable
from lambent.runtimes.interpreters import Interpreter

__all__ = [
    "ClientError", "ClientUnavailable", "RegistryUnreachable", "ensure", "explain", "fill",
    "folder_of", "install", "platforms",
]  # fmt: skip

REQUIREMENTS = ("awslambdaric>=2.0.11,<5", "boto3>=1.37,<2", "simplejson>=3.17,<5")
"""What /var/runtime holds on AWS; the SDK brings botocore, s3transfer, jmespath, python-dateutil, urllib3
and six, awslambdaric brings snapshot-restore-py (from 3.9)."""

CLIENT = "AWS's runtime client"

LAYOUT = 2
"""Raised when copies made by an older Lambent must not be used any more."""


def install(interpreter: Interpreter, cache: Path) -> Path:
    """The folder with the client of `interpreter`, installed into `cache` if it is not there yet.

    Blocks, for seconds when it has to install: call it off the event loop. Raises ClientError.
    """
    folder = ensure(interpreter, folder_of(interpreter, cache), REQUIREMENTS)
    note_modules(interpreter, folder)
    return folder


_BOOTSTRAP = """
import sys, types
sys.path.insert(0, sys.argv[1])
sys.modules["runtime_client"] = types.ModuleType("runtime_client")
sys.modules["runtime_client"].initialize_client = print
import json, logging, os, site, time, traceback, warnings
os.environ["AWS_EXECUTION_ENV"] = "AWS_Lambda_python"
sys.stdout = sys.stderr
import awslambdaric.__main__, awslambdaric.bootstrap, awslambdaric.lambda_runtime_client
sys.__stdout__.write("\\n".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""
"""The imports of AWS's /var/runtime/bootstrap.py before it puts the function's folders on the search path."""


def note_modules(interpreter: Interpreter, folder: Path) -> None:
    """Note beside the client what AWS's bootstrap imports with this interpreter: a function's own module of such a name
    is never imported there, one of any other name is. A client that can't be imported is not noted. Blocks."""
    note = folder.with_name(f"{folder.name}.modules")
    if note.is_file() and note.stat().st_mtime >= folder.stat().st_mtime:
        return
    done = installs.run([str(interpreter.path), "-I", "-S", "-c", _BOOTSTRAP, str(folder)])
    if done.returncode != 0 or "awslambdaric" not in done.stdout:
        return
    made = note.with_name(f"{note.name}.{os.getpid()}")
    made.write_text(done.stdout)
    made.replace(note)


def ensure(interpreter: Interpreter, folder: Path, requirements: Sequence[str], what: str = CLIENT) -> Path:
    """`folder` with these packages for `interpreter`; complete or absent. Blocks. Raises ClientError, which names
    `what` could not be installed."""
    mark: dict[str, object] = {"layout": LAYOUT, "requirements": list(requirements)}
    return installs.ensure(folder, mark, lambda made: fill(interpreter, made, requirements, what))


def folder_of(interpreter: Interpreter, cache: Path) -> Path:
    """Where the client of `interpreter` is or will be."""
    return cache / "clients" / f"{interpreter.version}-{platform.machine()}"


def fill(interpreter: Interpreter, made: Path, requirements: Sequence[str], what: str) -> None:
    """Install these packages for `interpreter` into the folder `made`. Blocks. Raises ClientError."""
    _run_pip(interpreter, made, requirements, what)
    _compile(interpreter, made)


def _run_pip(interpreter: Interpreter, target: Path, requirements: Sequence[str], what: str) -> None:
    """Fetch, then install what was fetched.

    One `pip install` would do, but it holds Requires-Python against pip's own interpreter, not against
    `--python-version`, unless the index says it in its listing; private indexes often don't. `pip download` asks
    the packages themselves.
    """
    wheels = target / ".wheels"
    chosen = [
        *("--python-version", interpreter.version, "--implementation", "cp", "--only-binary", ":all:"),
        *(word for name in platforms() for word in ("--platform", name)),
    ]
    _pip(interpreter, what, "download", "--dest", str(wheels), *chosen, *requirements)
    found = sorted(str(wheel) for wheel in wheels.glob("*.whl"))
    placed = (
        *("--no-compile", "--no-warn-script-location", "--no-deps", "--no-index", "--ignore-requires-python"),
        *("--target", str(target)),
    )
    _pip(interpreter, what, "install", *placed, *chosen, *found)
    shutil.rmtree(wheels)


def _pip(interpreter: Interpreter, what: str, *words: str) -> None:
    command = [sys.executable, "-m", "pip", *words, "--quiet", "--disable-pip-version-check", "--no-input"]
    try:
        done = installs.run(command)
    except subprocess.TimeoutExpired as late:
        raise RegistryUnreachable(_failure(interpreter, f"pip took over {TIMEOUT:.0f} s", what)) from late
    if done.returncode != 0:
        raise explain(interpreter, done.stderr, what)


def explain(interpreter: Interpreter, stderr: str, what: str = CLIENT) -> ClientError:
    """pip's failure as the error that names its cause."""
    lines = [line for line in stderr.splitlines() if line.startswith("ERROR")] or stderr.splitlines()[-1:]
    said = lines[-1] if lines else "pip failed without a word"
    if "No module named pip" in stderr:
        return ClientError(_failure(interpreter, f"{sys.executable} has no pip: python -m ensurepip", what))
    if installs.unreachable(stderr):
        return RegistryUnreachable(_failure(interpreter, f"the package registry can't be reached: {said}", what))
    if "No matching distribution" in stderr or "Could not find a version" in stderr:
        why = f"no build for CPython {interpreter.version} on {platform.machine()}: {said}"
        return ClientUnavailable(_failure(interpreter, why, what))
    return ClientError(_failure(interpreter, said, what))


def _failure(interpreter: Interpreter, why: str, what: str) -> str:
    return f"{what} for CPython {interpreter.version} could not be installed: {why}"


def platforms() -> list[str]:
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
