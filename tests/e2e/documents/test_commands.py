"""The commands of the README and of every page of docs/, as they stand, in their order, in a folder like a fresh clone.

Only port 4566 is another, and so is a debugger's: several may run beside each other here.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambent.cli import main as cli

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    ["README.md", "examples/pdf_manifest/README.md", *(f"docs/{path.name}" for path in ROOT.glob("docs/*.md"))]
)
COMMANDS = ("lambent ", ".venv/bin/lambent ", "make ", "python -m ", "aws ", "export ", "eval ")
TRIED_ELSEWHERE = {
    "make demo": "tests/e2e/demo",
    "make test": "this is a part of it",
    "aws lambda create-function": "it is for AWS itself",
    "aws ecr ": "tests/e2e/clients/test_pushed_images.py, with a client of registries",
    "aws sqs list-queues": "tests/e2e/clients/test_clients_table.py",
    "aws cloudformation deploy": "tests/e2e/deploy, with templates",
    "aws apigateway": "tests/e2e/doors, with functions",
    "lambent check": "tests/unit/cli/test_cli_check.py: it ends with what it finds",
    "lambent deploy app/": "tests/e2e/cli/test_applications_by_cli.py, with an application",
    "lambent diff app/": "the same",
    "lambent destroy app/": "the same",
    "lambent console": "tests/e2e/console, in a browser",
    "lambent torture": "tests/e2e/cli/test_footguns_for_real.py: it ends with what it finds",
    "lambent watch": "the same",
    "lambent tune": "the same, with a function and its event",
    "aws logs start-live-tail": "tests/e2e/clients/test_clients_table.py: it ends after three hours",
    "lambent trace 1-": "tests/e2e/traces, with a trace",
    "aws scheduler create-schedule": "tests/e2e/schedules, with a target",
}
LASTING = {
    r"lambent up\b": "is ready at",
    "--watch": "Ctrl-C ends it",
    "--debug": "waiting for a debugger",
    "--follow": "REPORT RequestId",
}
"""What does not end by itself, and what it says when it goes on."""
DEPLOYED = ("lambent up", "lambent deploy hello")
INVOKED = (*DEPLOYED, """lambent invoke hello --payload '{"number": 21}'""")
BEFORE = {
    "docs/traces.md": ("lambent up",),
    "docs/metrics.md": ("lambent up --clock manual",),
    **dict.fromkeys(("docs/debugging.md", "docs/event-sources.md"), DEPLOYED),
    **dict.fromkeys(("docs/cost.md", "docs/logs.md"), INVOKED),
}
"""What a page takes for granted."""
HELLO = "def handler(event, context):\n    return {'doubled': event['number'] * 2}\n"
SECONDS = 60


def commands(page: str) -> list[str]:
    """The commands of its code blocks, fenced or indented; `$ ` and comments are not part of them."""
    text = (ROOT / page).read_text("utf-8").replace("\\\n", " ")
    lines = [line.removeprefix("    ") for line in text.splitlines() if line.startswith("    ")]
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        lines += block.splitlines()
    plain = [line.removeprefix("$ ").split("  #")[0].split("          #")[0].strip() for line in lines]
    return [line for line in plain if line.startswith(COMMANDS) and not line.startswith(tuple(TRIED_ELSEWHERE))]


class Terminals:
    """A shell for each command, in one folder; what lasts goes on beside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[str]] = []
        self._exports: list[str] = []
        self._ports = {"4566": free_port(), "5678": free_port()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBENT_"))}
        self._environ = kept | {
            "PATH": f"{folder / '.venv/bin'}:{os.environ['PATH']}",
            "LAMBENT_PORT": str(self._ports["4566"]),
            "LAMBENT_NETWORK": "none",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._ports['4566']}",
        }

    def type(self, line: str) -> None:
        """Run a line; one that does not end by itself until it says that it goes on."""
        line = line.removesuffix("&").strip()
        for number, port in self._ports.items():
            line = re.sub(rf"\b{number}\b", str(port), line)
        if line.startswith(("export ", "eval ")):
            self._exports.append(line)
            return
        last = [said for pattern, said in LASTING.items() if re.search(pattern, line)]
        if "lambent up" in line:
            self.close()
        process = subprocess.Popen(
            ["bash", "-c", "\n".join([*self._exports, f"exec {line}"])],
            cwd=self._folder, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        watchdog = threading.Timer(SECONDS, process.kill)
        watchdog.start()
        assert process.stdout is not None
        output: list[str] = []
        for said in process.stdout:
            output.append(said)
            if last and last[0] in said:
                self._running.append(process)
                threading.Thread(target=process.stdout.read, daemon=True).start()
                break
        else:
            assert process.wait() == 0 and not last, f"{line}\n{''.join(output)}"
        watchdog.cancel()

    def close(self) -> None:
        """Ctrl-C everywhere, the last first."""
        while self._running:
            process = self._running.pop()
            process.send_signal(signal.SIGINT)
            process.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    """A folder as after `make setup`; the packages are those of the tests."""
    for path in ROOT.iterdir():
        if not path.name.startswith("."):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        if path.name != ".ready":
            (tmp_path / ".venv" / path.name).symlink_to(path)
    (tmp_path / ".venv" / ".ready").touch()
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "app.py").write_text(HELLO)
    (tmp_path / "hello" / "app.py").chmod(0o644)
    those = Terminals(tmp_path)
    yield those
    those.close()


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
@pytest.mark.timeout(180)
def test_the_commands_of_a_page_work_as_they_stand(page: str, terminals: Terminals) -> None:
    for line in (*BEFORE.get(page, ()), *commands(page)):
        terminals.type(line)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_is_there(page: str) -> None:
    """Also those in the midst of a sentence: their names and options."""
    known = cli.typer.main.get_command(cli.app)
    for said in re.findall(r"`(?:\$ )?lambent ([^`]+)`", (ROOT / page).read_text("utf-8")):
        words = said.split()
        command = known
        while words and hasattr(command, "commands") and not words[0].startswith("-"):
            assert words[0] in command.commands, said
            command = command.commands[words.pop(0)]
        options = {name for one in command.params for name in one.opts}
        for word in words:
            assert not word.startswith("--") or word.partition("=")[0] in options, said


def test_the_pages_that_have_commands_are_found() -> None:
    assert len(commands("README.md")) >= 8
    assert {"README.md", "docs/debugging.md", "docs/time.md"} <= {page for page in PAGES if commands(page)}
