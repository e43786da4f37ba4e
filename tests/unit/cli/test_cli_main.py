import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from lambent import __version__
from lambent.cli.target import clean_endpoint
from lambent.settings import StartError

LAMBENT = str(Path(sys.executable).with_name("lambent"))


def test_help_needs_nothing_heavy():
    script = """
import sys
from lambent.cli.main import app
try:
    app(["--help"], prog_name="lambent")
except SystemExit:
    pass
heavy = {"boto3", "botocore", "moto", "sqlalchemy", "asyncio", "aiohttp"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Exit codes: 0 done, 1 failed, 2 wrong use, 3" in " ".join(done.stdout.split())


def test_check_imports_what_it_uses_and_no_more(tmp_path):
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return {}\n")
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {Handler: app.handler, Runtime: python3.13}\n"
    )
    script = """
import sys
from lambent.cli.main import app
try:
    app(["check"], prog_name="lambent")
except SystemExit:
    pass
readers = ("hcl", "terraform", "plan", "serverless", "chalice", "javascript")
facts = {f"lambent.pitfalls.facts.{name}" for name in readers}
heavy = {"boto3", "botocore", "sqlalchemy", "asyncio", "aiohttp", "tree_sitter", "tarfile", "lambent.cli.up"}
assert not (facts | heavy) & set(sys.modules), (facts | heavy) & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "1 functions read" in done.stdout


def test_version(cli):
    assert cli("--version").stdout == f"lambent {__version__}\n"
    newest = re.search(r"^## (\S+)", (Path(__file__).parents[3] / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None and newest[1] == __version__


@pytest.mark.parametrize(
    "args",
    [
        ["frobnicate"],
        ["invoke"],
        ["list", "--colour"],
        ["deploy", ".", "--memory", "64"],
        ["deploy", ".", "--tmp", "1"],
    ],
)
def test_wrong_use_exits_2(cli, args):
    cli(*args, code=2)


@pytest.mark.parametrize("args", [["list"], ["status"], ["invoke", "f"], ["logs", "f"], ["delete", "f"]])
def test_no_server_is_one_line(cli, args):
    result = cli("--endpoint", "http://127.0.0.1:1/", *args, code=1)
    assert result.stderr == "error: No Lambent at http://127.0.0.1:1: start it with `lambent up`\n"
    assert result.stdout == ""


def test_endpoint_before_and_after_the_command(cli, fake):
    cli("--endpoint", "http://127.0.0.1:1", "list", "--endpoint", fake.endpoint)
    cli("list", "--endpoint", "127.0.0.1:1", code=1)


def test_endpoint_of_the_settings(cli, fake, own_environment, monkeypatch):
    (own_environment / "lambent.toml").write_text(f"port = {fake.endpoint.rpartition(':')[2]}\n")
    cli("list", env={"AWS_ENDPOINT_URL": ""})
    assert fake.names() == ["ListFunctions"]


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("localhost:4566", "http://localhost:4566"),
        ("https://l.example/", "https://l.example"),
        ("[::1]:8", "http://[::1]:8"),
    ],
)
def test_endpoints_are_completed(given, url):
    assert clean_endpoint(given) == url


@pytest.mark.parametrize("text", ["ftp://x", "http://", "http://x:port", "http://x:99999", "http://[::1"])
def test_what_is_no_endpoint(cli, text):
    assert "is not an endpoint" in cli("list", "--endpoint", text, code=2).stderr


def test_another_server_is_recognised(cli, fake):
    fake.health = "hello"
    assert "is not Lambent" in cli("status", code=1).stderr


def test_the_environments_proxy_is_not_asked_for_loopback(cli):
    cli("status", env={"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"})


def test_a_profile_that_is_missing_is_one_line(cli):
    assert "nobody" in cli("list", code=1, env={"AWS_PROFILE": "nobody"}).stderr


def test_up_hands_its_settings_to_the_server(cli, monkeypatch, own_environment):
    seen = []
    server = ModuleType("lambent.server")
    server.run = lambda settings: seen.append(settings) or 0
    server.reset = None
    monkeypatch.setitem(sys.modules, "lambent.server", server)
    cli("up", "--port", "0", "--data-dir", "d", "--isolation", "process")
    assert seen[0].port == 0
    assert seen[0].data_dir == own_environment / "d"
    assert seen[0].isolation == "process"
    cli("up", "--host", "0.0.0.0", code=1)
    cli("up", "--port", "x", code=1)
    assert len(seen) == 1


def test_up_says_why_it_cannot_start(cli, monkeypatch):
    def run(settings):
        raise StartError("port 4566 is in use: choose another with --port")

    server = ModuleType("lambent.server")
    server.run = run
    server.reset = None
    monkeypatch.setitem(sys.modules, "lambent.server", server)
    assert cli("up", code=1).stderr == "error: port 4566 is in use: choose another with --port\n"


def test_ctrl_c_exits_130(cli, monkeypatch):
    def run(settings):
        raise KeyboardInterrupt

    server = ModuleType("lambent.server")
    server.run = run
    server.reset = None
    monkeypatch.setitem(sys.modules, "lambent.server", server)
    cli("up", code=130)


def test_a_reader_that_goes_away_is_met_in_silence(fake):
    command = [LAMBENT, "--endpoint", fake.endpoint, "list", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_misspelt_variable_is_told_by_every_command(cli):
    told = cli("status", env={"LAMBENT_DATADIR": "x"}).stderr
    assert told == "LAMBENT_DATADIR sets nothing: there is no such setting (did you mean LAMBENT_DATA_DIR?)\n"


ENTRY = "from lambent.cli.entry import main; main()"


def entered(script: str, redirected: str = "", **environment: str) -> "subprocess.CompletedProcess[bytes]":
    command = f'exec "$0" -c "$1" {redirected}'
    given = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, script], capture_output=True, env=given, check=False
    )


@pytest.mark.parametrize("asked", ["--version", "--help", "doctor"])
@pytest.mark.parametrize(("redirected", "why"), [(">/dev/full", "No space left"), (">&-", "Bad file descriptor")])
def test_an_output_that_takes_nothing_is_one_line(asked, redirected, why):
    done = entered(f"import sys; sys.argv[1:] = ['{asked}']; {ENTRY}", redirected)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"error: standard output can't be written: {why}")
    assert done.stderr.count(b"\n") == 1


def test_nothing_is_open_and_nothing_is_said():
    done = entered(f"import sys; sys.argv[1:] = ['--version']; {ENTRY}", "<&- >&- 2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


SAYS = r"""
from lambent.cli import entry, output
entry._open_streams()
output.document({"a": "é → 😀"})
output.table(("→",), [("\udcff",)])
output.error("→")
"""


@pytest.mark.parametrize(
    ("encoding", "e"), [("latin-1", "é".encode("latin-1")), ("koi8-r", rb"\u00e9"), ("utf-8", None)]
)
def test_letters_that_the_terminal_does_not_have_are_escaped(encoding, e):
    done = entered(SAYS, PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    document, head, row = done.stdout.splitlines()
    assert json.loads(document.decode(encoding)) == {"a": "é → 😀"}
    if e is not None:
        assert document == b'{"a": "' + e + rb' \u2192 \ud83d\ude00"}'
        assert (head.strip(), row.strip(), done.stderr) == (rb"\u2192", rb"\udcff", b"error: \\u2192\n")


def test_ctrl_c_while_it_is_loaded_says_nothing():
    script = f"""
import os, signal, sys
class Interrupted:
    def find_spec(name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupted)
{ENTRY}
"""
    done = entered(script)
    assert (done.returncode, done.stdout, done.stderr) == (-2, b"", b"")
