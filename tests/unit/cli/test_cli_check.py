"""The command `check`: its formats, its exit codes, what may be ignored, what is mended."""

# ruff: noqa: E501

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from lambent.cli.main import app

APP = "import time\n\n\ndef handler(event, context):\n    time.sleep(5)\n"
TEMPLATE = """Transform: AWS::Serverless-2016-10-31
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.handler, Runtime: python3.12, CodeUri: ., Timeout: 30, Events: {Q: {Type: SQS, Properties: {
      Queue: !GetAtt Queue.Arn}}}}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60  # as it was
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *map(str, arguments)])
    return result.exit_code, result.output


def codes(project: Path, *arguments: object) -> set[str]:
    return {one["code"] for one in json.loads(run(project, "--format", "json", *arguments)[1])["findings"]}


def test_json_has_exactly_the_agreed_form(project: Path) -> None:
    _, output = run(project, "--format", "json", "--select", "ARC005")
    assert json.loads(output) == {
        "findings": [
            {
                "code": "ARC005",
                "path": "app.py",
                "line": 5,
                "end_line": 5,
                "resource": "Work",
                "function": "Work",
                "level": "warning",
                "reliability": "certain",
                "message": "the function sleeps for 5 s and is billed",
                "mend": "let Step Functions wait, send a delayed message, or be called when it is done (EventBridge)",
            }
        ],
        "not_read": [],
    }


def test_every_format_speaks_of_the_finding(project: Path) -> None:
    for format_ in ("text", "json", "sarif", "github", "junit"):
        _, output = run(project, "--format", format_, "--select", "ARC005")
        assert "ARC005" in output and "app.py" in output, format_
    assert json.loads(run(project, "--format", "sarif")[1])["version"] == "2.1.0"
    assert ElementTree.fromstring(run(project, "--format", "junit")[1].encode()).tag == "testsuite"


def test_exit_codes(project: Path) -> None:
    assert run(project, "--select", "ARC005")[0] == 0
    assert run(project, "--select", "ARC005", "--fail-on", "warning")[0] == 1
    assert run(project, "--select", "ARC005", "--fail-on", "never")[0] == 0
    assert run(project, "--format", "xml")[0] == 2
    assert run(project / "nothing")[0] == 2


def test_a_comment_with_a_reason_ignores_and_one_without_does_not(project: Path) -> None:
    (project / "app.py").write_text(APP.replace("sleep(5)", "sleep(5)  # lambent: ignore[ARC005]"))
    assert "ARC005" in codes(project)
    (project / "app.py").write_text(
        APP.replace("sleep(5)", "sleep(5)  # lambent: ignore[ARC005] the partner asks for it")
    )
    assert "ARC005" not in codes(project)
    (project / "template.yaml").write_text(TEMPLATE.replace("as it was", "lambent: ignore[ESM001] measured"))
    assert "ESM001" not in codes(project)


def test_a_baseline_leaves_what_is_new(project: Path) -> None:
    baseline = project / "baseline.json"
    assert run(project, "--write-baseline", baseline)[0] == 0
    assert codes(project, "--baseline", baseline) == set()
    (project / "app.py").write_text("\n" + APP + "    print(event)\n")
    assert codes(project, "--baseline", baseline) == {"SEC005"}
    baseline.write_text("[]")
    assert run(project, "--baseline", baseline)[0] == 2


def test_configuration_of_the_project(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.lambent.check]\nselect = ["ARC"]\nfail_on = "warning"\n')
    assert codes(project) == {"ARC005"}
    assert run(project)[0] == 1
    (project / "lambent.toml").write_text("[check]\nselekt = []\n")
    code, output = run(project)
    assert code == 2 and "selekt" in output


def test_fix_mends_the_number_and_leaves_the_rest(project: Path) -> None:
    run(project, "--fix")
    assert (project / "template.yaml").read_text() == TEMPLATE.replace(
        "VisibilityTimeout: 60  #", "VisibilityTimeout: 180  #"
    )


def test_explain() -> None:
    result = CliRunner().invoke(app, ["explain", "esm002"])
    assert result.exit_code == 0 and "batchItemFailures" in result.output
    assert CliRunner().invoke(app, ["explain", "PKG004"]).exit_code == 0
    assert CliRunner().invoke(app, ["explain", "XXX"]).exit_code == 2
