import asyncio
import errno
import os
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from zips import zip_of

from lambent import __version__
from lambent.model.scope import Scope
from lambent.store import schema
from lambent.store.blobs import digest_of
from lambent.store.errors import (
    BlobMissing,
    RecordChanged,
    RecordExists,
    StoreBroken,
    StoreError,
    StoreFull,
    StoreInUse,
    StoreTooNew,
    StoreTooOld,
)
from lambent.store.open import Store, open_store, sweep
from lambent.store.packages import NotAZip
from lambent.store.record import FunctionRecord

SCOPE = Scope("111111111111", "eu-west-1")


def record(name: str, revision: str = "r1", version: str = "$LATEST", scope: Scope = SCOPE) -> FunctionRecord:
    configuration = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Handler": "h.h",
        "Role": "arn:aws:iam::111111111111:role/r",
        "Timeout": 3,
        "MemorySize": 128,
        "EphemeralStorage": {"Size": 512},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        "CodeSize": 10,
        "RevisionId": revision,
        "Environment": {"Variables": {"A": "é"}},
    }
    return FunctionRecord(scope, name, version, 1.5, "0" * 64, "d1", configuration)


def with_store(folder: Path, use: Callable[[Store], Awaitable[None]], url: str | None = None) -> None:
    async def main() -> None:
        store = await open_store(folder, url)
        try:
            await use(store)
        finally:
            await store.close()

    asyncio.run(main())


def test_a_record_and_its_tags_outlive_the_server(tmp_path: Path) -> None:
    async def write(store: Store) -> None:
        await store.functions.insert(record("f"), {"k": "v"})

    async def read(store: Store) -> None:
        found = store.functions.current(SCOPE, "f")
        assert found is not None
        assert found.configuration == record("f").configuration
        assert (found.created, found.deployment) == (1.5, "d1")
        assert store.functions.tags(SCOPE, "f") == {"k": "v"}
        assert found.running.environment == {"A": "é"}
        assert found.running is found.running

    with_store(tmp_path, write)
    with_store(tmp_path, read)


def test_guards_and_counts(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        functions = store.functions
        first, second = record("f"), record("f", "r2")
        await functions.insert(first)
        with pytest.raises(RecordExists):
            await functions.insert(record("f", "r9"))
        await functions.replace(first, second)
        with pytest.raises(RecordChanged):
            await functions.replace(first, record("f", "r3"))
        assert functions.current(SCOPE, "f") is second
        assert (functions.count(SCOPE), functions.code_size(SCOPE), functions.uses("0" * 64)) == (1, 10, 1)
        await functions.delete(SCOPE, "f")
        assert (functions.count(SCOPE), functions.code_size(SCOPE), functions.uses("0" * 64)) == (0, 0, 0)
        with pytest.raises(RecordChanged):
            await functions.delete(SCOPE, "f")

    with_store(tmp_path, use)


def test_of_two_changes_at_once_one_wins(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        made = await asyncio.gather(
            *(store.functions.insert(record("f", f"r{n}")) for n in range(8)), return_exceptions=True
        )
        assert sum(result is None for result in made) == 1
        base = store.functions.current(SCOPE, "f")
        assert base is not None
        changed = await asyncio.gather(
            *(store.functions.replace(base, record("f", f"s{n}")) for n in range(8)), return_exceptions=True
        )
        assert [result for result in changed if result is None] == [None]
        assert sum(isinstance(result, RecordChanged) for result in changed) == 7

    with_store(tmp_path, use)


def test_scopes_are_apart_and_pages_are_in_order(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        for name in ("b", "a", "c"):
            await store.functions.insert(record(name))
        await store.functions.insert(record("a", version="1"))
        await store.functions.insert(record("z", scope=Scope("222222222222", "eu-west-1")))
        first = store.functions.page(SCOPE, None, 2)
        assert [found.name for found in first] == ["a", "b"]
        rest = store.functions.page(SCOPE, first[-1].key[1:], 2)
        assert [found.name for found in rest] == ["c"]
        every = store.functions.page(SCOPE, None, 9, version=None)
        assert [found.key[1:] for found in every] == [
            ("a", "$LATEST"), ("a", "1"), ("b", "$LATEST"), ("c", "$LATEST"),
        ]  # fmt: skip
        assert [found.version for found in store.functions.versions(SCOPE, "a")] == ["$LATEST", "1"]
        assert store.functions.count(SCOPE) == 3

    with_store(tmp_path, use)


def test_memory_follows_the_disk_when_the_asker_is_gone(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        asking = asyncio.ensure_future(store.functions.insert(record("f")))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await store.database.run(lambda connection: None)
        assert store.functions.current(SCOPE, "f") is not None

    with_store(tmp_path, use)


def test_ten_thousand_functions_load_in_a_second(tmp_path: Path) -> None:
    async def fill(store: Store) -> None:
        rows = [
            {
                "account": SCOPE.account, "region": SCOPE.region, "name": f"f{n:05}", "version": "$LATEST",
                "revision": "r", "created": 0.0, "document": record(f"f{n:05}").dump(),
            }
            for n in range(10_000)
        ]  # fmt: skip
        await store.database.run(lambda connection: connection.execute(schema.functions.insert(), rows))

    async def read(store: Store) -> None:
        assert len(store.functions) == 10_000

    with_store(tmp_path, fill)
    began = time.process_time()
    with_store(tmp_path, read)
    assert time.process_time() - began < 2  # 0.3 s at rest


def test_the_second_server_on_a_folder_is_told_so(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        with pytest.raises(StoreInUse, match=str(os.getpid())):
            await open_store(tmp_path)

    with_store(tmp_path, use)
    with_store(tmp_path, lambda store: asyncio.sleep(0))


OURS = re.escape(__version__)


@pytest.mark.parametrize(
    ("version", "kind", "told"),
    [
        ("99", StoreTooNew, rf"of version 99 \(Lambent {OURS}\), Lambent {OURS} knows 1: use a later one, or another"),
        ("0", StoreTooOld, r"of version 0 .* reads 1 and later: use an earlier one, or another --data-dir, or empty"),
        ("one", StoreBroken, "no version but 'one'"),
    ],
)
def test_state_of_another_version_is_refused_as_it_is(
    tmp_path: Path, version: str, kind: type[StoreError], told: str
) -> None:
    async def age(store: Store) -> None:
        change = schema.settings.update().where(schema.settings.c.name == "schema").values(value=version)
        await store.database.run(lambda connection: connection.execute(change))
        await store.database.run(lambda connection: connection.execute(sa.text("DROP TABLE tags")))

    async def nothing(store: Store) -> None:
        raise AssertionError

    with_store(tmp_path, age)
    with pytest.raises(kind, match=told):
        with_store(tmp_path, nothing)
    with sqlite3.connect(tmp_path / "state.db") as state:
        assert not state.execute("SELECT name FROM sqlite_master WHERE name = 'tags'").fetchall()
    state.close()


def test_a_record_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    async def write(store: Store) -> None:
        await store.functions.insert(record("f"))
        change = schema.functions.update().values(document="{")
        await store.database.run(lambda connection: connection.execute(change))

    with_store(tmp_path, write)
    with pytest.raises(StoreBroken, match="a record of its state can't be read"):
        with_store(tmp_path, write)


def test_a_state_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("no database at all, but text that is longer than a header of SQLite's is " * 9)
    with pytest.raises(StoreBroken, match="not a database"):
        with_store(tmp_path, lambda store: asyncio.sleep(0))


def test_a_full_database_is_named_and_changes_nothing(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        def cap(connection: sa.Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        await store.database.run(cap)
        big = record("f")
        big.configuration["Description"] = "x" * 1_000_000
        with pytest.raises(StoreFull):
            await store.functions.insert(big)
        assert store.functions.current(SCOPE, "f") is None

    with_store(tmp_path, use)


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        await store.close()
        with pytest.raises(StoreError):
            await store.functions.insert(record("f"))

    asyncio.run(main())


def test_a_package_is_kept_and_unpacked_once(tmp_path: Path) -> None:
    data = zip_of({"h.py": b"x = 1"})

    async def use(store: Store) -> None:
        async with store.blobs.keep(data) as blob:
            assert (blob.digest, blob.size) == (digest_of(data), len(data))
        assert await store.blobs.get(blob.digest) == data
        assert store.blobs.size(blob.digest) == len(data)
        folder = store.blobs.unpacked(blob.digest)
        assert folder is not None
        assert (folder / "h.py").read_bytes() == b"x = 1"
        many = await asyncio.gather(*(store.blobs.unpack(blob.digest) for _ in range(5)))
        assert set(many) == {folder}
        with pytest.raises(BlobMissing):
            await store.blobs.unpack("ab" * 32)

    with_store(tmp_path, use)


def test_a_bad_package_leaves_nothing(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        with pytest.raises(NotAZip):
            async with store.blobs.keep(b"nope"):
                raise AssertionError
        assert list((tmp_path / "blobs").iterdir()) == []

    with_store(tmp_path, use)


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def use(store: Store) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(StoreFull):
                async with store.blobs.keep(zip_of({"h.py": b""})):
                    raise AssertionError
        await sweep(store)
        assert list((tmp_path / "blobs").iterdir()) == []
        async with store.blobs.keep(zip_of({"h.py": b""})):
            pass

    with_store(tmp_path, use)


def test_an_asker_that_gives_up_does_not_spoil_the_next(tmp_path: Path) -> None:
    data = zip_of({f"{n}.py": b"x" * 1000 for n in range(200)})

    async def use(store: Store) -> None:
        async def keep() -> None:
            async with store.blobs.keep(data):
                pass

        asking = asyncio.ensure_future(keep())
        while not list((tmp_path / "blobs").iterdir()):  # noqa: ASYNC110  a file tells, no event can
            await asyncio.sleep(0)
        asking.cancel()
        await keep()
        folder = await store.blobs.unpack(digest_of(data))
        assert len(list(folder.iterdir())) == 200

    with_store(tmp_path, use)


def test_the_sweep_spares_what_is_used_or_held(tmp_path: Path) -> None:
    used, held, left = (zip_of({"h.py": text}) for text in (b"1", b"2", b"3"))

    async def use(store: Store) -> None:
        for data in (used, held, left):
            async with store.blobs.keep(data):
                pass
        await store.functions.insert(replace(record("f"), code=digest_of(used)))
        with store.blobs.using(digest_of(held)):
            assert await sweep(store) == [digest_of(left)]
        assert digest_of(held) in store.blobs
        assert await sweep(store) == [digest_of(held)]
        assert {path.name for path in (tmp_path / "blobs").iterdir()} == {
            digest_of(used), f"{digest_of(used)}.zip",
        }  # fmt: skip

    with_store(tmp_path, use)


KILLED = """
import asyncio, os, signal, sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_store import record
from zips import zip_of
from lambent.store.open import open_store
from lambent.store.packages import unpack

left = int(sys.argv[2])

def deadly(function):
    def call(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return call

async def main():
    store = await open_store(Path(sys.argv[1]))
    os.fsync, os.rename, os.replace, os.mkdir = map(deadly, (os.fsync, os.rename, os.replace, os.mkdir))
    store.functions.insert = deadly(store.functions.insert)
    async with store.blobs.keep(zip_of({{"a/h.py": b"x", "b/c/d.py": b"y"}})) as blob:
        await store.functions.insert(replace(record("f"), code=blob.digest), {{"k": "v"}})
        print("acknowledged", flush=True)
    deadly(lambda: None)()
    await store.close()

asyncio.run(main())
"""


def test_killed_at_any_step_nothing_acknowledged_is_lost_and_nothing_half_done_stays(tmp_path: Path) -> None:
    script = textwrap.dedent(KILLED).format(tests=str(Path(__file__).parent))
    for step in range(1, 40):
        folder = tmp_path / str(step)
        child = subprocess.run(
            [sys.executable, "-c", script, str(folder), str(step)],
            capture_output=True,
            text=True,
            check=False,
        )

        async def check(store: Store, acknowledged: bool = "acknowledged" in child.stdout) -> None:
            found = store.functions.current(SCOPE, "f")
            assert found is not None or not acknowledged
            if found is not None:
                assert store.functions.tags(SCOPE, "f") == {"k": "v"}
                assert ((await store.blobs.unpack(found.code)) / "b/c/d.py").read_bytes() == b"y"
            await sweep(store)
            expected = {found.code, f"{found.code}.zip"} if found else set()
            names = {path.name for path in store.blobs.path("x").parent.iterdir()}
            assert names == expected

        with_store(folder, check)
        if child.returncode == 0:
            assert step > 6
            return
        assert child.returncode == -signal.SIGKILL, child.stderr
    raise AssertionError("never came to the end")
