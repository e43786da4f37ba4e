"""Installing the runtime client: atomically, once, with errors that name the cause. pip is replaced."""

import subprocess
import threading
from pathlib import Path

import pytest

from lambent.runtimes import clients, installs
from lambent.runtimes.clients import ClientError, ClientUnavailable, RegistryUnreachable
from lambent.runtimes.interpreters import Interpreter

INTERPRETER = Interpreter("3.12", "3.12.1", Path("/nowhere/python3.12"), Path("/"), Path("/"))


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pip was called with; its installation makes one file."""
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if "pip" in command:
            calls.append(command)
            if "download" in command:
                wheels = Path(command[command.index("--dest") + 1])
                wheels.mkdir()
                (wheels / "awslambdaric-1-py3-none-any.whl").touch()
            else:
                Path(command[command.index("--target") + 1], "awslambdaric.py").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(installs, "run", run)
    return calls


def test_installs_once_for_the_asked_interpreter(tmp_path: Path, pip: list[list[str]]) -> None:
    folder = clients.install(INTERPRETER, tmp_path)
    assert (folder / "awslambdaric.py").exists()
    assert clients.install(INTERPRETER, tmp_path) == folder == clients.folder_of(INTERPRETER, tmp_path)
    assert [command[3] for command in pip] == ["download", "install"]
    assert all(command[command.index("--python-version") + 1] == "3.12" for command in pip)
    assert not (folder / ".wheels").exists()
    assert sorted(path.name for path in folder.parent.iterdir()) == [f".{folder.name}.lock", folder.name]


def test_two_at_once_install_once(tmp_path: Path, pip: list[list[str]]) -> None:
    threads = [threading.Thread(target=clients.install, args=(INTERPRETER, tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [command[3] for command in pip] == ["download", "install"]


def test_what_an_interrupted_or_older_installation_left_is_replaced(tmp_path: Path, pip: list[list[str]]) -> None:
    folder = clients.folder_of(INTERPRETER, tmp_path)
    folder.mkdir(parents=True)
    (folder / "half").touch()
    (folder.parent / f".{folder.name}.x.new").mkdir()
    clients.install(INTERPRETER, tmp_path)
    assert not (folder / "half").exists()
    assert sorted(path.name for path in folder.parent.iterdir()) == [f".{folder.name}.lock", folder.name]


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution found for awslambdaric")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(installs, "run", run)
    with pytest.raises(ClientUnavailable, match=r"CPython 3\.12 could not be installed: no build for CPython 3\.12"):
        clients.install(INTERPRETER, tmp_path)
    folder = clients.folder_of(INTERPRETER, tmp_path)
    assert [path.name for path in folder.parent.iterdir()] == [f".{folder.name}.lock"]


@pytest.mark.parametrize(
    ("stderr", "kind", "text"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(...)': /simple/x\n"
            "ERROR: Could not find a version that satisfies the requirement x (from versions: none)\n"
            "ERROR: No matching distribution found for x",
            RegistryUnreachable,
            "can't be reached",
        ),
        ("/usr/bin/python3: No module named pip", ClientError, "ensurepip"),
        ("ERROR: Could not install packages due to an OSError: No space left", ClientError, "No space left"),
        ("", ClientError, "without a word"),
    ],
)
def test_pips_failures_are_told_apart(stderr: str, kind: type[ClientError], text: str) -> None:
    error = clients.explain(INTERPRETER, stderr)
    assert type(error) is kind
    assert text in str(error)


def test_a_cache_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "clients").touch()
    with pytest.raises(ClientError, match="cannot write"):
        clients.install(INTERPRETER, tmp_path)
