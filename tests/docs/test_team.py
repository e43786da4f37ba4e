"""The unit of systemd starts what there is."""

import shlex
from configparser import RawConfigParser
from pathlib import Path

from typer.main import get_command

from lambent.cli.main import app

UNIT = Path(__file__).parents[2] / "examples/systemd/lambent.service"


def test_the_unit_gives_options_that_up_has() -> None:
    unit = RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    program, verb, *arguments = shlex.split(unit["Service"]["ExecStart"])
    known = {name for one in get_command(app).commands[verb].params for name in one.opts}  # type: ignore[attr-defined]
    assert program.endswith("/lambent")
    assert {one for one in arguments if one.startswith("--")} <= known
    assert int(unit["Service"]["TimeoutStopSec"]) > 10, "a stop waits for what runs"
