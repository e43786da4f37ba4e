"""The old code under a new number."""

import re
from collections.abc import Iterator

from lambent.pitfalls.facts.discovery import read_text
from lambent.pitfalls.facts.project import Place, Project
from lambent.pitfalls.facts.unread import NotRead
from lambent.pitfalls.finding import Hit, Rule

UPDATE = re.compile(r"aws\s+lambda\s+update-function-(code|configuration)\b")
AFTER = re.compile(
    r"aws\s+lambda\s+(publish-version|update-alias|update-function-configuration|update-function-code|invoke)\b"
)
WAIT = re.compile(r"aws\s+lambda\s+wait\s+function-(updated|active)|LastUpdateStatus")
FILES = (".sh", ".bash", "Makefile", ".mk", ".yml", ".yaml")


def check(project: Project) -> Iterator[Hit]:
    """Scripts and CI files that update a function and go on without waiting."""
    for path in project.files.ending(*FILES):
        try:
            source = read_text(project.root / path)
        except NotRead:
            continue
        if "update-function-" in source:
            yield from _file(path, source.splitlines())


def _file(path: str, lines: list[str]) -> Iterator[Hit]:
    updated, name = 0, ""
    for number, line in enumerate(lines, 1):
        text = line.split("#", 1)[0]
        if WAIT.search(text):
            updated = 0
        elif updated and AFTER.search(text) and _same(name, _named(lines, number)):
            yield Hit(Place(path, number, number), f"the update of line {updated} may still be under way")
            updated = 0
        if UPDATE.search(text) and "--publish" not in _joined(lines, number):
            updated, name = number, _named(lines, number)


def _joined(lines: list[str], number: int) -> str:
    """A command with its continued lines."""
    found = []
    for line in lines[number - 1 : number + 12]:
        found.append(line)
        if not line.rstrip().endswith("\\"):
            break
    return " ".join(found)


def _named(lines: list[str], number: int) -> str:
    match = re.search(r"--function-name[= ]+(\S+)", _joined(lines, number))
    return match[1].strip("\"'") if match else ""


def _same(one: str, other: str) -> bool:
    return not one or not other or one == other


RULE = Rule(
    code="DEP002",
    title="Nothing waits until the update is done",
    level="warning",
    reliability="certain",
    production="The next command gets 409 ResourceConflictException, or publishes the old code under the new number.",
    mend="aws lambda wait function-updated-v2 --function-name ..., or update-function-code --publish",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",),
    seeds="002",
)
