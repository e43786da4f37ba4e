"""What has fired does not wait for the disk. A power cut leaves the database as it was after one of its transactions:
after each of them every schedule either fires again, or what it sends is there."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from lambent.engine.firing import MARK, SCHEDULE
from lambent.engine.scheduled_call import push_of
from lambent.events.pushes import Pushes, Ways
from lambent.events.schedules import Fired
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.store.open import open_store
from lambent.store.pushes import PushStore
from tests.unit.services_scheduler.scheduler_kit import START, Scheduler

COUNT = 12
FRAME = 24
"""Bytes before each page in SQLite's log (https://www.sqlite.org/fileformat2.html#the_write_ahead_log)."""


def spawn(work: Coroutine[Any, Any, None]) -> object:
    return asyncio.ensure_future(work)


async def down(_delivery: Delivery) -> None:
    raise DeliveryFailed("down", passing=True)


class Real(Scheduler):
    """Hands on to pushes on the same disk, as a server does; all their targets are down."""

    add: Callable[..., Awaitable[None]]

    async def _hand_on(self, fired: Any) -> None:
        await self.add([push(one) for one in fired], light=True)


def push(one: Fired) -> Any:
    return push_of(one.schedule.scope, one.arn, one.schedule.document, one.firing.scheduled, "id")


async def fire_all(folder: Path, copy: Path) -> None:
    """Let schedules fire, one a second, and copy the database's files while it is open."""
    store = await open_store(folder)
    aws = Real(store)
    pushes = Pushes(PushStore(store.database), aws.clock, Ways(down), aws.findings.report, spawn)
    await pushes.open()
    aws.add = pushes.add
    for number in range(COUNT):
        at = START + timedelta(hours=1, seconds=number)
        await aws.create(f"s{number}", f"at({at:%Y-%m-%dT%H:%M:%S})", ActionAfterCompletion="DELETE")
    await aws.advance(hours=1, minutes=1)
    await asyncio.to_thread(copy_of, folder, copy)
    aws.timetable.close()
    await pushes.close(0.1)
    await store.close()


def copy_of(folder: Path, copy: Path) -> None:
    copy.mkdir()
    for suffix in ("", "-wal"):
        (copy / f"a{suffix}").write_bytes((folder / f"state.db{suffix}").read_bytes())


def transactions(log: bytes) -> Iterator[int]:
    """Where each ends in SQLite's log."""
    page = int.from_bytes(log[8:12])
    for end in range(32 + FRAME + page, len(log) + 1, FRAME + page):
        if int.from_bytes(log[end - page - FRAME + 4 : end - page - FRAME + 8]):
            yield end


def states(copy: Path) -> Iterator[tuple[set[str], float, set[str]]]:
    """After each transaction: the schedules that are there, until when all are done, and those whose pushes are."""
    log = (copy / "a-wal").read_bytes()
    for number, end in enumerate(transactions(log)):
        there = copy / f"b{number}"
        there.write_bytes((copy / "a").read_bytes())
        there.with_name(f"{there.name}-wal").write_bytes(log[:end])
        connection = sqlite3.connect(there)
        if not connection.execute("SELECT * FROM sqlite_master WHERE name = 'pushes'").fetchone():
            continue  # nobody has asked for anything yet
        rows = connection.execute("SELECT kind, name, document FROM resources").fetchall()
        sent = {arn.rpartition("/")[2] for (arn,) in connection.execute(
            "SELECT json_extract(document, '$.delivery.arn') FROM pushes")}  # fmt: skip
        until = connection.execute(
            "SELECT max(json_extract(document, '$.until')) FROM resources WHERE kind = ?", (MARK,)
        )
        yield {name for kind, name, _ in rows if kind == SCHEDULE}, until.fetchone()[0] or 0.0, sent
        connection.close()


def test_a_schedule_fires_again_or_what_it_sends_is_there(tmp_path: Path) -> None:
    asyncio.run(fire_all(tmp_path / "data", tmp_path / "copy"))
    seen, made = list(states(tmp_path / "copy")), set[str]()
    assert len(seen) > COUNT
    assert seen[-1][0] == set()
    assert len(seen[-1][2]) == COUNT
    for there, until, sent in seen:
        made |= there
        due = {name: (START + timedelta(hours=1, seconds=int(name[1:]))).timestamp() for name in made}
        assert all(name in sent or (name in there and until < due[name]) for name in made)
