"""Reports for tools: every format says every finding and what was not read, whatever stands in paths and messages."""

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from lambent.pitfalls import checking, formats
from lambent.pitfalls.checking import Report

TEMPLATE = """Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.12
      Timeout: 60
      Events: {A: {Type: Api}}
"""


@pytest.fixture
def report(tmp_path: Path) -> Report:
    folder = tmp_path / "a b, c:%d"
    folder.mkdir()
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "app.py").write_text("def handler(event, context):\n    print(\n        event)\n")
    (folder / "odd\x01<&>.ipynb").write_text('{"source": "def f(event, context)"}')
    return checking.check(tmp_path)


def test_json_has_the_lines_of_statements_and_of_properties(report: Report) -> None:
    made = json.loads(formats.as_json(report))
    keys = {"code", "path", "line", "end_line", "resource", "function", "level", "reliability", "message", "mend"}
    assert all(set(one) == keys for one in made["findings"])
    places = {one["code"]: (one["path"], one["line"], one["end_line"]) for one in made["findings"]}
    assert places["LIM004"] == ("a b, c:%d/template.yaml", 8, 8)
    assert places["LIM011"] == ("a b, c:%d/template.yaml", 3, 9)
    assert places["SEC005"] == ("a b, c:%d/app.py", 2, 3)
    (unread,) = made["not_read"]
    assert set(unread) == {"path", "because"} and unread["path"].endswith(".ipynb")


def test_sarif_has_encoded_addresses_rules_and_what_was_not_read(report: Report) -> None:
    (run,) = json.loads(formats.as_sarif(report))["runs"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert uris == {"a%20b%2C%20c%3A%25d/template.yaml", "a%20b%2C%20c%3A%25d/app.py"}
    assert {one["ruleId"] for one in run["results"]} == {one["id"] for one in run["tool"]["driver"]["rules"]}
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 1


def test_sarif_has_what_its_schema_requires(report: Report) -> None:
    """https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html (3.13, 3.20, 3.27, 3.30)"""
    made = json.loads(formats.as_sarif(report))
    (run,) = made["runs"]
    assert made["version"] == "2.1.0" and made["$schema"].endswith(".json") and run["tool"]["driver"]["name"]
    assert [one["ruleId"] for one in run["results"]] == [one.code for one in report.findings]
    for result in run["results"]:
        region = result["locations"][0]["physicalLocation"]["region"]
        assert result["level"] in ("error", "warning", "note") and result["message"]["text"]
        assert 1 <= region["startLine"] <= region["endLine"]


def test_junit_is_xml_whatever_is_in_it(report: Report) -> None:
    suite = ET.fromstring(formats.as_junit(report))
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == len(report.findings)
    assert len(suite.findall("testcase/skipped")) == 1


def test_github_has_a_line_for_each(report: Report) -> None:
    lines = formats.as_github(report).splitlines()
    assert len(lines) == len(report.findings) + 1
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert "file=a b%2C c%3A%25d/template.yaml,line=8" in formats.as_github(report)


@pytest.mark.parametrize("format", formats.FORMATS)
def test_names_of_files_that_are_no_text_can_be_told(format: str, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.py")
    (tmp_path / name).write_text("def handler(event, context):\n    print(event)\n")
    told = formats.FORMATS[format](checking.check(tmp_path))
    assert "SEC005" in told
    assert format != "sarif" or "%FF%FE.py" in told
