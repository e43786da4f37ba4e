"""`--fix`: mends that are certain, written into the files. Every byte that is not the mend's stays as it was.

A number is changed where it stands alone on its line; a setting that is missing is put before another one of the same
block, as that one is written (YAML, JSON, HCL). What does not stand so plainly is left alone.
"""

import re
from collections import defaultdict
from pathlib import Path

from lambent.pitfalls.facts.project import Fact, Resource
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.finding import Finding, Fix

_GENERATED = ("cdk.out/", ".template.json")


def number(fact: Fact, resource: Resource, wanted: int) -> Fix | None:
    """Another number, if it is written in the resource itself and not in what several share."""
    inside = fact.place.path == resource.path and resource.span[0] <= fact.place.line <= resource.span[1]
    if fact.number is None or not inside or _generated(resource.path):
        return None
    return Fix(fact.place.path, fact.place.line, str(wanted), old=str(fact.number))


def setting(resource: Resource, settings: Map, name: str, value: str, hcl: str, serverless: str = "") -> Fix | None:
    """A setting that is missing among others. `hcl` and `serverless` are the lines as they have it."""
    path, (first, last) = resource.path, resource.span
    if _generated(path) or resource.open:
        return None
    if path.endswith(".tf"):
        text, settings = hcl, resource.extra
    elif path.rpartition("/")[2].startswith("serverless.") and "Function" in resource.type:
        text = serverless
    else:
        text = f'"{name}": {_json(value)},' if path.endswith(".json") else f"{name}: {value}"
    beside = tuple((span[0], key) for key, span in settings.at.items() if first <= span[0] <= last)
    return Fix(path, first, text, insert=True, beside=beside) if text else None


def _json(value: str) -> str:
    return re.sub(r"[A-Za-z]\w*", r'"\g<0>"', value)


def _generated(path: str) -> bool:
    return any(word in path for word in _GENERATED) or path.startswith("asset.")


def apply(findings: list[Finding], root: Path) -> list[Finding]:
    """Carry out what can be; what was mended."""
    by_file: dict[str, list[tuple[Finding, Fix]]] = defaultdict(list)
    for finding in findings:
        if finding.fix is not None:
            by_file[finding.fix.path].append((finding, finding.fix))
    done: list[Finding] = []
    for path, fixes in by_file.items():
        done.extend(_file(root / path, fixes))
    return done


def _file(path: Path, fixes: list[tuple[Finding, Fix]]) -> list[Finding]:
    before = path.read_bytes()
    lines = re.findall(r"[^\n]*\n|[^\n]+", before.decode("utf-8"))
    ahead: dict[int, list[str]] = defaultdict(list)
    done = []
    for finding, fix in fixes:
        changed = _inserted(lines, fix, ahead) if fix.insert else _replaced(lines, fix)
        if changed:
            done.append(finding)
    after = "".join(part for at, line in enumerate(lines) for part in (*ahead[at], line)).encode("utf-8")
    if after != before:
        path.write_bytes(after)
    return done


def _replaced(lines: list[str], fix: Fix) -> bool:
    line = lines[fix.line - 1]
    pattern = re.compile(rf"(?<=[:=\s\"']){re.escape(fix.old)}(?=[\s,\"'}}#]|$)")
    if len(pattern.findall(line)) != 1:
        return False
    lines[fix.line - 1] = pattern.sub(fix.text, line)
    return True


def _inserted(lines: list[str], fix: Fix, ahead: dict[int, list[str]]) -> bool:
    """Before the first setting that stands on a line of its own, with its indentation and end of line."""
    name = re.split(r"[:=\s]", fix.text)[0]
    for number_, key in sorted(fix.beside):
        line = lines[number_ - 1] if number_ <= len(lines) else ""
        match = re.match(rf"(\s*)[\"']?{re.escape(key)}[\"']?\s*[:=]", line, re.IGNORECASE)
        if match is not None and line.endswith("\n"):
            if any(name in one for one in ahead[number_ - 1]):
                return False
            ahead[number_ - 1].append(f"{match[1]}{fix.text}{chr(13) if line.endswith(chr(13) + chr(10)) else ''}\n")
            return True
    return False
