"""What a project says about its findings: comments that ignore one with a reason, a baseline, a configuration."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambent.pitfalls.facts.discovery import read_text
from lambent.pitfalls.facts.unread import NotRead
from lambent.pitfalls.finding import Finding

_COMMENT = re.compile(r"(?:#|//)\s*lambent:\s*ignore\[([A-Z0-9, ]+)\]\s*(.*)")


class BadConfiguration(ValueError):
    """A configuration or baseline that can't be used; the message says what is wrong in one line."""


def without_ignored(findings: Iterable[Finding], root: Path) -> list[Finding]:
    """Findings that no comment with a reason ignores: on its line, on the line above, or in the file's first lines."""
    comments: dict[str, dict[int, set[str]]] = {}
    kept = []
    for finding in findings:
        path = finding.place.path
        if path not in comments:
            comments[path] = _comments(root / path)
        lines = (finding.place.line, finding.place.line - 1)
        if not any(_covers(comments[path].get(line, set()), finding.code) for line in lines):
            kept.append(finding)
    return kept


def _covers(codes: set[str], code: str) -> bool:
    return any(code.startswith(one) for one in codes)


def _comments(path: Path) -> dict[int, set[str]]:
    """Line -> codes. A comment without a reason ignores nothing."""
    try:
        lines = read_text(path).splitlines()
    except NotRead:
        return {}
    found: dict[int, set[str]] = {}
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line)
        if match and match[2].strip():
            found[number] = {code.strip() for code in match[1].split(",") if code.strip()}
    return found


def identity(finding: Finding) -> str:
    """What stays the same when lines move."""
    return f"{finding.code} {finding.place.path} {finding.function or finding.resource or ''} {finding.message}"


def read_baseline(path: Path) -> dict[str, int]:
    """Identity -> how often. Raises BadConfiguration."""
    try:
        made = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadConfiguration(f"the baseline {path} can't be read: {error}") from None
    if not isinstance(made, dict) or not all(isinstance(one, int) for one in made.values()):
        raise BadConfiguration(f"{path} is not a baseline: write one with --write-baseline")
    return made


def as_baseline(findings: Iterable[Finding]) -> str:
    """The text of a baseline."""
    counted: dict[str, int] = {}
    for finding in findings:
        counted[identity(finding)] = counted.get(identity(finding), 0) + 1
    return json.dumps(counted, indent=1, sort_keys=True) + "\n"


def beyond(findings: Iterable[Finding], baseline: dict[str, int]) -> list[Finding]:
    """Findings that the baseline does not have."""
    left = dict(baseline)
    kept = []
    for finding in findings:
        key = identity(finding)
        if left.get(key, 0) > 0:
            left[key] -= 1
        else:
            kept.append(finding)
    return kept


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a project sets for `check`."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"
    baseline: str | None = None


def configuration(folder: Path) -> Configuration:
    """From `[check]` in lambent.toml, else `[tool.lambent.check]` in pyproject.toml. Raises BadConfiguration."""
    for name, keys in (("lambent.toml", ("check",)), ("pyproject.toml", ("tool", "lambent", "check"))):
        path = folder / name
        if path.is_file():
            table = _table(path, keys)
            if table:
                return _configured(table, path)
    return Configuration()


def _table(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    import tomllib

    try:
        value: Any = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadConfiguration(f"{path} can't be read: {error}") from None
    for key in keys:
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, dict) else {}


def _configured(table: dict[str, Any], path: Path) -> Configuration:
    unknown = sorted(set(table) - {"select", "ignore", "fail_on", "baseline"})
    if unknown:
        raise BadConfiguration(f"{path}: unknown in check: {', '.join(unknown)}")
    for key in ("select", "ignore"):
        if not isinstance(table.get(key, []), list):
            raise BadConfiguration(f"{path}: check.{key} must be a list of codes")
    return Configuration(
        tuple(table.get("select", ())),
        tuple(table.get("ignore", ())),
        str(table.get("fail_on", "error")),
        table.get("baseline"),
    )
