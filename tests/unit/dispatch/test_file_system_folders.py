"""Folders that stand for access points."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from lambent.environments.file_systems import FileSystemMissing, FileSystems, is_writable
from lambent.model.function import FileSystem, FunctionVersion
from lambent.model.scope import Scope

POINT = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0"
GIVEN = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-00000000000000000"
PLAIN = FunctionVersion(Scope(), "f", "$LATEST", "python3.13", "app.handler", "c" * 64, "role", "r-1")


def mounting(arn: str) -> FunctionVersion:
    return replace(PLAIN, file_systems=(FileSystem(arn, "/mnt/data"),))


def test_a_folder_is_made_on_first_use_and_kept(tmp_path: Path) -> None:
    files = FileSystems({}, tmp_path / "efs")
    assert asyncio.run(files.folders(PLAIN)) == {}
    assert not (tmp_path / "efs").exists()
    folder = tmp_path / "efs" / "fsap-0123456789abcdef0"
    assert asyncio.run(files.folders(mounting(POINT))) == {"/mnt/data": folder}
    (folder / "x").touch()
    assert asyncio.run(files.folders(mounting(POINT))) == {"/mnt/data": folder}
    assert [path.name for path in folder.iterdir()] == ["x"]
    assert is_writable(folder)
    assert folder.stat().st_uid == (993 if os.geteuid() == 0 else os.geteuid())


def test_a_given_folder_is_left_as_it_is(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir(mode=0o500)
    files = FileSystems({GIVEN: given}, tmp_path / "efs")
    assert asyncio.run(files.folders(mounting(GIVEN))) == {"/mnt/data": given}
    assert given.stat().st_mode & 0o777 == 0o500
    assert not is_writable(given)
    given.chmod(0o777)
    assert is_writable(given)


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "efs").touch()
    with pytest.raises(FileSystemMissing, match=r"fsap-0123456789abcdef0.*Not a directory"):
        asyncio.run(FileSystems({}, tmp_path / "efs").folders(mounting(POINT)))
