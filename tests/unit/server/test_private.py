"""Who may look into a data folder."""

import asyncio
import os
import tarfile
from pathlib import Path

import pytest

from lambent.server.private import keep_private
from lambent.server.states import load, save
from lambent.store.errors import StoreError, StoreForeign
from lambent.store.lock import FolderLock
from lambent.store.open import open_store

NOBODY = 65534


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}


async def opened_once(folder: Path) -> None:
    await (await open_store(folder)).close()


def test_a_new_folder_is_its_users_alone_from_the_first_moment(tmp_path: Path) -> None:
    FolderLock(tmp_path / "some" / "data").release()
    assert modes(tmp_path / "some" / "data") == {"data": 0o700, "lock": 0o600}
    assert (tmp_path / "some").stat().st_mode & 0o777 == 0o755


def test_a_folder_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "logs").mkdir(mode=0o755)
    keep_private(folder)
    assert modes(folder) == {"data": 0o700, "logs": 0o755}


def test_a_folder_with_something_else_in_it_stays_open_and_what_is_kept_there_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "blobs").mkdir(mode=0o755)
    for name in ("state.db", "notes.txt"):
        (folder / name).touch(0o644)
    (folder / "logs").symlink_to(folder / "notes.txt")
    (folder / "dial").touch(0o444)
    keep_private(folder)
    shown = {"data": 0o755, "notes.txt": 0o644, "logs": 0o644, "dial": 0o444}
    assert modes(folder) == shown | {"blobs": 0o700, "state.db": 0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what is another user's")
@pytest.mark.parametrize(("mode", "owner", "link"), [(0o777, NOBODY, 0), (0o755, NOBODY, NOBODY), (0o1777, 0, NOBODY)])
def test_no_folder_is_used_in_which_others_have_a_hand(tmp_path: Path, mode: int, owner: int, link: int) -> None:
    folder, victim = tmp_path / "data", tmp_path / "victim"
    folder.mkdir()
    victim.write_text("victim")
    if link:
        (folder / "logs").symlink_to(victim)
        os.chown(folder / "logs", link, link, follow_symlinks=False)
    os.chown(folder, owner, owner)
    folder.chmod(mode)
    with pytest.raises(StoreForeign):
        FolderLock(folder)
    assert victim.read_text() == "victim"


def test_the_lock_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("victim")
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(StoreError):
        FolderLock(tmp_path)
    assert (tmp_path / "victim").read_text() == "victim"


def test_a_saved_state_is_its_users_alone(tmp_path: Path) -> None:
    folder, path = tmp_path / "data", tmp_path / "saved.lambent"
    asyncio.run(opened_once(folder))
    victim = tmp_path / "victim"
    victim.touch(0o644)
    (tmp_path / "saved.lambent.new").symlink_to(victim)
    save(folder, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert victim.read_bytes() == b""
    load(tmp_path / "other", path)
    assert modes(tmp_path / "other")["other"] == 0o700
    with tarfile.open(path) as archive:
        assert "state.db" in archive.getnames()
