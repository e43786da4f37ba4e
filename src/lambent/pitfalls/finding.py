"""A finding, and what a rule is."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from lambent.pitfalls.facts.project import Fact, Function, Place, Project, Resource

Level = Literal["error", "warning", "info"]
Reliability = Literal["certain", "likely", "possible"]
LEVELS: tuple[Level, ...] = ("info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that is certain: at `line` the number `old` becomes `text`, or ("insert") `text` becomes a line before the
    first of the settings `beside` (line, key) that stands alone."""

    path: str
    line: int
    text: str
    insert: bool = False
    old: str = ""
    beside: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One pitfall at one place."""

    code: str
    place: Place
    resource: str | None
    function: str | None
    level: Level
    reliability: Reliability
    message: str
    mend: str
    fix: Fix | None = None

    def as_json(self) -> dict[str, Any]:
        """The form of `--format json`."""
        return {
            "code": self.code,
            "path": self.place.path,
            "line": self.place.line,
            "end_line": self.place.end_line,
            "resource": self.resource,
            "function": self.function,
            "level": self.level,
            "reliability": self.reliability,
            "message": self.message,
            "mend": self.mend,
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule's check yields: where, whose, and what is special about it here."""

    at: Place | Fact | Resource | Function
    message: str
    function: Function | None = None
    resource: str | None = None
    level: Level | None = None
    reliability: Reliability | None = None
    mend: str | None = None
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One pitfall of the catalogue. `production`: what happens, with the figure; `sources`: pages that say so."""

    code: str
    title: str
    level: Level
    reliability: Reliability
    production: str
    mend: str
    check: Callable[[Project], Iterable[Hit]]
    sources: tuple[str, ...] = ()
    seeds: str = ""
    elsewhere: str = ""
    """What other tools say of it, where they advise the opposite, and what a seed has wrong."""
    silent: str = field(default="")
    """When the rule says nothing."""
    node: bool = False
    """Whether it reads JavaScript too; otherwise a Node function has for it what the template says."""

    def find(self, project: Project) -> list[Finding]:
        """Its findings in a project."""
        with project.with_node() if self.node else nullcontext():
            return [self._finding(hit) for hit in self.check(project)]

    def _finding(self, hit: Hit) -> Finding:
        at = hit.at
        function = hit.function or (at if isinstance(at, Function) else None)
        resource = hit.resource or (at.id if isinstance(at, Resource | Function) else None)
        if resource is None and function is not None and function.listed:
            resource = function.id
        place = at if isinstance(at, Place) else at.place
        return Finding(
            self.code,
            place,
            resource,
            function.id if function is not None else None,
            hit.level or self.level,
            hit.reliability or self.reliability,
            hit.message,
            hit.mend or self.mend,
            hit.fix,
        )
