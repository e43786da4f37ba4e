"""moto's interpreter as moto's process has it, with a gateway that is nobody."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from lambent.neighbour.bridges import timing
from lambent.neighbour.bridges.machines import context, operations
from lambent.neighbour.bridges.machines.maps import definition
from lambent.neighbour.bridges.places import PLACES


class Nobody:
    """A gateway whose clock is the machine's; it hears of executions and of what they log."""

    is_real = True

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.logged: list[dict[str, Any]] = []

    def tell(self, said: dict[str, Any]) -> None:
        self.told.append(said)

    def log(self, said: dict[str, Any]) -> None:
        self.logged.extend(said["lines"])

    def ask(self, *_: Any) -> Any:
        raise OSError("nobody answers")


@pytest.fixture(autouse=True)
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nobody]:
    import jsonata  # noqa: F401 (lets Python call deeper)

    before, found = sys.getrecursionlimit(), Nobody()
    sys.setrecursionlimit(10_000)
    given: Any = found
    for place in PLACES:
        if place.module.startswith("moto.stepfunctions"):
            former = place.current()
            owner, _, last = place.name.rpartition(".")
            monkeypatch.setattr(f"{place.module}.{owner}{'.' if owner else ''}{last}", place.make(given, former))
    from moto.stepfunctions.parser import api
    from moto.stepfunctions.parser.asl.component.state import state
    from moto.stepfunctions.parser.asl.parse import preprocessor

    operations.named(api)

    monkeypatch.setattr(state, "StateData", None)
    context.states(state)
    definition.own_scopes(preprocessor)
    timing.told_by(given)
    yield found
    timing._TELLS.clear()
    sys.setrecursionlimit(before)
