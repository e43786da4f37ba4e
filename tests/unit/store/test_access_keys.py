"""Access keys that outlive the server: users' until they are deleted, sessions until they end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from lambent.model.credentials import Held
from lambent.store.access_keys import PLACE, SESSIONS, AccessKeys
from lambent.store.open import open_store

ACCOUNT = "111111111111"
USER = Held("s", ACCOUNT, user=f"arn:aws:iam::{ACCOUNT}:user/path/al")
SESSION = Held(
    "s2", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/r", "name", token="t", expires=100.0, policies=("{}",),
    tags=(("team", "red"),), transitive=("team",),
)  # fmt: skip


def with_keys(folder: Path, use: Callable[[AccessKeys], Awaitable[None]], now: float = 0.0) -> None:
    async def main() -> None:
        store = await open_store(folder)
        numbers = count()
        try:
            await use(AccessKeys(store.resources, lambda: f"r{next(numbers)}", lambda: now))
        finally:
            await store.close()

    asyncio.run(main())


def test_keys_are_known_after_a_restart(tmp_path: Path) -> None:
    async def give(keys: AccessKeys) -> None:
        await keys.put("AKIA1", USER)
        await keys.put("AKIA2", replace(USER, user="", inactive=True))
        await keys.put("ASIA1", SESSION)
        assert (keys.held("AKIA1"), keys.held("ASIA1")) == (USER, SESSION)

    async def find(keys: AccessKeys) -> None:
        assert (keys.held("AKIA1"), keys.held("ASIA1"), keys.held("AKIA3")) == (USER, SESSION, None)
        assert keys.of_user(USER.user) == {"AKIA1": USER}
        await keys.put("AKIA1", replace(USER, inactive=True))
        assert keys.held("AKIA1") == replace(USER, inactive=True)
        await keys.remove("AKIA1")
        await keys.remove("AKIA1")
        assert (keys.held("AKIA1"), keys.of_user(USER.user)) == (None, {})

    async def gone(keys: AccessKeys) -> None:
        assert keys.held("AKIA1") is None

    with_keys(tmp_path, give)
    with_keys(tmp_path, find)
    with_keys(tmp_path, gone)


def test_sessions_that_are_over_make_room_for_others(tmp_path: Path) -> None:
    async def give(keys: AccessKeys) -> None:
        for number in range(3):
            await keys.put(f"ASIA{number}", replace(SESSION, expires=100.0 + number))

    async def give_more(keys: AccessKeys) -> None:
        await keys.put("ASIA9", replace(SESSION, expires=900.0))
        await keys.put("AKIA1", USER)
        assert [one.name for one in keys._resources.all(SESSIONS, PLACE)] == ["ASIA2", "ASIA9"]

    with_keys(tmp_path, give)
    with_keys(tmp_path, give_more, now=101.0)
