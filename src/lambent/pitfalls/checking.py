"""`check` as a function: a folder in, findings and what was not read out."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lambent.pitfalls import catalogue, remarks
from lambent.pitfalls.facts import reading
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.unread import Unread
from lambent.pitfalls.finding import Finding, Rule


@dataclass(frozen=True, slots=True)
class Report:
    """What a check came to."""

    project: Project
    findings: list[Finding]
    not_read: list[Unread]


def check(root: Path, select: Iterable[str] = (), ignore: Iterable[str] = (), everything: bool = False) -> Report:
    """All findings of a project; only certain and likely ones unless everything is asked for. Codes may be cut short
    (`EXE` selects all of the group)."""
    with _uncollected():
        return _check(root, select, ignore, everything)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage meanwhile: trees are all kept to the end, and looking through them takes a third."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _check(root: Path, select: Iterable[str], ignore: Iterable[str], everything: bool) -> Report:
    project = reading.read(root)
    selected, ignored = _codes(select), _codes(ignore)
    found: list[Finding] = []
    for code, rule in catalogue.rules().items():
        if (not selected or code.startswith(selected)) and not (ignored and code.startswith(ignored)):
            found.extend(_looked_for(rule, project))
    shown = [one for one in catalogue.one_each(found) if everything or one.reliability != "possible"]
    return Report(project, remarks.without_ignored(shown, project.root), sorted(set(project.not_read)))


def _looked_for(rule: Rule, project: Project) -> list[Finding]:
    """A rule's findings. One that fails at what a project holds is told by name, and takes no other with it."""
    try:
        return rule.find(project)
    except Exception as error:  # a fault of ours: a report without one rule is worth more than a trace
        because = f"{rule.code} failed with {type(error).__name__}, which is a fault of Lambent's"
        project.not_read.append(Unread(".", because))
        return []


def _codes(given: Iterable[str]) -> tuple[str, ...]:
    """Codes and groups, also several with commas between them."""
    return tuple(code.strip().upper() for one in given for code in one.split(",") if code.strip())
