"""Users outside: one for each environment, and none where a server has none to give."""

import asyncio
from errno import ECONNRESET, EPERM, EPIPE, ESRCH
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from lambent.sandbox.errors import StepFailed
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.spec import Level
from lambent.sandbox.users import EACH, FIRST, RANGES, Users, problem

ALL = "         0          0 4294967295\n"
SOME = "         0       1000          1\n         1     100000      65536\n"


def test_nobody_has_a_user_twice_until_it_is_given_back() -> None:
    given = Users(7)
    first, second = given.take(), given.take()
    assert (first, second) == (FIRST + 7 * EACH, FIRST + 7 * EACH + 1)
    given.give_back(first)
    assert given.take() == second + 1, "not at once: what was told of the former one may still be under way"
    given.give_back(0)


def test_there_is_an_end_of_them_and_a_beginning_again() -> None:
    given = Users(0, each=4)
    taken = [given.take() for _ in range(4)]
    assert len(set(taken)) == 4 and given.take() == 0
    given.give_back(taken[2])
    assert given.take() == taken[2]


def test_servers_have_ranges_of_their_own_below_what_is_signed() -> None:
    assert Users(1).take() - Users(0).take() == EACH
    assert Users(RANGES + 1).take() == Users(1).take()
    assert FIRST + RANGES * EACH == 1 << 31


@pytest.mark.parametrize(
    ("user", "maps", "most", "said"),
    [
        (0, [ALL, ALL], "96364\n", ""),
        (0, [ALL, ALL], "", ""),
        (1000, [ALL, ALL], "96364\n", "subuid"),
        (0, [ALL, SOME], "96364\n", "without the ids"),
        (0, [SOME, ALL], "96364\n", "without the ids"),
        (0, [ALL, ALL], "0\n", "max_user_namespaces"),
    ],
)
def test_why_there_are_none(user: int, maps: list[str], most: str, said: str) -> None:
    found = problem(user, maps, most)
    assert said in found and bool(found) == bool(said)
    assert bool(Users(0, found).take()) is not bool(said)


def test_who_has_none_to_give_shares_one_and_gives_up_in_steps() -> None:
    given = Users(0, "none", shared=1000)
    assert (given.take(), given.any(), given.any()) == (0, 1000, 1000)
    given.give_back(1000)
    assert given.give_up("no namespace") and given.problem == "none; no namespace"
    assert given.any() == 0 and not given.give_up("again")
    own = Users(0)
    assert own.any() == FIRST and own.give_up("no map") and own.problem == "no map" and own.any() == 0


def test_a_first_process_that_is_killed_takes_nobodys_user_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was killed while it was made is made again; only what this machine refuses is given up."""
    spec: Any = SimpleNamespace(zygote=None)
    failures = iter([ESRCH, EPIPE, ECONNRESET, EPERM])

    async def settled() -> None:
        return

    async def zygote(_spec: Any) -> Any:
        return SimpleNamespace(settled=settled)

    async def create(_spec: Any, _zygote: Any) -> Any:
        if failure := next(failures, 0):
            problems.append(host.users_problem)
            raise StepFailed("own_user", "unshare", "", failure)
        return "made"

    problems: list[str] = []
    host = SandboxHost(Path("x"), Level.NAMESPACE, "o", Mock())
    host._users = Users(0)
    monkeypatch.setattr(host, "_zygote", zygote)
    monkeypatch.setattr(host, "_create", create)
    assert asyncio.run(host.create(spec)) == "made"
    assert problems == [""] * 4 and "EPERM" in host.users_problem
