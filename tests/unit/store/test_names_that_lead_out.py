"""What is kept may have come from a stranger's archive: a name in it leads nowhere but into the folder it is of."""

import asyncio
from pathlib import Path

import pytest

from lambent.environments.file_systems import FileSystems
from lambent.store.blobs import Blobs
from lambent.store.errors import StoreBroken
from lambent.store.images import Images

OUT = ("..", "../secret", "/etc", "", ".", "a/../../secret", "a\0")


@pytest.mark.parametrize("name", OUT)
def test_no_package_is_outside(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").mkdir()
    blobs = Blobs(tmp_path / "blobs", 1 << 20)
    with pytest.raises(StoreBroken):
        asyncio.run(blobs.unpack(name))


@pytest.mark.parametrize("name", OUT)
def test_no_image_is_outside(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").mkdir()
    images = Images(tmp_path / "images")
    with pytest.raises(StoreBroken):
        asyncio.run(images.unpacked("oci:/nowhere", name))


def test_no_file_system_is_outside(tmp_path: Path) -> None:
    files = FileSystems({}, tmp_path / "efs")
    with pytest.raises(StoreBroken):
        files.folder("arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/..")
