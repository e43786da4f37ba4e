import importlib
import json
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType

SOURCE = {"app.py": "def handler(event, context): ..."}


def test_list(cli, make):
    assert cli("list").stderr == "no functions yet: `lambent deploy DIR` makes one\n"
    cli("deploy", make(SOURCE), "--name", "zebra")
    cli("deploy", make(SOURCE), "--name", "ant", "--memory", 1024)
    lines = cli("list").stdout.splitlines()
    assert lines[0].split() == ["name", "runtime", "handler", "memory", "timeout", "code", "modified"]
    assert [line.split()[0] for line in lines[1:]] == ["ant", "zebra"]
    assert "1024 MB" in lines[1]
    assert "2026-08-24 10:15:02" in lines[1]


def test_a_long_name_is_not_cut_in_a_pipe(cli, make):
    cli("deploy", make(SOURCE), "--name", "n" * 64, "--handler", "app.handler")
    assert "n" * 64 in cli("list").stdout


def test_list_json_is_aws_shaped(cli, make):
    assert json.loads(cli("list", "--json").stdout) == {"functions": []}
    cli("deploy", make(SOURCE))
    assert json.loads(cli("list", "--json").stdout)["functions"][0]["FunctionName"] == "hello"


def test_delete(cli, fake, make):
    cli("deploy", make(SOURCE))
    assert cli("delete", "hello").stderr == "deleted hello\n"
    assert fake.functions == {}
    assert "Function not found" in cli("delete", "hello", code=1).stderr


def test_delete_tells_of_mappings_that_are_left(cli, fake, make):
    for more in ((), ("--json",)):
        cli("deploy", make(SOURCE))
        fake.feeding = {"orders": {}}
        said = cli("delete", "hello", *more)
        if more:
            assert json.loads(said.stdout) == {"deleted": "hello", "mappings": ["u0"]}
        else:
            assert "of arn:aws:sqs:us-east-1:000000000000:orders is left, as on AWS: aws lambda" in said.stderr
            assert said.stderr.endswith("--uuid u0\n")
        fake.feeding = {}


def test_delete_json(cli, make):
    cli("deploy", make(SOURCE))
    assert json.loads(cli("delete", "hello", "--json").stdout) == {"deleted": "hello"}


def test_status(cli, fake, make):
    cli("deploy", make(SOURCE))
    result = cli("status")
    first = f"Lambent 0.1.0 at {fake.endpoint}, isolation namespace, 1 function"
    assert result.stdout.splitlines()[0] == first
    assert "hello" in result.stdout
    document = json.loads(cli("status", "--json").stdout)
    assert document["health"]["isolation"] == {"level": "namespace"}
    assert len(document["functions"]) == 1


class Level(Enum):
    NAMESPACE = "namespace"


@dataclass(frozen=True)
class Abilities:
    root: bool = True
    user_namespaces: bool = False
    controllers: frozenset = frozenset({"memory", "cpu"})

    def promises(self, level):
        return {
            "private_network": {"kept": True, "how": "a namespace"},
            "cpu_share": {"kept": False, "how": "no group", "remedy": "run it as root"},
        }


@dataclass(frozen=True)
class Interpreter:
    path: Path
    full_version: str


@dataclass
class Node:
    version: str
    path: Path


def machine(monkeypatch):
    importlib.import_module("lambent.server.confined")  # what it imports is no fake
    probe = ModuleType("lambent.sandbox.probe")
    probe.probe = Abilities
    probe.best = lambda abilities: Level.NAMESPACE
    interpreters = ModuleType("lambent.runtimes.interpreters")
    interpreters.find = lambda: {"3.12": Interpreter(Path("/usr/bin/python3.12"), "3.12.1")}
    nodes = ModuleType("lambent.runtimes.nodes")
    nodes.find = lambda: {"22": Node("22.20.0", Path("/usr/bin/node"))}
    fakes = {"sandbox.probe": probe, "runtimes.interpreters": interpreters, "runtimes.nodes": nodes}
    for name, module in fakes.items():
        monkeypatch.setitem(sys.modules, f"lambent.{name}", module)
        room, _, short = name.partition(".")
        monkeypatch.setattr(f"lambent.{room}.{short}", module, raising=False)


def test_doctor(cli, monkeypatch):
    machine(monkeypatch)
    lines = {line[:17].strip(): line[17:].strip() for line in cli("doctor").stdout.splitlines()}
    assert lines["isolation"] == "namespace"
    assert lines["nodejs22"] == "22.20.0 /usr/bin/node"
    assert lines["private network"] == "kept: a namespace"
    assert lines["cpu share"] == "NOT KEPT: no group. To mend: run it as root"
    assert lines["python3.12"] == "3.12.1 /usr/bin/python3.12"


def test_doctor_needs_no_server(cli, monkeypatch):
    machine(monkeypatch)
    document = json.loads(cli("doctor", "--json", "--endpoint", "http://127.0.0.1:1").stdout)
    assert document["server"]["error"].startswith("No Lambent at http://127.0.0.1:1")
    assert document["abilities"]["controllers"] == ["cpu", "memory"]


def test_doctor_shows_the_servers_findings(cli, fake):
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    fake.findings = [{"code": "stored-only", "resource": arn, "message": "No effect yet.", "hint": ""}]
    assert f"{arn}: No effect yet." in cli("doctor").stdout
    assert json.loads(cli("doctor", "--json").stdout)["server"]["findings"] == fake.findings
