"""Finding interpreters: a made-up tree of every layout, and this host."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from lambent.runtimes import interpreters
from lambent.runtimes.interpreters import Interpreter, InterpreterMissing
from lambent.runtimes.table import RuntimeUnsupported

MACHINE = {name: number for number, name in interpreters.MACHINES.items()}[platform.machine()]


def make_binary(path: Path, machine: int = MACHINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF".ljust(18, b"\0") + machine.to_bytes(2, "little"))
    path.chmod(0o755)
    return path


def make_install(prefix: Path, version: str, **more: int) -> Path:
    minor = version.rpartition(".")[0]
    (prefix / f"lib/python{minor}").mkdir(parents=True)
    (prefix / f"lib/python{minor}/os.py").touch()
    binary = make_binary(prefix / f"bin/python{minor}", **more)
    for name in ("python", "python3"):
        (prefix / "bin" / name).symlink_to(binary.name)
    return binary


def find(home: Path, path: str = "") -> dict[str, Interpreter]:
    return interpreters.find({"HOME": str(home), "PATH": path}, home / "usr/bin")


@pytest.fixture
def pyenv(tmp_path: Path) -> Path:
    return tmp_path / ".pyenv/versions"


def test_pyenv_and_uv_are_found_without_starting_them(tmp_path: Path, pyenv: Path, monkeypatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("an interpreter was started"))
    binary = make_install(pyenv / "3.12.1", "3.12.1")
    uv = tmp_path / ".local/share/uv/python/cpython-3.13.2-linux-x86_64-gnu"
    make_install(uv, "3.13.2")
    found = find(tmp_path)
    assert list(found) == ["3.12", "3.13"]
    prefix = pyenv / "3.12.1"
    assert found["3.12"] == Interpreter("3.12", "3.12.1", binary, prefix, prefix / "lib/python3.12")
    assert found["3.13"].prefix == uv


def test_the_newest_patch_wins_and_numbers_are_numbers(tmp_path: Path, pyenv: Path) -> None:
    for version in ("3.12.9", "3.12.10", "3.12.2", "3.9.1", "3.10.1"):
        make_install(pyenv / version, version)
    found = find(tmp_path)
    assert found["3.12"].full_version == "3.12.10"
    assert list(found) == ["3.9", "3.10", "3.12"]


def test_a_shim_is_no_interpreter(tmp_path: Path, pyenv: Path) -> None:
    make_install(pyenv / "3.12.1", "3.12.1")
    shims = tmp_path / ".pyenv/shims"
    shims.mkdir()
    (shims / "python3.12").write_text("#!/bin/sh\nexit 1\n")
    (shims / "python3.12").chmod(0o755)
    assert find(tmp_path, str(shims))["3.12"].prefix == pyenv / "3.12.1"


@pytest.mark.parametrize("copied", [False, True])
def test_a_virtual_environment_stands_for_its_base(tmp_path: Path, pyenv: Path, copied: bool) -> None:
    base = make_install(pyenv / "3.12.1", "3.12.1")
    inside = tmp_path / "venv/bin/python3.12"
    inside.parent.mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").write_text(f"home = {base.parent}\nversion = 3.12.1\n")
    if copied:
        make_binary(inside)
    else:
        inside.symlink_to(base)
    found = interpreters.find({"PATH": str(inside.parent)}, tmp_path / "none")
    assert found["3.12"].path == base


@pytest.mark.parametrize("name", ["3.7.16", "2.7.18"])
def test_too_old(tmp_path: Path, pyenv: Path, name: str) -> None:
    make_install(pyenv / name, name)
    assert find(tmp_path) == {}


def test_another_machine_a_broken_link_and_a_missing_library(tmp_path: Path, pyenv: Path) -> None:
    make_install(pyenv / "3.12.1", "3.12.1", machine=8)
    (pyenv / "3.11.1/bin").mkdir(parents=True)
    (pyenv / "3.11.1/bin/python3.11").symlink_to("nowhere")
    make_binary(pyenv / "3.10.1/bin/python3.10")
    assert find(tmp_path) == {}


def test_other_implementations_are_asked_and_left_out(tmp_path: Path) -> None:
    other = tmp_path / "bin/python3.12"
    other.parent.mkdir()
    make_binary(other)  # can't be started
    assert find(tmp_path, str(other.parent)) == {}


def test_this_host() -> None:
    found = interpreters.find()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found[version].prefix == Path(sys.base_prefix) or found[version].full_version >= platform.python_version()
    for interpreter in found.values():
        said = subprocess.run([interpreter.path, "-V"], capture_output=True, text=True, check=True).stdout
        assert said.split()[1] == interpreter.full_version
        assert (interpreter.stdlib / "os.py").exists()


FOUND = {"3.12": Interpreter("3.12", "3.12.1", Path("/p"), Path("/"), Path("/l"))}


def test_pick() -> None:
    assert interpreters.pick("python3.12", FOUND, {}) is FOUND["3.12"]


def test_pick_names_what_was_found() -> None:
    with pytest.raises(InterpreterMissing, match=r"'python3.14' needs CPython 3.14.*found: 3.12"):
        interpreters.pick("python3.14", FOUND, {})
    with pytest.raises(InterpreterMissing, match="found: none"):
        interpreters.pick("python3.14", {}, {})


def test_pick_follows_an_explicit_mapping() -> None:
    assert interpreters.pick("python3.14", FOUND, {"python3.14": "3.12"}) is FOUND["3.12"]
    with pytest.raises(InterpreterMissing, match=r"needs CPython 3.13"):
        interpreters.pick("python3.14", FOUND, {"python3.14": "3.13"})


def test_pick_of_a_runtime_that_is_not_python() -> None:
    with pytest.raises(RuntimeUnsupported, match="java21"):
        interpreters.pick("java21", FOUND, {})
