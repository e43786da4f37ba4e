"""Room that is kept on a disk, and what becomes of it when the disk is full. What there is room for is told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lambent.store import reserve
from lambent.store.reserve import MOST, NAME, START, STEP, Reserve

ALLOCATE = os.posix_fallocate


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many bytes the reserve may take of the disk."""

    def limit(size: int) -> None:
        def allocate(file: int, offset: int, length: int) -> None:
            if offset + length > size:
                ALLOCATE(file, offset, max(size - offset, 1))  # as far as it goes
                raise OSError(28, "No space left on device")
            ALLOCATE(file, offset, length)

        monkeypatch.setattr(reserve.os, "posix_fallocate", allocate)

    return limit


def held(folder: Path) -> int:
    return (folder / NAME).stat().st_size


def test_it_is_taken_given_up_and_taken_back(tmp_path: Path) -> None:
    kept = Reserve(tmp_path)
    assert kept.take() and held(tmp_path) == MOST
    kept.give_up()
    assert held(tmp_path) == 0
    assert kept.take() and held(tmp_path) == MOST
    kept.close()


def test_what_there_is_room_for_is_taken_and_it_is_not_whole(
    tmp_path: Path, room: Callable[[int], None], caplog: pytest.LogCaptureFixture
) -> None:
    kept = Reserve(tmp_path)
    room(3 * STEP + 17)
    kept.give_up()
    kept.give_up()
    assert not kept.take() and held(tmp_path) == 3 * STEP
    room(MOST)
    assert kept.take() and held(tmp_path) == MOST
    assert kept.take()
    told = [record.message.partition(":")[0] for record in caplog.records]
    assert told == ["the disk of the data folder is full", "the disk of the data folder has room again"]
    kept.close()


def test_a_start_on_a_full_disk_has_some_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Reserve(tmp_path).take()
    full = os.statvfs_result((4096, 4096, 1 << 20, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(reserve.os, "statvfs", lambda _folder: full)
    kept = Reserve(tmp_path)
    assert held(tmp_path) == MOST - START
    assert not kept.take() and held(tmp_path) == MOST - START
    kept.started()
    assert kept.take() and held(tmp_path) == MOST
    kept.close()


def test_where_it_can_not_be_made_there_is_none(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    kept = Reserve(tmp_path)
    assert kept.take()
    kept.give_up()
    kept.close()
