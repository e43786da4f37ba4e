"""When what moto holds is kept, and what becomes of it, with a moto that is a dictionary."""

import asyncio
import contextlib
import errno
import json
import os
from collections.abc import Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.model.finding import Finding
from lambent.neighbour import holdings
from lambent.neighbour.holdings import Holdings
from lambent.neighbour.memory import files
from lambent.neighbour.memory.files import Files
from lambent.neighbour.memory.keeping import Keeping
from lambent.neighbour.request_model import Asked
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from tests.unit.waiting import until

GLUE = Asked("glue", Request("POST", "/"))
READS = Asked("glue", Request("GET", "/"))


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

    def change_unseen(self, holdings: Holdings, content: bytes) -> None:
        """One that is remembered, whatever the disk takes."""
        with contextlib.suppress(Fault):
            self.change(holdings, content)


class Case:
    """One server's life on a folder."""

    def __init__(self, tmp_path: Path) -> None:
        self.told: list[Finding] = []
        self.folder = tmp_path / "neighbour"
        self.holdings = Holdings(tmp_path / "neighbour.json", self.told.append)
        self.moto = Moto()
        self.keeping = Keeping(self.folder, self.holdings, self.moto.ask, soon=0, again=0.01)

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


class FullDisk:
    """Refuses files while it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        former = files.replace

        def replace(path: Path, *content: bytes) -> None:
            if self.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            former(path, *content)

        for module in (files, holdings):
            monkeypatch.setattr(module, "replace", replace)


def refused(case: Case, asked: Asked) -> str:
    with pytest.raises(Fault) as found:
        case.keeping.refuse(asked)
    assert (found.value.code, found.value.status) == ("ServiceUnavailable", 503)
    return found.value.message or ""


def test_what_a_full_disk_does_not_take_is_told_and_nothing_more_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, disk = Case(tmp_path), FullDisk(monkeypatch)
    case.moto.change(case.holdings, b"one")
    case.keeping.refuse(GLUE)
    disk.full = True
    for _ in range(2):
        run(case.keeping.keep())
    assert case.codes() == ["neighbour-not-kept"] and set(case.holdings.changed) == {"glue"}
    assert "No space left" in refused(case, GLUE) and "make room" in refused(case, GLUE)
    case.keeping.refuse(READS)
    case.keeping.refuse(Asked("sts", Request("POST", "/")))
    disk.full = False
    run(case.keeping.keep())  # nothing has changed since
    case.keeping.refuse(GLUE)
    kept = Files(case.folder).read("glue")
    assert kept is not None and kept.content == b"one" and not case.holdings.changed


def test_what_can_not_be_remembered_is_not_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, disk = Case(tmp_path), FullDisk(monkeypatch)
    disk.full = True
    for _ in range(2):
        with pytest.raises(Fault, match="glue"):
            case.moto.change(case.holdings, b"one")
    disk.full = False
    case.moto.change(case.holdings, b"one")
    second = Case(tmp_path)
    run(second.keeping.give_back("started again"))
    assert second.codes() == ["neighbour-state-lost"]


def test_what_has_no_room_is_refused_before_it_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(tmp_path)
    case.moto.change(case.holdings, b"x" * 5_000_000)
    run(case.keeping.keep())
    disk = SimpleNamespace(f_frsize=1, f_blocks=10_000_000, f_bavail=7_000_000)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    case.keeping.refuse(GLUE)
    disk.f_bavail = 6_000_000
    assert "the disk is full" in refused(case, GLUE)
    case.keeping.refuse(READS)
    disk.f_blocks = 0  # a file system that does not say
    case.keeping.refuse(GLUE)


def test_it_is_kept_again_as_soon_as_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, disk = Case(tmp_path), FullDisk(monkeypatch)
    disk.full = True

    async def body() -> None:
        case.moto.change_unseen(case.holdings, b"one")
        case.keeping.changed()
        await until(lambda: bool(case.told))
        disk.full = False
        await until(lambda: not case.holdings.changed)

    run(body())
    assert Files(case.folder).names() == ["glue"]


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
