"""GET /_lambent/environments."""

import asyncio
import functools
import json

import pytest

from lambent.engine.environment import Phase
from lambent.environments.life import KEPT, Life
from lambent.gateway import query_page
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope
from lambent.server.pages import lives_document
from lambent.wire.http import Request

SCOPE = Scope("111111111111", "eu-west-1")


def life(name: str, *phases: tuple[Phase, float], scope: Scope = SCOPE) -> Life:
    made = Life(
        FunctionVersion(scope, name, "7", "python3.13", "a.b", "00", "role", "r1"), f"{name}-stream", "on-demand"
    )
    for phase, now in phases:
        made.enters(phase, now)
    return made


class Machine:
    """Pools that have had these."""

    def __init__(self, *those: Life) -> None:
        self.those = list(those)

    def lives(self) -> list[Life]:
        return self.those


def said(query: str) -> tuple[int, dict[str, object]]:
    """Of two functions, an environment of another account, and one that has ended."""
    ended = life("f", (Phase.INIT, 1.0), (Phase.ENDING, 2.0))
    ended.ends(3.0)
    other = life("f", (Phase.INIT, 1.0), scope=Scope("222222222222", "eu-west-1"))
    those = [Machine(life("g", (Phase.INIT, 5.0)), other), Machine(life("f", (Phase.INIT, 4.0)), ended)]

    document = functools.partial(lives_document, those, lambda: 9.0)  # type: ignore[arg-type]
    response = asyncio.run(query_page.page(document)(Request("GET", "/_lambent/environments", query)))
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)


def test_those_of_a_function_in_the_order_of_their_start() -> None:
    status, document = said("account=111111111111&region=eu-west-1&function=f")
    shared = {"function": "f", "version": "7", "stream": "f-stream", "initialization": "on-demand"}
    assert (status, document) == (
        200,
        {
            "now": 9.0,
            "environments": [
                {**shared, "phases": [[1.0, "init"], [2.0, "ending"], [3.0, "ended"]]},
                {**shared, "phases": [[4.0, "init"]]},
            ],
        },
    )


def test_those_of_an_account() -> None:
    _, document = said("account=111111111111&region=eu-west-1")
    assert [one["function"] for one in document["environments"]] == ["f", "f", "g"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("query", ["", "account=111111111111", "account=x&region=eu-west-1", "account=1&region=.."])
def test_what_names_no_account_and_region_is_refused(query: str) -> None:
    assert said(query)[0] == 400


def test_a_long_life_is_known_by_its_latest_phases() -> None:
    long = life("f", *((Phase.BUSY, float(number)) for number in range(1_000)))
    phases = long.document()["phases"]
    assert (len(phases), phases[-1]) == (KEPT, [999.0, "busy"])
