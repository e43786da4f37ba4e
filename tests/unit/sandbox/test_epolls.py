"""Watches of epoll, which an ordinary user's environments share with the server: who has too many is ended."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lambent.sandbox import epolls
from lambent.sandbox.epolls import EACH, RARELY, Epolls

MOST = 1_000_000


@dataclass(eq=False)
class Environment:
    """One with processes in a /proc of the test's own: process to the watches of each descriptor, None for a file."""

    id: str
    pid: int
    processes: dict[int, list[int | None]] = field(default_factory=dict)
    ended: int = 0

    def end_for_memory(self) -> None:
        self.ended += 1


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    below = {environment.pid: environment for environment in (ONE, TWO)}
    monkeypatch.setattr(epolls, "descendants", lambda keeper: list(below[keeper].processes))
    for environment in below.values():
        environment.ended = 0
        environment.processes = {}
    return tmp_path


ONE, TWO = Environment("one", 10), Environment("two", 20)


def has(proc: Path, environment: Environment, processes: dict[int, list[int | None]]) -> None:
    environment.processes = processes
    for pid, descriptors in processes.items():
        for name in ("fd", "fdinfo"):
            (proc / str(pid) / name).mkdir(parents=True, exist_ok=True)
        for number, watches in enumerate(descriptors):
            link = proc / str(pid) / "fd" / str(number)
            link.unlink(missing_ok=True)
            link.symlink_to("/var/task/file" if watches is None else "anon_inode:[eventpoll]")
            lines = "tfd:        5 events:       19 data:                5  pos:0 ino:7 sdev:d\n" * (watches or 0)
            (proc / str(pid) / "fdinfo" / str(number)).write_text(f"pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t1\n{lines}")


def look(epolls: Epolls, environment: Environment, rounds: int = 1) -> int:
    """How often it was ended, when so many rounds of looks are over."""
    for _ in range(RARELY * rounds):
        epolls.look(environment)
    return environment.ended


UNHURRIED = 60.0
"""Seconds of a look: all there is."""


def test_who_has_too_many_in_all_processes_together_is_ended(proc: Path, caplog: pytest.LogCaptureFixture) -> None:
    counted = Epolls(MOST, proc, UNHURRIED)
    has(proc, ONE, {11: [None, EACH // 2], 12: [EACH // 2, None]})
    assert look(counted, ONE) == 0
    has(proc, ONE, {11: [None, EACH // 2], 12: [EACH // 2, 1]})
    assert look(counted, ONE) == 1
    assert f"sandbox one is ended: it has {EACH + 1} watches of epoll" in caplog.text
    assert TWO.ended == 0


def test_where_the_user_may_have_few_one_may_have_a_part(proc: Path) -> None:
    counted = Epolls(800, proc, UNHURRIED)
    has(proc, ONE, {11: [100]})
    assert look(counted, ONE) == 0
    has(proc, ONE, {11: [101]})
    assert look(counted, ONE) == 1


def test_of_many_who_have_too_many_together_the_largest_is_ended(proc: Path) -> None:
    """Also while it is frozen, and not looked at."""
    counted = Epolls(1000, proc, UNHURRIED, part_each=1)
    has(proc, ONE, {11: [300]})
    has(proc, TWO, {21: [200]})
    assert (look(counted, ONE), look(counted, TWO)) == (0, 0)
    has(proc, TWO, {21: [201]})
    look(counted, TWO)
    assert (ONE.ended, TWO.ended) == (1, 0)
    counted.forget(ONE)
    assert look(counted, TWO) == 0


def test_a_round_of_many_descriptors_goes_on_with_the_next_look(proc: Path) -> None:
    counted = Epolls(MOST, proc, seconds=0.0)
    has(proc, ONE, {11: [None, 9000, 9000, 9000]})
    look(counted, ONE)
    assert ONE.ended == 0
    look(counted, ONE)
    assert ONE.ended >= 1


def test_so_many_descriptors_that_epolls_could_hide_are_too_many(proc: Path) -> None:
    has(proc, ONE, {11: [None, None], 12: [None, None]})
    assert look(Epolls(MOST, proc, UNHURRIED, descriptors=4), ONE) == 0
    assert look(Epolls(MOST, proc, UNHURRIED, descriptors=3), ONE) == 1


def test_what_is_gone_and_what_the_server_does_not_share_counts_nothing(proc: Path) -> None:
    ONE.processes = {404: []}
    assert look(Epolls(MOST, proc), ONE, 2) == 0
    has(proc, ONE, {11: [EACH + 1]})
    assert look(Epolls(0, proc), ONE, 2) == 0
