"""A report as text for people and as data for tools."""

import json
import os
import re
from collections.abc import Callable
from itertools import groupby
from urllib.parse import quote

from lambent.pitfalls import catalogue
from lambent.pitfalls.checking import Report
from lambent.pitfalls.finding import LEVELS, Finding

FAIL_ON = (*LEVELS, "never")


def fails(report: Report, fail_on: str) -> bool:
    """Whether some finding is at or above a level."""
    if fail_on == "never":
        return False
    bad = LEVELS[LEVELS.index(fail_on) :]
    return any(one.level in bad for one in report.findings)


def as_json(report: Report) -> str:
    """The findings and what was not read."""
    made = {
        "findings": [one.as_json() for one in report.findings],
        "not_read": [{"path": one.path, "because": one.because} for one in report.not_read],
    }
    return json.dumps(made, indent=2, ensure_ascii=False)


def as_text(report: Report) -> str:
    """Findings by function, each with what happens and what to do."""
    lines: list[str] = []
    ordered = sorted(report.findings, key=_group)
    for (_, group), findings in groupby(ordered, key=_group):
        lines += [group, *(line for one in findings for line in _shown(one)), ""]
    for unread in report.not_read:
        lines.append(f"not read: {unread.path}, because {unread.because}")
    return "\n".join([*lines, _summary(report)])


def _group(finding: Finding) -> tuple[bool, str]:
    return finding.function is None, finding.function or "the project"


def _shown(finding: Finding) -> list[str]:
    rule = catalogue.rules()[finding.code]
    return [
        f"  {finding.code} {finding.level} ({finding.reliability})  {finding.place.path}:{finding.place.line}",
        f"      {finding.message}",
        f"      in production: {rule.production}",
        f"      mend: {finding.mend}",
    ]


def _summary(report: Report) -> str:
    count = len(report.findings)
    functions = len(list(report.project.functions))
    levels = ", ".join(
        f"{number} {level}"
        for level in reversed(LEVELS)
        if (number := sum(one.level == level for one in report.findings))
    )
    return f"{functions} functions read, {count} findings" + (f" ({levels})" if levels else "")


_SARIF_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0, as code scanning takes it (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html)."""
    used = sorted({one.code for one in report.findings})
    rules = catalogue.rules()
    driver = {
        "name": "lambent check",
        "rules": [
            {
                "id": code,
                "shortDescription": {"text": rules[code].title},
                "fullDescription": {"text": rules[code].production},
            }
            for code in used
        ],
    }
    results = [_sarif(one) for one in report.findings]
    told = [
        {"level": "warning", "message": {"text": f"not read: {one.path}, because {one.because}"}}
        for one in report.not_read
    ]
    invocation = {"executionSuccessful": True, "toolExecutionNotifications": told}
    run = {"tool": {"driver": driver}, "invocations": [invocation], "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif(finding: Finding) -> dict[str, object]:
    region = {"startLine": finding.place.line, "endLine": finding.place.end_line}
    location = {"artifactLocation": {"uri": quote(os.fsencode(finding.place.path))}, "region": region}
    return {
        "ruleId": finding.code,
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": f"{finding.message}. {finding.mend}"},
        "locations": [{"physicalLocation": location}],
    }


def as_github(report: Report) -> str:
    """Commands that GitHub's runner shows as annotations."""
    names = {"error": "error", "warning": "warning", "info": "notice"}
    unread = [f"::notice file={_property(one.path)},title=not read::{_escaped(one.because)}" for one in report.not_read]
    found = [
        f"::{names[one.level]} file={_property(one.place.path)},line={one.place.line},endLine={one.place.end_line},"
        f"title={one.code}::{_escaped(one.message)}%0A{_escaped(one.mend)}"
        for one in report.findings
    ]
    return "\n".join([*found, *unread])


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def as_junit(report: Report) -> str:
    """JUnit's XML: a failed test case for each finding, a skipped one for what was not read."""
    failed = [
        f"  <testcase classname={_quoted(one.place.path)} name={_quoted(f'{one.code}:{one.place.line}')}>"
        f"<failure message={_quoted(one.message)} type={_quoted(one.level)}>{_plain(one.mend)}</failure></testcase>"
        for one in report.findings
    ]
    skipped = [
        f'  <testcase classname={_quoted(one.path)} name="not read">'
        f"<skipped message={_quoted(one.because)}/></testcase>"
        for one in report.not_read
    ]
    counts = f'tests="{len(failed) + len(skipped)}" failures="{len(failed)}" skipped="{len(skipped)}"'
    head = f'<testsuite name="lambent check" {counts}>'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *failed, *skipped, "</testsuite>"])


_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not have."""


def _plain(text: str) -> str:
    from xml.sax.saxutils import escape

    return escape(_NO_XML.sub("?", text))


def _quoted(text: str) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr(_NO_XML.sub("?", text))


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "junit": as_junit,
}
