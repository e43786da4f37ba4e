"""Whatever lies in a project: "not read, because", never a trace, never anything run."""

# ruff: noqa: E501

import json
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from lambent.pitfalls import catalogue, checking
from lambent.pitfalls.facts.project import Resource, Stack
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.finding import Finding

TEMPLATE = "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n"
CASES: dict[str, bytes] = {
    "tabs": TEMPLATE.encode() + b"\t\tTimeout: 3\n",
    "cut": TEMPLATE.encode() + b"      Environment: {Variables: {A: [",
    "alias of itself": TEMPLATE.encode() + b"      Tags: &a\n        x: *a\n",
    "deep": b"Resources: {A: {Type: AWS::X, Properties: " + b"[" * 500 + b"]" * 500 + b"}}",
    "unfolding": b"Resources: {A: {Type: AWS::X}}\na: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [" % (98 + i, 98 + i) + b",".join([b"*%c" % (97 + i)] * 9) + b"]\n" for i in range(8)),
    "large": TEMPLATE.encode() + b"      # AWS::\n" * 700_000,
}


@pytest.mark.parametrize("name", CASES)
def test_a_template_that_can_t_be_read_is_told_with_why(name: str, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_bytes(CASES[name])
    (unread,) = checking.check(tmp_path).not_read
    assert unread.path == "template.yaml" and unread.because


def test_tags_macros_and_functions_that_nobody_knows_are_unknown(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        "Transform: [Mine]\nResources:\n  Fn::ForEach::X: [a, [b], {}]\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n"
        "      Timeout: !Mine {a: 1}\n      MemorySize: !If [A, 1, 2]\n      Environment: !Transform {Name: x}\n"
        "      VpcConfig: !If [A, {SubnetIds: [a]}, !Ref AWS::NoValue]\n      Layers: !Ref Layers\n"
    )
    report = checking.check(tmp_path, everything=True)
    assert not report.not_read
    assert not {one.code for one in report.findings} & {"LIM005", "LIM011", "NET004", "LIM010"}


@pytest.mark.parametrize(
    "source",
    [b"print 'python two'\ndef handler(event, context): pass", b"def handler(event, context:\n", b"def f(event)\0"],
)
def test_code_that_does_not_parse(source: bytes, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_bytes(source)
    report = checking.check(tmp_path)
    assert not report.findings
    assert [one.path for one in report.not_read] == ["app.py"]


def test_junk_of_every_kind_raises_nothing(tmp_path: Path) -> None:
    rng = random.Random(7)
    for name in (
        "template.yaml",
        "serverless.yml",
        "main.tf",
        "a.json",
        "app.py",
        "Makefile",
        "x.template.json",
        "deploy.sh",
    ):
        (tmp_path / name).write_bytes(rng.randbytes(4000))
    (tmp_path / "note.ipynb").write_text(json.dumps({"cells": [{"source": ["def handler(event, context):"]}]}))
    (tmp_path / "loop").symlink_to(tmp_path)
    assert not checking.check(tmp_path, everything=True).findings


def test_mutated_templates_raise_nothing(tmp_path: Path) -> None:
    rng = random.Random(11)
    sources = sorted(Path(__file__).parent.joinpath("formats").rglob("*.*"))
    originals = {path: path.read_bytes() for path in sources if path.suffix in (".yaml", ".yml", ".tf", ".json", ".py")}
    for round_ in range(60):
        for path, data in originals.items():
            damaged = bytearray(data)
            for _ in range(1 + round_ % 4):
                at = rng.randrange(len(damaged))
                damaged[at : at + rng.randrange(3)] = rng.choice(
                    [b"", b"{", b"]", b": ", b"\n", b'"', b"!Ref ", b"${", b"*"]
                )
            (tmp_path / path.name).write_bytes(bytes(damaged))
        assert not [one for one in checking.check(tmp_path, everything=True).not_read if "fault" in one.because]


def test_nothing_of_the_project_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "was_run"
    evil = f"open({str(mark)!r}, 'w')\ndef handler(event, context): pass\n"
    for name in ("app.py", "setup.py", "conftest.py", "sitecustomize.py"):
        (tmp_path / name).write_text(evil)
    (tmp_path / "template.yaml").write_text(
        TEMPLATE + f"      Handler: app.handler\n      X: !!python/object/apply:os.system ['touch {mark}']\n"
    )
    checking.check(tmp_path, everything=True)
    assert not mark.exists()


def test_code_outside_of_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "app.py").write_text("import time\ndef handler(event, context):\n    time.sleep(9)\n")
    inner = tmp_path / "project"
    inner.mkdir()
    (inner / "template.yaml").write_text(
        TEMPLATE + "      Handler: app.handler\n      Code: ../secret\n      Timeout: 5\n"
    )
    (inner / "app.py").symlink_to(tmp_path / "secret" / "app.py")
    assert not checking.check(inner, select=["ARC005"]).findings


@pytest.mark.parametrize("odd", ["a\\0b", "x" * 5000, "../..", "/", "..", "a/" * 600, ".", "\\ud800", "%", "~"])
def test_odd_names_of_code_raise_nothing(odd: str, tmp_path: Path) -> None:
    for key in ("Handler", "Code", "CodeUri", "DefinitionUri"):
        type_ = "AWS::Serverless::StateMachine" if key == "DefinitionUri" else "AWS::Serverless::Function"
        (tmp_path / "template.yaml").write_text(
            f'Resources:\n  F:\n    Type: {type_}\n    Properties: {{Runtime: python3.12, Handler: a.b, {key}: "{odd}"}}\n'
        )
        (tmp_path / "serverless.yml").write_text(
            f'service: s\nprovider: {{name: aws}}\nfunctions: {{f: {{handler: "{odd}"}}}}\nresources: "${{file({odd})}}"\n'
        )
        checking.check(tmp_path, everything=True)


HANDLER = "def handler(event, context):\n    print(event)  # expect\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + HANDLER.encode(),
        HANDLER.replace("\n", "\r\n").encode(),
        b"# -*- coding: latin-1 -*-\nNAME = '\xe9'\n" + HANDLER.encode(),
    ],
    ids=["BOM", "CRLF", "latin-1 that says so"],
)
def test_code_of_every_encoding_that_python_reads_is_read(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_bytes(data)
    (finding,) = checking.check(tmp_path, select=["SEC005"]).findings
    assert b"# expect" in data.splitlines()[finding.place.line - 1]


@pytest.mark.parametrize("name", ["template.yaml", "stack.yml", "infra.json"])
@pytest.mark.parametrize("data", [b"# \xe9\n" + TEMPLATE.encode(), b"Resources: AWS::X\0\0"])
def test_what_begins_as_a_template_and_is_no_utf_8_is_told(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    assert [one.path for one in checking.check(tmp_path).not_read] == [name]


def test_pipes_and_links_out_of_the_project_are_not_opened(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(TEMPLATE + "      Timeout: 901\n")
    inner = tmp_path / "project"
    inner.mkdir()
    for name in ("template.yaml", "app.py", "a.json", "main.tf", "deploy.sh", "p.zip", "app.js", "Dockerfile"):
        os.mkfifo(inner / name)
    (inner / "other.yaml").symlink_to(outside)
    (inner / "up").symlink_to(tmp_path)
    (inner / "own.yaml").write_text(TEMPLATE + "      Code: p.zip\n      Handler: app.handler\n")
    report = checking.check(inner, everything=True)
    assert {one.place.path for one in report.findings} == {"own.yaml"}


def test_a_template_of_five_megabytes_is_read(tmp_path: Path) -> None:
    topics = "".join(f"  T{i}:\n    Type: AWS::SNS::Topic\n    # {'x' * 400}\n" for i in range(12_000))
    (tmp_path / "template.yaml").write_text(TEMPLATE.replace("  F:", topics + "  F:") + "      Timeout: 901\n")
    report = checking.check(tmp_path, select=["LIM006"])
    assert not report.not_read and len(report.findings) == 1


def test_zips_of_every_kind_are_told_or_read(tmp_path: Path) -> None:
    import zipfile

    (tmp_path / "junk.zip").write_bytes(b"PK\x03\x04" + b"\xff" * 100)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as made:
        for number in range(20_001):
            made.writestr(str(number), b"")
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("app.py", b"#" * 3_000_000)
    for name in ("junk", "many", "bomb"):
        (tmp_path / f"{name}.yaml").write_text(
            TEMPLATE + f"      Runtime: python3.12\n      Handler: app.handler\n      Code: {name}.zip\n"
        )
    told = {one.path: one.because for one in checking.check(tmp_path).not_read}
    assert set(told) == {"junk.zip", "many.zip", "bomb.zip/app.py"}


def test_a_rule_that_fails_is_told_and_takes_no_other_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(project: object) -> list[Finding]:
        raise KeyError("a fault of ours")

    (tmp_path / "template.yaml").write_text(TEMPLATE + "      Timeout: 901\n")
    rules = {**catalogue.rules(), "LIM007": replace(catalogue.rules()["LIM007"], check=broken)}
    monkeypatch.setattr(catalogue, "rules", lambda: rules)
    report = checking.check(tmp_path, ["LIM006", "LIM007"])
    assert [one.code for one in report.findings] == ["LIM006"]
    assert "LIM007 failed" in report.not_read[0].because


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "junk.py").write_bytes(b"def handler(event, context):\0\xff\xfe")
    (tmp_path / "junk.tf").write_bytes(b"\xff\xfe\0resource")
    (tmp_path / "main.tf").write_text('resource "aws_s3_bucket" "b" {}\n')
    told = {one.path: one.because for one in checking.check(tmp_path).not_read}
    assert told == {"junk.py": "it is not text", ".": "of junk.tf: it is not text"}


def test_code_that_is_not_there_is_told_once_for_a_template(tmp_path: Path) -> None:
    functions = "".join(
        f"  F{at}:\n    Type: AWS::Serverless::Function\n"
        f"    Properties: {{Runtime: python3.12, Handler: gone.handler, CodeUri: s3://b/{at}}}\n"
        for at in range(7)
    )
    (tmp_path / "template.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\nResources:\n{functions}")
    (told,) = checking.check(tmp_path).not_read
    assert told.because == "the code of F0, F1, F2, F3, F4 and 2 more is not where the template says"


def test_a_template_of_very_many_functions_takes_time_by_their_number(tmp_path: Path) -> None:
    """Nothing looks through all resources for each function."""
    stack = Stack("t", "sam")
    for at in range(20_000):
        stack.resources[str(at)] = Resource(str(at), f"Custom::A{at % 9}", Map(), "t", (1, 1))
    looked = [one.id for at in range(2_000) for one in stack.of("Custom::None")]
    assert looked == [] and len(list(stack.of("Custom::A1"))) == 2_223
    stack.resources["new"] = Resource("new", "Custom::None", Map(), "t", (1, 1))
    assert [one.id for one in stack.of("Custom::None")] == ["new"]
