"""Who is told the platform's time, and what is said of the others."""

import asyncio
from pathlib import Path

import pytest

from lambent.environments import function_time
from lambent.environments.function_time import FunctionTime
from lambent.model.finding import Finding
from lambent.runtimes.installs import RegistryUnreachable
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.provided import ProvidedPlace
from lambent.runtimes.python import PythonPlace
from lambent.sandbox.spec import Level, ZygoteSpec
from tests.unit.runtimes.recorded import function

ZYGOTE = ZygoteSpec(Path("/p"), preload=("json",))
PLACE = PythonPlace(Interpreter("3.12", "3.12.1", Path("/p"), Path("/"), Path("/")), ZYGOTE)


def told_by(reported: list[Finding]) -> FunctionTime:
    return FunctionTime(Path("/data/dial"), Path("/cache"), Level.PROCESS, reported.append)


def test_python_is_told_when_time_machine_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def install(interpreter: Interpreter, cache: Path) -> Path:
        asked.append(interpreter.version)
        return cache / "time"

    monkeypatch.setattr(function_time.told_time, "install", install)
    reported: list[Finding] = []
    time = told_by(reported)
    for _ in range(2):
        place = asyncio.run(time.tell(function(), PLACE))
        assert isinstance(place, PythonPlace) and dict(place.dial)["_LAMBENT_TIME_MACHINE"] == "/cache/time"
    assert (asked, reported) == (["3.12"], [])


def test_what_can_t_be_installed_is_said_of_every_function_and_tried_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []

    def install(interpreter: Interpreter, cache: Path) -> Path:
        asked.append(interpreter.version)
        raise RegistryUnreachable("the package registry can't be reached")

    monkeypatch.setattr(function_time.told_time, "install", install)
    reported: list[Finding] = []
    time = told_by(reported)
    for name in ("f", "g"):
        assert asyncio.run(time.tell(function(name=name), PLACE)) is PLACE
    assert [(one.code, one.resource.rpartition(":")[2]) for one in reported] == [
        ("function-time-not-told", "f"),
        ("function-time-not-told", "g"),
    ]
    assert all("machine's time" in one.message and "can't be reached" in one.message for one in reported)
    assert asked == ["3.12"] and "can't be reached" in caplog.text


def test_programs_of_their_own_are_named() -> None:
    reported: list[Finding] = []
    place = ProvidedPlace("provided.al2023", ZYGOTE)
    assert asyncio.run(told_by(reported).tell(function(runtime="provided.al2023"), place)) is place
    assert reported[0].code == "function-time-not-told" and "runtime provided.al2023" in reported[0].message
