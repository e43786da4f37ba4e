"""Runs every scenario of `scenarios` at its levels, as root and as an ordinary user."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import leaks
import outbound
import pytest
import registry
import scenarios

import lambent
from lambent.sandbox.network import TOOLS

HERE = Path(__file__).parent
USER = registry.USER
SECONDS = 90
CASES = [(name, level.value) for name, (_, levels) in registry.SCENARIOS.items() for level in levels]


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A folder that every user can read, with the package and the tests in it; pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="sandbox-test-"))
    (folder / "code").mkdir()
    for name in ("probes", "broken", "thready", "deadly", "snapping"):
        shutil.copy(HERE / f"{name}.py", folder / "code")
    for name in ("kit", "leaks", "outbound", "registry", "scenarios", "world", *scenarios.PROMISES):
        shutil.copy(HERE / f"{name}.py", folder)
    for name in ("escapes", "isolation"):
        shutil.copy(HERE.parents[1] / "tools" / f"{name}.py", folder)
    package = Path(lambent.__file__).parent
    for room in ("neighbour", "sandbox"):
        shutil.copytree(package / room, folder / "lambent" / room, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "lambent" / "server").mkdir()
    (folder / "lambent" / "server" / "__init__.py").touch()
    shutil.copy(package / "server" / "confined.py", folder / "lambent" / "server")
    shutil.copy(package / "__init__.py", folder / "lambent")
    for python in {sys.executable, _of_users() or sys.executable}:  # once, not in each of the scenarios' processes
        subprocess.run([python, "-m", "compileall", "-q", folder], check=True)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    (folder / "places").mkdir()
    yield folder
    shutil.rmtree(folder)


def run(place: Path, who: str, *arguments: str) -> "subprocess.Popen[str]":
    """A scenario's process. It gets a folder of its own for state, with the code beside it. `who` is "root", "user" or
    "dropping", which begins as root."""
    home = Path(tempfile.mkdtemp(dir=place / "places"))
    (home / "code").symlink_to(place / "code")
    command = [interpreter(who), "-X", "dev", "-W", "error", str(place / "scenarios.py"), *arguments, str(home)]
    identity = {}
    if who == "user" and os.getuid() == 0:
        identity = {"user": USER, "group": USER, "extra_groups": []}
        os.chown(home, USER, USER)
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PYTHONPATH": str(place), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        **identity,  # type: ignore[call-overload]
    )


def interpreter(who: str) -> str:
    """One that the user can read and that is new enough."""
    if who == "root" or os.getuid() != 0:
        return sys.executable
    return _of_users() or _impossible("no interpreter from 3.11 that an ordinary user can read")


def _of_users() -> str | None:
    """A Python that an ordinary user can run, from root's tests."""
    for path in (os.path.realpath(sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"):
        check = [path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(check, check=False, user=USER, group=USER, extra_groups=[]).returncode == 0:
                return path
        except OSError:
            continue
    return None


def _impossible(reason: str) -> str:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.mark.parametrize("who", ["root", "user"])
@pytest.mark.parametrize(("name", "level"), CASES, ids=[f"{name}-{level}" for name, level in CASES])
def test_scenario(place: Path, name: str, level: str, who: str) -> None:
    if who == "root" and os.getuid() != 0:
        _impossible("needs root")
    _run_scenario(place, who, name, level)


def _run_scenario(place: Path, who: str, *arguments: str) -> None:
    process = run(place, who, *arguments)
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        pytest.fail(f"hangs\n{output}")
    assert process.returncode == 0 and "played to its end\n" in output, output


@pytest.mark.parametrize("name", outbound.BY_ROOT)
def test_outbound(place: Path, name: str) -> None:
    test_scenario(place, name, "namespace", "root")


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", outbound.BY_USERS)
def test_outbound_of_an_ordinary_user(place: Path, name: str, tool: str) -> None:
    """Root's alone: the small internet is made first."""
    if os.getuid() != 0:
        _impossible("needs root")
    if shutil.which(tool) is None:
        _impossible(f"{tool} is not installed (Debian packages passt, slirp4netns)")
    _run_scenario(place, "dropping", name, "namespace", tool)


@pytest.mark.parametrize("who", ["root", "user"])
@pytest.mark.parametrize("level", ["namespace", "process"])
def test_nothing_outlives_a_killed_server(place: Path, level: str, who: str) -> None:
    if who == "root" and os.getuid() != 0:
        _impossible("needs root")
    with leaks.adopting_orphans():
        before = leaks.census("killed")
        process = run(place, who, "wait_to_be_killed", level)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == "ready\n", line + process.stdout.read()
        assert len(leaks.census("killed")["processes"]) >= len(before["processes"]) + 6
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        leaks.assert_same(before, "killed")
