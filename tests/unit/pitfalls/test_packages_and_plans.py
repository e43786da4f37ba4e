"""Zips, images, notebooks, Terraform's plans: read within limits, or told why not."""

# ruff: noqa: E501

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambent.pitfalls import checking
from lambent.pitfalls.facts import reading, zips

TEMPLATE = """Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Runtime: RUNTIME, Handler: app.handler, CodeUri: code.zip}
"""
PYTHON = "import time\ndef handler(event, context):\n    time.sleep(9)\n"


def project(root: Path, data: bytes, runtime: str = "python3.12") -> Path:
    (root / "template.yaml").write_text(TEMPLATE.replace("RUNTIME", runtime))
    (root / "code.zip").write_bytes(data)
    return root


def zipped(**files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in files.items():
            target.writestr(name.replace("__", "/").replace("_", "."), text)
    return made.getvalue()


def places(root: Path, code: str) -> list[tuple[str, int]]:
    return [(one.place.path, one.place.line) for one in checking.check(root, [code]).findings]


def test_the_code_in_a_zip_is_read(tmp_path: Path) -> None:
    assert places(project(tmp_path, zipped(app_py=PYTHON)), "ARC005") == [("code.zip/app.py", 3)]
    assert not (tmp_path / "code.zip").is_dir()


def test_javascript_in_a_zip_with_what_it_requires(tmp_path: Path) -> None:
    data = zipped(
        app_js="const { w } = require('./lib/x');\nexports.handler = async (event) => { await w(); };",
        lib__x_js="exports.w = async () => {\n  await new Promise((d) => setTimeout(d, 2000));\n};",
    )
    assert places(project(tmp_path, data, "nodejs22.x"), "ARC005") == [("code.zip/lib/x.js", 2)]


def test_what_was_installed_into_a_zip_is_looked_at(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("app.py", PYTHON)
        target.writestr("fast/_sum.cpython-312-darwin.so", b"\xca\xfe")
        target.writestr(
            "fast-1.0.dist-info/METADATA", "Name: fast\nRequires-Dist: slow\n\nRequires-Dist: of-the-text\n"
        )
    report = checking.check(project(tmp_path, made.getvalue()), ["PKG"])
    assert [(one.code, one.place.line) for one in report.findings] == [("PKG001", 4), ("PKG007", 4)]
    assert "fast needs slow" in report.findings[1].message


@pytest.mark.parametrize(("more", "codes"), [({}, ["PKG003"]), ({"boto3__session_py": ""}, [])])
def test_a_zip_has_the_sdk_that_lies_in_it(more: dict[str, str], codes: list[str], tmp_path: Path) -> None:
    code = "import boto3\ndef handler(event, context):\n    boto3.client('sqs')\n"
    root = project(tmp_path, zipped(app_py=code, **more))
    assert [one.code for one in checking.check(root, ["PKG003"], everything=True).findings] == codes


def installed(*more: str) -> bytes:
    """A package with a library that pip brought, whose modules would do what the handler does."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("app.py", f"import big.part, six, own\n{PYTHON}")
        target.writestr("own.py", "import big\n")
        target.writestr("big/__init__.py", "import big.part\n")
        target.writestr("big/part.py", "import time\n")
        target.writestr(
            "big-1.0.dist-info/RECORD", "big/__init__.py,,\nbig/part.py,,\ntests/x.py,,\nbig-1.0.dist-info/RECORD,,"
        )
        for name in more:
            target.writestr(name, "")
    return made.getvalue()


@pytest.mark.parametrize(
    ("more", "loaded", "unread"),
    [
        ((), ["app", "own"], ["big"]),
        (("big-1.0.dist-info/direct_url.json",), ["app", "big", "own"], []),
    ],
)
def test_what_was_installed_is_not_read_and_said(
    tmp_path: Path, more: tuple[str, ...], loaded: list[str], unread: list[str]
) -> None:
    [function] = reading.read(project(tmp_path, installed(*more))).functions
    assert function.code is not None
    assert sorted(module.name for module in function.code.loaded) == loaded
    assert function.code.unread == unread


def test_packages_of_npm_are_not_read_and_said(tmp_path: Path) -> None:
    code = """
const fs = require('fs'), {x} = require('./lib/x'), _ = require('lodash/get'), AWS = require('aws-sdk/clients/s3');
import log from '@acme/log';
exports.handler = async (event) => { _(x, log); };
"""
    data = zipped(app_js=code, lib__x_js="const y = require('node:util'); exports.x = 1;")
    [function] = reading.read(project(tmp_path, data, "nodejs22.x")).functions
    assert function.node is not None
    assert function.node.unread == ["@acme/log", "lodash"]


def test_the_directory_of_a_zip_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of thousands of files took most of a minute: its directory was read for each of the modules."""
    read: list[str] = []
    real = zipfile.ZipFile._RealGetContents  # type: ignore[attr-defined]
    monkeypatch.setattr(
        zipfile.ZipFile, "_RealGetContents", lambda self: (read.append(self.filename), real(self)), raising=True
    )
    modules = {f"m{number}_py": "" for number in range(20)}
    data = zipped(app_py="\n".join(f"import {name[:-3]}" for name in modules) + "\n" + PYTHON, **modules)
    [function] = reading.read(project(tmp_path, data)).functions
    assert function.code is not None
    assert len(function.code.loaded) == 21
    assert len(read) == 1


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04junk", b"\0" * 1000, zipped(app_py=PYTHON)[:-30]])
def test_a_broken_zip_is_told(data: bytes, tmp_path: Path) -> None:
    (unread,) = checking.check(project(tmp_path, data)).not_read
    assert unread.path == "code.zip" and "no zip" in unread.because


def test_an_entry_that_unfolds_to_too_much_is_told(tmp_path: Path) -> None:
    data = zipped(app_py="#" * (zips.MOST_ENTRY + 1))
    (unread,) = checking.check(project(tmp_path, data)).not_read
    assert (unread.path, unread.because) == ("code.zip/app.py", "it unfolds to too much")


def test_images_and_notebooks_are_told(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {PackageType: Image, Timeout: 9}\n"
    )
    (tmp_path / "try.ipynb").write_text(json.dumps({"cells": [{"source": ["def handler(event, context):"]}]}))
    assert {one.path: one.because.partition(";")[0] for one in checking.check(tmp_path).not_read} == {
        "template.yaml": "the code of F is a container image",
        "try.ipynb": "it is a notebook",
    }


def managed(kind: str, name: str, **values: Any) -> dict[str, Any]:
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}


def expressions(kind: str, name: str, **references: list[str]) -> dict[str, Any]:
    told = {key: {"references": value} for key, value in references.items()}
    return {"address": f"{kind}.{name}", "expressions": told}


PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "prior_state": {"values": {"root_module": {"resources": [
        {"mode": "data", "type": "archive_file", "name": "code", "values": {"source_dir": "./src"}}]}}},
    "planned_values": {"root_module": {"resources": [
        managed("aws_lambda_function", "f", function_name="f", timeout=60, runtime="python3.12", handler="app.handler",
                filename="x.zip", environment=[{"variables": {"A": "b"}}], vpc_config=[]),
        managed("aws_sqs_queue", "q", visibility_timeout_seconds=90),
        managed("aws_lambda_event_source_mapping", "m", batch_size=5, function_name="f", event_source_arn=None)]}},
    "configuration": {"root_module": {"resources": [
        expressions("aws_lambda_function", "f", filename=["data.archive_file.code.output_path", "data.archive_file.code"]),
        expressions("aws_lambda_event_source_mapping", "m", event_source_arn=["aws_sqs_queue.q.arn", "aws_sqs_queue.q"]),
    ]}},
}  # fmt: skip


def test_a_plan_is_read_with_its_code(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(PYTHON)
    (function,) = reading.read(tmp_path).functions
    assert (function.timeout, dict(function.environment)) == (60, {"A": "b"})
    assert [one.kind for one in function.triggers] == ["sqs"]
    assert places(tmp_path, "ARC005") == [("src/app.py", 3)]
    assert places(tmp_path, "ESM001") == [("plan.json", 1)]


def test_a_plan_beside_its_files_is_not_read_twice(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {}\n')
    (unread,) = checking.check(tmp_path).not_read
    assert (unread.path, unread.because) == ("plan.json", "the .tf files beside it are read instead")


@pytest.mark.parametrize("value", [1, "x", [], [1], {"root_module": {"resources": [1, {"type": 1}]}}])
def test_odd_plans_raise_nothing(value: Any, tmp_path: Path) -> None:
    for key in ("prior_state", "planned_values", "configuration"):
        (tmp_path / "plan.json").write_text(json.dumps(PLAN | {key: value}))
        checking.check(tmp_path)
