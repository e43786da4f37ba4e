"""How runtimes are shown the dial, and time-machine installed; pip and the look at it are replaced."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lambent.runtimes import clients, installs, told_time
from lambent.runtimes.installs import ClientError
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.nodejs import NodePlace
from lambent.runtimes.nodes import Node
from lambent.runtimes.place import Folders
from lambent.runtimes.python import PythonPlace
from lambent.sandbox.spec import Bind, Level, ZygoteSpec
from tests.unit.runtimes.recorded import AROUND, function

INTERPRETER = Interpreter("3.12", "3.12.1", Path("/p/bin/python3.12"), Path("/p"), Path("/p/lib"))
ZYGOTE = ZygoteSpec(Path("/p/bin/python3.12"), preload=("first", "last"), binds=(Bind(Path("/p"), "/var/lang"),))
DIAL, FOLDER = Path("/data/dial"), Path("/cache/time")
PYTHON = PythonPlace(INTERPRETER, ZYGOTE)


def node(level: Level) -> NodePlace:
    return NodePlace("22", Node("22.1.0", Path("/n/node")), Path("/r"), Path("/sdk"), ZYGOTE, level)


def test_python_in_a_sandbox_finds_both_at_fixed_places() -> None:
    told = told_time.tell_python(PYTHON, DIAL, FOLDER, Level.NAMESPACE)
    shown = (Bind(DIAL, "/var/lambent-dial"), Bind(FOLDER, "/var/lambent-time"))
    assert told.zygote.binds == (*ZYGOTE.binds, *shown)
    environment = told.environment(function(), AROUND)
    assert environment["_LAMBENT_DIAL"] == "/var/lambent-dial"
    assert environment["_LAMBENT_TIME_MACHINE"] == "/var/lambent-time"
    assert not [name for name in PYTHON.environment(function(), AROUND) if "LAMBENT_" in name]


def test_python_without_one_finds_them_where_they_are() -> None:
    told = told_time.tell_python(PYTHON, DIAL, FOLDER, Level.PROCESS)
    assert told.zygote == replace(ZYGOTE, preload=("first", "lambent_time", "last"))
    assert told.dial == (("_LAMBENT_DIAL", str(DIAL)), ("_LAMBENT_TIME_MACHINE", str(FOLDER)))


@pytest.mark.parametrize("level", Level)
def test_node_loads_the_script_before_its_own(level: Level) -> None:
    own = function(runtime="nodejs22.x")
    folders, plain = Folders(Path("/code")), node(level)
    told = told_time.tell_node(plain, DIAL, level)
    argv = told.process(told.environment(own, AROUND), folders, {}).argv
    script = argv[argv.index("--require") + 1]
    assert script.endswith("/told_time.cjs") and Path(script).parent == Path(argv[-1]).parent
    assert "--require" not in plain.process(plain.environment(own, AROUND), folders, {}).argv
    seen = "/var/lambent-dial" if level is Level.NAMESPACE else str(DIAL)
    assert told.environment(own, AROUND)["_LAMBENT_DIAL"] == seen


@pytest.mark.parametrize(
    ("version", "wanted"), [("3.8", "2.12"), ("3.9", "2.12"), ("3.10", "3.5.1"), ("3.14", "3.5.1")]
)
def test_older_interpreters_get_the_last_that_leaves_the_monotonic_clock_alone(version: str, wanted: str) -> None:
    assert told_time.requirements(version)[0].startswith(f"time-machine>={wanted},<")


def test_one_that_does_not_do_its_work_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "Traceback\nAssertionError: does not move now\n")

    monkeypatch.setattr(clients, "fill", lambda *_: None)
    monkeypatch.setattr(installs, "run", run)
    with pytest.raises(
        ClientError, match=r"time-machine does not work in CPython 3.12.1: AssertionError: does not move"
    ):
        told_time.install(INTERPRETER, tmp_path)
    assert not list((tmp_path / "clients").glob("time-*"))


def test_one_that_does_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(clients, "fill", lambda *_: None)
    monkeypatch.setattr(installs, "run", run)
    folder = told_time.install(INTERPRETER, tmp_path)
    assert told_time.install(INTERPRETER, tmp_path) == folder
    assert [command[0] for command in commands] == ["/p/bin/python3.12"]
