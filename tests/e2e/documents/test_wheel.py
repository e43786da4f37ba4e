"""The wheel, in an environment of its own and outside this checkout: up, deploy, invoke, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.documents.test_commands import HELLO, ROOT, free_port

SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
SECONDS = 60


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A new environment into which the wheel was installed; its dependencies are those of the tests."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    environment = tmp_path / "environment"
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    wheel = next(tmp_path.glob("lambent-*.whl"))
    subprocess.run([*pip, "--python", environment / "bin/python", "install", "--no-deps", wheel], check=True)
    (environment / SITE / "dependencies.pth").write_text(f"{Path(sys.prefix, SITE)}\n")
    return environment


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Begins the installed command with some words, in a folder elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBENT_", "PYTHON"))}
    own = {"LAMBENT_PORT": str(free_port()), "LAMBENT_NETWORK": "none"}
    begun: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> "subprocess.Popen[str]":
        command = [str(installed / "bin/lambent"), *words]
        begun.append(
            subprocess.Popen(command, cwd=tmp_path / "elsewhere", env=kept | own, stdout=subprocess.PIPE, text=True)
        )
        return begun[-1]

    yield begin
    for one in begun:
        one.kill()
        one.communicate()


def test_what_is_installed_from_the_wheel_runs_functions(
    installed: Path, run: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    where = [installed / "bin/python", "-c", "import lambent; print(lambent.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()
    assert found == str(installed / SITE / "lambent/__init__.py")
    up = run("up")
    assert up.stdout is not None
    assert any("ready at" in line for line in up.stdout)
    (tmp_path / "elsewhere/hello").mkdir()
    (tmp_path / "elsewhere/hello/app.py").write_text(HELLO)
    deployed = run("deploy", "hello")
    deployed.communicate(timeout=SECONDS)
    assert deployed.returncode == 0
    said, _ = run("invoke", "hello", "--payload", '{"number": 21}').communicate(timeout=SECONDS)
    assert json.loads(said.splitlines()[0]) == {"doubled": 42}
    up.send_signal(signal.SIGINT)
    assert up.wait(SECONDS) == 0
    assert (tmp_path / "elsewhere/.lambent/state.db").exists()
