"""The order in which things are done that wait for one another: as many at once as can be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

AT_ONCE = 24
"""Resources worked on at the same time."""


@dataclass(slots=True)
class Walk:
    """A graph that is walked. `graph` says what must be done before each; `through` that a failure stops only what
    waits for it, not the rest."""

    graph: Mapping[str, frozenset[str]]
    through: bool = False
    done: set[str] = field(default_factory=set)
    running: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)

    def begin(self) -> list[str]:
        """What can be begun now, and is."""
        if self.failed and not self.through:
            return []
        busy = self.done | self.running | self.failed.keys()
        free = [name for name, needs in self.graph.items() if name not in busy and needs <= self.done]
        begun = free[: AT_ONCE - len(self.running)]
        self.running.update(begun)
        return begun

    def finish(self, name: str) -> None:
        """It is done."""
        self.running.discard(name)
        self.done.add(name)

    def fail(self, name: str, reason: str) -> None:
        """It can't be done."""
        self.running.discard(name)
        self.failed[name] = reason


def reverse(graph: Mapping[str, Iterable[str]], only: Iterable[str]) -> dict[str, frozenset[str]]:
    """The graph of undoing: each of `only` after those of them that need it."""
    wanted = list(only)
    return {
        name: frozenset(other for other in wanted if other != name and name in graph.get(other, ())) for name in wanted
    }


def within(graph: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """The graph without needs that are not in it."""
    return {name: frozenset(one for one in needs if one in graph and one != name) for name, needs in graph.items()}
