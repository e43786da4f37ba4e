"""Layers, laid over one another."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from zips import zip_of

from lambent.store.blobs import Blobs, digest_of
from lambent.store.errors import BlobMissing
from lambent.store.layers import Layers, key_of


async def put(blobs: Blobs, files: dict[str, str]) -> str:
    data = zip_of(files)
    async with blobs.keep(data) as blob:
        blobs.hold(blob.digest)
    return digest_of(data)


def with_layers(folder: Path, use: Callable[[Blobs, Layers], Awaitable[None]]) -> None:
    async def main() -> None:
        blobs = Blobs(folder / "blobs", 1 << 20)
        await use(blobs, Layers(folder / "layers", blobs))

    asyncio.run(main())


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_later_layers_win_and_folders_are_joined(tmp_path: Path) -> None:
    async def use(blobs: Blobs, layers: Layers) -> None:
        first = await put(blobs, {"bin/a": "1", "lib/x": "1", "thing": "file"})
        second = await put(blobs, {"bin/a": "2", "bin/b": "2", "thing/inner": "folder"})
        third = await put(blobs, {"lib": "now a file"})
        assert tree(await layers.merged((first, second))) == {
            "bin/a": "2", "bin/b": "2", "lib/x": "1", "thing/inner": "folder",
        }  # fmt: skip
        assert tree(await layers.merged((second, first)))["bin/a"] == "1"
        assert tree(await layers.merged((second, first)))["thing"] == "file"
        assert tree(await layers.merged((first, third)))["lib"] == "now a file"

    with_layers(tmp_path, use)


def test_nothing_is_copied_and_all_who_ask_share_one_folder(tmp_path: Path) -> None:
    async def use(blobs: Blobs, layers: Layers) -> None:
        one, two = await put(blobs, {"a": "1"}), await put(blobs, {"b": "2"})
        folders = await asyncio.gather(*(layers.merged((one, two)) for _ in range(20)))
        assert len(set(folders)) == 1
        unpacked = blobs.unpacked(one)
        assert unpacked is not None
        assert (folders[0] / "a").stat().st_ino == (unpacked / "a").stat().st_ino
        assert [path.name for path in (tmp_path / "layers").iterdir()] == [key_of((one, two))]
        assert await layers.merged((one,)) == unpacked

    with_layers(tmp_path, use)


def test_modes_and_links_are_kept(tmp_path: Path) -> None:
    async def use(blobs: Blobs, layers: Layers) -> None:
        one, two = await put(blobs, {"a": "1", "bin/run": "x"}), await put(blobs, {"b": "2"})
        unpacked = blobs.unpacked(one)
        assert unpacked is not None
        (unpacked / "bin/run").chmod(0o755)
        (unpacked / "link").symlink_to("bin/run")
        merged = await layers.merged((one, two))
        assert os.access(merged / "bin/run", os.X_OK)
        assert os.readlink(merged / "link") == "bin/run"

    with_layers(tmp_path, use)


def test_what_is_held_or_used_is_not_swept(tmp_path: Path) -> None:
    async def use(blobs: Blobs, layers: Layers) -> None:
        one, two = await put(blobs, {"a": "1"}), await put(blobs, {"b": "2"})
        pairs = ((one, two), (two, one))
        for pair in pairs:
            await layers.merged(pair)
        layers.hold(pairs[0])
        assert await layers.sweep({pairs[1]}) == []
        layers.release(pairs[0])
        assert await layers.sweep({pairs[1]}) == [key_of(pairs[0])]
        again = await layers.merged(pairs[0])
        assert tree(again) == {"a": "1", "b": "2"}
        assert tree(blobs.unpacked(one) or tmp_path) == {"a": "1"}

    with_layers(tmp_path, use)


def test_a_layer_that_is_not_there(tmp_path: Path) -> None:
    async def use(blobs: Blobs, layers: Layers) -> None:
        one = await put(blobs, {"a": "1"})
        with pytest.raises(BlobMissing):
            await layers.merged((one, "0" * 64))
        assert list((tmp_path / "layers").iterdir()) == []

    with_layers(tmp_path, use)


def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "layers/staging-x/opt").mkdir(parents=True)

    async def use(_blobs: Blobs, _layers: Layers) -> None:
        assert list((tmp_path / "layers").iterdir()) == []

    with_layers(tmp_path, use)
