"""The rules that there are, found by their files."""

from functools import cache
from importlib import import_module
from pathlib import Path

from lambent.pitfalls.finding import Finding, Rule

FOLDER = Path(__file__).parent / "rules"


@cache
def rules() -> dict[str, Rule]:
    """Code -> rule, in the order of the codes."""
    found = {}
    for path in sorted(FOLDER.glob("[A-Z]*.py")):
        rule = import_module(f"lambent.pitfalls.rules.{path.stem}").RULE
        found[rule.code] = rule
    return found


def one_each(findings: list[Finding]) -> list[Finding]:
    """Findings in the order of their places, one for each code and place: functions may share code."""
    unique: dict[tuple[str, str, int], Finding] = {}
    for finding in sorted(findings, key=lambda one: (one.place, one.code, one.function or "")):
        unique.setdefault((finding.code, finding.place.path, finding.place.line), finding)
    return list(unique.values())
