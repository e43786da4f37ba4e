"""`lambent console` where it can't be had."""

import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from lambent.cli import console
from lambent.cli.errors import CliError
from lambent.cli.main import app


def test_without_a_server_it_says_so() -> None:
    said = CliRunner().invoke(app, ["console", "--endpoint", "http://127.0.0.1:1"])
    assert said.exit_code == 1
    assert "start it with `lambent up`" in said.output


def test_where_it_is_not_installed_it_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "lambent.console.serving", raising=False)
    monkeypatch.delattr(sys.modules.get("lambent.console", console), "serving", raising=False)
    with pytest.raises(CliError, match=r"pip install 'lambent\[console\]'"):
        console._serving()


def test_a_port_in_use_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Serving:
        @staticmethod
        def serve(*_: Any) -> None:
            raise OSError(98, "Address already in use")

    monkeypatch.setattr(console, "_serving", lambda: Serving)
    monkeypatch.setattr(console, "_site", lambda *_: None)
    monkeypatch.setattr("lambent.cli.target.Target.health", lambda _: {})
    said = CliRunner().invoke(app, ["console", "--port", "80", "--region", "us-east-1"])
    assert (said.exit_code, "port 80: Address already in use" in said.output) == (1, True)
