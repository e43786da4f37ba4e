"""What is left in a sandbox: files in its /tmp, threads and open files."""

import os
import subprocess
from pathlib import Path

import pytest

from lambent.sandbox import left


@pytest.fixture
def folder(tmp_path: Path) -> int:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_text("abc")
    (tmp_path / "inner" / "b").write_text("d")
    (tmp_path / "link").symlink_to("/etc")
    return os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)


def test_files_are_told_and_no_link_is_followed(folder: int) -> None:
    with (
        subprocess.Popen(["cat"], stdin=subprocess.PIPE) as one,
        subprocess.Popen(["cat"], stdin=subprocess.PIPE) as two,
    ):
        found = left.look(folder, [one.pid, two.pid])
    assert sorted((one.name, one.size) for one in found.files) == [("/tmp/a", 3), ("/tmp/inner/b", 1)]
    assert found.tmp_bytes and (found.threads, found.descriptors) == (2, 6)
    os.close(folder)


def test_a_million_files_are_not_looked_at(tmp_path: Path, folder: int) -> None:
    for number in range(20):
        (tmp_path / f"f{number}").touch()
    assert len(left.files(folder, most=5)) <= 5
    os.close(folder)


def test_what_is_unknown_is_none() -> None:
    found = left.look(-1, [])
    assert (found.tmp_bytes, found.files, found.threads, found.descriptors) == (None, [], None, None)
    assert left.look(-1, [2**22 + 1]).threads is None
