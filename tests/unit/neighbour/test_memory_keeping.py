"""When what moto holds is kept, and what becomes of it, with a moto that is a dictionary."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from lambent.model.finding import Finding
from lambent.neighbour.asked import Asked
from lambent.neighbour.holdings import Holdings
from lambent.neighbour.memory.files import Files
from lambent.neighbour.memory.keeping import Keeping
from lambent.wire.http import Request

GLUE = Asked("glue", Request("POST", "/"))


class Moto:
    """Answers as `inside.Memory` does."""

    def __init__(self) -> None:
        self.holds: dict[str, bytes] = {}
        self.touched: dict[str, list[str]] = {}
        self.fails: dict[str, str] = {}
        self.ends_at = ""
        self.asked: list[str] = []

    async def ask(self, what: str, body: bytes | None) -> tuple[int, bytes]:
        self.asked.append(what)
        verb, _, name = what.partition(" ")
        if what == self.ends_at:
            raise OSError("it ended")
        if name in self.fails:
            return 409, self.fails[name].encode()
        if verb == "touched":
            touched, self.touched = self.touched, {}
            return 200, json.dumps({"touched": touched, "running": False}).encode()
        if verb == "save":
            return 200, self.holds[name]
        if verb == "load":
            self.holds[name] = body or b""
            return 200, json.dumps({"interrupted": int(name == "stepfunctions")}).encode()
        return 200, b""

    def change(self, holdings: Holdings, content: bytes) -> None:
        self.holds["glue"], self.touched["glue"] = content, ["glue"]
        holdings.hold(GLUE)


class Case:
    """One server's life on a folder."""

    def __init__(self, tmp_path: Path) -> None:
        self.told: list[Finding] = []
        self.folder = tmp_path / "neighbour"
        self.holdings = Holdings(tmp_path / "neighbour.json", self.told.append)
        self.moto = Moto()
        self.keeping = Keeping(self.folder, self.holdings, self.moto.ask, soon=0)

    def codes(self) -> list[str]:
        return [one.code for one in self.told]


def run(what: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(what)


def test_what_was_kept_is_given_to_the_next_moto(tmp_path: Path) -> None:
    first = Case(tmp_path)
    first.moto.change(first.holdings, b"one")
    run(first.keeping.keep())
    assert not first.holdings.changed
    second = Case(tmp_path)
    run(second.keeping.give_back("started again"))
    assert second.moto.holds == {"glue": b"one"} and second.moto.asked[-1] == "open"
    assert second.holdings.held == {"glue"} and not second.told and not second.holdings.lost


def test_what_changed_and_was_not_kept_is_told(tmp_path: Path) -> None:
    first = Case(tmp_path)
    first.moto.change(first.holdings, b"one")
    run(first.keeping.keep())
    first.moto.change(first.holdings, b"two")
    second = Case(tmp_path)
    run(second.keeping.give_back("started again"))
    assert second.moto.holds == {"glue": b"one"} and second.codes() == ["neighbour-changes-lost"]


def test_a_change_is_kept_soon_and_at_the_end(tmp_path: Path) -> None:
    case = Case(tmp_path)

    async def body() -> None:
        case.moto.change(case.holdings, b"one")
        case.keeping.changed()
        kept = asyncio.Event()
        case.holdings.kept = lambda changed: (Holdings.kept(case.holdings, changed), kept.set())[0]  # type: ignore[method-assign]
        await kept.wait()
        case.moto.change(case.holdings, b"two")
        await case.keeping.close()

    run(body())
    kept = Files(case.folder).read("glue")
    assert kept is not None and (kept.content, kept.services) == (b"two", {"glue"})


def test_what_can_not_be_kept_is_lost_with_moto(tmp_path: Path) -> None:
    first = Case(tmp_path)
    first.moto.fails["glue"] = "TypeError: a socket"
    first.moto.change(first.holdings, b"one")
    run(first.keeping.keep())
    assert first.codes() == ["neighbour-not-kept"] and set(first.holdings.changed) == {"glue"}
    second = Case(tmp_path)
    run(second.keeping.give_back("started again"))
    assert second.codes() == ["neighbour-state-lost"] and set(second.holdings.lost) == {"glue"}


def test_what_another_moto_can_not_read_is_set_aside_and_lost(tmp_path: Path) -> None:
    first = Case(tmp_path)
    first.moto.change(first.holdings, b"one")
    run(first.keeping.keep())
    second = Case(tmp_path)
    second.moto.fails["glue"] = "AttributeError: gone"
    run(second.keeping.give_back("started again"))
    assert second.codes() == ["neighbour-state-unread", "neighbour-state-lost"]
    assert (second.folder / "unread" / "glue.1").read_bytes().endswith(b"\none")
    assert not Files(second.folder).names()


def test_what_moto_ends_at_is_tried_twice(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.moto.change(case.holdings, b"one")
    run(case.keeping.keep())
    case.moto.ends_at = "load glue"
    for _ in range(2):
        with pytest.raises(OSError, match="it ended"):
            run(case.keeping.give_back("it died"))
    assert not Files(case.folder).names() and case.codes() == ["neighbour-state-unread"]
    run(case.keeping.give_back("it died"))
    assert set(case.holdings.lost) == {"glue"}


def test_a_moto_that_ends_while_it_is_kept_leaves_what_was_kept(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.moto.change(case.holdings, b"one")
    case.moto.ends_at = "save glue"
    run(case.keeping.keep())
    assert set(case.holdings.changed) == {"glue"} and not case.told


def test_executions_that_ran_are_told(tmp_path: Path) -> None:
    Files(tmp_path / "neighbour").write("stepfunctions", ["stepfunctions"], b"x")
    case = Case(tmp_path)
    run(case.keeping.give_back("it died"))
    assert case.codes() == ["executions-interrupted"]


def test_a_name_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.moto.touched["../x"] = ["glue"]
    run(case.keeping.keep())
    assert not any(one.startswith("save") for one in case.moto.asked)


@pytest.mark.parametrize("content", [b"", b"x", b'{"services": 1}\n', b"[]\n"])
def test_a_file_that_is_none_of_these_is_set_aside(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "neighbour"
    folder.mkdir()
    (folder / "glue.moto").write_bytes(content)
    (folder / "other").write_bytes(b"")
    case = Case(tmp_path)
    run(case.keeping.give_back("it died"))
    assert case.codes() == ["neighbour-state-unread"] and (folder / "other").exists()
