"""What nothing refers to any more goes while the server runs."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from test_store import SCOPE, record
from zips import zip_of

from lambent.server.sweeping import Sweeper
from lambent.store.blobs import digest_of
from lambent.store.open import Store, open_store
from tests.unit.waiting import turns


async def _quiet(tasks: set[Any]) -> None:
    """Until nothing is under way, and a timer of no seconds has run."""
    await turns()
    while tasks:
        await asyncio.gather(*tasks)
        await turns()


def test_the_package_of_a_deleted_function_goes_at_once(tmp_path: Path) -> None:
    kept, gone = zip_of({"h.py": b"1"}), zip_of({"h.py": b"2"})

    async def use() -> None:
        store = await open_store(tmp_path)
        tasks: set[Any] = set()

        def spawn(work: Any) -> None:
            task = asyncio.ensure_future(work)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        sweeper = Sweeper(store, spawn, seconds=0)
        try:
            await _deploy(store, kept, gone)
            await _quiet(tasks)
            assert set(_digests(tmp_path)) == {digest_of(kept), digest_of(gone)}
            with store.blobs.using(digest_of(gone)):  # an environment has it mounted still
                await store.functions.delete(SCOPE, "gone")
                await _quiet(tasks)
                assert digest_of(gone) in _digests(tmp_path)
            await _quiet(tasks)
            assert set(_digests(tmp_path)) == {digest_of(kept)}
        finally:
            sweeper.close()
            await _quiet(tasks)
            await store.close()

    asyncio.run(use())


async def _deploy(store: Store, kept: bytes, gone: bytes) -> None:
    for name, data in (("kept", kept), ("gone", gone)):
        async with store.blobs.keep(data):
            await store.functions.insert(replace(record(name), code=digest_of(data)))


def _digests(folder: Path) -> list[str]:
    return sorted({path.name.removesuffix(".zip") for path in (folder / "blobs").iterdir()})
