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
from lambent.pitfalls.finding import Finding


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
            found.extend(rule.find(project))
    shown = [one for one in catalogue.one_each(found) if everything or one.reliability != "possible"]
    return Report(project, remarks.without_ignored(shown, project.root), sorted(set(project.not_read)))


def _codes(given: Iterable[str]) -> tuple[str, ...]:
    """Codes and groups, also several with commas between them."""
    return tuple(code.strip().upper() for one in given for code in one.split(",") if code.strip())
